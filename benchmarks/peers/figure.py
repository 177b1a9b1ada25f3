"""The figure: speed against quality, a panel for each setting, a mark for each peer."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.objectives.figures import STYLE
from benchmarks.peers.series import LABELS, Setting, measured_peers, settings, turns
from benchmarks.peers.speed_tables import words_per_second
from benchmarks.results import Results

__all__ = ["draw"]

_LOOKS = {
    "gensim": ("#0072b2", "s"),
    "gensim-lines": ("#56b4e9", "D"),
    "word2vec": ("#555555", "^"),
    "fasttext": ("#009e73", "v"),
    "coterie": ("#d55e00", "o"),
    "coterie-pair": ("#e69f00", "P"),
    "coterie-deterministic": ("#56b4e9", "X"),
}


def draw(results: Results, folder: Path) -> Path | None:
    """Draw the models that have been judged; return the file, if there are any."""
    if not any(result.get("total") is not None for _, _, result in results.of("models")):
        return None
    import matplotlib as mpl

    mpl.use("Agg")
    path = folder / "benchmarks-quality.svg"
    with mpl.rc_context(STYLE):
        path.parent.mkdir(parents=True, exist_ok=True)
        # No date, so that the figure changes only with its numbers.
        _panels(results).savefig(path, facecolor="white", metadata={"Date": None})
    return path


def _panels(results: Results) -> Any:
    from matplotlib.figure import Figure

    shown = settings(results, "models")
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(4.6 * columns, 3.4 * rows + 0.7), layout="constrained")
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, setting in zip(grid, shown, strict=False):
        _panel(results, axes, setting)
    for axes in grid[len(shown) :]:
        axes.set_visible(False)
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _panel(results: Results, axes: Any, setting: Setting) -> None:
    """Right answers (median, lowest to highest) over words a second."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    speed = words_per_second(results, "models", "train_seconds")
    for peer in measured_peers(results, "models"):
        speeds = turns(results, "models", peer, speed, setting)
        right = turns(results, "models", peer, lambda _, result: result.get("total"), setting)
        if not speeds or not right:
            continue
        colour, marker = _LOOKS[peer]
        values = [100 * share for share in right.values()]
        middle = median(values)
        axes.errorbar(
            median(speeds.values()) / 1e6,
            middle,
            yerr=[[middle - min(values)], [max(values) - middle]],
            color=colour,
            marker=marker,
            markersize=7,
            linestyle="none",
            capsize=3,
            label=LABELS[peer].replace("`", ""),
        )
    axes.set_xscale("log")
    axes.set_title(str(setting), fontsize=11)
    axes.set_xlabel("million words a second")
    axes.set_ylabel("right analogies (%)")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
