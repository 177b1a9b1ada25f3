"""The plots of a report: which numbers are drawn, and how they are said in a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coterie.evaluation.intrinsic import Hubness, Isotropy
from coterie.evaluation.intrinsic.bands import ranks_of
from coterie.evaluation.report.plots import Axis, Plot, bars, label_plot, line, number, points
from coterie.evaluation.report.subject import curve
from coterie.neighbours import row_norms
from coterie.vectors import WordVectors

__all__ = ["hub_plot", "norm_plot", "spectrum_plot", "training_plots", "word_map", "zipf_plot"]

# Words shown of each bin of frequency, and bins.
_DOTS, _BINS = 100, 15
_MAPPED = 220


def training_plots(metrics: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the course of the training: loss, learning rate and speed."""
    drawn = []
    for name, title, label in (
        ("loss", "Loss", "loss of a pair"),
        ("learning_rate", "Learning rate", "learning rate"),
        ("words_per_second", "Speed", "words/s since the start"),
    ):
        values = curve(metrics, name)
        if len(values) < 2:
            continue
        first, last = values[0][1], values[-1][1]
        heights = [y for _, y in values]
        plot = Plot(
            f"training-{name.replace('_', '-')}",
            title,
            f"From {number(first)} at the start to {number(last)} at the end; "
            f"between {number(min(heights))} and {number(max(heights))}.",
            Axis.over("words trained", [x for x, _ in values], zero=True),
            Axis.over(label, heights, zero=name != "loss"),
        )
        drawn.append(plot.draw(line(plot, values)))
    return drawn


def zipf_plot(vectors: WordVectors) -> str:
    """Return counts against ranks."""
    if vectors.counts is None or len(vectors) < 2:
        return ""
    counts = np.sort(vectors.counts)[::-1]
    ranks = np.unique(np.geomspace(1, len(counts), 150).astype(np.intp))
    values = [(float(rank), float(counts[rank - 1])) for rank in ranks if counts[rank - 1] > 0]
    if len(values) < 2:
        return ""
    plot = Plot(
        "zipf",
        "Count against rank",
        f"The most frequent word occurs {number(values[0][1])} times, the rarest {number(values[-1][1])}.",
        Axis.over("rank", [x for x, _ in values], log=True),
        Axis.over("count", [y for _, y in values], log=True),
    )
    return plot.draw(line(plot, values))


def norm_plot(vectors: WordVectors, seed: int) -> str:
    """Return the vectors' lengths against the words' frequency, with the running median."""
    frequency = (ranks_of(vectors) + 1 if vectors.counts is None else vectors.counts).astype(np.float64)
    norms = row_norms(vectors.matrix).astype(np.float64)
    usable = np.flatnonzero((frequency > 0) & np.isfinite(norms))
    if len(usable) < 2:
        return ""
    logs = np.log(frequency[usable])
    bins = np.digitize(logs, np.linspace(logs.min(), logs.max() + 1e-9, _BINS + 1))
    members = [usable[bins == i] for i in np.unique(bins)]
    medians = [
        (float(np.exp(np.log(frequency[rows]).mean())), float(np.median(norms[rows]))) for rows in members
    ]
    # As many from each bin: of words drawn uniformly nearly all are rare.
    draw = np.random.default_rng(seed)
    chosen = [rows if len(rows) <= _DOTS else draw.choice(rows, _DOTS, replace=False) for rows in members]
    some = np.concatenate(chosen)
    label = "rank" if vectors.counts is None else "count"
    plot = Plot(
        "norms",
        "Norm against frequency",
        f"A dot is a word ({len(some):,} of {len(vectors):,}), the line the median; it goes from "
        f"{number(medians[0][1])} to {number(medians[-1][1])}.",
        Axis.over(label, frequency[usable].tolist(), log=True),
        Axis.over("norm", norms[some].tolist(), zero=True),
    )
    dots = list(zip(frequency[some].tolist(), norms[some].tolist(), strict=True))
    return plot.draw(points(plot, dots), line(plot, medians, "second"))


def hub_plot(found: Hubness) -> str:
    """Return how many words are so often a neighbour, in bins that double."""
    bins: dict[int, int] = {}
    for value, words in found.histogram:
        power = value.bit_length()
        bins[power] = bins.get(power, 0) + words
    values = []
    for power in range(max(bins) + 1):
        low = 0 if power == 0 else 2 ** (power - 1)
        values.append((number(low), float(bins.get(power, 0))))
    most = found.histogram[-1][0]
    return bars(
        "hubs",
        "Hubness",
        f"How many of {found.sampled:,} words are among the {found.topn} nearest of so many others; "
        f"the mean is {found.topn}, the most {most:,}.",
        (f"among the {found.topn} nearest of … (a bar goes up to the next)", "words"),
        values,
    )


def spectrum_plot(found: Isotropy) -> str:
    """Return the share of the variance of each principal component."""
    shares = found.variance_shares
    if len(shares) < 2 or not sum(shares):
        return ""
    even = 1 / len(shares)
    values = [(float(i), share) for i, share in enumerate(shares, 1)]
    plot = Plot(
        "spectrum",
        "Spectrum",
        f"Share of the variance of each principal component, {shares[0]:.1%} of the first; "
        f"the dashed line is an even share, {even:.1%}.",
        Axis.over("component", [1, len(shares)]),
        Axis.over("share", [*shares], zero=True),
    )
    return plot.draw(line(plot, values), line(plot, [(1, even), (len(shares), even)], "reference"))


def word_map(vectors: WordVectors) -> str:
    """Return frequent words, but for the most frequent, on the two main components of their directions."""
    order = np.argsort(ranks_of(vectors))
    rows = [row for row in order[100:5_000].tolist() if _plain(vectors.words[row])][:_MAPPED]
    if len(rows) < 30:
        rows = [row for row in order[:_MAPPED].tolist() if vectors.matrix[row].any()]
    units = vectors.matrix[rows].astype(np.float64)
    lengths = np.linalg.norm(units, axis=1)
    units = units[lengths > 0] / lengths[lengths > 0, np.newaxis]
    rows = [row for row, length in zip(rows, lengths, strict=True) if length > 0]
    if len(rows) < 3 or vectors.vector_size < 2:
        return ""
    centred = units - units.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    if not sizes[0]:
        return ""
    across, up = left[:, 0] * sizes[0], left[:, 1] * sizes[1]
    # The sign of a component is arbitrary: the first word is at the right and above.
    across, up = across * math.copysign(1, across[0]), up * math.copysign(1, up[0])
    share = float((sizes[:2] ** 2).sum() / (sizes**2).sum())
    return label_plot(
        "map",
        "Frequent words on their first two principal components",
        f"{len(rows):,} words; the two components have {share:.0%} of these words' variance, so nearness "
        "here is a hint and no proof.",
        [(vectors.words[row], float(x), float(y)) for row, x, y in zip(rows, across, up, strict=True)],
    )


def _plain(word: str) -> bool:
    return word.isalpha() and 3 < len(word) < 20
