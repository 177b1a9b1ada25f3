"""How fast text becomes an encoded corpus, by the kind of file: writes ``docs/ingest-benchmark.md``.

make bench-ingest
CORPUS=wiki.jsonl.zst BENCH="--words 20000000" make bench-ingest
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.command import shown_arguments
from benchmarks.ingest.files import FORMS, write_files
from benchmarks.ingest.page import page
from benchmarks.machine import machine
from benchmarks.measurements import Measurement, measure_all
from benchmarks.results import Results

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ingest",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cores = len(os.sched_getaffinity(0))
    add = parser.add_argument
    add("--corpus", type=Path, help="text or JSONL, compressed or not (default: the demo's text)")
    add("--words", type=int, default=12_000_000, help="of the text, repeated if need be (default 12 million)")
    add("--runs", type=int, default=5, help="repeats behind the first (default 5)")
    add("--threads", type=int, default=min(2, cores), help="(default 2)")
    add(
        "--pause", type=float, default=0, help="seconds of rest before each process, where a CPU is throttled"
    )
    add("--output", type=Path, default=ROOT / "docs" / "ingest-benchmark.md")
    options = parser.parse_args(arguments)
    if options.corpus and not options.corpus.is_file():
        parser.error(f"--corpus {options.corpus}: no such file")
    if min(options.words, options.runs, options.threads) < 1 or options.threads > cores:
        parser.error(f"--words, --runs and --threads must be at least 1, and there are {cores} cores")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Measure and write the page."""
    options = parse(arguments)
    given = shown_arguments(sys.argv[1:] if arguments is None else arguments)
    lines = machine(("coterie", "numpy", "pyarrow"))
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as folder:
        about = write_files(options.corpus, options.words, Path(folder))
        results = Results(Path(folder) / "ingest.json")
        command = f"python -m benchmarks.ingest {given}".strip()
        results.begin("ingest", {"machine": lines, "text": about, "command": command}, resume=False)

        def where(_: Measurement) -> dict[str, Any]:
            time.sleep(options.pause)
            return {"folder": folder}

        failed = measure_all(_jobs(options), "benchmarks.ingest.measure", where, results, _brief)
    if failed:
        sys.exit(f"error: {failed} measurements failed (see above).")
    options.output.write_text(page(results), encoding="utf-8")
    print(f"written to {options.output}")


def _jobs(options: argparse.Namespace) -> list[Measurement]:
    def encoding(form: Any, threads: int) -> Measurement:
        job = {"kind": "encoding", "file": form.file, "tokenizer": form.tokenizer, "runs": options.runs}
        seconds = (1 + options.runs) * options.words / 2e7
        return Measurement("ingest", f"{form.name}, {form.tokenizer}", job | {"threads": threads}, seconds)

    jobs = [encoding(form, threads) for form in FORMS for threads in sorted({1, options.threads})]
    if importlib.util.find_spec("gensim") is None:
        print("gensim is not installed, and is left out")
        return jobs
    scan = {"kind": "scan", "file": "text.txt", "threads": 1}
    return [*jobs, Measurement("ingest", "gensim's scan", scan, options.words / 2e6)]


def _brief(result: dict[str, Any]) -> str:
    seconds = result["seconds"][1:] or result["seconds"]
    return f"{result['tokens'] / median(seconds) / 1e6:.1f} M words/s"


if __name__ == "__main__":
    main()
