"""Rows of word2vec's binary format: ``word``, a blank, float32 numbers, and from the C program a newline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError

__all__ = ["read_rows", "write_rows"]

_CHUNK = 8 << 20
# A blank further away than this means that we are not at the beginning of a word.
_LONGEST_WORD = 1 << 20
_NEWLINE = b"\n"


def read_rows(
    file: BinaryIO, head: bytes, matrix: NDArray[np.float32], *, path: Path, complete: bool
) -> list[bytes]:
    """Fill ``matrix`` and return the words.

    Parameters
    ----------
    file
        Open behind ``head``.
    head
        What was read after the header line.
    matrix
        float32, shape ``(rows to read, vector_size)``, contiguous.
    path
        For messages.
    complete
        All rows of the file are asked for, so nothing may follow them.
    """
    width = matrix.shape[1] * 4
    target = matrix.reshape(-1).view(np.uint8).data
    words: list[bytes] = []
    buffer, position = head, 0
    for row in range(len(matrix)):
        space = buffer.find(b" ", position)
        while space < 0 or len(buffer) - space <= width:
            more = file.read(_CHUNK) if space >= 0 or len(buffer) - position < _LONGEST_WORD else b""
            if not more:
                raise _no_row(path, row, len(matrix), len(buffer) - position, width)
            buffer, position = buffer[position:] + more, 0
            space = buffer.find(b" ")
        word = buffer[position:space].removeprefix(_NEWLINE)
        if not word or _NEWLINE in word:
            raise FormatError(
                f"{path}, word {row + 1:,}: found {word[:40]!r} where a word should begin. Is the number of "
                f"dimensions in line 1 ({matrix.shape[1]}) right, and the file word2vec's binary format?"
            )
        words.append(word)
        position = space + 1 + width
        target[row * width : (row + 1) * width] = buffer[space + 1 : position]
    rest = buffer[position:] or file.read(2)
    if complete and (rest not in (b"", _NEWLINE) or file.read(1)):
        raise FormatError(
            f"{path}: more follows the {len(matrix):,} words that line 1 announces. Correct line 1."
        )
    return words


def _no_row(path: Path, row: int, rows: int, found: int, width: int) -> FormatError:
    if found >= _LONGEST_WORD + width:
        return FormatError(f"{path}, word {row + 1:,}: no word begins here; is it word2vec's binary format?")
    return FormatError(
        f"{path} is cut short: line 1 announces {rows:,} words, found {row:,} and {found:,} bytes more."
    )


def write_rows(file: BinaryIO, words: Sequence[bytes], block: NDArray[np.float32]) -> None:
    """Write a block of rows as the C program does.

    Parameters
    ----------
    file
        Open for writing.
    words
        Encoded, without blanks.
    block
        Little-endian float32, shape ``(len(words), vector_size)``, contiguous.
    """
    width = block.shape[1] * 4
    data = block.tobytes()
    parts: list[bytes] = []
    for i, word in enumerate(words):
        parts += (word, b" ", data[i * width : (i + 1) * width], _NEWLINE)
    file.write(b"".join(parts))
