"""The page with all tables: what the figures are from, then section after section."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.circumstances import circumstances
from benchmarks.objectives.cost_tables import cost, rows
from benchmarks.objectives.probability_tables import optimum, prediction, speed
from benchmarks.objectives.quality_tables import VARIATIONS, quality, table1
from benchmarks.objectives.sections import JUDGED, NAMES
from benchmarks.results import Results
from benchmarks.tables import paragraph

__all__ = ["page"]

_WRITERS: dict[str, Callable[[Results], list[str]]] = {
    "cost": cost,
    "rows": rows,
    "speed": speed,
    "quality": quality,
    **VARIATIONS,
    "table1": table1,
    "optimum": optimum,
    "prediction": prediction,
}


def page(results: Results) -> str:
    """Return the page in Markdown."""
    measured = [name for name in NAMES if results.sections.get(name, {}).get("measurements")]
    parts = [
        "# The objectives, measured\n",
        paragraph(
            "Written by `make bench-objectives`; not to be edited. Each measurement is a process of its own;",
            "all of them are in [objectives.json](figures/objectives.json).",
        ),
        *circumstances(results, measured),
    ]
    for name in NAMES:
        if name in measured:
            parts += _WRITERS[name](results)
    if missing := [name for name in NAMES if name not in measured]:
        parts += ["## Not measured\n", f"The sections {', '.join(missing)}.", *_why(missing), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def _why(missing: list[str]) -> list[str]:
    if set(missing) & set(JUDGED):
        return ["Those about quality need evaluation sets: `make bench-objectives EVAL=folder`."]
    return []
