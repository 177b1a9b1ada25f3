"""Phrase learning beside gensim's ``Phrases`` in one run: speed and memory, and whether both find the same.

    make bench-phrases
    CORPUS=wiki.jsonl.zst BENCH="--words 5000000" make bench-phrases

Each measurement runs in a process of its own on one core, peers take turns, figures are medians of the runs.
Both are asked for the same phrases: gensim scales its score by the words and pairs it has seen, Coterie by
the tokens of the text, so that gensim's threshold of 10 is converted. Writes Markdown.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from command import shown_arguments
from machine import machine
from memory import PeakMemory
from prepare import Text, prepare

__all__: list[str] = []

HERE = Path(__file__).resolve().parent
GENSIM = {"min_count": 5, "threshold": 10.0, "delimiter": "_"}


def gensim_lists(job: dict[str, Any]) -> dict[str, Any]:
    """Learn from sentences that are lists of words in memory already, then join them."""
    with Path(job["text"]).open(encoding="utf-8") as file:
        return _gensim([line.split() for line in file])


def gensim_file(job: dict[str, Any]) -> dict[str, Any]:
    """Learn from the file as gensim reads it, then join it."""
    from gensim.models.word2vec import LineSentence

    return _gensim(LineSentence(job["text"]))


def _gensim(sentences: Iterable[list[str]]) -> dict[str, Any]:
    from gensim.models.phrases import Phrases

    start = time.perf_counter()
    phrases = Phrases(sentences, **GENSIM)
    counted = time.perf_counter()
    found = phrases.export_phrases()
    learned = time.perf_counter()
    frozen = phrases.freeze()
    joining = time.perf_counter()
    joined = sum(len(frozen[sentence]) for sentence in sentences)
    done = time.perf_counter()
    return {
        "count": counted - start,
        "learn": learned - start,
        "join": done - joining,
        "vocabulary": len(phrases.vocab),
        "tokens": joined,
        "phrases": _digest(found),
        "found": len(found),
    }


def coterie_phrases(job: dict[str, Any]) -> dict[str, Any]:
    """Learn and join from the file; what of it was done on the encoded ids is timed apart."""
    from coterie.config import CorpusConfig, PhraseConfig, VocabularyConfig
    from coterie.corpus import encode
    from coterie.corpus.phrase_learning import PhraseJoiner

    on_ids, joining = _Watch(PhraseJoiner.learn), _Watch(PhraseJoiner._join)
    PhraseJoiner.learn, PhraseJoiner._join = on_ids.timed, joining.timed  # type: ignore[method-assign]
    start = time.perf_counter()
    with encode(
        job["text"],
        CorpusConfig(tokenizer="whitespace"),
        VocabularyConfig(min_count=1),
        phrases=PhraseConfig(phrases=1, phrase_min_count=5, phrase_threshold=job["threshold"]),
    ) as corpus:
        whole = time.perf_counter() - start
        model = corpus.phrases
        assert model is not None
        return {
            "learn": on_ids.seconds - joining.seconds,
            "join": joining.seconds,
            "whole": whole,
            "tokens": corpus.n_tokens,
            "phrases": _digest(model.joined(phrase) for phrase in model),
            "found": len(model),
        }


class _Watch:
    """Times the calls of a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.seconds, self._function = 0.0, function

    @property
    def timed(self) -> Callable[..., Any]:
        """The function, timed."""

        def call(*arguments: Any) -> Any:
            start = time.perf_counter()
            try:
                return self._function(*arguments)
            finally:
                self.seconds += time.perf_counter() - start

        return call


def _digest(phrases: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(phrases)).encode()).hexdigest()[:16]


KINDS = {function.__name__: function for function in (gensim_lists, gensim_file, coterie_phrases)}


def measure(kind: str, **job: Any) -> dict[str, Any]:
    """Run one job in a fresh process on one core."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, __file__, "--job", json.dumps({"kind": kind, **job})]
    done = subprocess.run(command, env=os.environ | threads, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: the measurement {kind} failed with status {done.returncode} (see above).")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{kind}: " + ", ".join(f"{k} {v:.4g}" for k, v in result.items() if not isinstance(v, str)),
        flush=True,
    )
    return result


def do_job(job: dict[str, Any]) -> None:
    """Do a job in this process and print the result."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
    memory = PeakMemory()
    with memory.sampled():
        result = KINDS[job["kind"]](job)
    print(json.dumps(result | {"memory": memory.bytes}))


def compare(text: Text, runs: int) -> dict[str, list[dict[str, Any]]]:
    """Measure all peers in turns."""
    results: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    first = measure("gensim_lists", text=str(text.path))
    threshold = GENSIM["threshold"] * text.words / first["vocabulary"]  # type: ignore[operator]
    for run in range(runs):
        for kind in list(KINDS) if run % 2 == 0 else list(KINDS)[::-1]:
            results[kind].append(measure(kind, text=str(text.path), threshold=threshold))
    return results


def markdown(
    results: dict[str, list[dict[str, Any]]], text: Text, machine: list[str], command: str
) -> Iterator[str]:
    """Yield the report's lines."""

    def middle(kind: str, figure: str) -> float:
        return float(median(result[figure] for result in results[kind]))

    def row(what: str, rival: float, ours: float) -> str:
        speeds = [f"{text.words / seconds / 1e6:.2f}" for seconds in (rival, ours)]
        return f"| {what} | {' | '.join(speeds)} | {rival / ours:.1f}× |"

    lists, file, coterie = KINDS
    same = len({result["phrases"] for kind in KINDS for result in results[kind]}) == 1
    learn, join, whole = (middle(coterie, figure) for figure in ("learn", "join", "whole"))
    yield from (
        "# Phrases: benchmark",
        "",
        "Written by `make bench-phrases`; not to be edited. Each measurement is a process of its own on one",
        "core, peers in turns, medians of the runs. gensim scores pairs only when it is asked for its",
        "phrases: the second row counts that too, which Coterie's figures always do.",
        "",
        *(f"- {line}" for line in machine),
        f"- Text: {text.name}, {text.words:,} words in {text.sentences:,} paragraphs, lower-cased,",
        "  punctuation removed",
        f"- Runs: {len(results[coterie])}; command: `{command}`",
        f"- gensim: `Phrases(sentences, {', '.join(f'{k}={v!r}' for k, v in GENSIM.items())})`;",
        f"  the threshold converted, gensim finds {middle(lists, 'found'):,.0f} phrases and Coterie "
        f"{middle(coterie, 'found'):,.0f}, {'the very same' if same else 'NOT THE SAME'}",
        "",
        "| million words a second | gensim | Coterie | ratio |",
        "|---|---|---|---|",
        row(
            "count, gensim from lists of words in memory; Coterie from ids on disk",
            middle(lists, "count"),
            learn,
        ),
        row("the same, gensim's scores included", middle(lists, "learn"), learn),
        row("join, gensim lists of words in memory; Coterie ids on disk", middle(lists, "join"), join),
        row(
            "count from the text file, gensim by `LineSentence`; Coterie all below",
            middle(file, "count"),
            whole,
        ),
        row(
            "text file to joined text (Coterie: encoded, with its vocabulary)",
            middle(file, "learn") + middle(file, "join"),
            whole,
        ),
        "",
        f"Peak memory: gensim {middle(file, 'memory') / 1e6:,.0f} MB from the file, "
        f"{middle(lists, 'memory') / 1e6:,.0f} MB with the lists;",
        f"Coterie {middle(coterie, 'memory') / 1e6:,.0f} MB.",
    )


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--corpus", type=Path, help="text or JSONL, compressed or not (default: the demo's text)"
    )
    parser.add_argument("--words", type=int, help="take the first N words of the corpus")
    parser.add_argument("--runs", type=int, default=3, help="repeats (default 3)")
    parser.add_argument("--output", type=Path, default=HERE.parent / "docs" / "phrases-benchmark.md")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        do_job(json.loads(options.job))
        return
    if options.corpus and not options.corpus.is_file():
        parser.error(f"--corpus {options.corpus}: no such file")
    if importlib.util.find_spec("gensim") is None:
        sys.exit(
            "error: gensim is not installed (it has no wheel for Python 3.14 yet); "
            "run `make clean` and `make PYTHON=python3.13 bench-phrases`."
        )
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as folder:
        text = prepare(options.corpus, options.words, Path(folder))
        about = machine()
        print(f"{text.name}: {text.words:,} words", *about, sep="\n", flush=True)
        results = compare(text, options.runs)
        command = f"python benchmarks/phrases.py {shown_arguments(sys.argv[1:])}".strip()
        options.output.write_text("\n".join(markdown(results, text, about, command)) + "\n", encoding="utf-8")
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
