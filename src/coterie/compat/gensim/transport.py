"""The cheapest way to move one distribution onto another: what the Word Mover's Distance is made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError

__all__ = ["transport_cost"]


def transport_cost(costs: NDArray[np.float64], p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Return the least sum of ``flow · costs`` over flows that take ``p`` from the rows to ``q``.

    Parameters
    ----------
    costs
        Shape (M, N), none negative.
    p, q
        Distributions over rows and columns.

    Examples
    --------
    >>> transport_cost(np.array([[0.0, 2.0], [1.0, 0.0]]), np.array([0.5, 0.5]), np.array([1.0, 0.0]))
    0.5
    """
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, kron, vstack

    rows, columns = costs.shape
    leaves = kron(eye_array(rows), np.ones((1, columns)))
    arrives = kron(np.ones((1, rows)), eye_array(columns))
    # One sum follows from the others; without it rounding can't make them contradict.
    constraints = vstack([leaves, arrives]).tocsr()[:-1]
    found = linprog(costs.ravel(), A_eq=constraints, b_eq=np.concatenate((p, q))[:-1], method="highs")
    if found.fun is None:
        raise ConfigError(f"no transport was found ({found.message}); are the vectors finite numbers?")
    return max(0.0, float(found.fun))
