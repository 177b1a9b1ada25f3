"""Which sentences are held out of a training, to be validated on: a function of their words' ids.

Nothing is stored: a sentence is hashed when its turn comes, so that a training that goes on, on any machine
and with any seed, holds out the same ones, and of a sentence that the text has twice neither is trained, or
both are. Another vocabulary has other ids, and holds out other ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie.kernels.compile import Index, inner_kernel
from coterie.kernels.stored import stored_kernel
from coterie.sampling.rng import random_bits

__all__ = ["held_out_threshold", "is_held_out", "mark_held_out"]

# A sentence may be a whole book, in which each chunk would have to read it all.
_HASHED_TOKENS = 64


def held_out_threshold(fraction: float) -> np.uint64:
    """Return what a sentence's hash is below if it is held out, as `fraction` of them are; 0: none is.

    Examples
    --------
    >>> bool(held_out_threshold(0.5) == 1 << 63)
    True
    """
    return np.uint64(int(fraction * 2.0**64))


@inner_kernel
def is_held_out(threshold: np.uint64, ids: NDArray[np.uint32], begin: Index, end: Index) -> bool:
    """Tell whether the sentence ``ids[begin:end]`` is held out, by its first words and its length."""
    if threshold == 0:
        return False
    bits = np.uint64(end - begin)
    for i in range(begin, min(end, begin + _HASHED_TOKENS)):
        bits = random_bits(bits, np.uint64(ids[i]))
    return bool(random_bits(bits, np.uint64(0)) < threshold)


@stored_kernel
def mark_held_out(
    threshold: np.uint64, ids: NDArray[np.uint32], offsets: NDArray[np.int64], marks: NDArray[np.uint8]
) -> None:
    """Set ``marks[i]`` to 1 if sentence i, ``ids[offsets[i] : offsets[i + 1]]``, is held out, else to 0."""
    for i in range(marks.size):
        marks[i] = is_held_out(threshold, ids, offsets[i], offsets[i + 1])
