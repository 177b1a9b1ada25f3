"""The noise distribution that negatives are drawn from.

``q(w) = count(w)^e / Σ count^e``, with e = ``ns_exponent`` (arXiv 1310.4546, section 2.2: ¾ did best; items
and graphs may want less, even below zero: arXiv 1804.04212).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_noise_weights", "noise_distribution"]


def log_noise_weights(counts: NDArray[np.int64], exponent: float) -> NDArray[np.float64]:
    """Return log ``counts ** exponent``, float64, shape (V,): log q but for a constant; −∞ for a count of 0.

    Examples
    --------
    >>> log_noise_weights(np.array([8, 1, 0]), 0.75).round(3).tolist()
    [1.56, 0.0, -inf]
    """
    seen = counts > 0
    log_weights = np.full(len(counts), -np.inf)
    # In logarithms, since a count of 10⁹ to a large exponent has no float64.
    log_weights[seen] = exponent * np.log(counts[seen].astype(np.float64))
    return log_weights


def noise_distribution(counts: NDArray[np.int64], exponent: float) -> NDArray[np.float64]:
    """Return q, float64, shape (V,): normalised ``counts ** exponent`` for any finite exponent.

    A word with count 0 is never drawn.

    Examples
    --------
    >>> noise_distribution(np.array([8, 1]), 1.0).round(3).tolist()
    [0.889, 0.111]
    >>> noise_distribution(np.array([8, 1]), 0.0).tolist()
    [0.5, 0.5]
    """
    log_weights = log_noise_weights(counts, exponent)
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())
