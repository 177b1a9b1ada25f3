"""bfloat16: the upper half of a float32, kept as uint16, for rows that are many and move little.

Half the bytes come and go for a row, where memory is what a step waits for. But rounded to the nearest, a
change of less than 2⁻⁹ of a number leaves it as it was, and most steps are smaller. *Stochastic* rounding
adds 16 random bits below those that are kept, and cuts: the expected value is the number itself (Gupta et
al., arXiv 1502.02551).

The random bits are a hash of the step's gradients, of the column and of the row's place in its block: whoever
does the step, with whatever columns, rounds alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from coterie.kernels.compile import Index, inner_kernel

__all__ = [
    "COLUMN_FACTOR",
    "ROTATION",
    "SHIFTS",
    "NarrowMatrix",
    "as_floats",
    "kept_narrow",
    "narrow_view",
    "noise_at",
    "rounded",
    "seed_of",
    "widened",
]

NarrowMatrix: TypeAlias = NDArray[np.uint16]
"""A matrix of the bits of bfloat16."""

# Marsaglia's xorshift of 32 bits, begun at numbers that lie a golden section of 2³² apart.
COLUMN_FACTOR, SHIFTS = 0x9E3779B9, (13, -17, 5)
ROTATION = 5
"""Bits that the noise of a column is rotated by from one row of a block to the next."""

_WORD, _UPPER = np.uint64(0xFFFFFFFF), np.uint64(16)
_MIX = np.uint64(0x9E3779B1)


_BLOCK = 1 << 20  # numbers that are converted at a time


def narrow_view(matrix: NDArray[np.float32]) -> NarrowMatrix:
    """Return where :func:`kept_narrow` keeps a matrix: the first half of its own memory.

    Parameters
    ----------
    matrix
        float32, C-contiguous.
    """
    return matrix.reshape(-1).view(np.uint16)[: matrix.size].reshape(matrix.shape)


@contextmanager
def kept_narrow(matrix: NDArray[np.float32]) -> Iterator[NarrowMatrix]:
    """Keep a matrix as bfloat16 for a while, in place: the second half of its memory is not touched.

    Numbers are rounded to the nearest at the beginning; at the end each is a float32 again.
    """
    flat, bits = matrix.reshape(-1), narrow_view(matrix).reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        words = flat[start : start + _BLOCK].view(np.uint32).astype(np.uint64)
        # To the nearest, of two as near to the even one.
        words += np.uint64(0x7FFF) + ((words >> np.uint64(16)) & np.uint64(1))
        bits[start : start + _BLOCK] = words >> np.uint64(16)
    try:
        yield narrow_view(matrix)
    finally:
        # From the end on: a number's four bytes lie behind the two of all before it.
        for start in reversed(range(0, flat.size, _BLOCK)):
            flat[start : start + _BLOCK] = as_floats(bits[start : start + _BLOCK])


def as_floats(bits: NarrowMatrix) -> NDArray[np.float32]:
    """Return a copy as float32.

    Examples
    --------
    >>> as_floats(np.array([0x3F80, 0xC000], np.uint16))
    array([ 1., -2.], dtype=float32)
    """
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


@inner_kernel
def widened(bits: np.uint16) -> np.float32:
    """Return the number that the bits stand for."""
    value: np.float32 = np.uint32(np.uint32(bits) << np.uint32(16)).view(np.float32)
    return value


@inner_kernel
def rounded(value: np.float32, noise: np.uint64) -> np.uint16:
    """Return the bits of one of the two nearest bfloat16, by the upper half of a noise of 32 bits."""
    bits = np.uint64(np.float32(value).view(np.uint32))
    return np.uint16(((bits + (noise >> _UPPER)) & _WORD) >> _UPPER)


@inner_kernel
def noise_at(seed: np.uint64, place: Index, column: Index) -> np.uint64:
    """Return 32 random bits for a column of the output row at this place of a block."""
    noise = (seed + np.uint64(column) * np.uint64(COLUMN_FACTOR)) & _WORD
    noise = (noise ^ (noise << np.uint64(13))) & _WORD
    noise ^= noise >> np.uint64(17)
    noise = (noise ^ (noise << np.uint64(5))) & _WORD
    turn = np.uint64((ROTATION * place) % 32)
    return ((noise << turn) | (noise >> (np.uint64(32) - turn))) & _WORD


@inner_kernel
def seed_of(gradients: NDArray[np.float32], count: Index) -> np.uint64:
    """Return 32 bits that follow from the first and the last of a step's gradients."""
    first = np.uint64(np.float32(gradients[0]).view(np.uint32))
    last = np.uint64(np.float32(gradients[count - 1]).view(np.uint32))
    mixed = (first * _MIX) & _WORD
    mixed = ((mixed ^ (mixed >> np.uint64(15)) ^ last) * _MIX) & _WORD
    return mixed ^ (mixed >> np.uint64(16))
