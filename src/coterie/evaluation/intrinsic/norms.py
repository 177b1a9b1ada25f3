"""How a vector's length goes with its word's frequency.

A rare word's vector has had few steps and is short; a very frequent word meets everything, and its vector
is often shorter than that of a word of middling frequency and few contexts (Schakel and Wilson 2015, arXiv
1508.02297). Cosines don't see it, but sums and means of vectors do.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError
from coterie.evaluation.intrinsic.bands import bands_of, ranks_of
from coterie.evaluation.tables import Table
from coterie.neighbours import row_norms
from coterie.vectors import WordVectors

__all__ = ["NormBand", "NormsAgainstFrequency", "norms_against_frequency"]


@dataclass(frozen=True)
class NormBand:
    """The lengths of the vectors of one band of frequency; ``spearman`` is the correlation inside it."""

    ranks: str
    words: int
    mean: float
    least: float
    median: float
    most: float
    spearman: float | None


@dataclass(frozen=True)
class NormsAgainstFrequency:
    """What :func:`norms_against_frequency` found.

    Parameters
    ----------
    spearman
        Rank correlation of length and frequency, from −1 to 1; ``None`` where one of them is the same for
        all words.
    by_counts
        Whether frequency is the words' counts, or (without counts) their order.
    bands
        The lengths by frequency.
    """

    spearman: float | None
    by_counts: bool
    bands: tuple[NormBand, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return asdict(self)

    def tables(self) -> list[Table]:
        """Return the lengths by frequency."""
        words = sum(band.words for band in self.bands)
        rows = [
            (
                band.ranks,
                f"{band.words:,}",
                *(f"{value:.3g}" for value in (band.mean, band.least, band.median, band.most)),
                _correlation(band.spearman),
            )
            for band in self.bands
        ]
        return [
            Table(
                "Norm against frequency",
                ("ranks", "words", "mean norm", "least", "median", "most", "Spearman's ρ with frequency"),
                [*rows, ("all", f"{words:,}", "", "", "", "", _correlation(self.spearman))],
                "" if self.by_counts else "There are no counts: the words' order stands for their frequency.",
            )
        ]


def _correlation(value: float | None) -> str:
    return "—" if value is None else f"{value:+.3f}"


def norms_against_frequency(vectors: WordVectors) -> NormsAgainstFrequency:
    """Compare the lengths of all vectors with the frequency of their words.

    Parameters
    ----------
    vectors
        With counts, or the most frequent word first.

    Raises
    ------
    ConfigError
        There are no words.

    Examples
    --------
    >>> matrix = np.array([[1, 0], [2, 0], [3, 0]], dtype=np.float32)
    >>> vectors = WordVectors(["the", "ship", "barnacle"], matrix, np.array([90, 9, 1]))
    >>> round(norms_against_frequency(vectors).spearman, 6)
    -1.0
    """
    if not len(vectors):
        raise ConfigError("these vectors have no words; there is nothing to measure.")
    _ = vectors.divisors  # NaN is an error
    norms = row_norms(vectors.matrix)
    frequency = -ranks_of(vectors) if vectors.counts is None else vectors.counts
    bands = []
    for band in bands_of(vectors):
        own = norms[band.rows].astype(np.float64)
        bands.append(
            NormBand(
                ranks=band.name,
                words=len(own),
                mean=float(own.mean()),
                least=float(own.min()),
                median=float(np.median(own)),
                most=float(own.max()),
                spearman=_spearman(own, frequency[band.rows]),
            )
        )
    return NormsAgainstFrequency(_spearman(norms, frequency), vectors.counts is not None, tuple(bands))


def _spearman(one: NDArray[Any], other: NDArray[Any]) -> float | None:
    """Return the correlation of the ranks, ties sharing their mean rank."""
    from scipy.stats import rankdata

    ranks = [rankdata(values) - (len(values) + 1) / 2 for values in (one, other)]
    scale = float(np.linalg.norm(ranks[0]) * np.linalg.norm(ranks[1]))
    return min(1.0, max(-1.0, float(ranks[0] @ ranks[1]) / scale)) if scale else None
