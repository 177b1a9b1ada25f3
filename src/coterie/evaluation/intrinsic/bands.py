"""Bands of frequency, and samples that take as many words from each.

What holds for frequent words often fails for rare ones, so the checks tell each band apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coterie.vectors import WordVectors

__all__ = ["Band", "bands_of", "ranks_of", "sample_bands", "sample_rows"]

# Ranks where a band ends: the hundred most frequent words, the next up to a thousand, …
_ENDS = (100, 1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True)
class Band:
    """Words of neighbouring frequency.

    Parameters
    ----------
    name
        The ranks from which they come, such as ``"101–1,000"``.
    rows
        Their rows in the matrix, the most frequent first.
    """

    name: str
    rows: NDArray[np.intp]


def ranks_of(vectors: WordVectors) -> NDArray[np.intp]:
    """Return each row's rank by frequency, from 0: by the counts, or without them by the order of the rows.

    Examples
    --------
    >>> ranks_of(WordVectors(["a", "b", "c"], np.eye(3, dtype=np.float32), np.array([1, 9, 4]))).tolist()
    [2, 0, 1]
    """
    ranks = np.arange(len(vectors))
    if vectors.counts is not None:
        order = np.argsort(-vectors.counts, kind="stable")
        ranks[order] = np.arange(len(vectors))
    return ranks


def bands_of(vectors: WordVectors, rows: NDArray[np.intp] | None = None) -> list[Band]:
    """Sort rows, by default all, into bands by their rank in the whole vocabulary; empty bands are left out.

    Examples
    --------
    >>> vectors = WordVectors([str(i) for i in range(150)], np.ones((150, 2), dtype=np.float32))
    >>> [(band.name, len(band.rows)) for band in bands_of(vectors)]
    [('1–100', 100), ('101–150', 50)]
    """
    ranks = ranks_of(vectors)
    rows = np.arange(len(vectors)) if rows is None else rows
    rows = rows[np.argsort(ranks[rows])]
    bands = np.searchsorted(_ENDS, ranks[rows], side="right")
    starts, ends = (0, *_ENDS), (*_ENDS, len(vectors))
    return [
        Band(f"{starts[i] + 1:,}–{min(ends[i], len(vectors)):,}", rows[bands == i]) for i in np.unique(bands)
    ]


def sample_bands(bands: list[Band], words: int, seed: int) -> list[NDArray[np.intp]]:
    """Draw about as many words from each band, in all at most ``words``; a small band gives what it has.

    Returns
    -------
    list of array
        Rows for each band, the most frequent first.
    """
    draw = np.random.default_rng(seed)
    quota, left = {}, words
    order = sorted(range(len(bands)), key=lambda i: len(bands[i].rows))
    for done, i in enumerate(order):
        quota[i] = min(len(bands[i].rows), max(1, left // (len(bands) - done)))
        left -= quota[i]
    chosen = [np.sort(draw.choice(len(band.rows), quota[i], replace=False)) for i, band in enumerate(bands)]
    return [band.rows[at] for band, at in zip(bands, chosen, strict=True)]


def sample_rows(rows: NDArray[np.intp], words: int, seed: int) -> NDArray[np.intp]:
    """Draw at most so many of the rows, each with the same chance; they stay in order."""
    if len(rows) <= words:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), words, replace=False))]
