r"""word2vec's text and binary formats, as the C program, gensim and fastText (``.vec``) write them.

Both begin with a line ``words dimensions``. A row of the text format is ``word number … number\n``
(the C program and fastText leave a blank before the line's end); a row of the binary format is ``word``, a
blank and the float32 numbers, little-endian, then ``\n`` from the C program and nothing from gensim. So a
word may hold any character but a blank and a newline. Counts are in a file of their own, as the C
program's ``-save-vocab`` writes it: ``word count`` in each line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError, FormatError
from coterie.formats import word2vec_binary
from coterie.formats.detect import detect
from coterie.formats.files import COMPRESSIONS, reading
from coterie.formats.glove import read_glove
from coterie.formats.number_text import CHUNK, NumberText, write_numbers
from coterie.formats.replacing import replacing_file
from coterie.formats.rows import RowBuffer, check_size
from coterie.formats.table import WordTable
from coterie.formats.words import (
    EncodingErrors,
    check_reading,
    decode_words,
    distinct,
    encode_words,
    row_blocks,
    shown,
)

__all__ = ["EncodingErrors", "read_word2vec", "write_word2vec"]


def read_word2vec(
    path: str | os.PathLike[str],
    *,
    binary: bool | None = None,
    fvocab: str | os.PathLike[str] | None = None,
    encoding_errors: EncodingErrors = "strict",
    limit: int | None = None,
    no_header: bool = False,
) -> WordTable:
    """Read a file in word2vec's text or binary format, decompressed as its name says.

    Parameters
    ----------
    path
        The file.
    binary
        Which of the two formats; ``None`` looks at the contents.
    fvocab
        The file of counts that word2vec.c's ``-save-vocab`` or gensim's ``fvocab`` wrote.
    encoding_errors
        For words that are not UTF-8 (word2vec.c cuts long words in the middle of a letter):
        ``"strict"`` raises, ``"replace"`` and ``"ignore"`` are those of :meth:`bytes.decode`.
    limit
        Read only so many of the first words.
    no_header
        The file is text that begins with its first word, as GloVe's.

    Returns
    -------
    WordTable
        Where a word is listed twice its first vector is kept, with a warning.

    Raises
    ------
    FormatError
        The file is missing, damaged, cut short, or holds something that is no finite number.
    """
    path = Path(path)
    check_reading(encoding_errors, limit)
    if no_header and binary:
        raise ConfigError("no_header is for text files; a binary file can't be read without its header.")
    if no_header:
        table = read_glove(path, encoding_errors=encoding_errors, limit=limit)
    else:
        if binary is None:
            binary = detect(path) == "word2vec-binary"
        with reading(path) as file:
            table = _read(path, file, binary, limit, encoding_errors)
    table = distinct(path, table)
    counts = None if fvocab is None else _read_counts(Path(fvocab), table.words, encoding_errors)
    return WordTable(table.words, table.matrix, counts)


def _read(path: Path, file: BinaryIO, binary: bool, limit: int | None, errors: EncodingErrors) -> WordTable:
    announced, size, head = _header(path, file.read(CHUNK), binary)
    wanted = min(announced, limit or announced)
    rows = RowBuffer(path, size, _room(path, announced, wanted, size, binary))
    complete = wanted == announced
    if binary:
        words = word2vec_binary.read_rows(
            file, head, rows, wanted, announced, path=path, complete=complete, errors=errors
        )
        return WordTable(words, rows.matrix())
    words = []
    text = NumberText(path, size, first_line=2)
    for encoded, block in text.read(file, head, None if complete else wanted):
        if len(words) + len(encoded) > wanted:
            raise FormatError(
                f"{path}: line 1 announces {announced:,} words, and more follow from "
                f"line {2 + announced}. Correct line 1."
            )
        words += decode_words(path, encoded, errors, len(words) + 1)
        rows.append(block)
    if len(words) < wanted:
        raise FormatError(f"{path} is cut short: line 1 announces {announced:,} words, found {len(words):,}.")
    return WordTable(words, rows.matrix())


def write_word2vec(
    path: str | os.PathLike[str],
    words: Sequence[str],
    matrix: NDArray[np.float32],
    counts: NDArray[np.int64] | None = None,
    *,
    binary: bool = False,
    fvocab: str | os.PathLike[str] | None = None,
    replace_spaces: str | None = None,
) -> None:
    """Write word2vec's text or binary format, compressed as the name says, in one step.

    The binary format is the C program's, byte for byte; the text format has the shortest numbers that
    read back as the same float32.

    Parameters
    ----------
    path
        The file; an earlier one is replaced when the new one is complete.
    words, matrix
        The words and their float32 vectors, shape ``(len(words), vector_size)``.
    counts
        int64 counts, needed for ``fvocab``.
    binary
        Which of the two formats.
    fvocab
        Where to write the counts, if anywhere.
    replace_spaces
        What to write for a blank or newline inside a word, which neither format can hold, such as
        ``"_"``; by default such a word is an error.

    Raises
    ------
    FormatError
        A word or number that the format can't hold.
    ResourceError
        The system refuses; an earlier file is as it was.
    """
    encoded = encode_words(words, " \n", replace_spaces, "word2vec's formats end a word")
    if fvocab is not None and counts is None:
        raise ConfigError("fvocab needs counts, and these vectors have none. Leave fvocab out.")
    with replacing_file(path) as file:
        file.write(b"%d %d\n" % matrix.shape)
        for start, block in row_blocks(Path(path), words, matrix):
            named = encoded[start : start + len(block)]
            if binary:
                word2vec_binary.write_rows(file, named, block)
            else:
                write_numbers(file, block, b" ", named)
    if fvocab is not None and counts is not None:
        with replacing_file(fvocab) as file:
            lines = (b"%s %d\n" % pair for pair in zip(encoded, counts.tolist(), strict=True))
            file.writelines(lines)


def _header(path: Path, head: bytes, binary: bool) -> tuple[int, int, bytes]:
    """Return rows, dimensions, and what follows the first line."""
    line, newline, rest = head.partition(b"\n")
    fields = line.removeprefix(b"\xef\xbb\xbf").split()
    if not head:
        raise FormatError(f"{path} is empty.")
    # More digits than any count has: Python refuses to read very long ones.
    if len(fields) != 2 or not all(field.isdigit() and len(field) < 19 for field in fields):
        hint = "" if binary else " If the file begins with its first word (GloVe), pass no_header=True."
        raise FormatError(
            f'{path}, line 1: expected "words dimensions" (71290 100), found {shown(line)!r}.{hint}'
        )
    rows, size = int(fields[0]), int(fields[1])
    if not rows or not size or not newline:
        raise FormatError(f"{path}, line 1: {rows} words of {size} dimensions; there are no vectors.")
    check_size(f"{path}, line 1", size)
    return rows, size, rest


def _room(path: Path, announced: int, wanted: int, size: int, binary: bool) -> int:
    """Return for how many rows to make room; notice a file cut short, or a nonsensical header."""
    if path.suffix in COMPRESSIONS:
        return 0  # the file's size says nothing
    found = path.stat().st_size
    row = 4 * size + 2 if binary else 2 * size + 2
    if wanted == announced and found < announced * row - 1:
        raise FormatError(
            f"{path} is cut short: {announced:,} words of {size} dimensions, as line 1 says, need at least "
            f"{announced * row - 1:,} bytes, found {found:,}. Fetch or write it again."
        )
    return min(wanted, found // row + 1)


def _read_counts(path: Path, words: list[str], errors: EncodingErrors) -> NDArray[np.int64]:
    with reading(path) as file:
        counts = dict(_count_lines(path, file, errors))
    missing = next((word for word in words if word not in counts), None)
    if missing is not None:
        raise FormatError(f"{path} has no count for {missing!r}; is it the vocabulary of these vectors?")
    return np.fromiter((counts[word] for word in words), dtype=np.int64, count=len(words))


def _count_lines(path: Path, file: BinaryIO, errors: EncodingErrors) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(file.read().removesuffix(b"\n").split(b"\n"), 1):
        word, blank, count = line.rstrip(b"\r").rpartition(b" ")
        if not blank or not count.isdigit() or len(count) > 18:
            raise FormatError(f'{path}, line {number}: expected "word count", found {shown(line)!r}.')
        yield decode_words(path, [word], errors, number)[0], int(count)
