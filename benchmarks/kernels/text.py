"""The text of these measurements: words drawn one by one by Zipf's law, the same for every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie.sampling.plan import Sentences

__all__ = ["SENTENCE", "about", "zipf_counts", "zipf_text"]

SENTENCE = 100  # words; only the windows at its ends depend on it
CORPUS_WORDS = 1_000_000_000  # that the counts stand for


def zipf_counts(words: int) -> NDArray[np.int64]:
    """Return the counts, falling, of `words` words: in proportion to 1/rank, at least 1.

    Examples
    --------
    >>> zipf_counts(3).tolist()
    [545454545, 272727273, 181818182]
    """
    shares = 1 / np.arange(1, words + 1)
    counts: NDArray[np.int64] = np.rint(shares / shares.sum() * CORPUS_WORDS).astype(np.int64)
    return np.maximum(1, counts)


def zipf_text(counts: NDArray[np.int64], tokens: int, seed: int) -> Sentences:
    """Return `tokens` words drawn independently in proportion to the counts, in sentences of equal length."""
    ends = np.cumsum(counts)
    draws = np.random.Generator(np.random.Philox(key=seed)).integers(0, ends[-1], tokens)
    ids = np.searchsorted(ends, draws, side="right").astype(np.uint32)
    return Sentences(ids, np.append(np.arange(0, tokens, SENTENCE), tokens).astype(np.int64))


def about(seed: int) -> dict[str, str]:
    """Return what to say about the text."""
    return {
        "made": f"independent words drawn by Zipf's law, the word of rank r with a probability proportional "
        f"to 1/r, r = 1 … V, in sentences of {SENTENCE} words (Philox, seed {seed})"
    }
