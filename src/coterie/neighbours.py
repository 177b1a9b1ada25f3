"""The best rows of a matrix by cosine, block by block, so that memory stays bounded whatever its size.

Neither the matrix nor a copy of it is normalised: a cosine is the dot product with a unit query divided by
the row's norm, and only the norms are kept. A zero row has similarity 0 to everything.

Many queries are float32 products of matrices, whose rounding depends on the block. They only choose the
candidates: whatever may be among the best within that rounding is scored again in float64, so that an answer
is the same alone and among others, on one thread or more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.shortlist import Nearest, Shortlist, candidates, rank

__all__ = [
    "BestRows",
    "Nearest",
    "best_rows",
    "cosines",
    "exact_cosines",
    "nearest_rows",
    "row_norms",
    "unit",
    "unit_rows",
]

BestRows = list[tuple[int, float]]
"""Rows and their scores, best first; of equal scores the earlier row comes first."""

# Scores held at once where queries are few: 16 MiB. A product of few rows costs more than it computes
# when BLAS waits for its threads (8 ms a call on a busy machine), so blocks are as large as this allows.
_SCORES = 1 << 22
# And where they are many: 2 MiB, which stay in the cache until they are compared.
_CACHED_SCORES = 1 << 19
# Rows of a block at least.
_LEAST = 1024
# From so many queries on, dividing the rows before the product is less work than dividing the scores.
_MANY = 32
# Rows of which norms are computed at once: they stay in the cache.
_ROWS = 1 << 15
# Rows scored again at once, and the norm below which float32 has not its full precision.
_RESCORED, _TINY = 1 << 12, np.float32(1e-30)


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
    tiny = np.flatnonzero(divisors < _TINY)

    def score(start: int, stop: int) -> NDArray[np.float32]:
        block = matrix[start:stop]
        # One query is a matrix-vector product, which reads the matrix once at the memory's speed.
        dots: NDArray[np.float32] = (
            np.dot(block, queries[0])[np.newaxis] if len(queries) == 1 else np.dot(queries, block.T)
        )
        dots /= divisors[start:stop]
        short = _within(tiny, start, stop)
        dots[:, short] = queries @ unit_rows(block[short]).T
        return dots

    return score


def _within(rows: NDArray[np.intp], start: int, stop: int) -> NDArray[np.intp]:
    """Return those of the rising rows that are from ``start`` to before ``stop``, counted from there."""
    return rows[slice(*np.searchsorted(rows, (start, stop)))] - start


def unit_rows(matrix: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return every row in float64 with length 1, a zero row as it is, and NaN where a row isn't finite.

    Examples
    --------
    >>> unit_rows(np.array([[3, 4], [0, 0]], dtype=np.float32)).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    wide = matrix.astype(np.float64)
    # Scaled first, so that neither huge nor tiny numbers leave float64's range when squared.
    largest = np.abs(wide).max(axis=1, initial=0, keepdims=True)
    largest[largest == 0] = 1
    with np.errstate(invalid="ignore"):
        wide /= largest
        norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    norms[norms == 0] = 1
    wide /= norms[:, np.newaxis]
    return wide


def exact_cosines(
    matrix: NDArray[np.float32],
    rows: NDArray[np.int64],
    units: NDArray[np.float64],
    queries: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return the cosine of each of these rows with the query of that number, computed in float64.

    Parameters
    ----------
    matrix, rows
        Which rows of which matrix.
    units, queries
        Unit vectors, shape ``(Q, vector_size)``, and for each row the number of its query.
    """
    cosine = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _RESCORED):
        block = matrix[rows[start : start + _RESCORED]].astype(np.float64)
        norms = np.sqrt(np.einsum("ij,ij->i", block, block))
        norms[norms == 0] = 1
        asked = units[queries[start : start + _RESCORED]]
        cosine[start : start + _RESCORED] = np.einsum("ij,ij->i", block, asked) / norms
    return cosine


def nearest_rows(
    matrix: NDArray[np.float32],
    divisors: NDArray[np.float32],
    units: NDArray[np.float64],
    topn: int,
    excluded: Sequence[Collection[int]],
    allowed: NDArray[np.bool_] | None = None,
) -> Nearest:
    """Return the ``topn`` rows with the highest cosine for each query.

    Parameters
    ----------
    matrix, divisors
        float32 rows and their norms, where a zero row has any other number.
    units
        Queries of unit length, or zero, shape ``(Q, vector_size)``.
    topn
        At most so many for each query.
    excluded
        For each query the rows that are left out.
    allowed
        bool, shape ``(len(matrix),)``: which rows may be found at all; ``None``: every row. Queries are then
        not zero.

    Examples
    --------
    >>> matrix = np.array([[2, 0], [1, 1], [0, 3]], dtype=np.float32)
    >>> nearest_rows(matrix, row_norms(matrix), np.array([[1.0, 0.0]]), 2, [{0}]).pairs()
    [[(1, 0.7071067690849304), (2, 0.0)]]
    """
    topn = min(topn, len(matrix))
    if topn == 0:
        nothing = np.empty(0, dtype=np.int64)
        return rank(nothing, nothing, np.empty(0, dtype=np.float32), len(units), 0)
    # Every product's rounding, in units of float32's last place: the sum's, the row's and the query's.
    margin = (matrix.shape[1] + 4) * 2.0**-24
    zero: NDArray[np.bool_] = np.logical_not(units.any(axis=1))

    def rescore(rows: NDArray[np.int64], queries: NDArray[np.int64]) -> NDArray[np.float32]:
        return exact_cosines(matrix, rows, units, queries)

    block = max(_LEAST, (_CACHED_SCORES if len(units) >= _MANY else _SCORES) // max(1, len(units)))
    products = _block_scores(matrix, divisors, units, min(block, len(matrix)))

    def scores(start: int, stop: int) -> NDArray[np.float32]:
        found = products(start, stop)
        if allowed is not None:
            found[~allowed[start:stop]] = -np.inf
        return found

    if len(units) == 1 and len(matrix) <= block and not zero[0]:
        # The same in one piece: with few words a shortlist would take longer than the product.
        row = candidates(scores(0, len(matrix))[:, 0], topn, excluded[0], margin)
        query = np.zeros(len(row), dtype=np.int64)
        return rank(query, row, rescore(row, query), 1, topn)
    asked = [left_out if not none else () for left_out, none in zip(excluded, zero, strict=True)]
    shortlist = Shortlist(topn, asked, margin)
    # A zero query is as near to all rows as to any: they are not compared, but taken in their order.
    shortlist.close(zero)
    for start in range(0, len(matrix), block):
        shortlist.offer(start, scores(start, min(start + block, len(matrix))), rescore)
    nearest = shortlist.ranked(rescore)
    for i in np.flatnonzero(zero).tolist():
        left_out = excluded[i]
        first = [row for row in range(min(len(matrix), topn + len(left_out))) if row not in left_out][:topn]
        nearest.rows[i, : len(first)], nearest.scores[i, : len(first)] = first, 0
    return nearest


def _block_scores(
    matrix: NDArray[np.float32], divisors: NDArray[np.float32], units: NDArray[np.float64], block: int
) -> Callable[[int, int], NDArray[np.float32]]:
    """Return the function of ``start, stop`` that gives about the cosines of at most `block` rows.

    Their shape is ``(rows, Q)``; they hold until the next call.
    """
    queries = units.astype(np.float32)
    tiny = np.flatnonzero(divisors < _TINY)
    # The same memory for every block: new pages would cost a third of the product's time.
    many = len(queries) >= _MANY
    dots = np.empty((block, len(queries)), dtype=np.float32)
    unit_block = np.empty((block if many else 0, matrix.shape[1]), dtype=np.float32)

    def score(start: int, stop: int) -> NDArray[np.float32]:
        rows, norms, out = matrix[start:stop], divisors[start:stop, np.newaxis], dots[: stop - start]
        short = _within(tiny, start, stop)
        if many:
            scaled = np.divide(rows, norms, out=unit_block[: stop - start])
            scaled[short] = unit_rows(rows[short])
            return np.dot(scaled, queries.T, out=out)
        if len(queries) == 1:
            # A matrix-vector product reads the matrix once at the memory's speed.
            np.dot(rows, queries[0], out=out[:, 0])
        else:
            np.dot(rows, queries.T, out=out)
        out /= norms
        out[short] = unit_rows(rows[short]) @ queries.T
        return out

    return score


def best_rows(
    score: Callable[[int, int], NDArray[np.float32]],
    rows: int,
    topn: int,
    excluded: Sequence[Collection[int]],
) -> list[BestRows]:
    """Return the ``topn`` best of the first ``rows`` rows for each query, by scores of any kind.

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
    shortlist = Shortlist(min(topn, rows), excluded)
    block = max(_LEAST, _SCORES // max(1, len(excluded)))
    for start in range(0, rows, block):
        scores = score(start, min(start + block, rows))
        shortlist.offer(start, np.ascontiguousarray(scores.T))
    return shortlist.ranked().pairs()
