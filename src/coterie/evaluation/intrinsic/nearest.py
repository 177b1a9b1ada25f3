"""Nearest neighbours of many rows as arrays, as the checks count them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie.neighbours import best_rows, cosines, row_norms
from coterie.vectors import WordVectors

__all__ = ["nearest_rows", "rows_with_direction"]

# Queries of one matrix product.
_TOGETHER = 256


def rows_with_direction(vectors: WordVectors) -> NDArray[np.intp]:
    """Return the rows that are not zero; a zero vector has no direction and is near nothing.

    Raises
    ------
    FormatError
        A vector holds NaN or infinity.
    """
    if vectors.divisors.all() and (vectors.divisors != 1).all():  # a zero row's divisor is 1
        return np.arange(len(vectors))
    return np.flatnonzero(row_norms(vectors.matrix))


def nearest_rows(
    matrix: NDArray[np.float32],
    divisors: NDArray[np.float32],
    rows: NDArray[np.intp],
    topn: int,
    allowed: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the nearest rows of the given ones by cosine, themselves left out, and the cosines.

    Parameters
    ----------
    matrix, divisors
        float32 rows and their norms, where a zero row has any other number.
    rows
        Whose neighbours; they are no zero rows.
    topn
        How many; there are more allowed rows than that.
    allowed
        Which rows can be neighbours, by default all.

    Returns
    -------
    tuple of array
        Both of shape ``(len(rows), topn)``, the nearest first.

    Examples
    --------
    >>> matrix = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    >>> nearest_rows(matrix, np.ones(3, dtype=np.float32), np.array([0, 2]), 1)[0].tolist()
    [[1], [1]]
    """
    neighbours = np.empty((len(rows), topn), dtype=np.intp)
    similarities = np.empty((len(rows), topn), dtype=np.float32)
    for start in range(0, len(rows), _TOGETHER):
        block = rows[start : start + _TOGETHER]
        score = cosines(matrix, divisors, matrix[block] / divisors[block, np.newaxis])

        def scored(first: int, stop: int, score=score) -> NDArray[np.float32]:  # type: ignore[no-untyped-def]
            scores: NDArray[np.float32] = score(first, stop)
            if allowed is not None:
                scores[:, ~allowed[first:stop]] = -np.inf
            return scores

        answers = best_rows(scored, len(matrix), topn, [{int(row)} for row in block])
        for i, answer in enumerate(answers, start):
            neighbours[i] = [row for row, _ in answer]
            similarities[i] = [similarity for _, similarity in answer]
    return neighbours, similarities
