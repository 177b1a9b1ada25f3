r"""word2vec's text and binary formats, as the C program, gensim and fastText (``.vec``) write them.

Both begin with a line ``words dimensions``. A row of the text format is ``word number … number\n``
(the C program and fastText leave a blank before the line's end); a row of the binary format is ``word``, a
blank and the float32 numbers, little-endian, then ``\n`` from the C program and nothing from gensim. So a
word may hold any character but a blank and a newline. Counts are in a file of their own, as the C
program's ``-save-vocab`` writes it: ``word count`` in each line.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError, FormatError, ResourceError
from coterie.formats import word2vec_binary, word2vec_text
from coterie.formats.detect import detect
from coterie.formats.files import COMPRESSIONS, reading, replacing_file
from coterie.formats.table import WordTable

__all__ = ["EncodingErrors", "read_word2vec", "write_word2vec"]

EncodingErrors = Literal["strict", "replace", "ignore"]

_CHUNK = 8 << 20
_ROWS = 1 << 16
_SHOWN = 60


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
    _check_options(encoding_errors, limit, binary, no_header)
    if binary is None:
        binary = not no_header and detect(path) == "binary"
    if no_header:
        rows, size = word2vec_text.measure(path)
    with reading(path) as file:
        head = file.read(_CHUNK)
        if not no_header:
            rows, size, head = _header(path, head, binary)
            if limit is None:
                _check_size(path, rows, size, binary)
        matrix = _allocate(path, min(rows, limit or rows), size)
        complete = limit is None or limit >= rows
        if binary:
            encoded = word2vec_binary.read_rows(file, head, matrix, path=path, complete=complete)
        else:
            line = 1 if no_header else 2
            encoded = word2vec_text.read_rows(
                file, head, matrix, path=path, complete=complete, first_line=line
            )
    words = _decode(path, encoded, encoding_errors)
    _check_finite(path, words, matrix)
    words, matrix = _distinct(path, words, matrix)
    counts = None if fvocab is None else _read_counts(Path(fvocab), words, encoding_errors)
    return WordTable(words, matrix, counts)


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
    encoded = _encode(words, replace_spaces)
    if fvocab is not None and counts is None:
        raise ConfigError("fvocab needs counts, and these vectors have none. Leave fvocab out.")
    with replacing_file(path) as file:
        file.write(b"%d %d\n" % matrix.shape)
        write = word2vec_binary.write_rows if binary else word2vec_text.write_rows
        step = max(1, (1 << 20) // max(1, matrix.shape[1]))
        for start in range(0, len(words), step):
            block = np.ascontiguousarray(matrix[start : start + step], dtype="<f4")
            _check_finite(Path(path), words[start : start + step], block)
            write(file, encoded[start : start + step], block)
    if fvocab is not None and counts is not None:
        with replacing_file(fvocab) as file:
            lines = (b"%s %d\n" % pair for pair in zip(encoded, counts.tolist(), strict=True))
            file.writelines(lines)


def _check_options(encoding_errors: str, limit: int | None, binary: bool | None, no_header: bool) -> None:
    if encoding_errors not in ("strict", "replace", "ignore"):
        raise ConfigError(f"encoding_errors is {encoding_errors!r}; choose one of strict, replace, ignore.")
    if limit is not None and limit < 1:
        raise ConfigError(f"limit is {limit}; it must be at least 1.")
    if no_header and binary:
        raise ConfigError("no_header is for text files; a binary file can't be read without its header.")


def _header(path: Path, head: bytes, binary: bool) -> tuple[int, int, bytes]:
    """Return rows, dimensions, and what follows the first line."""
    line, newline, rest = head.partition(b"\n")
    fields = line.removeprefix(b"\xef\xbb\xbf").split()
    if not head:
        raise FormatError(f"{path} is empty.")
    if len(fields) != 2 or not (fields[0].isdigit() and fields[1].isdigit()):
        shown = line[:_SHOWN].decode("utf-8", "backslashreplace")
        hint = "" if binary else " If the file begins with its first word (GloVe), pass no_header=True."
        raise FormatError(f'{path}, line 1: expected "words dimensions" (71290 100), found {shown!r}.{hint}')
    rows, size = int(fields[0]), int(fields[1])
    if not rows or not size or not newline:
        raise FormatError(f"{path}, line 1: {rows} words of {size} dimensions; there are no vectors.")
    return rows, size, rest


def _check_size(path: Path, rows: int, size: int, binary: bool) -> None:
    """Notice a file cut short, or a nonsensical header, before room is made for the matrix."""
    least = rows * (4 * size + 2 if binary else 2 * size + 2) - 1
    found = path.stat().st_size
    if path.suffix not in COMPRESSIONS and found < least:
        raise FormatError(
            f"{path} is cut short: {rows:,} words of {size} dimensions, as line 1 says, need at least "
            f"{least:,} bytes, found {found:,}. Fetch or write it again."
        )


def _allocate(path: Path, rows: int, size: int) -> NDArray[np.float32]:
    try:
        return np.empty((rows, size), dtype="<f4")
    except (MemoryError, ValueError) as error:
        need = rows * size * 4 / 2**30
        raise ResourceError(
            f"{path}: {rows:,} words of {size} dimensions need {need:,.1f} GiB of memory. Set limit."
        ) from error


def _decode(path: Path, encoded: list[bytes], errors: EncodingErrors) -> list[str]:
    try:
        words = b"\n".join(encoded).decode("utf-8").split("\n")
    except UnicodeDecodeError:
        words = []
        for i, word in enumerate(encoded, 1):
            try:
                words.append(word.decode("utf-8", errors))
            except UnicodeDecodeError as error:
                raise FormatError(
                    f"{path}: word {i:,} is not UTF-8: {word[:_SHOWN]!r} ({error.reason}). "
                    "Pass encoding_errors='replace' to read it all the same."
                ) from None
    return words


def _encode(words: Sequence[str], replacement: str | None) -> list[bytes]:
    if replacement is not None:
        if " " in replacement or "\n" in replacement or not replacement:
            raise ConfigError(
                f"replace_spaces is {replacement!r}; give something without blanks, such as '_'."
            )
        words = [word.replace(" ", replacement).replace("\n", replacement) for word in words]
        if len(set(words)) != len(words):
            raise FormatError(f"with {replacement!r} for blanks two words become the same; choose another.")
    bad = next((word for word in words if not word or " " in word or "\n" in word), None)
    if bad is not None:
        raise FormatError(
            f"the word {bad!r} can't be written: word2vec's formats end a word at a blank or newline. "
            "Pass replace_spaces='_', or write a .safetensors file."
        )
    try:
        return [word.encode("utf-8") for word in words]
    except UnicodeEncodeError as error:
        raise FormatError(
            f"the word {error.object!r} is not Unicode text and can't be written as UTF-8."
        ) from None


def _check_finite(path: Path, words: Sequence[str], matrix: NDArray[np.float32]) -> None:
    for start in range(0, len(matrix), _ROWS):
        finite = np.isfinite(matrix[start : start + _ROWS]).all(axis=1)
        if not finite.all():
            row = start + int(finite.argmin())
            raise FormatError(f"{path}: the vector of {words[row]!r} holds NaN or infinity; it is of no use.")


def _distinct(
    path: Path, words: list[str], matrix: NDArray[np.float32]
) -> tuple[list[str], NDArray[np.float32]]:
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    if len(first) == len(words):
        return words, matrix
    twice = next(word for row, word in enumerate(words) if first[word] != row)
    warnings.warn(
        f"{path}: {len(words) - len(first):,} rows repeat a word (the first is {twice!r}); "
        "the first vector of each word is kept.",
        stacklevel=3,
    )
    return list(first), matrix[list(first.values())]


def _read_counts(path: Path, words: list[str], errors: EncodingErrors) -> NDArray[np.int64]:
    with reading(path) as file:
        counts = dict(_count_lines(path, file, errors))
    missing = next((word for word in words if word not in counts), None)
    if missing is not None:
        raise FormatError(f"{path} has no count for {missing!r}; is it the vocabulary of these vectors?")
    return np.fromiter((counts[word] for word in words), dtype=np.int64, count=len(words))


def _count_lines(path: Path, file: BinaryIO, errors: EncodingErrors) -> list[tuple[str, int]]:
    pairs = []
    for number, line in enumerate(file.read().removesuffix(b"\n").split(b"\n"), 1):
        word, blank, count = line.rstrip(b"\r").rpartition(b" ")
        if not blank or not count.isdigit():
            shown = line[:_SHOWN].decode("utf-8", "backslashreplace")
            raise FormatError(f'{path}, line {number}: expected "word count", found {shown!r}.')
        pairs.append((_decode(path, [word], errors)[0], int(count)))
    return pairs
