"""WordMatrix: words and the rows of a matrix, looked up, saved and loaded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Self, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats import EncodingErrors, Format, write
from coterie.formats.word2vec import read_word2vec, write_word2vec
from coterie.neighbours import row_norms, unit
from coterie.vocabulary import missing_word
from coterie.word_column import WordColumn

__all__ = ["Vector", "WordMatrix"]

Vector: TypeAlias = NDArray[np.float32]


class WordMatrix:
    """Words, each with a row of a matrix: the base of :class:`~coterie.vectors.WordVectors`.

    Parameters and errors are told there.
    """

    def __init__(
        self,
        words: Sequence[str],
        matrix: NDArray[np.float32],
        counts: NDArray[np.int64] | None = None,
    ) -> None:
        if isinstance(words, str):
            raise FormatError(f"words is the string {words[:40]!r}; give a list of words.")
        # A list of words that are one stretch of memory is made when it is asked for, see WordColumn.
        self.column: Sequence[str] = words if isinstance(words, list | WordColumn) else list(words)
        self.matrix: NDArray[np.float32] = np.asarray(matrix, dtype=np.float32)
        if self.matrix.ndim != 2 or len(self.matrix) != len(self.column):
            raise FormatError(f"{len(self.column):,} words, but a matrix of shape {self.matrix.shape}.")
        self.counts: NDArray[np.int64] | None = None if counts is None else np.asarray(counts, dtype=np.int64)
        if self.counts is not None and self.counts.shape != (len(self.column),):
            raise FormatError(f"{len(self.column):,} words, but counts of shape {self.counts.shape}.")
        if not isinstance(words, WordColumn) and len(self.index) != len(self.words):
            twice = next(word for row, word in enumerate(self.words) if self.index[word] != row)
            raise FormatError(f"the word {twice!r} is listed twice; every word has one vector.")

    @cached_property
    def words(self) -> list[str]:
        """The words, row by row."""
        return self.column if isinstance(self.column, list) else list(self.column)

    @cached_property
    def index(self) -> dict[str, int]:
        """Map each word to its row."""
        return {word: row for row, word in enumerate(self.words)}

    @property
    def vector_size(self) -> int:
        """The length of a vector."""
        return int(self.matrix.shape[1])

    @cached_property
    def divisors(self) -> NDArray[np.float32]:
        """The rows' norms, and 1 for a zero row, whose cosines are then 0."""
        norms = row_norms(self.matrix)
        finite = np.isfinite(norms)
        if not finite.all():
            row = int(finite.argmin())
            raise FormatError(
                f"the vector of {self.column[row]!r} holds NaN or infinity; train or fetch it anew."
            )
        norms[norms == 0] = 1
        return norms

    @property
    def rows_with_direction(self) -> NDArray[np.intp]:
        """The rows that are not zero: a zero vector has no direction and is near nothing; NaN is an error."""
        if (self.divisors != 1).all():  # a zero row's divisor is 1
            return np.arange(len(self))
        return np.flatnonzero(row_norms(self.matrix))

    def __len__(self) -> int:
        return len(self.column)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and word in self.index

    def __iter__(self) -> Iterator[str]:
        return iter(self.column)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} words, vector_size={self.vector_size})"

    @overload
    def __getitem__(self, words: str) -> Vector: ...
    @overload
    def __getitem__(self, words: Sequence[str]) -> Vector: ...
    def __getitem__(self, words: str | Sequence[str]) -> Vector:
        """Return the vector of a word, or for a list of words a new matrix with a row for each."""
        if isinstance(words, str) or not isinstance(words, Iterable):
            return self.get_vector(words)
        return self.matrix[[self._row(word) for word in words]]

    def _row(self, word: object) -> int:
        row = self.index.get(word) if isinstance(word, str) else None
        if row is None:
            raise missing_word(word, self.words)
        return row

    def get_vector(self, word: str, norm: bool = False) -> Vector:
        """Return the vector of a word, shape ``(vector_size,)``, read-only.

        Parameters
        ----------
        word
            A word of the vocabulary.
        norm
            Scale it to unit length; a zero vector stays zero.

        Raises
        ------
        WordNotFoundError
            With the nearest spellings.
        """
        row = self.matrix[self._row(word)]
        vector: Vector = unit(row, repr(word)).astype(np.float32) if norm else row.view()
        vector.flags.writeable = False
        return vector

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        format: Format | None = None,
        replace_spaces: str | None = None,
    ) -> None:
        """Write words, vectors and counts as one file, which :func:`coterie.load` reads again.

        Parameters
        ----------
        path
            The name tells the format: ``.safetensors``, ``.npy`` and ``.parquet`` keep everything; ``.bin``,
            ``.txt``, ``.vec``, ``.glove`` and ``.tsv`` are for other programs.
        format, replace_spaces
            As in :func:`coterie.formats.write`.

        Raises
        ------
        FormatError
            Name, word or number that the format can't hold.
        ResourceError
            The system refuses; an earlier file is as it was.

        Examples
        --------
        >>> import tempfile, coterie, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     coterie.WordVectors(["cat", "dog"], np.eye(2, dtype=np.float32)).save(f"{folder}/v.parquet")
        ...     coterie.load(f"{folder}/v.parquet")
        WordVectors(2 words, vector_size=2)
        """
        write(path, self.words, self.matrix, self.counts, format=format, replace_spaces=replace_spaces)

    def save_word2vec_format(
        self,
        path: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        *,
        replace_spaces: str | None = None,
    ) -> None:
        """Write the vectors in word2vec's format, and their counts to ``fvocab`` if it is given.

        Parameters
        ----------
        path, fvocab, binary, replace_spaces
            As in :func:`coterie.formats.word2vec.write_word2vec`.
        """
        write_word2vec(
            path,
            self.words,
            self.matrix,
            self.counts,
            binary=binary,
            fvocab=fvocab,
            replace_spaces=replace_spaces,
        )

    @classmethod
    def load_word2vec_format(
        cls,
        path: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool | None = None,
        *,
        encoding_errors: EncodingErrors = "strict",
        limit: int | None = None,
        no_header: bool = False,
    ) -> Self:
        """Read vectors in word2vec's format, text or binary by the contents.

        Parameters
        ----------
        path, fvocab, binary, encoding_errors, limit, no_header
            As in :func:`coterie.formats.word2vec.read_word2vec`.
        """
        table = read_word2vec(
            path,
            binary=binary,
            fvocab=fvocab,
            encoding_errors=encoding_errors,
            limit=limit,
            no_header=no_header,
        )
        return cls(table.words, table.matrix, table.counts)
