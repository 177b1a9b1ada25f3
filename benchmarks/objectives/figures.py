"""The figures: SVG with a white ground, which reads on dark pages too, and labels at the lines' ends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.objectives.curves import CURVES
from benchmarks.objectives.series import Points, cost_series, path_series, quality_series, row_series
from benchmarks.results import Results

__all__ = ["STYLE", "draw"]

# Text as outlines looks the same everywhere; the salt makes equal figures equal files.
STYLE: Any = {
    "svg.fonttype": "path",
    "svg.hashsalt": "coterie",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
}
_GREY = "#555555"
_LINE_HEIGHT = 14.0  # points that labels are kept apart


def draw(results: Results, folder: Path, suffix: str = "svg") -> list[Path]:
    """Draw what has been measured; return the files."""
    import matplotlib as mpl

    mpl.use("Agg")
    files = []
    with mpl.rc_context(STYLE):
        for name, chart in (("cost", _cost), ("rows", _rows), ("quality", _quality)):
            if any(results.of(name)):
                path = folder / f"objectives-{name}.{suffix}"
                path.parent.mkdir(parents=True, exist_ok=True)
                figure = chart(results)
                # No date, so that a figure changes only with its numbers.
                figure.savefig(path, facecolor="white", metadata={"Date": None} if suffix == "svg" else None)
                files.append(path)
    return files


def _cost(results: Results) -> Any:
    chart = _Chart("vocabulary (words)", "seconds per million examples")
    series = cost_series(results)
    for name, points in series.items():
        chart.line(name, points)
    return chart.finished(next(iter(series.values())))


def _rows(results: Results) -> Any:
    chart = _Chart("vocabulary (words)", "changed rows of the projection matrix")
    series = row_series(results)
    sizes = list(next(iter(series.values())))
    chart.guide({v: math.log2(v) for v in sizes}, "log₂ V")
    if "hs" in series:
        chart.guide(path_series(results, "rows"))
    for k in sorted({CURVES[name].negative for name in series if CURVES[name].negative}):
        chart.guide(dict.fromkeys(sizes, 1.0 + k))
    for name, points in series.items():
        chart.line(name, points)
    return chart.finished(sizes)


def _quality(results: Results) -> Any:
    chart = _Chart("minutes of training", "right answers to analogies (%)", log_y=False)
    for name, points in quality_series(results).items():
        chart.line(name, points)
    chart.axes.set_ylim(bottom=0)
    return chart.finished([job["minutes"] for _, job, _ in results.of("quality")])


class _Chart:
    """One figure with a logarithmic x axis, whose lines are labelled where they end."""

    def __init__(self, x: str, y: str, *, log_y: bool = True) -> None:
        from matplotlib.figure import Figure

        self.figure = Figure(figsize=(8.6, 5.2), layout=None)
        self.axes = self.figure.add_axes((0.125, 0.12, 0.605, 0.85))
        self.axes.margins(y=0.07)
        self.axes.set_xscale("log")
        if log_y:
            self.axes.set_yscale("log")
        self.axes.set_xlabel(x)
        self.axes.set_ylabel(y)
        self._labels: list[tuple[float, float, str, str]] = []

    def line(self, name: str, points: Points) -> None:
        """Draw an objective."""
        curve = CURVES[name]
        x, y = list(points), list(points.values())
        self.axes.plot(
            x,
            y,
            color=curve.colour,
            marker=curve.marker,
            markersize=5,
            linewidth=1.8,
            linestyle="--" if curve.hot else "-",
            markerfacecolor="white" if curve.hot else curve.colour,
        )
        self._labels.append((x[-1], y[-1], curve.label, curve.colour))

    def guide(self, points: Points, label: str | None = None) -> None:
        """Draw what theory says, as a thin line."""
        x, y = list(points), list(points.values())
        self.axes.plot(x, y, color=_GREY, linewidth=1.2, linestyle=":")
        if label is not None:
            self._labels.append((x[-1], y[-1], label, _GREY))

    def finished(self, ticks: Iterable[float]) -> Any:
        """Place the ticks of x and the labels, and return the figure."""
        from matplotlib.ticker import FuncFormatter, NullFormatter

        self.axes.set_xticks(_apart(sorted(set(ticks))))
        self.axes.tick_params(axis="x", which="minor", bottom=False)
        for axis in (self.axes.xaxis, self.axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
            axis.set_minor_formatter(NullFormatter())
        self.axes.autoscale_view()  # matplotlib would do so when it draws, after the labels are placed
        points_per_pixel = 72 / self.figure.dpi
        to_pixels = self.axes.transData.transform
        heights = [float(to_pixels((x, y))[1]) * points_per_pixel for x, y, _, _ in self._labels]
        for (x, y, label, colour), height, placed in zip(
            self._labels, heights, _spread(heights, _LINE_HEIGHT), strict=True
        ):
            self.axes.annotate(
                label,
                (x, y),
                xytext=(9, placed - height),
                textcoords="offset points",
                va="center",
                color=colour,
                annotation_clip=False,
            )
        return self.figure


def _apart(ticks: Sequence[float]) -> list[float]:
    """Return those ticks that are nearly twice the one before, so that their labels have room."""
    kept: list[float] = []
    for tick in ticks:
        if not kept or tick > 1.9 * kept[-1]:
            kept.append(tick)
    return kept


def _spread(heights: Sequence[float], gap: float) -> list[float]:
    """Return heights at least `gap` apart, in the same order and as near to the given ones as that allows."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    # Groups of labels that touch: (lowest height, members), each centred on its members' mean.
    groups: list[list[int]] = []

    def centre(group: list[int]) -> float:
        return sum(heights[i] for i in group) / len(group)

    for i in order:
        groups.append([i])
        while (
            len(groups) > 1
            and centre(groups[-1]) - centre(groups[-2]) < gap * (len(groups[-1]) + len(groups[-2])) / 2
        ):
            last = groups.pop()
            groups[-1] += last
    placed = list(heights)
    for group in groups:
        for place, i in enumerate(group):
            placed[i] = centre(group) + gap * (place - (len(group) - 1) / 2)
    return placed
