"""What each objective costs, changes and is good for: tables and figures of ``docs/objectives.md``.

    make bench-objectives
    CORPUS=wiki.jsonl.zst EVAL=evaluation-sets BENCH="--sections cost,rows" make bench-objectives

Each measurement runs in a process of its own, and is kept in ``docs/figures/objectives.json`` at once.
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
from benchmarks.measurements import measure_all, measure_and_write
from benchmarks.objectives.figures import draw
from benchmarks.objectives.page import page
from benchmarks.objectives.sections import JUDGED, NAMES, jobs
from benchmarks.objectives.text import encode_text
from benchmarks.results import Results

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.objectives",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--corpus", type=Path, help="text or JSONL, compressed or not (default: the demo's text)")
    add("--eval-dir", type=Path, help="folder with questions-words.txt, wordsim353.tsv, simlex999.tsv")
    add("--words", type=int, help="take the first N words of the corpus")
    add("--sections", default=",".join(NAMES), help=f"which of {','.join(NAMES)} (default all)")
    add("--runs", type=int, default=3, help="repeats of the timed costs (default 3)")
    add("--minutes", default="0.5,1,2,4", help="training times of the section quality (default 0.5,1,2,4)")
    add("--epochs", type=int, default=2, help="of the sections that train on the whole text (default 2)")
    add("--seeds", type=int, default=2, help="models of each setting that is varied (default 2)")
    cores = len(os.sched_getaffinity(0))
    add("--threads", type=int, default=cores, help="where quality is measured (default all cores)")
    add("--docs", type=Path, default=ROOT / "docs", help="folder of objectives.md and figures")
    add("--resume", action="store_true", help="keep what has been measured of these sections already")
    add("--report-only", action="store_true", help="write the page and its figures from the JSON")
    options = parser.parse_args(arguments)
    options.sections = options.sections.split(",")
    if unknown := set(options.sections) - set(NAMES):
        parser.error(f"unknown section {', '.join(sorted(unknown))}; choose of {', '.join(NAMES)}")
    check_sources(parser, options)
    try:
        options.minutes = [float(minutes) for minutes in options.minutes.split(",")]
    except ValueError:
        parser.error(f"--minutes {options.minutes}: must be numbers with commas between")
    words = 1 if options.words is None else options.words
    least = min(options.runs, options.epochs, options.seeds, options.threads, words)
    if least < 1 or min(options.minutes) <= 0:
        parser.error("--runs, --epochs, --seeds, --threads, --words must be at least 1, --minutes above 0")
    if options.threads > cores:
        parser.error(f"--threads {options.threads}: there are {cores} cores")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Measure the chosen sections and write the page."""
    options = parse(arguments)
    measure_and_write(options, arguments, "objectives", _measure, partial(_written, options.docs))


def _written(docs: Path, results: Results) -> list[Path]:
    (docs / "objectives.md").write_text(page(results), encoding="utf-8")
    return [*draw(results, docs / "figures"), docs / "objectives.md"]


def _measure(options: argparse.Namespace, results: Results, command: str) -> int:
    sections = [name for name in options.sections if options.eval_dir or name not in JUDGED]
    if left_out := [name for name in options.sections if name not in sections]:
        print(f"left out, since no evaluation sets are given (--eval-dir): {', '.join(left_out)}")
    lines = machine(("coterie", "numba", "numpy"))  # before the encoding, which is a load of its own
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as folder:
        text, about = encode_text(options.corpus, options.words, Path(folder), options.threads)
        print(f"{about['name']}: {about['words']:,} words, {about['distinct']:,} distinct", flush=True)
        planned = jobs(sections, options, about)
        for section in dict.fromkeys(job.section for job in planned):
            heading = {"machine": lines, "text": about, "command": command}
            results.begin(section, heading, resume=options.resume)
        todo = [job for job in planned if not results.has(job.section, job.job)]
        where = {
            "text": str(text.folder),
            "eval_dir": str(options.eval_dir.resolve()) if options.eval_dir else None,
        }
        return measure_all(todo, "benchmarks.objectives.measure", lambda _: where, results, _brief)


def _brief(result: dict[str, Any]) -> str:
    if "points" in result:
        figure = next(name for name in ("seconds_per_million", "rate", "mean") if name in result["points"][0])
        shown = {point["words"]: point[figure] for point in result["points"]}
        return f"{figure} " + ", ".join(f"{size:,}: {value:.3g}" for size, value in shown.items())
    total = result.get("total")
    return f"{result['seconds']:.1f} s, {result['words'] / 1e6:.2f} M words" + (
        f", {total:.1%} right" if total is not None else ""
    )


if __name__ == "__main__":
    main()
