"""Hubness: whether some words are the neighbours of everything.

N_k(w) is the number of words that have w among their k nearest. Its mean is k; in many dimensions a few
words, hubs, have far more, and many have none. Radovanović, Nanopoulos and Ivanović (2010,
https://jmlr.org/papers/v11/radovanovic10a.html) measure it by the skewness of N_k, E[(N_k − μ)³] / σ³: 0
for a symmetric distribution, large where there are hubs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError
from coterie.evaluation.intrinsic.bands import ranks_of, sample_rows
from coterie.evaluation.intrinsic.nearest import nearest_rows
from coterie.evaluation.tables import Table
from coterie.queries import check_whole
from coterie.vectors import WordVectors

__all__ = ["Hub", "Hubness", "hubness"]


@dataclass(frozen=True)
class Hub:
    """A word, the number of words that have it among their nearest, and its rank by frequency, from 1."""

    word: str
    occurrences: int
    rank: int


@dataclass(frozen=True)
class Hubness:
    """What :func:`hubness` found.

    Parameters
    ----------
    skewness
        Of N_k; ``None`` where N_k is the same for all.
    orphans
        The share of words that are among nobody's nearest.
    top_share
        The share of all places in the lists that the 1 % of words with the largest N_k take.
    hubs
        The largest.
    histogram
        Pairs of a value of N_k and the number of words that have it.
    words, sampled, topn
        Words with a vector that is not zero, how many of them were compared with each other, and k.
    """

    skewness: float | None
    orphans: float
    top_share: float
    hubs: tuple[Hub, ...]
    histogram: tuple[tuple[int, int], ...]
    words: int
    sampled: int
    topn: int

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return asdict(self)

    def tables(self) -> list[Table]:
        """Return the figures, and the hubs."""
        skewness = "—" if self.skewness is None else f"{self.skewness:.2f}"
        return [
            Table(
                f"Hubness: how often a word is among the {self.topn} nearest of another",
                ("measure", "value"),
                [
                    ("skewness of these numbers, 0 without hubs", skewness),
                    ("words that are nobody's neighbour", f"{self.orphans:.1%}"),
                    ("share of places that 1 % of the words take", f"{self.top_share:.1%}"),
                    ("words compared with each other", f"{self.sampled:,} of {self.words:,}"),
                ],
            ),
            Table(
                "Biggest hubs of those compared",
                ("word", "neighbour of", "rank by frequency"),
                [(hub.word, f"{hub.occurrences:,}", f"{hub.rank:,}") for hub in self.hubs],
            ),
        ]


def hubness(
    vectors: WordVectors, *, topn: int = 10, words: int = 10_000, listed: int = 10, seed: int = 1
) -> Hubness:
    """Count how often each word is among the nearest neighbours of the others.

    A sample is compared with itself, so that the mean of N_k stays k; in a larger set the skewness is larger.

    Parameters
    ----------
    vectors
        More than ``topn + 1`` of them not zero.
    topn
        k, the neighbours of each word.
    words
        At most so many words are compared with each other, a random choice of a larger vocabulary.
    listed
        How many hubs are listed.
    seed
        Of that choice.

    Raises
    ------
    ConfigError
        Too few words for so many neighbours, or a number below 1.

    Examples
    --------
    >>> matrix = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.5]], dtype=np.float32)
    >>> hubness(WordVectors(["a", "b", "c", "hub"], matrix), topn=1).hubs[0]
    Hub(word='hub', occurrences=3, rank=4)
    """
    for option, value in (("topn", topn), ("words", words), ("listed", listed)):
        check_whole(option, value)
    live = vectors.rows_with_direction
    rows = sample_rows(live, words, seed)
    n = len(rows)
    if n <= topn + 1:
        raise ConfigError(
            f"topn is {topn}, but there are {n:,} words with a vector to compare; "
            "neighbour lists need more words than that to choose from."
        )
    neighbours, _ = nearest_rows(vectors.matrix[rows], vectors.divisors[rows], np.arange(n), topn)
    occurrences = np.bincount(neighbours.ravel(), minlength=n)
    ranks = ranks_of(vectors)[rows]
    order = np.lexsort((ranks, -occurrences))
    values, times = np.unique(occurrences, return_counts=True)
    return Hubness(
        skewness=_skewness(occurrences),
        orphans=float((occurrences == 0).mean()),
        top_share=float(occurrences[order[: max(1, n // 100)]].sum() / occurrences.sum()),
        hubs=tuple(
            Hub(vectors.words[rows[i]], int(occurrences[i]), int(ranks[i]) + 1) for i in order[:listed]
        ),
        histogram=tuple(zip(values.tolist(), times.tolist(), strict=True)),
        words=len(live),
        sampled=n,
        topn=topn,
    )


def _skewness(values: NDArray[np.intp]) -> float | None:
    centred = values - values.mean()
    variance = float((centred**2).mean())
    return float((centred**3).mean()) / variance**1.5 if variance > 0 else None
