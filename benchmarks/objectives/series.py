"""The measurements as series of points, which tables and figures show."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

import numpy as np

from benchmarks.objectives.curves import CURVES
from benchmarks.results import Results

__all__ = ["Points", "cost_series", "path_series", "quality_series", "row_series", "slope"]

Points = dict[float, float]
"""A figure by the size of the vocabulary, or by minutes."""


def slope(points: Points) -> float | None:
    """Return the slope of a straight line through the points' logarithms, by least squares."""
    if len(points) < 2:
        return None
    return float(np.polyfit(np.log(list(points)), np.log(list(points.values())), 1)[0])


def cost_series(results: Results) -> dict[str, Points]:
    """Return each objective's seconds per million examples by V, medians of the runs."""
    found: dict[str, dict[float, list[float]]] = {}
    for name, _, result in results.of("cost"):
        for point in result["points"]:
            found.setdefault(name, {}).setdefault(point["words"], []).append(point["seconds_per_million"])
    return _in_order({name: {v: median(values) for v, values in of.items()} for name, of in found.items()})


def row_series(results: Results) -> dict[str, Points]:
    """Return each objective's mean number of changed rows by V."""
    return _in_order(
        {
            name: {point["words"]: point["mean"] for point in result["points"]}
            for name, _, result in results.of("rows")
        }
    )


def path_series(results: Results, section: str) -> Points:
    """Return the mean number of nodes above a word of the text by V."""
    return next(
        {point["words"]: point["path"] for point in result["points"]}
        for _, job, result in results.of(section)
        if not job.get("hot")
    )


def quality_series(results: Results) -> dict[str, Points]:
    """Return each objective's accuracy in percent by minutes of training really used."""
    found: dict[str, Points] = {}
    for name, _, result in results.of("quality"):
        if result["total"] is not None:
            found.setdefault(name, {})[result["seconds"] / 60] = 100 * result["total"]
    return _in_order({name: dict(sorted(points.items())) for name, points in found.items()})


def _in_order(found: dict[str, Points]) -> dict[str, Points]:
    names: Iterable[str] = (name for name in CURVES if name in found)
    return {name: found[name] for name in names}
