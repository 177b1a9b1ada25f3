"""Graphs and sessions beside gensim: writes the measured part of ``docs/graphs.md``.

make bench-graphs GRAPH=folder      # with email-eu-core.edges.tsv, email-eu-core.labels.tsv, groceries.txt
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.graphs.data import FILES
from benchmarks.graphs.page import replace_section, section
from benchmarks.machine import machine
from benchmarks.measurements import Measurement, measure_all, measure_and_write
from benchmarks.results import Results
from benchmarks.tables import counted

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]
ALWAYS = {
    "labels": ["karate club", "planted communities"],
    "links": ["Les Misérables", "planted communities"],
    "sessions": ["planted baskets"],
}
WITH_FOLDER = {"labels": "e-mails", "links": "e-mails", "sessions": "groceries"}
_WALKING = {"vector_size": 128, "walks": 10, "length": 40, "window": 10, "epochs": 5}
PARTICULARS: dict[str, dict[str, Any]] = {
    "labels": {**_WALKING, "splits": 10},
    "links": {**_WALKING, "hidden": 0.2},
    "sessions": {"vector_size": 64, "epochs": 20, "hidden": 0.2},
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.graphs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--graph",
        type=Path,
        help=f"folder with {', '.join(FILES)} (default: only what networkx has, and planted)",
    )
    add("--runs", type=int, default=3, help="seeds (default 3)")
    add("--docs", type=Path, default=ROOT / "docs", help="folder of graphs.md and figures")
    add("--resume", action="store_true", help="keep what has been measured already")
    add("--report-only", action="store_true", help="write the page from what has been measured")
    options = parser.parse_args(arguments)
    missing = [name for name in FILES if options.graph and not (options.graph / name).is_file()]
    if missing:
        parser.error(f"--graph {options.graph}: no {', '.join(missing)} in it")
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Measure and write the page."""
    options = parse(arguments)
    measure_and_write(options, arguments, "graphs", _measure, partial(_written, options.docs))


def _written(docs: Path, results: Results) -> list[Path]:
    page = docs / "graphs.md"
    page.write_text(
        replace_section(page.read_text(encoding="utf-8"), list(section(results))), encoding="utf-8"
    )
    return [page]


def _measure(options: argparse.Namespace, results: Results, command: str) -> int:
    lines = machine(("coterie", "gensim", "networkx", "scikit-learn", "numba", "numpy"))
    print("\n".join(lines), flush=True)
    heading = {
        "machine": lines,
        "text": sorted(WITH_FOLDER.values()) if options.graph else [],
        "command": command,
    }
    results.begin("graphs", heading, resume=options.resume)
    todo = [job for job in jobs(options) if not results.has("graphs", job.job)]
    place = {"folder": str(options.graph.resolve()) if options.graph else None}
    return measure_all(todo, "benchmarks.graphs.measure", lambda _: place, results, _brief)


def jobs(options: argparse.Namespace) -> list[Measurement]:
    """Return the measurements: each trains all methods on one graph, or the baskets, with one seed."""
    done = []
    for seed in range(1, options.runs + 1):
        for name, always in ALWAYS.items():
            for data in [*always, *([WITH_FOLDER[name]] if options.graph else [])]:
                job = {"section": name, "data": data, "seed": seed, "threads": 1, **PARTICULARS[name]}
                guess = 60.0 if data == "e-mails" else 15.0
                done.append(Measurement("graphs", f"{name} of {data}, seed {seed}", job, guess))
    return done


def _brief(result: dict[str, Any]) -> str:
    return counted(len(result["methods"]), "method")


if __name__ == "__main__":
    main()
