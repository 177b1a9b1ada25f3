"""The page with all tables: what the figures are from, then section after section."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.circumstances import circumstances
from benchmarks.kernels.grid_tables import grid
from benchmarks.kernels.part_tables import ahead, shares, windows
from benchmarks.kernels.sections import NAMES
from benchmarks.results import Results
from benchmarks.tables import paragraph

__all__ = ["page"]

_WRITERS: dict[str, Callable[[Results], list[str]]] = {
    "grid": grid,
    "shares": shares,
    "windows": windows,
    "ahead": ahead,
}


def page(results: Results) -> str:
    """Return the page in Markdown."""
    measured = [name for name in NAMES if results.sections.get(name, {}).get("measurements")]
    parts = [
        "# The training kernels, measured\n",
        paragraph(
            "Written by `make bench-kernels`; not to be edited. Each measurement is a process of its own;",
            "all of them are in [kernels.json](figures/kernels.json).",
        ),
        *circumstances(results, measured),
        paragraph(
            "A training step has to do its arithmetic and has to move its rows, and it can be no faster than",
            "the slower of the two would be alone: that time is its roofline bound. The arithmetic is held",
            "against the matrix product of the machine's BLAS on one thread, the rows against a kernel that",
            "reads, changes and writes them and does nothing else. Where a shape reaches its bound, only",
            "less work or less memory can make it faster; where it does not, the code can.",
        ),
    ]
    for name in measured:
        parts += _WRITERS[name](results)
    if missing := [name for name in NAMES if name not in measured]:
        parts += ["## Not measured\n", f"The sections {', '.join(missing)}.", ""]
    return "\n".join(parts).rstrip("\n") + "\n"
