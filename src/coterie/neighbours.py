"""The best rows of a matrix by cosine, block by block, so that memory stays bounded whatever its size.

Neither the matrix nor a copy of it is normalised: a cosine is the dot product with a unit query divided by
the row's norm, and only the norms are kept. A zero row has similarity 0 to everything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError

__all__ = ["BestRows", "best_rows", "cosines", "row_norms", "unit"]

BestRows = list[tuple[int, float]]
"""Rows and their scores, best first; of equal scores the earlier row comes first."""

# Scores held at once for all queries of a block: 16 MiB. A product of few rows costs more than it computes
# when BLAS waits for its threads (8 ms a call on a busy machine), so blocks are as large as this allows.
_SCORES = 1 << 22
# Rows of which norms are computed, or scores compared, at once: they stay in the cache.
_ROWS = 1 << 15


def row_norms(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the Euclidean length of every row, shape ``(len(matrix),)``; NaN where a row holds NaN.

    Examples
    --------
    >>> row_norms(np.array([[3, 4], [0, 0]], dtype=np.float32)).tolist()
    [5.0, 0.0]
    """
    norms = np.empty(len(matrix), dtype=np.float32)
    for start in range(0, len(matrix), _ROWS):
        block = matrix[start : start + _ROWS]
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            squares = np.einsum("ij,ij->i", block, block)
            # Squares beyond float32's range, either end, are summed again in float64.
            norms[start : start + _ROWS] = np.sqrt(squares)
            again = np.flatnonzero(~((squares > 1e-30) & (squares < 1e38)))
            norms[start + again] = np.linalg.norm(block[again].astype(np.float64), axis=1)
    return norms


def unit(vector: NDArray[np.floating[Any]], name: str) -> NDArray[np.float64]:
    """Return the vector in float64 with length 1, a zero vector as it is.

    Parameters
    ----------
    vector
        Any finite numbers.
    name
        Whose vector it is, for the error.

    Raises
    ------
    FormatError
        It holds NaN or infinity.
    """
    wide = vector.astype(np.float64)
    # Scaled first, so that neither huge nor tiny numbers leave float64's range when squared.
    largest = float(np.abs(wide).max(initial=0))
    if not math.isfinite(largest):
        raise FormatError(f"the vector of {name} holds NaN or infinity; train or fetch it anew.")
    if largest == 0:
        return wide
    wide /= largest
    return wide / math.sqrt(wide @ wide)


def cosines(
    matrix: NDArray[np.float32], divisors: NDArray[np.float32], queries: NDArray[np.float32]
) -> Callable[[int, int], NDArray[np.float32]]:
    """Return the function of ``start, stop`` that scores a block of rows.

    Parameters
    ----------
    matrix, divisors
        float32 rows and their norms, where a zero row has any other number.
    queries
        float32, shape ``(Q, vector_size)``: of unit length, or zero.

    Returns
    -------
    callable
        It gives a fresh float32 array of shape ``(Q, stop - start)``.
    """

    def score(start: int, stop: int) -> NDArray[np.float32]:
        block = matrix[start:stop]
        # One query is a matrix-vector product, which reads the matrix once at the memory's speed.
        dots: NDArray[np.float32] = (
            np.dot(block, queries[0])[np.newaxis] if len(queries) == 1 else np.dot(queries, block.T)
        )
        dots /= divisors[start:stop]
        return dots

    return score


def best_rows(
    score: Callable[[int, int], NDArray[np.float32]],
    rows: int,
    topn: int,
    excluded: Sequence[set[int]],
) -> list[BestRows]:
    """Return the ``topn`` best of the first ``rows`` rows for each query.

    Parameters
    ----------
    score
        As :func:`cosines` returns it.
    rows
        Only rows below this one are scored.
    topn
        At most so many for each query.
    excluded
        For each query the rows that are left out.
    """
    leaders = [_Leaders(topn) for _ in excluded]
    block = max(1024, _SCORES // max(1, len(excluded)))
    for start in range(0, rows, block):
        stop = min(start + block, rows)
        scores = score(start, stop)
        for leader, row, left_out in zip(leaders, scores, excluded, strict=True):
            row[[i - start for i in left_out if start <= i < stop]] = -np.inf
            for first in range(0, len(row), _ROWS):
                leader.offer(start + first, row[first : first + _ROWS])
    return [leader.ranked() for leader in leaders]


class _Leaders:
    """The best rows so far of one query, in the order of the rows."""

    def __init__(self, topn: int) -> None:
        self.topn = topn
        self.rows: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self.scores: NDArray[np.float32] = np.empty(0, dtype=np.float32)
        self.floor = -np.inf

    def offer(self, start: int, scores: NDArray[np.float32]) -> None:
        """Take in the scores of the rows from ``start`` on; most fall below the floor."""
        new = np.flatnonzero(scores > self.floor)
        if not len(new):
            return
        self.rows = np.concatenate((self.rows, new + start))
        self.scores = np.concatenate((self.scores, scores[new]))
        surplus = len(self.scores) - self.topn
        if surplus < 0:
            return
        # The topn-th best; of the rows that equal it the earliest stay.
        border = np.partition(self.scores, surplus)[surplus]
        keep = self.scores > border
        keep[np.flatnonzero(self.scores == border)[: self.topn - np.count_nonzero(keep)]] = True
        self.rows, self.scores, self.floor = self.rows[keep], self.scores[keep], float(border)

    def ranked(self) -> BestRows:
        """Return rows and scores, best first."""
        order = np.lexsort((self.rows, -self.scores))
        return list(zip(self.rows[order].tolist(), self.scores[order].tolist(), strict=True))
