"""Which word is nearest to the sum of two words' vectors, and whether it is near either of them alone.

For unit vectors a and b the word nearest to a + b is the c with the greatest cos(c, a) + cos(c, b): it has to
keep the company of both. It is a find where neither word alone leads to it: it is not among the ``near``
nearest words of a nor among those of b.

Words made of the same parts are out of the question: c has no part with the stem of a part of a or of b.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Combined", "Operands", "Related", "combine", "distinct", "operands", "places", "unit_rows"]

_BLOCK = 512  # rows of scores at once: 50,000 candidates are then 100 MB
_STEM = 5

Rows = NDArray[np.int64]
Vectors = NDArray[np.float32]


def unit_rows(matrix: NDArray[np.floating]) -> Vectors:
    """Return the rows divided by their norms; a zero row stays zero."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.where(norms > 0, norms, 1), dtype=np.float32)


class Related:
    """Finds the words that are made of the same parts as a word, by their stems.

    Two parts are related that agree in their first five letters, or of which one is the beginning of the
    other, from three letters on. Parts that are very frequent words (``of``) relate nothing.

    Parameters
    ----------
    words
        By falling count.
    delimiter
        Stands between the parts of a phrase.
    n_common
        So many of the most frequent words are no parts.
    """

    def __init__(self, words: Sequence[str], delimiter: str, n_common: int = 100) -> None:
        self._words, self._delimiter = words, delimiter
        self._common = frozenset(words[:n_common])
        wholes: defaultdict[str, set[int]] = defaultdict(set)
        beginnings: defaultdict[str, set[int]] = defaultdict(set)
        for row, word in enumerate(words):
            for part in self.parts(word):
                wholes[part].add(row)
                for length in range(3, min(len(part), _STEM) + 1):
                    beginnings[part[:length]].add(row)
        self._wholes, self._beginnings = wholes, beginnings

    def parts(self, word: str) -> set[str]:
        """Return the parts of a word that relate it to others; of a common word, the word."""
        return {part for part in word.split(self._delimiter) if part not in self._common} or {word}

    def rows(self, word: str) -> Rows:
        """Return the rows of the words related to this one, itself among them."""
        found: set[int] = set()
        for part in self.parts(word):
            found |= self._wholes.get(part, set())
            if len(part) >= 3:
                found |= self._beginnings.get(part[:_STEM], set())
            for length in range(3, min(len(part), _STEM)):
                found |= self._wholes.get(part[:length], set())
        return np.array(sorted(found), dtype=np.int64)


@dataclass(frozen=True)
class Operands:
    """Unit vectors to be added, and for each what is not to be found and how far its neighbourhood reaches.

    Parameters
    ----------
    vectors
        Shape (n, D).
    barred
        For each the rows of the candidates that are out of the question.
    limits
        Shape (n,): cosine of the ``near``-th nearest candidate that is not.
    """

    vectors: Vectors
    barred: Sequence[Rows]
    limits: NDArray[np.float32]


def operands(vectors: Vectors, barred: Sequence[Rows], candidates: Vectors, near: int) -> Operands:
    """Measure the neighbourhoods of `near` candidates around unit vectors, both in unit rows."""
    limits = np.empty(len(vectors), np.float32)
    for start, stop in _blocks(len(vectors)):
        scores = _scores(vectors[start:stop], candidates, barred[start:stop])
        limits[start:stop] = np.partition(scores, -near, axis=1)[:, -near]
    return Operands(vectors, barred, limits)


@dataclass(frozen=True)
class Combined:
    """What is nearest to the sums of pairs (a, b): arrays of shape (pairs,), or (pairs, topn) where told.

    Parameters
    ----------
    pairs
        Shape (pairs, 2): rows of the left and of the right operands.
    nearest, cosines
        Shape (pairs, topn): rows of the candidates, nearest first, and their cosines with the sum.
    left, right
        Cosines of the nearest one with a and with b alone.
    near_left, near_right
        Whether it is in the neighbourhood of a, of b.
    """

    pairs: Rows
    nearest: Rows
    cosines: NDArray[np.float32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    near_left: NDArray[np.bool_]
    near_right: NDArray[np.bool_]

    @property
    def found(self) -> NDArray[np.bool_]:
        """Whether the nearest word is near neither alone."""
        return ~(self.near_left | self.near_right)

    @property
    def lesser(self) -> NDArray[np.float32]:
        """The lesser of the nearest word's cosines with a and with b: how much it has of both."""
        lesser: NDArray[np.float32] = np.minimum(self.left, self.right)
        return lesser


def combine(left: Operands, right: Operands, pairs: Rows, candidates: Vectors, topn: int = 1) -> Combined:
    """Find the `topn` candidates nearest to each pair's sum."""
    nearest = np.empty((len(pairs), topn), np.int64)
    cosines = np.empty((len(pairs), topn), np.float32)
    sums = unit_rows(left.vectors[pairs[:, 0]] + right.vectors[pairs[:, 1]])
    for start, stop in _blocks(len(pairs)):
        barred = [np.concatenate([left.barred[a], right.barred[b]]) for a, b in pairs[start:stop]]
        scores = _scores(sums[start:stop], candidates, barred)
        each = np.arange(stop - start)
        for place in range(topn):
            best = scores.argmax(axis=1)
            nearest[start:stop, place], cosines[start:stop, place] = best, scores[each, best]
            scores[each, best] = -np.inf
    winners = candidates[nearest[:, 0]]
    alone = [
        np.einsum("ij,ij->i", winners, side.vectors[pairs[:, i]]) for i, side in enumerate((left, right))
    ]
    # An operand's neighbour is its own product, rounded otherwise than here.
    near = [
        cosine >= side.limits[pairs[:, i]] - 1e-6
        for i, (cosine, side) in enumerate(zip(alone, (left, right), strict=True))
    ]
    return Combined(pairs, nearest, cosines, alone[0], alone[1], near[0], near[1])


def places(side: Operands, rows: Rows, found: Rows, candidates: Vectors) -> Rows:
    """Return each found candidate's place among those nearest to an operand, 1 for the nearest."""
    scores = _scores(side.vectors[rows], candidates, [side.barred[row] for row in rows])
    own = scores[np.arange(len(rows)), found]
    return np.asarray(1 + (scores > own[:, None]).sum(axis=1))


def distinct(order: Rows, rows: Rows, n: int) -> list[int]:
    """Return the first `n` entries of an order whose rows share no number with those of an earlier one."""
    chosen: list[int] = []
    used: set[int] = set()
    for entry in order.tolist():
        mine = set(rows[entry].tolist())
        if used.isdisjoint(mine):
            chosen.append(entry)
            used |= mine
        if len(chosen) == n:
            break
    return chosen


def _blocks(n: int) -> Iterator[tuple[int, int]]:
    for start in range(0, n, _BLOCK):
        yield start, min(start + _BLOCK, n)


def _scores(vectors: Vectors, candidates: Vectors, barred: Sequence[Rows]) -> Vectors:
    scores = vectors @ candidates.T
    for row, columns in enumerate(barred):
        scores[row, columns] = -np.inf
    return scores
