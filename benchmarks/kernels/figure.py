"""The figure: float operations a second against D, reached and at the bound, a panel for each vocabulary."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.kernels.grid_tables import shapes
from benchmarks.objectives.figures import STYLE
from benchmarks.results import Results

__all__ = ["draw"]

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_GREY = "#555555"


def draw(results: Results, folder: Path) -> list[Path]:
    """Draw the shapes of negative sampling that have been measured; return the file, if there are any."""
    if not shapes(results, "negative_sampling"):
        return []
    import matplotlib as mpl

    mpl.use("Agg")
    path = folder / "kernels-roofline.svg"
    with mpl.rc_context(STYLE):
        path.parent.mkdir(parents=True, exist_ok=True)
        # No date, so that the figure changes only with its numbers.
        _panels(results).savefig(path, facecolor="white", metadata={"Date": None})
    return [path]


def _panels(results: Results) -> Any:
    from matplotlib.figure import Figure

    found = shapes(results, "negative_sampling")
    vocabularies = sorted({words for words, _, _ in found})
    figure = Figure(figsize=(3.1 * len(vocabularies) + 0.6, 4.2), layout="constrained")
    grid = figure.subplots(1, len(vocabularies), sharey=True, squeeze=False).ravel()
    for axes, words in zip(grid, vocabularies, strict=True):
        _panel(axes, words, found)
    grid[0].set_ylabel("GFLOP/s")
    grid[0].set_ylim(bottom=0)
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    return figure


def _panel(axes: Any, words: int, found: dict[Any, Any]) -> None:
    """Draw one vocabulary: a solid and a dashed line for each k, and a dotted one for sgemm."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    of = {(size, k): figures for (v, size, k), figures in found.items() if v == words}
    for colour, k in zip(_COLOURS, sorted({k for _, k in of}), strict=False):
        sizes = [size for size, of_k in of if of_k == k]
        reached = [of[size, k].rate / 1e9 for size in sizes]
        bound = [of[size, k].bound_rate / 1e9 for size in sizes]
        axes.plot(sizes, reached, color=colour, marker="o", markersize=5, linewidth=1.8, label=f"k = {k}")
        axes.plot(sizes, bound, color=colour, linewidth=1.4, linestyle="--")
    axes.plot([], [], color=_GREY, linewidth=1.4, linestyle="--", label="bound")
    product = median(figures.product_rate for figures in of.values()) / 1e9
    axes.axhline(product, color=_GREY, linewidth=1.2, linestyle=":", label="sgemm")
    sizes = sorted({size for size, _ in of})
    axes.set_xscale("log")
    axes.set_xticks(sizes)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", bottom=False)
    axes.set_title(f"V = {words:,}", fontsize=11)
    axes.set_xlabel("D")
