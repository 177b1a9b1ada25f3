"""Which row a word of a test set means: with letter case or without, among the first words."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coterie.queries import check_whole
from coterie.vectors import WordVectors

__all__ = ["Names"]


class Names:
    """The names of the first rows: words as they are, or all in capitals.

    Of several rows with one name the first is meant, which is the most frequent in most vocabularies.

    Parameters
    ----------
    vectors
        Words and their rows.
    restrict_vocab
        So many of the first rows are known; ``None`` is all.
    case_insensitive
        Compare in capitals.

    Examples
    --------
    >>> vectors = WordVectors(["us", "US", "it"], np.eye(3, dtype=np.float32))
    >>> names = Names(vectors, None, case_insensitive=True)
    >>> names.row("Us"), names.row("them"), names.first.tolist(), names.others
    (0, None, [0, 0, 2], {0: [1]})
    """

    def __init__(self, vectors: WordVectors, restrict_vocab: int | None, *, case_insensitive: bool) -> None:
        if restrict_vocab is not None:
            check_whole("restrict_vocab", restrict_vocab)
        self._folds = case_insensitive
        words = vectors.words if restrict_vocab is None else vectors.words[:restrict_vocab]
        self._rows: dict[str, int] = {}
        # setdefault keeps the first row of a name.
        fold = str.upper if case_insensitive else str
        self.first: NDArray[np.int64] = np.fromiter(
            (self._rows.setdefault(fold(word), row) for row, word in enumerate(words)), np.int64, len(words)
        )

    def __len__(self) -> int:
        return len(self.first)

    def row(self, word: str) -> int | None:
        """Return the row that a word means, or ``None`` when it is not known."""
        return self._rows.get(word.upper() if self._folds else word)

    @cached_property
    def others(self) -> dict[int, list[int]]:
        """For each first row of several with one name, those others."""
        found: dict[int, list[int]] = {}
        for row in np.flatnonzero(self.first != np.arange(len(self.first))).tolist():
            found.setdefault(int(self.first[row]), []).append(row)
        return found
