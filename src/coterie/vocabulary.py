"""The vocabulary: words ranked by count; a word's id is its rank."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coterie.errors import WordNotFoundError

__all__ = ["Vocabulary"]


class Vocabulary:
    """Words and their counts, most frequent first.

    Parameters
    ----------
    words
        Distinct words; the position is the id.
    counts
        int64, shape ``(len(words),)``: occurrences in the corpus.

    Examples
    --------
    >>> vocabulary = Vocabulary(["the", "cat"], [2, 1])
    >>> vocabulary["cat"], "dog" in vocabulary, len(vocabulary), vocabulary.total
    (1, False, 2, 3)
    """

    def __init__(self, words: Sequence[str], counts: Sequence[int] | NDArray[np.int64]) -> None:
        self.words: list[str] = list(words)
        self.counts: NDArray[np.int64] = np.asarray(counts, dtype=np.int64)
        if self.counts.shape != (len(self.words),):
            raise ValueError(f"{len(self.words)} words but counts of shape {self.counts.shape}")
        if len(self.index) != len(self.words):
            raise ValueError("a word is listed twice")

    @cached_property
    def index(self) -> dict[str, int]:
        """Map each word to its id."""
        return {word: i for i, word in enumerate(self.words)}

    @property
    def total(self) -> int:
        """Occurrences of all words together."""
        return int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __getitem__(self, word: str) -> int:
        try:
            return self.index[word]
        except KeyError:
            raise WordNotFoundError(self._missing(word)) from None

    def _missing(self, word: str) -> str:
        near = difflib.get_close_matches(word, self.words, n=3) if isinstance(word, str) else []
        offer = f"; did you mean {', '.join(map(repr, near))}?" if near else "."
        return f"the word {word!r} is not in the vocabulary of {len(self):,} words{offer}"

    def __repr__(self) -> str:
        return f"Vocabulary({len(self):,} words, {self.total:,} occurrences)"
