"""WEAT, the word embedding association test (Caliskan, Bryson and Narayanan 2017, arXiv 1608.07187).

Are the target words X nearer to the attributes A than to B, compared with the target words Y? With

    s(w) = mean over a ∈ A of cos(w, a) − mean over b ∈ B of cos(w, b)

    effect size  d = (mean over X of s − mean over Y of s) / standard deviation over X ∪ Y of s

The p-value is one-sided: of all ways to part X ∪ Y into sets of these sizes, the share whose difference of
means is at least the observed. (The paper compares sums; for its sets of equal size that is the same order.
Ties count here, the observed parting among them, so that p is never 0 and the test keeps its level.) The
deviation divides by n − 1, as the test's usual implementations do.

Where it deviates: sets of unequal size are allowed, since words that a model lacks are left out, and the
result tells it. When there are too many partings to go through, as many as asked for are drawn at random,
and p = (r + 1) / (n + 1), with r the number of those that reach the observed difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain, combinations, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError
from coterie.evaluation.tables import Table
from coterie.queries import check_whole
from coterie.vectors import WordVectors

__all__ = ["WeatResult", "weat"]

# Partings of which the sums are taken at once.
_TOGETHER = 10_000
_PARTS = ("targets_x", "targets_y", "attributes_a", "attributes_b")


@dataclass(frozen=True)
class WeatResult:
    """What :func:`weat` found.

    Parameters
    ----------
    names
        What X, Y, A and B are called.
    effect_size
        d: positive where X goes with A and Y with B; ``None`` where all words have the same association.
    p_value
        One-sided.
    permutations, exact
        How many partings were compared, and whether these were all.
    words
        How many words of X, Y, A and B the model knows.
    unknown
        Those it doesn't, for each of X, Y, A and B.
    associations
        s(w) of each target word, of X and then of Y.
    """

    names: tuple[str, str, str, str]
    effect_size: float | None
    p_value: float
    permutations: int
    exact: bool
    words: tuple[int, int, int, int]
    unknown: tuple[tuple[str, ...], ...]
    associations: tuple[tuple[str, float], ...]

    @property
    def balanced(self) -> bool:
        """Whether X and Y have as many words each, as in the paper."""
        return self.words[0] == self.words[1]

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return asdict(self) | {"balanced": self.balanced}

    def tables(self) -> list[Table]:
        """Return the test as one table."""
        x, y, a, b = self.names
        drawn = (
            f"all {self.permutations:,} partings"
            if self.exact
            else f"{self.permutations:,} partings at random"
        )
        effect = "—" if self.effect_size is None else f"{self.effect_size:+.2f}"
        sizes = ", ".join(f"{name} {n:,}" for name, n in zip(self.names, self.words, strict=True))
        unknown = list(chain.from_iterable(self.unknown))
        notes = [f"Positive: {x} goes with {a}, and {y} with {b}."]
        if unknown:
            notes.append(f"Not in the vocabulary and left out: {', '.join(unknown)}.")
        if not self.balanced:
            notes.append(f"{x} and {y} differ in size, so the test is on means and not the paper's sums.")
        return [
            Table(
                f"WEAT: {x} and {y}, {a} and {b}",
                ("words", "effect size d", "p (one-sided)", "compared with"),
                [(sizes, effect, f"{self.p_value:.2g}", drawn)],
                " ".join(notes),
            )
        ]


def weat(
    vectors: WordVectors,
    targets_x: Sequence[str],
    targets_y: Sequence[str],
    attributes_a: Sequence[str],
    attributes_b: Sequence[str],
    *,
    names: tuple[str, str, str, str] = ("X", "Y", "A", "B"),
    case_insensitive: bool = True,
    permutations: int = 100_000,
    seed: int = 1,
) -> WeatResult:
    """Test whether X is associated with A, and Y with B, more than the other way round.

    Parameters
    ----------
    vectors
        The model; its zero vectors have no direction and count as unknown.
    targets_x, targets_y
        Two lists of target words, such as flowers and insects.
    attributes_a, attributes_b
        Two lists of attribute words, such as pleasant and unpleasant ones.
    names
        What the four lists are called.
    case_insensitive
        A word that is not in the vocabulary is looked for in lower case.
    permutations
        Up to so many partings are all compared; of more, so many are drawn.
    seed
        Of the draws.

    Raises
    ------
    ConfigError
        Fewer than two words of a list are known, a word is listed twice or in both of a pair of lists, or
        a string stands where a list is meant.

    Examples
    --------
    >>> draw = np.random.default_rng(1)
    >>> words = ["rose", "lily", "wasp", "gnat", "nice", "good", "nasty", "bad"]
    >>> matrix = np.repeat([[1, 0], [0, 1], [1, 0], [0, 1]], 2, axis=0) + draw.normal(0, 0.1, (8, 2))
    >>> vectors = WordVectors(words, matrix.astype(np.float32))
    >>> found = weat(vectors, ["rose", "lily"], ["wasp", "gnat"], ["nice", "good"], ["nasty", "bad"])
    >>> round(found.effect_size, 1), round(found.p_value, 3), found.permutations, found.exact
    (1.7, 0.167, 6, True)
    """
    check_whole("permutations", permutations)
    lists = dict(zip(_PARTS, (targets_x, targets_y, attributes_a, attributes_b), strict=True))
    found, unknown = [], []
    for part, words in lists.items():
        rows, missing = _rows(vectors, part, words, case_insensitive)
        found.append(rows)
        unknown.append(missing)
    for one, other in ((0, 1), (2, 3)):
        if both := set(found[one]) & set(found[other]):
            word = vectors.words[min(both)]
            raise ConfigError(
                f"{word!r} is in {_PARTS[one]} and in {_PARTS[other]}; it can be in one of them."
            )
    units = [vectors.matrix[rows].astype(np.float64) for rows in found]
    units = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in units]
    targets = np.concatenate(units[:2])
    s = targets @ units[2].mean(axis=0) - targets @ units[3].mean(axis=0)
    size = len(found[0])
    difference = float(s[:size].mean() - s[size:].mean())
    deviation = float(s.std(ddof=1))
    p_value, compared, exact = _p_value(s, size, permutations, seed)
    return WeatResult(
        names=names,
        # Rounding of equal associations is no deviation.
        effect_size=difference / deviation if deviation > 1e-12 else None,
        p_value=p_value,
        permutations=compared,
        exact=exact,
        words=(len(found[0]), len(found[1]), len(found[2]), len(found[3])),
        unknown=tuple(unknown),
        associations=tuple(
            (vectors.words[row], float(value)) for row, value in zip([*found[0], *found[1]], s, strict=True)
        ),
    )


def _rows(
    vectors: WordVectors, part: str, words: Sequence[str], case_insensitive: bool
) -> tuple[list[int], tuple[str, ...]]:
    """Return the rows of the words that the model knows, and the words that it doesn't."""
    if isinstance(words, str) or not all(isinstance(word, str) for word in words):
        raise ConfigError(f"{part} is {words!r}; give a list of words.")
    rows: dict[int, str] = {}
    missing: list[str] = []
    for word in words:
        row = vectors.index.get(word)
        if row is None and case_insensitive:
            row = vectors.index.get(word.lower())
        if row is None or not vectors.matrix[row].any():
            missing.append(word)
        elif row in rows:
            twice = f"{word!r}" if rows[row] == word else f"{rows[row]!r} and {word!r}, the same word here,"
            raise ConfigError(f"{part} lists {twice} twice; every word counts once.")
        else:
            _ = vectors.divisors  # NaN is an error
            rows[row] = word
    if len(rows) < 2:
        lacking = f"; not in the vocabulary: {', '.join(missing[:10])}" if missing else ""
        raise ConfigError(f"{part} has {len(rows)} words that the model knows; it needs 2 or more{lacking}.")
    return list(rows), tuple(missing)


def _p_value(s: NDArray[np.float64], size: int, permutations: int, seed: int) -> tuple[float, int, bool]:
    """Return p, the number of partings compared, and whether these are all.

    With the total fixed, the difference of means rises with the sum over X alone.
    """
    # Sums of the same numbers in another order are the same sum.
    observed = float(s[:size].sum()) - 1e-9 * max(1.0, float(np.abs(s).sum()))
    partings, reached = math.comb(len(s), size), 0
    if partings <= permutations:
        every = combinations(range(len(s)), size)
        while chosen := list(islice(every, _TOGETHER)):
            reached += int((s[np.array(chosen)].sum(axis=1) >= observed).sum())
        return reached / partings, partings, True
    draw = np.random.default_rng(seed)
    for start in range(0, permutations, _TOGETHER):
        some = np.tile(s, (min(_TOGETHER, permutations - start), 1))
        reached += int((draw.permuted(some, axis=1)[:, :size].sum(axis=1) >= observed).sum())
    return (reached + 1) / (permutations + 1), permutations, False
