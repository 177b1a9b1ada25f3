"""Counts of neighbouring words in bounded memory, with a bound on what that loses.

A pair of ids is one uint64, ``a << 32 | b``. A stretch of the text is sorted and its runs counted, then
merged into one sorted table: array operations throughout, 50-60 ns a token.

When the table holds more pairs than its limit, those of the least counts go, as in lossy counting (Manku
and Motwani, VLDB 2002): with m the greatest count that is dropped, a pair loses at most m. So a count in the
table is at most the true one, and falls short of it by no more than the sum of all m, the *undercount*; a
pair that is not in the table occurs at most that often.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["PairCounter", "pairs_of"]

# What stays of a full table: a quarter makes room, or every stretch would prune.
_KEPT = 0.75
_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def pairs_of(
    ids: NDArray[np.uint32], starts: NDArray[np.int64], eligible: NDArray[np.bool_]
) -> NDArray[np.uint64]:
    """Return the neighbouring pairs of a stretch of text, packed.

    Parameters
    ----------
    ids
        The stretch.
    starts
        Where sentences begin in it: no pair crosses these.
    eligible
        For each id, whether it may be in a pair.

    Examples
    --------
    >>> pairs = pairs_of(np.array([1, 2, 1, 0, 2], np.uint32), np.array([2]), np.array([False, True, True]))
    >>> [(int(pair) >> 32, int(pair) & 0xFFFFFFFF) for pair in pairs]
    [(1, 2)]
    """
    may = eligible[ids]
    together = may[:-1] & may[1:]
    together[starts[(starts > 0) & (starts < len(ids))] - 1] = False
    at = np.flatnonzero(together)
    packed: NDArray[np.uint64] = (ids[at].astype(np.uint64) << _SHIFT) | ids[at + 1]
    return packed


class PairCounter:
    """Counts packed pairs.

    Parameters
    ----------
    limit
        Pairs that stay in the table, at most.

    Attributes
    ----------
    pairs, counts
        uint64, ascending, and int64: the table.
    undercount
        By how much a count may be too low, at most; 0 as long as nothing had to go.

    Examples
    --------
    >>> counter = PairCounter(limit=10)
    >>> counter.add(np.array([7, 3, 7], np.uint64))
    >>> counter.pairs.tolist(), counter.counts.tolist(), counter.undercount
    ([3, 7], [1, 2], 0)
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.pairs = np.zeros(0, np.uint64)
        self.counts = np.zeros(0, np.int64)
        self.undercount = 0

    def add(self, pairs: NDArray[np.uint64]) -> None:
        """Count the pairs of a stretch; the array is sorted in place."""
        if not len(pairs):
            return
        pairs.sort()
        first = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
        self._merge(pairs[first], np.diff(first, append=len(pairs)))
        if len(self.pairs) > self.limit:
            self._prune()

    def _merge(self, pairs: NDArray[np.uint64], counts: NDArray[np.int64]) -> None:
        at = np.searchsorted(self.pairs, pairs)
        known = np.zeros(len(pairs), np.bool_)
        inside = at < len(self.pairs)
        known[inside] = self.pairs[at[inside]] == pairs[inside]
        self.counts[at[known]] += counts[known]
        new = ~known
        self.pairs = np.insert(self.pairs, at[new], pairs[new])
        self.counts = np.insert(self.counts, at[new], counts[new])

    def _prune(self) -> None:
        """Drop the least counts until there is room; ties go together, so that order plays no part."""
        room = int(self.limit * _KEPT)
        # The smallest m such that no more than `room` pairs have a greater count.
        dropped = int(np.partition(self.counts, len(self.counts) - room - 1)[len(self.counts) - room - 1])
        kept = self.counts > dropped
        self.pairs, self.counts = self.pairs[kept], self.counts[kept]
        self.undercount += dropped

    def split(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first and the second id of each pair in the table."""
        return (self.pairs >> _SHIFT).astype(np.int64), (self.pairs & _LOW).astype(np.int64)
