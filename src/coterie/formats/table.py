"""What every format exchanges: words, their vectors and, where known, their counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["WordTable"]


@dataclass(frozen=True)
class WordTable:
    """Words and their vectors as a format holds them.

    Parameters
    ----------
    words
        Distinct words, in the order of the file.
    matrix
        float32, shape ``(len(words), vector_size)``; may be mapped from disk.
    counts
        int64, shape ``(len(words),)``, or ``None`` where the format has none.
    """

    words: list[str]
    matrix: NDArray[np.float32]
    counts: NDArray[np.int64] | None = None
