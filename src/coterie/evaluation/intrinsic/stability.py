"""Stability: whether two models, say of two seeds, agree about who is near whom.

Training draws at random: another seed gives other vectors, turned about, but the neighbours should stay.
Where they don't, a neighbour list says more about the seed than about the language (Antoniak and Mimno
2018, https://aclanthology.org/Q18-1008). For a word with neighbour lists A and B of n words each

    share = |A ∩ B| / n        Jaccard index = |A ∩ B| / |A ∪ B|

Both lists hold only words that both models know, so that a smaller vocabulary is not taken for
disagreement.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError
from coterie.evaluation.intrinsic.bands import bands_of, sample_bands
from coterie.evaluation.intrinsic.nearest import nearest_rows
from coterie.evaluation.tables import Table
from coterie.queries import check_whole
from coterie.vectors import WordVectors

__all__ = ["Stability", "StabilityBand", "UnstableWord", "neighbour_stability"]


@dataclass(frozen=True)
class StabilityBand:
    """The agreement about words of one band of frequency."""

    ranks: str
    words: int
    sampled: int
    share: float
    jaccard: float


@dataclass(frozen=True)
class UnstableWord:
    """A word about whose neighbours the models disagree, with the nearest that each names."""

    word: str
    share: float
    neighbours: tuple[str, ...]
    other_neighbours: tuple[str, ...]


@dataclass(frozen=True)
class Stability:
    """What :func:`neighbour_stability` found.

    Parameters
    ----------
    share, jaccard
        Means over all words that both know, estimated from the sample: each band counts by its size.
    by_chance
        The share that lists drawn at random would have.
    common_words, sampled, topn
        Words that both know and that have a vector in both; how many were asked; for how many neighbours.
    bands
        The same by frequency, ranks in the first model.
    least_stable
        Of the words asked, those with the smallest share; of equals the more frequent.
    """

    share: float
    jaccard: float
    by_chance: float
    common_words: int
    sampled: int
    topn: int
    bands: tuple[StabilityBand, ...]
    least_stable: tuple[UnstableWord, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return asdict(self)

    def tables(self) -> list[Table]:
        """Return the agreement by frequency, and the words with the least."""
        rows = [
            (band.ranks, f"{band.sampled:,} of {band.words:,}", f"{band.share:.1%}", f"{band.jaccard:.3f}")
            for band in self.bands
        ]
        asked = f"{self.sampled:,} of {self.common_words:,}"
        return [
            Table(
                f"Neighbour stability: the {self.topn} nearest in both models",
                ("ranks", "words asked", "share in common", "Jaccard index"),
                [*rows, ("all, weighted by size", asked, f"{self.share:.1%}", f"{self.jaccard:.3f}")],
                f"Lists drawn at random would have {self.by_chance:.2%} in common.",
            ),
            Table(
                "Least stable words of those asked",
                ("word", "share", "neighbours", "neighbours in the other model"),
                [
                    (at.word, f"{at.share:.0%}", ", ".join(at.neighbours), ", ".join(at.other_neighbours))
                    for at in self.least_stable
                ],
            ),
        ]


def neighbour_stability(
    a: WordVectors,
    b: WordVectors,
    *,
    topn: int = 10,
    words: int = 1_000,
    listed: int = 10,
    seed: int = 1,
) -> Stability:
    """Compare the nearest neighbours that two models give for the same words.

    Parameters
    ----------
    a, b
        Two models, of two seeds, of two corpora, or before and after a change.
    topn
        How many neighbours of each word.
    words
        How many words are asked, about as many from each band of frequency.
    listed
        How many of the least stable are listed.
    seed
        Of the sample.

    Raises
    ------
    ConfigError
        Fewer common words than neighbours asked for, or a number below 1.

    Examples
    --------
    >>> draw = np.random.default_rng(1)
    >>> matrix = draw.standard_normal((50, 8)).astype(np.float32)
    >>> turned = matrix @ np.linalg.qr(draw.standard_normal((8, 8)))[0].astype(np.float32)
    >>> names = [f"w{i}" for i in range(50)]
    >>> neighbour_stability(WordVectors(names, matrix), WordVectors(names, turned), topn=5).share
    1.0
    """
    for option, value in (("topn", topn), ("words", words), ("listed", listed)):
        check_whole(option, value)
    rows_a, other = _common(a, b)
    if len(rows_a) <= topn + 1:
        raise ConfigError(
            f"topn is {topn}, but both models together know {len(rows_a):,} words; "
            "neighbour lists need more words than that to choose from."
        )
    bands = bands_of(a, rows_a)
    samples = sample_bands(bands, words, seed)
    asked = np.concatenate(samples)
    lists_a = _lists(a, asked, rows_a, topn)
    lists_b = _lists(b, other[asked], other[rows_a], topn)
    shares = np.array([len(set(x) & set(y)) / topn for x, y in zip(lists_a, lists_b, strict=True)])
    jaccards = shares / (2 - shares)  # both lists have topn words: |A ∪ B| = 2n − |A ∩ B|
    edges = np.cumsum([0, *map(len, samples)])
    told = tuple(
        StabilityBand(
            band.name,
            len(band.rows),
            int(stop - start),
            float(shares[start:stop].mean()),
            float(jaccards[start:stop].mean()),
        )
        for band, start, stop in zip(bands, edges[:-1], edges[1:], strict=True)
    )
    sizes = [band.words for band in told]
    worst = np.argsort(shares, kind="stable")[:listed]
    return Stability(
        share=float(np.average([band.share for band in told], weights=sizes)),
        jaccard=float(np.average([band.jaccard for band in told], weights=sizes)),
        by_chance=topn / (len(rows_a) - 1),
        common_words=len(rows_a),
        sampled=len(asked),
        topn=topn,
        bands=told,
        least_stable=tuple(
            UnstableWord(a.words[asked[i]], float(shares[i]), tuple(lists_a[i][:3]), tuple(lists_b[i][:3]))
            for i in worst
            if shares[i] < 1
        ),
    )


def _common(a: WordVectors, b: WordVectors) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows in ``a`` of the words that both know, and for each of its rows the row in ``b``, or −1.

    A zero vector is near nothing, and its word left out.
    """
    other = np.fromiter((b.index.get(word, -1) for word in a.words), dtype=np.intp, count=len(a))
    with_direction = np.zeros(len(b) + 1, dtype=np.bool_)  # the last one is for the row −1
    with_direction[b.rows_with_direction] = True
    rows = a.rows_with_direction
    return rows[with_direction[other[rows]]], other


def _lists(
    vectors: WordVectors, asked: NDArray[np.intp], common: NDArray[np.intp], topn: int
) -> list[list[str]]:
    allowed = np.zeros(len(vectors), dtype=np.bool_)
    allowed[common] = True
    neighbours, _ = nearest_rows(vectors.matrix, vectors.divisors, asked, topn, allowed)
    return [[vectors.words[row] for row in answer] for answer in neighbours.tolist()]
