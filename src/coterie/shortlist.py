"""Which of very many scores are a query's best, without sorting or even comparing them one by one.

Scores come in blocks of rows. The maxima of some rows at a time are compared with a floor, the score below
which nothing can be among a query's best; only where a maximum reaches it are the scores themselves looked
at. The floor starts as the `topn`-th best maximum of the first block and rises each time that as many rows
again have been seen, so that each doubling brings about `topn` candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Nearest", "Rescore", "Shortlist", "candidates", "rank"]

Rows: TypeAlias = NDArray[np.int64]
Scores: TypeAlias = NDArray[np.float32]
_Item = TypeVar("_Item")
Rescore: TypeAlias = Callable[[Rows, Rows], Scores]
"""Function of rows and, for each, the number of its query: their exact scores."""

# Rows of one maximum: fewer make more maxima, more make more scores to look at where one reaches the floor.
_TOGETHER = 16
# New candidates of a query, in multiples of `topn`, after which the floors are raised in any case.
_NEW = 2
# Candidates held of all queries before they are thinned out: 20 MB.
_HELD = 1 << 20
_LOWEST = np.float32(np.finfo(np.float32).min)


@dataclass(frozen=True)
class Nearest:
    """The best rows of each query and their scores, best first: shape ``(Q, topn)``.

    Of equal scores the earlier row comes first. Where a query has fewer, the rest are row −1 of score −∞.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]

    def pairs(self) -> list[list[tuple[int, float]]]:
        """Return a list of rows and scores for each query.

        Examples
        --------
        >>> Nearest(np.array([[3, -1]]), np.array([[0.5, -np.inf]], dtype=np.float32)).pairs()
        [[(3, 0.5)]]
        """
        return self._by_query(self.rows.ravel().tolist())

    def named(self, words: Sequence[str]) -> list[list[tuple[str, float]]]:
        """Return a list of words and scores for each query; ``words`` are those of the rows."""
        return self._by_query(map(words.__getitem__, self.rows.ravel().tolist()))

    def _by_query(self, items: Iterable[_Item]) -> list[list[tuple[_Item, float]]]:
        """Pair all items with their scores, in one go, and cut them by query."""
        pairs = list(zip(items, self.scores.ravel().tolist(), strict=True))
        lengths = (self.rows >= 0).sum(axis=1).tolist()
        width = self.rows.shape[1]
        return [pairs[i * width : i * width + length] for i, length in enumerate(lengths)]


class Shortlist:
    """The rows that may be among the best of each query.

    Parameters
    ----------
    topn
        How many are wanted for each query.
    excluded
        For each query the rows that are left out.
    margin
        How far a score may be from the exact one: so much lower lies the floor.

    Examples
    --------
    >>> shortlist = Shortlist(2, [{0}])
    >>> shortlist.offer(0, np.array([[0.9], [0.1], [0.7], [0.7]], dtype=np.float32))
    >>> shortlist.ranked().rows.tolist()
    [[2, 3]]
    """

    def __init__(self, topn: int, excluded: Sequence[Collection[int]], margin: float = 0.0) -> None:
        self._topn = topn
        self._margin = np.float32(2 * margin)
        queries = len(excluded)
        left_out = sorted((row, query) for query, rows in enumerate(excluded) for row in rows)
        self._excluded = np.array(left_out, dtype=np.int64).reshape(-1, 2)
        self._floor = np.full(queries, _LOWEST)
        nothing = np.empty(0, dtype=np.int64)
        self._held: list[tuple[Rows, Rows, Scores]] = [(nothing, nothing, nothing.astype(np.float32))]
        self._count = self._kept = 0
        self._thin_at = 0

    def offer(self, start: int, scores: NDArray[np.float32], rescore: Rescore | None = None) -> None:
        """Take in the scores of the rows from ``start`` on.

        Parameters
        ----------
        start
            Where the block before ended: rows come in their order.
        scores
            Shape ``(rows, Q)``, contiguous; those of excluded rows are overwritten.
        rescore
            As in :meth:`ranked`.
        """
        stop = start + len(scores)
        first, last = np.searchsorted(self._excluded[:, 0], (start, stop))
        left_out = self._excluded[first:last]
        scores[left_out[:, 0] - start, left_out[:, 1]] = -np.inf
        whole = len(scores) // _TOGETHER * _TOGETHER
        groups = scores[:whole].reshape(-1, _TOGETHER, scores.shape[1])
        maxima = groups.max(axis=1)
        if self._thin_at == 0 and len(maxima) >= self._topn:
            self._raise_floor(np.partition(maxima, -self._topn, axis=0)[-self._topn])
            self._thin_at = 2 * stop
        # Where a few are true in many, looking through one dimension is the fastest.
        group, query = divmod(np.flatnonzero(maxima >= self._floor), len(self._floor))
        near = groups[group, :, query]
        hit, place = divmod(np.flatnonzero(near >= self._floor[query, np.newaxis]), _TOGETHER)
        self._hold(query[hit], start + group[hit] * _TOGETHER + place, near[hit, place])
        place, query = np.nonzero(scores[whole:] >= self._floor)
        self._hold(query, start + whole + place, scores[whole + place, query])
        new = self._count - self._kept
        if stop >= self._thin_at or new > _NEW * self._topn * len(self._floor) or self._count > self._limit:
            self._thin_at = 2 * stop
            self._thin()
            if self._count > self._limit // 2:
                # Very many equal scores: only ranking them, the earlier row first, tells them apart.
                query, row, score, _ = self._best(rescore)
                self._hold_only(query, row, score)

    def ranked(self, rescore: Rescore | None = None) -> Nearest:
        """Return the best of all rows that were offered.

        Parameters
        ----------
        rescore
            Gives the exact scores by which they are ranked; by default those offered are exact.
        """
        self._thin()
        query, row, _, exact = self._best(rescore)
        return _arranged(query, row, exact, len(self._floor), self._topn)

    def close(self, queries: NDArray[np.bool_]) -> None:
        """Take in nothing for the queries where this is true."""
        self._floor[queries] = np.inf

    @property
    def _limit(self) -> int:
        return max(_HELD, 4 * self._topn * len(self._floor))

    def _raise_floor(self, best: NDArray[np.float32]) -> None:
        np.maximum(self._floor, best - self._margin, out=self._floor)

    def _hold(self, query: Rows, row: Rows, score: Scores) -> None:
        self._held.append((query, row, score))
        self._count += len(query)

    def _hold_only(self, query: Rows, row: Rows, score: Scores) -> None:
        self._held, self._count = [(query, row, score)], len(query)
        self._kept = self._count

    def _all(self) -> tuple[Rows, Rows, Scores]:
        query, row, score = (np.concatenate(parts) for parts in zip(*self._held, strict=True))
        return query, row, score

    def _thin(self) -> None:
        """Raise the floors to the `topn`-th best so far, and let go what lies below."""
        query, row, score = self._all()
        # Sorting one whole number for each is much faster than sorting queries and scores together.
        keys = np.sort(query << 32 | _descending(score))
        query_of = keys >> 32
        last = keys[_ranks(query_of) == self._topn - 1]
        best = np.full(len(self._floor), _LOWEST)
        best[last >> 32] = _ascending(last)
        self._raise_floor(best)
        keep = score >= self._floor[query]
        self._hold_only(query[keep], row[keep], score[keep])

    def _best(self, rescore: Rescore | None) -> tuple[Rows, Rows, Scores, Scores]:
        """Return at most `topn` of each query, in order: queries, rows, the scores held, the exact ones."""
        query, row, score = self._all()
        exact = score if rescore is None else rescore(row, query)
        order = _order(query, row, exact, self._topn)
        return query[order], row[order], score[order], exact[order]


def candidates(scores: Scores, topn: int, excluded: Collection[int], margin: float = 0.0) -> Rows:
    """Return the rows that may be among the best of a single query, all its scores at once.

    Parameters
    ----------
    scores
        Of all rows, contiguous; those of excluded rows are overwritten.
    topn, excluded, margin
        As for :class:`Shortlist`.

    Examples
    --------
    >>> candidates(np.arange(100, dtype=np.float32), 2, {99}).tolist()
    [94, 95, 96, 97, 98]
    """
    scores[[row for row in excluded if row < len(scores)]] = -np.inf
    columns = len(scores) // _TOGETHER
    # Of rows far from each other, so that the maxima are taken by whole vectors.
    maxima = scores[: _TOGETHER * columns].reshape(_TOGETHER, columns).max(axis=0)
    floor = np.partition(maxima, -topn)[-topn] - np.float32(2 * margin) if columns >= topn else _LOWEST
    return np.flatnonzero(scores >= max(floor, _LOWEST))


def rank(query: Rows, row: Rows, score: Scores, queries: int, topn: int) -> Nearest:
    """Return the best of scored candidates.

    Parameters
    ----------
    query, row, score
        For each candidate the number of its query, its row and its score.
    queries, topn
        How many queries there are, and how many rows are wanted for each.

    Examples
    --------
    >>> scores = np.array([0.5, 0.7, 0.1], dtype=np.float32)
    >>> rank(np.array([1, 1, 0]), np.array([4, 5, 6]), scores, 2, 1).rows.tolist()
    [[6], [5]]
    """
    order = _order(query, row, score, topn)
    return _arranged(query[order], row[order], score[order], queries, topn)


def _order(query: Rows, row: Rows, score: Scores, topn: int) -> Rows:
    order = np.lexsort((row, -score, query))
    return np.asarray(order[_ranks(query[order]) < topn])


def _arranged(query: Rows, row: Rows, score: Scores, queries: int, topn: int) -> Nearest:
    rows = np.full((queries, topn), -1, dtype=np.int64)
    scores = np.full(rows.shape, -np.inf, dtype=np.float32)
    place = _ranks(query)
    rows[query, place], scores[query, place] = row, score
    return Nearest(rows, scores)


def _ranks(query: Rows) -> Rows:
    """Return 0, 1, 2 … within each run of equal numbers; they are sorted."""
    ranks: Rows = np.arange(len(query)) - np.searchsorted(query, query)
    return ranks


def _descending(scores: Scores) -> Rows:
    """Return whole numbers below 2³² that sort as the scores do, the highest first."""
    # The bits of a positive float32 sort as it does, those of a negative the other way round. + 0: no −0.
    bits = (scores + np.float32(0)).view(np.int32).astype(np.int64)
    rising = np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    return np.asarray((1 << 31) - rising)


def _ascending(keys: Rows) -> Scores:
    """Return the scores of which :func:`_descending` made the lower halves of these."""
    rising = (1 << 31) - (keys & 0xFFFFFFFF)
    bits = np.where(rising < 0, -rising | 0x80000000, rising)
    return bits.astype(np.uint32).view(np.float32)
