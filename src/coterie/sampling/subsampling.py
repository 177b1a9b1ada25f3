"""Subsampling of frequent words.

With f the word's relative frequency and t the threshold ``sample``, an occurrence is kept with probability

* ``paper``: √(t/f) (arXiv 1310.4546, equation 5, which gives the probability of dropping);
* ``word2vec``: √(t/f) + t/f, what the released word2vec does (and gensim after it).

Both keep everything at f ≤ t. Above it, word2vec's keeps more: twice as much at f = t (before the cut at 1),
10 % more at f = 100 t. The threshold is in the released program's sense: a fraction of the corpus.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie.config import Subsampling

__all__ = ["keep_probabilities", "keep_thresholds", "output_distribution"]


def keep_probabilities(counts: NDArray[np.int64], sample: float, formula: Subsampling) -> NDArray[np.float64]:
    """Return each word's probability of being kept, float64, shape (V,); all 1 where `sample` is 0.

    Examples
    --------
    >>> keep_probabilities(np.array([100, 1]), 0.01, "paper").round(2).tolist()
    [0.1, 1.0]
    >>> keep_probabilities(np.array([100, 1]), 0.01, "word2vec").round(2).tolist()
    [0.11, 1.0]
    """
    if sample == 0:
        return np.ones(len(counts))
    ratio = sample * counts.sum() / np.maximum(counts, 1)
    kept = np.sqrt(ratio) + (ratio if formula == "word2vec" else 0.0)
    return np.asarray(np.minimum(kept, 1.0))


def output_distribution(
    counts: NDArray[np.int64], sample: float, formula: Subsampling
) -> NDArray[np.float64]:
    """Return how often each word is the output of an example, float64, shape (V,): the counts that are kept.

    Examples
    --------
    >>> output_distribution(np.array([3, 1]), 0, "paper").tolist()
    [0.75, 0.25]
    """
    kept = counts * keep_probabilities(counts, sample, formula)
    return np.asarray(kept / kept.sum())


def keep_thresholds(probabilities: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Return thresholds, uint32: an occurrence is kept if 32 random bits are at most its word's threshold."""
    return np.maximum(probabilities * 2.0**32 - 1.0, 0.0).astype(np.uint32)
