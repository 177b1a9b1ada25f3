"""The presets beside the default settings, and the sweep that they come from: writes ``docs/presets.md``.

make bench-presets CORPUS=wiki.jsonl.zst EVAL=evaluation-sets
"""

from __future__ import annotations

import argparse
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.command import check_sources
from benchmarks.machine import machine
from benchmarks.measurements import Measurement, measure_all, measure_and_write
from benchmarks.prepare import prepare
from benchmarks.presets.page import page
from benchmarks.presets.settings import NAMED, OPTIONS, SWEEP, Setting, named
from benchmarks.results import Results

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]
WORDS, MIN_COUNT = 2_000_000, 5
_SPEED, _BESIDE = 4.0e6, 12.0  # roughly, words a second with the default, and seconds beside the training


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.presets",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cores = len(os.sched_getaffinity(0))
    add = parser.add_argument
    add("--corpus", type=Path, help="text or JSONL, compressed or not (default: the demo's text)")
    add("--eval-dir", type=Path, help="folder with questions-words.txt, wordsim353.tsv, simlex999.tsv")
    add("--words", type=int, default=WORDS, help=f"of the text (default {WORDS:,})")
    add("--runs", type=int, default=3, help="seeds of each preset (default 3); of the sweep one")
    add("--size", type=int, default=100, help="dimensions (default 100)")
    add("--threads", type=int, default=min(2, cores), help="(default 2)")
    add("--no-sweep", dest="sweep", action="store_false", help="only the presets and the options")
    add("--docs", type=Path, default=ROOT / "docs", help="folder of presets.md and figures")
    add("--resume", action="store_true", help="keep what has been measured already")
    add("--report-only", action="store_true", help="write the page from what has been measured")
    options = parser.parse_args(arguments)
    check_sources(parser, options)
    if min(options.words, options.runs, options.size, options.threads) < 1 or options.threads > cores:
        parser.error(f"all numbers must be at least 1, and there are {cores} cores")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Measure and write the page."""
    options = parse(arguments)
    measure_and_write(options, arguments, "presets", _measure, partial(_written, options.docs))


def _written(docs: Path, results: Results) -> list[Path]:
    (docs / "presets.md").write_text(page(results), encoding="utf-8")
    return [docs / "presets.md"]


def _measure(options: argparse.Namespace, results: Results, command: str) -> int:
    lines = machine(("coterie", "numba", "numpy"))
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as folder:
        text = prepare(options.corpus, options.words, Path(folder))
        about = {"name": text.name, "words": text.words, "sentences": text.sentences, "shuffled": False}
        heading = {"machine": lines, "text": about, "command": command}
        results.begin("presets", heading, resume=options.resume)
        todo = [job for job in jobs(options, text.words) if not results.has("presets", job.job)]
        place = {
            "text": str(text.path),
            "cache": str(Path(folder) / "cache"),
            "eval_dir": str(options.eval_dir.resolve()) if options.eval_dir else None,
        }
        return measure_all(todo, "benchmarks.presets.measure", lambda _: place, results, _brief)


def jobs(options: argparse.Namespace, words: int) -> list[Measurement]:
    """Return the measurements: presets and options with every seed, the settings of the sweep with one."""
    repeated = [*NAMED.values(), *OPTIONS]
    chosen = [(setting, seed) for seed in range(1, options.runs + 1) for setting in repeated]
    chosen += [(setting, 1) for setting in SWEEP if options.sweep]
    done: list[Measurement] = []
    for setting, seed in chosen:
        job = {"setting": dict(setting), "seed": seed, "threads": options.threads}
        job |= {"vector_size": options.size, "min_count": MIN_COUNT}
        if all(job != other.job for other in done):
            done.append(Measurement("presets", named(setting), job, _guess(setting, words)))
    return done


def _guess(setting: Setting, words: int) -> float:
    blocks = setting.get("epochs", 5) * (1 + setting.get("negative", 5)) / 6 * setting.get("window", 5) / 5
    return float(words * blocks / _SPEED + _BESIDE)


def _brief(result: dict[str, Any]) -> str:
    told = f"{result['seconds']:.1f} s"
    return told + (f", {result['total']:.1%} right" if result.get("total") is not None else "")


if __name__ == "__main__":
    main()
