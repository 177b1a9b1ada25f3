"""What an example costs and changes, as the page tells it; each yes or no is computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.objectives.curves import CURVES
from benchmarks.objectives.series import Points, cost_series, path_series, slope
from benchmarks.results import Results
from benchmarks.tables import bullet, counted, digits, paragraph, table

__all__ = ["cost", "rows"]

_FLAT = 0.15  # the greatest log-log slope that is called nearly flat
_LARGEST = 300_000


def cost(results: Results) -> list[str]:
    """Return the costs of an example against V, their slopes and ratios."""
    curves, paths = cost_series(results), path_series(results, "cost")
    sizes = list(paths)
    slopes = [slope(points) for points in curves.values()]
    costs = [[digits(points[v]) if v in points else "–" for points in curves.values()] for v in sizes]
    return [
        "## What an example costs\n",
        *_cost_circumstances(results, max(sizes)),
        "![Seconds per million examples against the vocabulary](figures/objectives-cost.svg)\n",
        *table(
            ["V", "mean Huffman path", *(CURVES[name].label for name in curves)],
            [
                *([f"{v:,}", f"{paths[v]:.1f}", *cells] for v, cells in zip(sizes, costs, strict=True)),
                [
                    "log-log slope",
                    "",
                    *("–" if found is None else f"**{_decimals(found)}**" for found in slopes),
                ],
            ],
        ),
        *_cost_findings(curves, paths),
        *_cost_ratios(curves, sizes),
    ]


def _cost_circumstances(results: Results, largest: float) -> list[str]:
    jobs = [job for _, job, _ in results.of("cost")]
    job, runs = jobs[0], len({job["seed"] for job in jobs})
    lines = [
        paragraph(
            "Seconds for a million examples (pairs of an input and an output word) of Skip-gram, on one",
            f"thread that is pinned to one core; D = {job['vector_size']}, window 5, no subsampling. Only",
            f"training counts: no reading, no compilation. Medians of {counted(runs, 'run')}, in which the",
            f"objectives took turns, each with {counted(job['rounds'], 'round')} through the sizes of about",
            f"{job['seconds']} s each. The vocabulary is the V most frequent words of the text, whose other",
            "words are left out. Examples share what they can: those of a window its output rows, in the",
            f"full softmax those of {_batch(results)} the scores of equal input words.",
        ),
    ]
    if hot := max(job["hot"] for job in jobs):
        lines.append(
            paragraph(
                "*Hot rows* is the control that shows the cache's part: matrices and tables have V rows as",
                f"everywhere, but text and noise are of the {hot:,} most frequent words only, so that the",
                "few rows in use stay in the cache.",
            )
        )
    if largest < _LARGEST:
        told = f"The text has {largest:,} distinct words, so this ends there and not at {_LARGEST:,}."
        lines.append(paragraph(told))
    return lines


def _batch(results: Results) -> str:
    """Return how much text the full softmax takes at once: where that is slow it was given just one batch."""
    tokens = [p["tokens"] for name, _, of in results.of("cost") if name == "softmax" for p in of["points"]]
    return f"a batch of {min(tokens)} words" if tokens else "a batch"


def _cost_findings(curves: dict[str, Points], paths: Points) -> list[str]:
    lines = []
    if "softmax" in curves and (found := slope(curves["softmax"])) is not None:
        lines.append(bullet(f"{CURVES['softmax'].label}: slope {_decimals(found)}, where linear in V is 1."))
    if "hs" in curves:
        each = [seconds / paths[v] for v, seconds in curves["hs"].items()]
        lines.append(
            bullet(
                f"{CURVES['hs'].label}: from the smallest V to the largest the mean path grows "
                f"{_growth(paths)} and the cost {_growth(curves['hs'])}; per node of the path that is "
                f"{digits(min(each))} to {digits(max(each))} seconds per million examples."
            )
        )
    lines += [_flatness(name, curves[name]) for name in ("nce5", "ns20", "ns5") if name in curves]
    for name in ("nce5", "ns5"):
        if f"{name}_hot" in curves and name in curves:
            lines.append(
                bullet(
                    f"The cache's part, {CURVES[name].label}: from the smallest V to the largest the cost "
                    f"grows {_growth(curves[name])}; with all rows hot {_growth(curves[f'{name}_hot'])}."
                )
            )
    return [*lines, ""]


def _flatness(name: str, points: Points) -> str:
    found = slope(points)
    if found is None:
        return bullet(f"{CURVES[name].label}: one size only, no slope.")
    verdict = "yes" if found <= _FLAT else "no"
    return bullet(
        f"{CURVES[name].label}: slope {_decimals(found)}; nearly flat (at most {_FLAT}): **{verdict}**."
    )


def _decimals(slope: float) -> str:
    return f"{round(slope, 2) + 0.0:.2f}"  # + 0.0: no minus before a zero


def _growth(points: Points) -> str:
    return f"×{points[max(points)] / points[min(points)]:.2f}"


def _cost_ratios(curves: dict[str, Points], sizes: Sequence[float]) -> list[str]:
    others = [name for name in ("softmax", "hs", "ns20", "nce5") if name in curves]
    if "ns5" not in curves or not others:
        return []
    rows = [[f"{v:,}", *(f"{digits(curves[name][v] / curves['ns5'][v])}×" for name in others)] for v in sizes]
    return [
        f"The same as multiples of {CURVES['ns5'].label}:\n",
        *table(["V", *(CURVES[name].label for name in others)], rows),
    ]


def rows(results: Results) -> list[str]:
    """Return the changed rows against V."""
    found = {name: (job, result["points"]) for name, job, result in results.of("rows")}
    names = [name for name in CURVES if name in found]
    points = {name: {point["words"]: point for point in found[name][1]} for name in names}
    examples = [found[name][0]["examples"] for name in names]
    inputs = max(point["most_inputs"] for of in points.values() for point in of.values())
    lines = [
        "## What an example changes\n",
        paragraph(
            "Rows of the projection matrix that differ after training on one example, a pair of",
            "neighbouring words drawn from the text, counted from the matrices before and after: mean",
            f"(least–most) of {max(examples)} examples, {min(examples)} with the full softmax. Hierarchical",
            "softmax has a row for each inner node of its tree. Fewer than 1 + k rows change where a noise",
            "word was drawn twice or is the output word itself.",
        ),
        "![Changed rows against the vocabulary](figures/objectives-rows.svg)\n",
        paragraph("Dotted: log₂ V, the mean Huffman path and 1 + k."),
        *table(
            ["V", "log₂ V", "mean Huffman path", *(CURVES[name].label for name in names)],
            [
                [
                    f"{v:,}",
                    f"{math.log2(v):.1f}",
                    f"{path:.1f}",
                    *(_counted(points[name][v]) for name in names),
                ]
                for v, path in path_series(results, "rows").items()
            ],
        ),
        bullet(f"Rows of the embedding layer that an example changed: at most {inputs}."),
    ]
    if "softmax" in points:
        whole = all(point["least"] == v for v, point in points["softmax"].items())
        lines.append(
            bullet(f"The full softmax changed all V rows every time: **{'yes' if whole else 'no'}**.")
        )
    return [*lines, ""]


def _counted(point: dict[str, Any]) -> str:
    if point["least"] == point["most"]:
        return f"{point['most']:,}"
    return f"{point['mean']:,.1f} ({point['least']:,}–{point['most']:,})"
