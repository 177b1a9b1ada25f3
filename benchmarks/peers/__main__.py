"""Coterie beside gensim, the word2vec program and fastText in one run: speed, memory, quality.

    make bench
    make bench CORPUS=wiki.jsonl.zst EVAL=evaluation-sets
    make bench CORPUS=wiki.jsonl.zst EVAL=evaluation-sets BENCH="--sections models --resume"

Each measurement runs in a process of its own, and is kept in ``docs/figures/benchmarks.json`` at once; peers
take turns, so that a slow spell of the machine hits all; figures are medians, ratios are medians of the
ratios within a turn. The section "speed" trains one epoch of a shorter text in every setting; the section
"models" trains all epochs of the longer one, saves and judges.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from functools import partial
from itertools import chain, product
from pathlib import Path
from typing import Any

from benchmarks.command import check_sources
from benchmarks.machine import machine
from benchmarks.measurements import Measurement, measure_all, measure_and_write
from benchmarks.peers.figure import draw
from benchmarks.peers.page import page
from benchmarks.peers.peers import PEERS, missing_peers
from benchmarks.peers.plan import NAMES, SHORT_TEXT, jobs
from benchmarks.prepare import Text, prepare
from benchmarks.results import Results

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]
WORDS, SPEED_WORDS = 2_000_000, 700_000


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    cores = len(os.sched_getaffinity(0))
    add("--corpus", type=Path, help="text or JSONL, compressed or not (default: the demo's text)")
    add("--eval-dir", type=Path, help="folder with questions-words.txt, wordsim353.tsv, simlex999.tsv")
    add("--words", type=int, default=WORDS, help=f"words of models, ingest (default {WORDS:,})")
    add("--speed-words", type=int, default=SPEED_WORDS, help=f"of speed, reading (default {SPEED_WORDS:,})")
    add("--epochs", type=int, default=3, help="passes of the section models (default 3)")
    add("--runs", type=int, default=3, help="repeats, each with a seed of its own (default 3)")
    add("--sizes", type=_numbers, help="dimensions (default 100,300; of the demo's text 100)")
    add("--negatives", type=_numbers, help="negatives (default 5,20; of the demo's text 5)")
    add(
        "--models", type=_settings, help="of the section models: 100:5,300:20 (default: all of the two above)"
    )
    add("--threads", type=_numbers, help=f"numbers of threads (default {'1,2' if cores > 1 else '1'})")
    add("--peers", type=_names, default=list(PEERS), help=f"which of {','.join(PEERS)} (default all)")
    add("--sections", type=_names, default=list(NAMES), help=f"which of {','.join(NAMES)} (default all)")
    add("--docs", type=Path, default=ROOT / "docs", help="folder of benchmarks.md and figures")
    add("--resume", action="store_true", help="keep what has been measured of these sections already")
    add("--report-only", action="store_true", help="write the page and its figure from the JSON")
    options = parser.parse_args(arguments)
    options.sizes = options.sizes or ([100, 300] if options.corpus else [100])
    options.negatives = options.negatives or ([5, 20] if options.corpus else [5])
    options.models = options.models or list(product(options.sizes, options.negatives))
    options.threads = options.threads or ([1, 2] if cores > 1 else [1])
    _check(parser, options, cores)
    options.peers = [name for name in PEERS if name in options.peers]
    return options


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace, cores: int) -> None:
    for given, known, noun in ((options.sections, NAMES, "section"), (options.peers, PEERS, "peer")):
        if unknown := set(given) - set(known):
            parser.error(f"unknown {noun} {', '.join(sorted(unknown))}; choose of {', '.join(known)}")
    if "coterie" not in options.peers:
        parser.error("--peers: coterie must be among them, since the others are compared with it")
    check_sources(parser, options)
    numbers = (options.words, options.speed_words, options.epochs, options.runs)
    if min(*numbers, *chain(*options.models), *options.sizes, *options.negatives, *options.threads) < 1:
        parser.error("all numbers must be at least 1")
    if max(options.threads) > cores:
        parser.error(f"--threads {max(options.threads)}: there are {cores} cores")


def _numbers(text: str) -> list[int]:
    return sorted({int(number) for number in text.split(",")})


def _settings(text: str) -> list[tuple[int, int]]:
    """Read D:k,D:k."""
    pairs = (pair.split(":") for pair in text.split(","))
    return sorted({(int(size), int(negative)) for size, negative in pairs})


def _names(text: str) -> list[str]:
    return text.split(",")


def main(arguments: list[str] | None = None) -> None:
    """Measure the chosen sections and write the page."""
    options = parse(arguments)
    measure_and_write(options, arguments, "peers", _measure, partial(_written, options.docs), "benchmarks")


def _written(docs: Path, results: Results) -> list[Path]:
    figure = draw(results, docs / "figures")
    (docs / "benchmarks.md").write_text(page(results), encoding="utf-8")
    return [*([figure] if figure else []), docs / "benchmarks.md"]


def _measure(options: argparse.Namespace, results: Results, command: str) -> int:
    try:
        missing = missing_peers(options.peers)
    except LookupError as error:
        sys.exit(f"error: {error}")
    peers = [name for name in options.peers if name not in missing]
    versions = dict.fromkeys(PEERS[name].distribution for name in peers)
    lines = machine((*versions, "numba", "numpy", "pyarrow"))
    print(*lines, *(f"{PEERS[name].label} is missing, see its log" for name in missing), sep="\n", flush=True)
    if not options.eval_dir:
        print("no evaluation sets are given (--eval-dir): quality is not judged")
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as folder:
        texts = _texts(options, Path(folder))
        planned = jobs(options, options.sections, peers, texts["models"].words, texts[SHORT_TEXT[0]].words)
        for section in dict.fromkeys(job.section for job in planned):
            heading = {"machine": lines, "text": _about(texts[section]), "command": command}
            results.begin(section, heading | {"missing": missing}, resume=options.resume)
        todo = [job for job in planned if not results.has(job.section, job.job)]
        minutes = sum(measurement.guess for measurement in todo) / 60
        print(f"{len(todo)} measurements, roughly {minutes:.0f} minutes", flush=True)

        def where(measurement: Measurement) -> dict[str, Any]:
            text = texts[measurement.section].path
            eval_dir = str(options.eval_dir.resolve()) if options.eval_dir else None
            return {"text": str(text), "output": str(text.parent / "vectors.bin"), "eval_dir": eval_dir}

        return measure_all(todo, "benchmarks.peers.measure", where, results, _brief)


def _texts(options: argparse.Namespace, folder: Path) -> dict[str, Text]:
    """Return the text of each section: the beginning of the corpus, longer or shorter."""
    made: dict[int, Text] = {}
    for words in (options.words, options.speed_words):
        place = folder / str(words)
        if words not in made:
            place.mkdir()
            made[words] = prepare(options.corpus, words, place)
            print(f"{made[words].name}: {made[words].words:,} words", flush=True)
    return {name: made[options.speed_words if name in SHORT_TEXT else options.words] for name in NAMES}


def _about(text: Text) -> dict[str, Any]:
    return {"name": text.name, "words": text.words, "sentences": text.sentences, "shuffled": False}


def _brief(result: dict[str, Any]) -> str:
    if "seconds" in result:
        return f"{result['seconds']:.2f} s"
    alone = result["train_seconds"]
    told = "" if alone is None else f"training {alone:.1f} s, "
    told += f"all {result['total_seconds']:.1f} s, {result['peak_memory'] / 2**20:.0f} MiB"
    return told + (f", {result['total']:.1%} right" if result.get("total") is not None else "")


if __name__ == "__main__":
    main()
