"""The words of a matrix that is in another file: one in a line, in the order of the rows.

A line is ``word``, or ``word``, a tab and its count: all of a file or none. The projector's metadata
names its columns in the first line if there are several, and has no such line if there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.files import reading
from coterie.formats.words import EncodingErrors, decode_words, encode_words, shown

__all__ = ["encode_lines", "read_word_lines", "write_word_lines"]

_CHUNK = 1 << 20
_LONGEST_LINE = 1 << 20
_HEADER = b"word\tcount"


@dataclass(frozen=True)
class _Columns:
    """Where in a line the word and the count are."""

    total: int
    word: int
    count: int | None


def read_word_lines(
    path: Path, vectors: Path, rows: int, *, named: bool, complete: bool, errors: EncodingErrors
) -> tuple[list[str], NDArray[np.int64] | None]:
    """Read the words of ``rows`` vectors, and their counts if they are there.

    Parameters
    ----------
    path
        The file of words.
    vectors
        The file of vectors, for messages.
    rows
        How many vectors there are.
    named
        Several columns are named in the first line.
    complete
        There are no more vectors than ``rows``, so nothing may follow.
    errors
        For words that are not UTF-8.

    Raises
    ------
    FormatError
        It is missing, has more or fewer lines, or a line of another form.
    """
    if not path.is_file():
        raise FormatError(
            f"{vectors} holds vectors without words: they belong in {path.name} beside it, one in a line."
        )
    words: list[bytes] = []
    counts: list[int] = []
    columns: _Columns | None = None
    with reading(path) as file:
        for number, line in enumerate(_lines(path, file), 1):
            if columns is None:
                columns = _columns(path, line, named)
                if named and columns.total > 1:
                    continue
            if len(words) == rows:
                if not complete:
                    break
                raise FormatError(f"{path} has more words than the {rows:,} vectors of {vectors}.")
            _read_line(f"{path}, line {number}", line, columns, words, counts)
    if len(words) < rows:
        raise FormatError(f"{path} has {len(words):,} words, but {vectors} {rows:,} vectors.")
    counted = columns is not None and columns.count is not None
    return decode_words(path, words, errors), np.array(counts, dtype=np.int64) if counted else None


def _lines(path: Path, file: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while chunk := file.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise FormatError(
                f"{path}: a line has more than {_LONGEST_LINE:,} bytes; it is no list of words."
            )
        for line in whole:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest.removesuffix(b"\r")


def _columns(path: Path, line: bytes, named: bool) -> _Columns:
    fields = line.split(b"\t")
    if not named:
        if len(fields) > 2:
            raise FormatError(f'{path}, line 1: expected "word" or "word<TAB>count", found {shown(line)!r}.')
        return _Columns(len(fields), 0, 1 if len(fields) == 2 else None)
    if len(fields) == 1:
        return _Columns(1, 0, None)
    # The projector shows the first column unless it is told another.
    word = fields.index(b"word") if b"word" in fields else 0
    count = fields.index(b"count") if b"count" in fields else None
    return _Columns(len(fields), word, None if count == word else count)


def _read_line(place: str, line: bytes, columns: _Columns, words: list[bytes], counts: list[int]) -> None:
    fields = line.split(b"\t")
    if len(fields) != columns.total:
        raise FormatError(
            f"{place}: {len(fields)} columns, expected {columns.total}, as in line 1; found {shown(line)!r}."
        )
    if columns.count is not None:
        count = fields[columns.count]
        if not count.isdigit() or len(count) > 18:
            raise FormatError(f"{place}: the count is {shown(count)!r}; expected a whole number.")
        counts.append(int(count))
    words.append(fields[columns.word])


def encode_lines(words: Sequence[str], replace_spaces: str | None) -> list[bytes]:
    """Encode words that a line can hold; other characters are an error, or replaced."""
    return encode_words(words, "\t\n\r", replace_spaces, "a line of words ends one")


def write_word_lines(
    file: BinaryIO, encoded: Sequence[bytes], counts: NDArray[np.int64] | None, *, named: bool
) -> None:
    """Write the words, and their counts if there are any, with the columns' names if ``named``."""
    if counts is None:
        file.writelines(b"%s\n" % word for word in encoded)
        return
    if named:
        file.write(_HEADER + b"\n")
    file.writelines(b"%s\t%d\n" % pair for pair in zip(encoded, counts.tolist(), strict=True))
