"""Random pairs of words, what is nearest to their sums, and which of them are worth showing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.composition.page import Example, Findings
from benchmarks.composition.sums import Operands, Related, combine, distinct, operands, places, unit_rows

__all__ = ["CANDIDATES", "COMMON", "NEAR", "ORDINARY", "Words", "search", "vocabulary"]

CANDIDATES = 30_000
COMMON, ADDED = 300, 4_000  # the most frequent words are in every company, and tell nothing
NEAR = 20
BEST, ORDINARY, TOPN, CONTROLS = 20, 10, 4, 50_000

# The sums in table 5 of the paper, in lower case, and one of the four things that it has nearest to each.
PAPER = (
    ("czech", "currency", "koruna"),
    ("vietnam", "capital", "Hanoi"),
    ("german", "airlines", "Lufthansa"),
    ("russian", "river", "Volga River"),
    ("french", "actress", "Juliette Binoche"),
)


@dataclass(frozen=True)
class Words:
    """The candidates: words of letters by falling count, their unit vectors, and the rows of those to add."""

    words: Sequence[str]
    vectors: NDArray[np.float32]
    related: Related
    added: NDArray[np.int64]

    def operands(self, rows: NDArray[np.int64]) -> Operands:
        """Measure the neighbourhoods of some of the words."""
        barred = [self.related.rows(self.words[row]) for row in rows]
        return operands(self.vectors[rows], barred, self.vectors, NEAR)

    def named(self, rows: Iterable[int]) -> list[str]:
        """Return the words of some rows."""
        return [self.words[row] for row in rows]


def vocabulary(frequent: Sequence[str], matrix: NDArray[np.floating], delimiter: str) -> Words:
    """Take the words of letters among the most frequent ones."""
    rows = [i for i, word in enumerate(frequent) if len(word) > 2 and word.replace(delimiter, "").isalpha()]
    words = [frequent[row] for row in rows]
    added = np.flatnonzero((np.array(rows) >= COMMON) & (np.array(rows) < COMMON + ADDED))
    if len(added) < 2 * NEAR:
        sys.exit(f"error: {len(words):,} words are too few to look for sums among them; give more text.")
    return Words(words, unit_rows(matrix[rows]), Related(words, delimiter), added)


def random_pairs(n_words: int, n: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return pairs of two different words."""
    first = generator.integers(n_words, size=n)
    return np.stack([first, (first + generator.integers(1, n_words, size=n)) % n_words], axis=1)


def random_vectors(words: Words, generator: np.random.Generator) -> dict[str, Operands]:
    """Return unit vectors that are no words: of any direction, and spread as the added words are."""
    like = words.vectors[words.added].astype(np.float64)
    drawn = {
        "a random direction": generator.normal(size=like.shape),
        "a random vector spread as words are": generator.multivariate_normal(
            like.mean(axis=0), np.cov(like.T), size=len(like), check_valid="ignore"
        ),
    }
    nothing = [np.zeros(0, np.int64)] * len(like)
    return {
        name: operands(unit_rows(vectors), nothing, words.vectors, NEAR) for name, vectors in drawn.items()
    }


def search(words: Words, n_pairs: int, seed: int) -> Findings:
    """Add up random pairs, look what is nearest, choose the examples."""
    generator = np.random.default_rng(seed)
    side = words.operands(words.added)
    pairs = random_pairs(len(words.added), n_pairs, generator)
    sums = combine(side, side, pairs, words.vectors)
    controls = {
        name: combine(side, other, pairs[:CONTROLS], words.vectors)
        for name, other in random_vectors(words, generator).items()
    }
    apart = np.einsum("ij,ij->i", side.vectors[pairs[:, 0]], side.vectors[pairs[:, 1]])
    most = float(np.quantile(apart, 0.75))
    order = np.argsort(-sums.lesser, kind="stable")
    order = order[(sums.found & (apart <= most))[order]]
    rows = np.column_stack([words.added[pairs], sums.nearest])
    best = distinct(order, rows, BEST)
    return Findings(
        {"another word": sums, **controls},
        most,
        examples(words, side, pairs[best]),
        examples(words, side, pairs[:ORDINARY]),
        [(f"{a} + {b}", told, of_the_paper(words, a, b)) for a, b, told in PAPER],
    )


def examples(words: Words, side: Operands, pairs: NDArray[np.int64]) -> list[Example]:
    """Tell what is nearest to some sums."""
    sums = combine(side, side, pairs, words.vectors, TOPN)
    found = sums.nearest[:, 0]
    return [
        Example(words.named(words.added[pair]), words.named(nearest), cosines, place)
        for pair, nearest, cosines, place in zip(
            pairs,
            sums.nearest,
            np.column_stack([sums.cosines[:, 0], sums.left, sums.right]).tolist(),
            np.column_stack([places(side, pairs[:, i], found, words.vectors) for i in (0, 1)]).tolist(),
            strict=True,
        )
    ]


def of_the_paper(words: Words, a: str, b: str) -> list[str]:
    """Return the words nearest to a sum of the paper's; none if one of its words is not among ours."""
    if not {a, b} <= set(words.words):
        return []
    side = words.operands(np.array([words.words.index(word) for word in (a, b)]))
    return words.named(combine(side, side, np.array([[0, 1]]), words.vectors, TOPN).nearest[0])
