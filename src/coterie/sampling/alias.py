"""The alias table that negatives are drawn with, whatever their distribution.

The alias method (Walker 1977; Vose 1991) draws in O(1) with one table entry, where word2vec.c's table of 10⁸
entries rounds rare words and misses the cache.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie.kernels.compile import inner_kernel
from coterie.kernels.stored import stored_kernel

__all__ = ["alias_draw", "build_alias_table"]

_LOW = np.uint64(0xFFFFFFFF)
_S32 = np.uint64(32)


@stored_kernel
def _fill_alias_table(
    scaled: NDArray[np.float64], small: NDArray[np.int64], large: NDArray[np.int64], table: NDArray[np.uint64]
) -> None:
    smalls, larges = 0, 0
    for i in range(scaled.size):
        if scaled[i] < 1.0:
            small[smalls] = i
            smalls += 1
        else:
            large[larges] = i
            larges += 1
    while smalls > 0 and larges > 0:
        smalls -= 1
        poor, rich = small[smalls], large[larges - 1]
        table[poor] = (np.uint64(rich) << _S32) | np.uint64(scaled[poor] * 4294967296.0)
        scaled[rich] -= 1.0 - scaled[poor]
        if scaled[rich] < 1.0:
            larges -= 1
            small[smalls] = rich
            smalls += 1
    # What is left differs from 1 by rounding only: its own alias.
    for i in range(smalls):
        table[small[i]] = (np.uint64(small[i]) << _S32) | _LOW
    for i in range(larges):
        table[large[i]] = (np.uint64(large[i]) << _S32) | _LOW


def build_alias_table(distribution: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return the alias table of a distribution, uint64, shape (V,).

    Entry i holds a threshold in its low 32 bits and the alias in its high 32 bits: the draw lands on i, and
    stays there if 32 further random bits are below the threshold.
    """
    size = len(distribution)
    table = np.empty(size, np.uint64)
    scratch = np.empty((2, size), np.int64)
    _fill_alias_table(distribution * size, scratch[0], scratch[1], table)
    return table


@inner_kernel
def alias_draw(table: NDArray[np.uint64], bits: np.uint64) -> np.int64:
    """Return the word that 64 random bits draw: the high half picks an entry, the low half word or alias."""
    i = ((bits >> _S32) * np.uint64(table.size)) >> _S32
    entry = table[i]
    # Without a branch, which would be mispredicted every other time and hold up the next entry's cache miss.
    moved = np.uint64((bits & _LOW) >= (entry & _LOW))
    return np.int64(i + moved * ((entry >> _S32) - i))
