"""Words to look at: very long or short vectors, vectors near nothing or nearly the same, and odd tokens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError
from coterie.evaluation.intrinsic.bands import sample_rows
from coterie.evaluation.intrinsic.nearest import nearest_rows
from coterie.evaluation.intrinsic.tokens import OddTokens, odd_tokens, shown
from coterie.evaluation.tables import Table
from coterie.neighbours import row_norms
from coterie.queries import check_whole
from coterie.vectors import WordVectors

__all__ = ["OddPair", "OddWord", "OddWords", "odd_words"]


@dataclass(frozen=True)
class OddWord:
    """A word and the length of its vector."""

    word: str
    norm: float


@dataclass(frozen=True)
class OddPair:
    """A word, its nearest neighbour, and their cosine."""

    word: str
    neighbour: str
    similarity: float


@dataclass(frozen=True)
class OddWords:
    """What :func:`odd_words` found.

    Parameters
    ----------
    longest, shortest
        Words with the longest and the shortest vectors that are not zero.
    zero
        How many vectors are zero.
    isolated
        Of the words asked, those whose nearest neighbour is the furthest.
    duplicates
        Of the words asked, those whose nearest neighbour is nearly the same, the nearest first; a pair is
        told once.
    duplicates_found
        How many there are.
    tokens
        Odd spellings, by kind, among all words.
    words, sampled
        Words with a vector that is not zero, and how many of them were asked for their nearest neighbour.
    """

    longest: tuple[OddWord, ...]
    shortest: tuple[OddWord, ...]
    zero: int
    isolated: tuple[OddPair, ...]
    duplicates: tuple[OddPair, ...]
    duplicates_found: int
    tokens: tuple[OddTokens, ...]
    words: int
    sampled: int

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return asdict(self)

    def tables(self) -> list[Table]:
        """Return a table for each kind."""
        asked = f"Of {self.sampled:,} of {self.words:,} words."
        zero = f"{self.zero:,} vectors are zero." if self.zero else ""
        return [
            Table("Longest vectors", ("word", "norm"), _norms(self.longest)),
            Table("Shortest vectors", ("word", "norm"), _norms(self.shortest), zero),
            Table("Words near nothing", ("word", "nearest", "cosine"), _pairs(self.isolated), asked),
            Table(
                "Nearly the same vectors",
                ("word", "nearest", "cosine"),
                _pairs(self.duplicates),
                f"{asked} {self.duplicates_found:,} such pairs were found.",
            ),
            Table(
                "Odd tokens",
                ("kind", "words", "the first"),
                [
                    (kind.kind, f"{kind.words:,}", ", ".join(map(shown, kind.examples)))
                    for kind in self.tokens
                ],
            ),
        ]


def _norms(words: tuple[OddWord, ...]) -> list[tuple[str, ...]]:
    return [(shown(at.word), f"{at.norm:.3g}") for at in words]


def _pairs(pairs: tuple[OddPair, ...]) -> list[tuple[str, ...]]:
    return [(shown(at.word), shown(at.neighbour), f"{at.similarity:.3f}") for at in pairs]


def odd_words(
    vectors: WordVectors,
    *,
    words: int = 1_000,
    listed: int = 10,
    same: float = 0.99,
    seed: int = 1,
) -> OddWords:
    """List words that may show a fault of the text, its tokenisation or the training.

    Parameters
    ----------
    vectors
        At least two of them not zero.
    words
        At most so many words are asked for their nearest neighbour among all, a random choice of a
        larger vocabulary.
    listed
        How many words of each kind are listed.
    same
        The cosine from which on two vectors are nearly the same.
    seed
        Of that choice.

    Raises
    ------
    ConfigError
        Fewer than two vectors that are not zero, or a number out of range.

    Examples
    --------
    >>> matrix = np.array([[1, 0], [2, 0], [0, 5]], dtype=np.float32)
    >>> found = odd_words(WordVectors(["ship", "boat", "1850"], matrix))
    >>> found.longest[0].word, found.isolated[0].word, found.duplicates[0].neighbour, found.tokens[0].kind
    ('1850', '1850', 'boat', 'digits only')
    """
    for option, value in (("words", words), ("listed", listed)):
        check_whole(option, value)
    if not -1 <= same <= 1:
        raise ConfigError(f"same is {same!r}; it is a cosine, between −1 and 1.")
    live = vectors.rows_with_direction
    if len(live) < 2:
        raise ConfigError(f"odd_words needs two vectors that are not zero; these have {len(live)}.")
    norms = row_norms(vectors.matrix)
    by_norm = live[np.argsort(norms[live], kind="stable")]
    rows = sample_rows(live, words, seed)
    allowed = None if len(live) == len(vectors) else np.isin(np.arange(len(vectors)), live)
    nearest, cosine = nearest_rows(vectors.matrix, vectors.divisors, rows, 1, allowed)
    pairs = _Pairs(vectors.words, rows, nearest[:, 0], cosine[:, 0])
    duplicates = pairs.duplicates(same)
    return OddWords(
        longest=_with_norms(vectors, norms, by_norm[::-1][:listed]),
        shortest=_with_norms(vectors, norms, by_norm[:listed]),
        zero=len(vectors) - len(live),
        isolated=pairs.told(np.argsort(pairs.cosines, kind="stable")[:listed]),
        duplicates=pairs.told(duplicates[:listed]),
        duplicates_found=len(duplicates),
        tokens=odd_tokens(vectors.words, listed),
        words=len(live),
        sampled=len(rows),
    )


def _with_norms(
    vectors: WordVectors, norms: NDArray[np.float32], rows: NDArray[np.intp]
) -> tuple[OddWord, ...]:
    return tuple(OddWord(vectors.words[row], float(norms[row])) for row in rows)


@dataclass(frozen=True)
class _Pairs:
    """The words asked and their nearest."""

    words: list[str]
    rows: NDArray[np.intp]
    nearest: NDArray[np.intp]
    cosines: NDArray[np.float32]

    def duplicates(self, same: float) -> NDArray[np.intp]:
        """Return which are nearly the same as their nearest, the nearest first and a pair once."""
        order = np.argsort(-self.cosines, kind="stable")
        order = order[self.cosines[order] >= same]
        pairs = np.sort(np.stack((self.rows[order], self.nearest[order]), axis=1), axis=1)
        return order[np.sort(np.unique(pairs, axis=0, return_index=True)[1])]

    def told(self, chosen: NDArray[np.intp]) -> tuple[OddPair, ...]:
        return tuple(
            OddPair(
                self.words[self.rows[i]],
                self.words[self.nearest[i]],
                min(1.0, max(-1.0, float(self.cosines[i]))),
            )
            for i in chosen
        )
