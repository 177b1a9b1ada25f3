"""Phrases joined in encoded text: a tree of ids, walked for all positions of a stretch at once.

From the left, the longest phrase that begins at a word is joined, and no word belongs to two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.corpus.rewriting import CHUNK, Change, TextOnDisk, rewrite

__all__ = ["PhraseTree", "join_on_disk", "leftmost"]

_SHIFT = np.uint64(32)


class PhraseTree:
    """Phrases of ids, to be found in texts.

    Parameters
    ----------
    phrases
        Distinct sequences of two ids or more; one that begins another is fine.
    n_words
        Ids are below this.

    Attributes
    ----------
    longest
        Ids in the longest phrase.
    """

    def __init__(self, phrases: Sequence[Sequence[int]], n_words: int) -> None:
        self.longest = max(map(len, phrases), default=0)
        children: dict[tuple[int, int], int] = {}
        phrase_at = [-1]  # by node: which phrase ends there; node 0 is the root
        for number, phrase in enumerate(phrases):
            node = 0
            for word in phrase:
                child = children.setdefault((node, word), len(phrase_at))
                if child == len(phrase_at):
                    phrase_at.append(-1)
                node = child
            phrase_at[node] = number
        self._phrase_at = np.array(phrase_at, np.int64)
        self._first = np.zeros(n_words, np.uint32)  # by id: the root's child, or 0
        self._later = np.zeros(n_words, np.bool_)  # by id: whether it continues any phrase
        branches = []
        for (node, word), child in children.items():
            if node:
                self._later[word] = True
                branches.append((node << 32 | word, child))
            else:
                self._first[word] = child
        branches.sort()
        self._branches = np.array([key for key, _ in branches], np.uint64)
        self._children = np.array([child for _, child in branches], np.uint32)

    def find(
        self, ids: NDArray[np.uint32], starts: NDArray[np.int64], stop: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Find the longest phrase at each position; those found may overlap.

        Parameters
        ----------
        ids
            A stretch of text.
        starts
            Where sentences begin in it: no phrase crosses these.
        stop
            Phrases are to begin before this position.

        Returns
        -------
        positions, lengths, phrases
            int64, by position: where a phrase begins, its number of words, and which it is.
        """
        begins = np.zeros(len(ids), np.bool_)
        begins[starts] = True
        goes_on = self._later[ids] & ~begins
        at = np.flatnonzero((self._first[ids[:stop]] != 0)[: len(ids) - 1] & goes_on[1 : stop + 1])
        nodes = self._first[ids[at]]
        found = []
        for length in range(2, self.longest + 1):
            at, nodes = self._step(ids, at, nodes, length - 1)
            ends = self._phrase_at[nodes]
            full = ends >= 0
            found.append((at[full], np.full(full.sum(), length), ends[full]))
            inside = at + length < len(ids)
            at, nodes = at[inside], nodes[inside]
            going = goes_on[at + length]
            at, nodes = at[going], nodes[going]
        positions, lengths, phrases = (np.concatenate(part) for part in zip(*found, strict=True))
        # The longest comes last among those of one position.
        order = np.argsort(positions, kind="stable")
        last = np.diff(positions[order], append=-1) != 0
        order = order[last]
        return positions[order], lengths[order], phrases[order]

    def _step(
        self, ids: NDArray[np.uint32], at: NDArray[np.int64], nodes: NDArray[np.uint32], offset: int
    ) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Go one word further from each node; return those that the tree has a branch for."""
        keys = (nodes.astype(np.uint64) << _SHIFT) | ids[at + offset]
        place = np.minimum(np.searchsorted(self._branches, keys), len(self._branches) - 1)
        taken = self._branches[place] == keys
        return at[taken], self._children[place[taken]]


def leftmost(positions: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which of the phrases found are joined: from the left, those that don't overlap one before.

    Examples
    --------
    >>> leftmost(np.array([0, 1, 2, 6]), np.array([2, 3, 2, 2])).tolist()
    [0, 2, 3]
    """
    # Most overlap with none; only the others have to be gone through one by one.
    ends = np.maximum.accumulate(positions + lengths)
    apart = np.ones(len(positions) + 1, np.bool_)
    apart[1:-1] = positions[1:] >= ends[:-1]
    chosen = apart[:-1] & apart[1:]
    entangled = np.flatnonzero(~chosen)
    free = 0
    for which, position, length in zip(
        entangled.tolist(), positions[entangled].tolist(), lengths[entangled].tolist(), strict=True
    ):
        if position >= free:
            chosen[which] = True
            free = position + length
    return np.flatnonzero(chosen)


def join_on_disk(
    folder: Path, phrases: Sequence[Sequence[int]], joined: Sequence[int], n_words: int
) -> NDArray[np.int64]:
    """Join phrases in the encoded text of a folder, in place.

    Parameters
    ----------
    folder
        Holds ``ids.u32`` and ``offsets.i64``.
    phrases
        Distinct sequences of ids.
    joined
        The id that each phrase becomes.
    n_words
        All ids are below this, those in ``joined`` as well.

    Returns
    -------
    numpy.ndarray
        int64, shape ``(len(phrases),)``: how often each was joined.
    """
    hits = np.zeros(len(phrases), np.int64)
    if len(phrases):
        tree = PhraseTree(phrases, n_words)
        rewrite(folder, _joining(tree, np.array(joined, np.uint32), hits))
    return hits


def _joining(
    tree: PhraseTree, joined: NDArray[np.uint32], hits: NDArray[Any]
) -> Callable[[TextOnDisk], Iterator[Change]]:
    def changes(text: TextOnDisk) -> Iterator[Change]:
        start = 0
        while start < text.n_tokens:
            ahead = min(start + CHUNK, text.n_tokens)
            ids = text.read(start, ahead + tree.longest - 1)
            starts = text.starts(start, start + len(ids))
            positions, lengths, phrases = tree.find(ids, starts, ahead - start)
            chosen = leftmost(positions, lengths)
            positions, lengths, phrases = positions[chosen], lengths[chosen], phrases[chosen]
            # The last phrase may reach beyond the stretch: the next one begins behind it.
            stop = max(ahead - start, int(positions[-1] + lengths[-1])) if len(positions) else ahead - start
            new = ids[:stop].copy()
            new[positions] = joined[phrases]
            dropped = _tails(positions, lengths)
            hits[:] += np.bincount(phrases, minlength=len(hits))
            yield Change(start + stop, np.delete(new, dropped), dropped)
            start += stop

    return changes


def _tails(positions: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of all words of phrases but the first, ascending."""
    tails = lengths - 1
    before = np.cumsum(tails) - tails
    within = np.arange(int(tails.sum())) - np.repeat(before, tails)
    return np.repeat(positions, tails) + 1 + within
