"""Nearest neighbours of many rows as arrays, as the checks count them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie import neighbours
from coterie.blas import in_threads
from coterie.neighbours import Nearest, unit_rows

__all__ = ["nearest_rows"]

# Queries of one matrix product.
_TOGETHER = 256


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

    def answer(block: NDArray[np.intp]) -> Nearest:
        itself = [{row} for row in block.tolist()]
        return neighbours.nearest_rows(matrix, divisors, unit_rows(matrix[block]), topn, itself, allowed)

    found = in_threads(answer, [rows[i : i + _TOGETHER] for i in range(0, len(rows), _TOGETHER)])
    return np.concatenate([near.rows for near in found]), np.concatenate([near.scores for near in found])
