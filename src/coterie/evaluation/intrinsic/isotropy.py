"""Isotropy: whether the vectors use all directions alike.

With Z(c) = Σ_w exp(c·v_w), the partition function in the direction c, vectors are isotropic where Z is
about the same in every direction (Arora et al. 2016, arXiv 1502.03520). Mu and Viswanath (arXiv 1702.01417)
measure it as

    I(W) = min_c Z(c) / max_c Z(c)     over the unit eigenvectors c of WᵀW

An eigenvector's sign is arbitrary, and Z(c) ≠ Z(−c); here c goes over both, so that the number does not
depend on a library's choice. It is 1 for perfect isotropy and falls with the vectors' length: compare
models of like norms.

The mean cosine of two different words needs no sample of pairs: with u_w the n unit vectors it is (‖Σ u_w‖²
− n) / (n(n − 1)), and the mean of the squares is (‖UᵀU‖² − n) / (n(n − 1)).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError
from coterie.evaluation.intrinsic.bands import sample_rows
from coterie.evaluation.tables import Table
from coterie.queries import check_whole
from coterie.vectors import WordVectors

__all__ = ["Isotropy", "isotropy"]

# Rows in float64 at once: 20 MiB at 300 dimensions.
_ROWS = 8192


@dataclass(frozen=True)
class Isotropy:
    """What :func:`isotropy` found.

    Parameters
    ----------
    partition_ratio
        I(W), from 0 to 1, the isotropic.
    mean_cosine, cosine_deviation
        Mean and standard deviation of the cosine of two different words; 0 and about
        ``1 / sqrt(vector_size)`` for isotropic vectors.
    mean_vector_length
        The length of the mean vector, divided by the mean length of the vectors.
    variance_shares
        Each principal component's share of the variance, the largest first.
    effective_dimensions
        ``1 / Σ share²``: the number of components that, with equal shares, would be as concentrated.
    words, sampled
        Words with a vector that is not zero, and how many of them were measured.
    """

    partition_ratio: float
    mean_cosine: float
    cosine_deviation: float
    mean_vector_length: float
    variance_shares: tuple[float, ...]
    effective_dimensions: float | None
    words: int
    sampled: int

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return asdict(self)

    def tables(self) -> list[Table]:
        """Return the figures as one table."""
        size = len(self.variance_shares)
        cumulated = np.cumsum(self.variance_shares)
        shares = [
            (
                f"variance in the first {'component' if i == 1 else f'{i} components'}",
                f"{cumulated[i - 1]:.1%}",
            )
            for i in (1, 2, 10)
            if i <= size
        ]
        dimensions = (
            "—" if self.effective_dimensions is None else f"{self.effective_dimensions:.1f} of {size}"
        )
        return [
            Table(
                "Isotropy",
                ("measure", "value"),
                [
                    ("partition ratio I(W), 1 is isotropic", f"{self.partition_ratio:.3g}"),
                    ("mean cosine of two words", f"{self.mean_cosine:.3f} ± {self.cosine_deviation:.3f}"),
                    ("length of the mean vector / mean length", f"{self.mean_vector_length:.3f}"),
                    *shares,
                    ("effective dimensions", dimensions),
                    ("words measured", f"{self.sampled:,} of {self.words:,}"),
                ],
                f"Isotropic vectors of this size would have a mean cosine of 0 ± {1 / math.sqrt(size):.3f}.",
            )
        ]


def isotropy(vectors: WordVectors, *, words: int = 50_000, seed: int = 1) -> Isotropy:
    """Measure how evenly the vectors use all directions.

    Parameters
    ----------
    vectors
        At least two of them not zero.
    words
        At most so many words are measured, a random choice of a larger vocabulary.
    seed
        Of that choice.

    Raises
    ------
    ConfigError
        Fewer than two vectors that are not zero.

    Examples
    --------
    >>> matrix = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)
    >>> found = isotropy(WordVectors(["a", "b", "c", "d"], matrix))
    >>> round(found.partition_ratio, 6), round(found.mean_cosine, 3), found.variance_shares
    (1.0, -0.333, (0.5, 0.5))
    """
    check_whole("words", words)
    if words < 2:
        raise ConfigError(f"words is {words}; a mean cosine needs at least 2.")
    live = vectors.rows_with_direction
    if len(live) < 2:
        raise ConfigError(f"isotropy needs two vectors that are not zero; these have {len(live)}.")
    rows = sample_rows(live, words, seed)
    sums = _sums(vectors, rows)
    eigenvalues, directions = np.linalg.eigh(sums.gram)
    n = len(rows)
    pairs = n * (n - 1)
    mean = (float(sums.unit_sum @ sums.unit_sum) - n) / pairs
    square = (float((sums.unit_gram**2).sum()) - n) / pairs
    mean_vector = sums.sum / n
    covariance = sums.gram / n - np.outer(mean_vector, mean_vector)
    variances = np.maximum(np.linalg.eigvalsh(covariance)[::-1], 0)
    # What cancellation leaves of vectors that are all the same is no variance.
    total = float(variances.sum())
    if total <= 1e-12 * float(eigenvalues.sum()) / n:
        variances, total = np.zeros_like(variances), 0.0
    shares = variances / total if total else variances
    return Isotropy(
        partition_ratio=_partition_ratio(vectors, rows, directions),
        mean_cosine=mean,
        cosine_deviation=math.sqrt(max(0.0, square - mean**2)),
        mean_vector_length=float(np.linalg.norm(mean_vector)) / sums.mean_length,
        variance_shares=tuple(shares.tolist()),
        effective_dimensions=1 / float((shares**2).sum()) if total else None,
        words=len(live),
        sampled=n,
    )


@dataclass
class _Sums:
    """What one pass over the rows collects, in float64."""

    sum: NDArray[np.float64]
    gram: NDArray[np.float64]
    unit_sum: NDArray[np.float64]
    unit_gram: NDArray[np.float64]
    mean_length: float


def _blocks(vectors: WordVectors, rows: NDArray[np.intp]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(rows), _ROWS):
        yield vectors.matrix[rows[start : start + _ROWS]].astype(np.float64)


def _sums(vectors: WordVectors, rows: NDArray[np.intp]) -> _Sums:
    size = vectors.vector_size
    found = _Sums(np.zeros(size), np.zeros((size, size)), np.zeros(size), np.zeros((size, size)), 0.0)
    for block in _blocks(vectors, rows):
        lengths = np.linalg.norm(block, axis=1, keepdims=True)
        units = block / lengths
        found.sum += block.sum(axis=0)
        found.gram += block.T @ block
        found.unit_sum += units.sum(axis=0)
        found.unit_gram += units.T @ units
        found.mean_length += float(lengths.sum()) / len(rows)
    return found


def _partition_ratio(vectors: WordVectors, rows: NDArray[np.intp], directions: NDArray[np.float64]) -> float:
    """Return min Z / max Z over the columns of ``directions`` and their opposites, by logarithms."""
    logs: NDArray[np.float64] = np.full(2 * directions.shape[1], -np.inf)
    for block in _blocks(vectors, rows):
        scores = block @ directions
        both = np.concatenate((scores, -scores), axis=1)
        highest = np.maximum(logs, both.max(axis=0))
        logs = highest + np.log(np.exp(logs - highest) + np.exp(both - highest).sum(axis=0))
    return math.exp(logs.min() - logs.max())
