"""The elementwise part of the full softmax, in one sweep over each row of scores while it is in the cache."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie.kernels.compile import Index, inner_kernel
from coterie.kernels.stored import stored_kernel

__all__ = ["add_damped", "add_weighted_rows", "exponentiate"]

# exp(x) = exp(x / 128)^128: seven squarings need neither a table nor the bits of the number, so that loops
# over it vectorise. Below the bound there is nothing left that a float32 sum would notice.
_LEAST = np.float32(-87.0)
_SQUARINGS = 7
_PART = np.float32(1 / 2**_SQUARINGS)
# Taylor's coefficients: what is cut off on [−87/128, 0] is below float32's own rounding.
_C2, _C3, _C4, _C5, _C6, _C7 = (np.float32(1 / f) for f in (2, 6, 24, 120, 720, 5040))
_ONE = np.float32(1)
# Summed in float32 before the sum goes on in float64.
_STRETCH = 1024


@inner_kernel
def exponential(x: np.float32) -> np.float32:
    """Return exp(x) for x ≤ 0 in float32, within a relative 1e-5 + 2e-6·|x| down to −80; NaN stays NaN."""
    if x < _LEAST:
        x = _LEAST
    y = x * _PART
    e = _ONE + y * (_ONE + y * (_C2 + y * (_C3 + y * (_C4 + y * (_C5 + y * (_C6 + y * _C7))))))
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    return e * e


@stored_kernel
def exponentiate(
    scores: NDArray[np.float32],
    greatest: NDArray[np.float32],
    squares: NDArray[np.float32],
    sums: NDArray[np.float64],
    spreads: NDArray[np.float64],
) -> None:
    """Make ``e_ij = exp(s_ij − greatest_i)`` of the scores, in place.

    Along with it ``sums_i = Σ_j e_ij`` and ``spreads_i = Σ_j e_ij · squares_j``.
    """
    words = scores.shape[1]
    for i in range(scores.shape[0]):
        top = greatest[i]
        sums[i] = spreads[i] = 0.0
        for start in range(0, words, _STRETCH):
            stop = min(start + _STRETCH, words)
            row, lengths = scores[i, start:stop], squares[start:stop]
            total = spread = np.float32(0)
            for j in range(row.shape[0]):
                e = exponential(row[j] - top)
                row[j] = e
                total += e
                spread += e * lengths[j]
            sums[i] += np.float64(total)
            spreads[i] += np.float64(spread)


@stored_kernel
def add_weighted_rows(
    rows: NDArray[np.float32], weights: NDArray[np.float32], total: NDArray[np.float32]
) -> None:
    """``total_j += Σ_i weights_i · rows_ij``."""
    for i in range(rows.shape[0]):
        weight = weights[i]
        for j in range(rows.shape[1]):
            total[j] += weight * rows[i, j]


@stored_kernel
def add_damped(
    matrix: NDArray[np.float32],
    first: Index,
    change: NDArray[np.float32],
    curvature: NDArray[np.float32],
    squares: NDArray[np.float32],
) -> None:
    """``matrix_j += change_j / (1 + curvature_j)``; ``squares_j = |matrix_j|²`` afterwards.

    The rows from `first` on, as many as `change` has, and as many of their columns. The other arrays are
    whole ones: of a matrix without its padding, or some rows of it, the compiler does not know that a row's
    columns lie side by side, and does not vectorise.
    """
    for i in range(change.shape[0]):
        j = first + i
        share = _ONE / (_ONE + curvature[j])
        row, addition = matrix[j], change[i]
        total = np.float32(0)
        for d in range(addition.shape[0]):
            value = row[d] + share * addition[d]
            row[d] = value
            total += value * value
        squares[j] = total
