"""The training kernels against the machine's roofline: tables and figure of ``docs/performance.md``.

    make bench-kernels
    BENCH="--sections shares,windows --rounds 3" make bench-kernels

Each measurement runs in a process of its own on one core, and is kept in ``docs/figures/kernels.json`` at
once. All of it takes about ten minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.kernels.blas import widest_blas
from benchmarks.kernels.figure import draw
from benchmarks.kernels.page import page
from benchmarks.kernels.sections import NAMES, SIZES, VOCABULARIES, jobs
from benchmarks.kernels.text import about
from benchmarks.machine import machine
from benchmarks.measurements import measure_all, measure_and_write
from benchmarks.results import Results
from coterie.kernels.compile import JIT_ENABLED
from coterie.kernels.emitter import supported

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kernels",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--sections", default=",".join(NAMES), help=f"which of {','.join(NAMES)} (default all)")
    add("--vocabularies", default=_joined(VOCABULARIES), help=f"words, V (default {_joined(VOCABULARIES)})")
    add("--sizes", default=_joined(SIZES), help=f"dimensions, D (default {_joined(SIZES)})")
    add("--rounds", type=int, default=5, help="repeats of each timing (default 5)")
    add("--seconds", type=float, default=0.25, help="of each timed training (default 0.25)")
    add("--seed", type=int, default=1, help="of the text (default 1)")
    add("--docs", type=Path, default=ROOT / "docs", help="folder of performance.md and figures")
    add("--resume", action="store_true", help="keep what has been measured of these sections already")
    add("--report-only", action="store_true", help="write the page and its figure from the JSON")
    options = parser.parse_args(arguments)
    options.sections = options.sections.split(",")
    if unknown := set(options.sections) - set(NAMES):
        parser.error(f"unknown section {', '.join(sorted(unknown))}; choose of {', '.join(NAMES)}")
    for name, least in (("vocabularies", 1000), ("sizes", 1)):
        given = getattr(options, name)
        try:
            numbers = sorted({int(number) for number in given.split(",")})
        except ValueError:
            parser.error(f"--{name} {given}: must be whole numbers with commas between")
        if numbers[0] < least:
            parser.error(f"--{name} {given}: must be at least {least:,}")
        setattr(options, name, numbers)
    if options.rounds < 1 or options.seconds <= 0 or options.seed < 0:
        parser.error("--rounds must be at least 1, --seconds above 0, --seed at least 0")
    return options


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


def main(arguments: list[str] | None = None) -> None:
    """Measure the chosen sections and write the page."""
    options = parse(arguments)
    measure_and_write(options, arguments, "kernels", _measure, partial(_written, options.docs))


def _written(docs: Path, results: Results) -> list[Path]:
    (docs / "performance.md").write_text(page(results), encoding="utf-8")
    return [*draw(results, docs / "figures"), docs / "performance.md"]


def _measure(options: argparse.Namespace, results: Results, command: str) -> int:
    if not (JIT_ENABLED and supported()):
        sys.exit(
            "error: the SIMD kernels can't run here: no AVX2 with FMA or NEON, or NUMBA_DISABLE_JIT is set."
        )
    environment, blas = widest_blas()
    lines = machine(("coterie", "numba", "numpy"))
    lines.insert(2, blas)
    print("\n".join(lines), flush=True)
    planned = jobs(options.sections, options)
    for section in dict.fromkeys(job.section for job in planned):
        heading = {"machine": lines, "text": about(options.seed), "command": command}
        results.begin(section, heading, resume=options.resume)
    todo = [job for job in planned if not results.has(job.section, job.job)]
    return measure_all(todo, "benchmarks.kernels.measure", lambda _: {}, results, _brief, environment)


def _brief(result: dict[str, Any]) -> str:
    if "left_out" in result:
        return "left out, too little memory"
    points = result.get("points", [result | result.get("times", {})])
    return ", ".join(f"{median(of['train']) / of['windows'] * 1e9:.0f}" for of in points) + " ns a window"


if __name__ == "__main__":
    main()
