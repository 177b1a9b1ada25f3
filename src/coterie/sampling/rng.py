"""Counter-based random numbers: SplitMix64's output function over (key, counter).

A draw is a pure function of the seed, the epoch, what it is for and where in the corpus it happens, so any
part of a run can be replayed, and no thread's order matters. SplitMix64 (Steele, Lea and Flood, OOPSLA 2014,
"Fast splittable pseudorandom number generators") passes BigCrush, and its state is nothing but a counter.
"""

from __future__ import annotations

import numpy as np

from coterie.kernels.compile import inner_kernel

__all__ = ["NEGATIVES", "PAIRS", "RECORDED", "WINDOWS", "bits_at", "random_bits", "stream_key"]

WINDOWS, NEGATIVES, RECORDED, PAIRS = 1, 2, 3, 4
"""Streams: subsampling and radii; negatives; which chunks have their loss recorded; the order of pairs."""

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ALL = (1 << 64) - 1
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@inner_kernel
def random_bits(key: np.uint64, counter: np.uint64) -> np.uint64:
    """Return 64 random bits, the same for the same key and counter."""
    x = key + counter * _GAMMA
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


def bits_at(key: int, counter: int) -> int:
    """Return what :func:`random_bits` does, as a Python integer: for single draws outside of kernels."""
    x = (key + counter * int(_GAMMA)) & _ALL
    x = ((x ^ (x >> 30)) * int(_M1)) & _ALL
    x = ((x ^ (x >> 27)) * int(_M2)) & _ALL
    return x ^ (x >> 31)


def stream_key(seed: int, epoch: int, stream: int) -> np.uint64:
    """Return the key of a stream of draws in one epoch.

    The parts are mixed one after another, so that neighbouring seeds or epochs give unrelated keys.
    """
    return np.uint64(bits_at(bits_at(seed, stream), epoch))
