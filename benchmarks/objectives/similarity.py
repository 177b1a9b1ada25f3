"""Word similarity: Spearman's rank correlation of people's judgements with the cosines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["ask_similarities"]


def ask_similarities(path: Path, words: Sequence[str], matrix: NDArray[np.float32]) -> float | None:
    """Return ρ over the pairs of a file (word, word, judgement; by tabs) whose words are known."""
    rows: dict[str, int] = {}
    for row, word in enumerate(words):
        rows.setdefault(word.upper(), row)
    pairs, judged = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            one, other, judgement = line.upper().split("\t")
            if one in rows and other in rows:
                pairs.append((rows[one], rows[other]))
                judged.append(float(judgement))
    if len(pairs) < 3:
        return None
    one, other = np.array(pairs).T
    x, y = matrix[one].astype(np.float64), matrix[other].astype(np.float64)
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    cosines = (x * y).sum(axis=1) / np.maximum(lengths, np.finfo(np.float64).tiny)
    return float(np.corrcoef(_ranks(np.array(judged)), _ranks(cosines))[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each value's rank, equal values the mean of theirs."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(sizes) - (sizes - 1) / 2)[group])
