"""Rows of word2vec's binary format: ``word``, a blank, float32 numbers, and from the C program a newline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.rows import RowBuffer
from coterie.formats.words import EncodingErrors, check_finite, decode_words

__all__ = ["read_rows", "write_rows"]

_CHUNK = 2 << 20
_BLOCK_BYTES = 4 << 20
# A blank further away than this means that we are not at the beginning of a word.
_LONGEST_WORD = 1 << 20
_NEWLINE = b"\n"


class _Source:
    """What was read of the file and not yet used: ``buffer`` from ``position`` on."""

    def __init__(self, path: Path, file: BinaryIO, head: bytes, announced: int) -> None:
        self.path, self.file, self.announced = path, file, announced
        self.buffer, self.position, self.row = head, 0, 0

    def fill(self, rows: NDArray[np.float32]) -> list[bytes]:
        """Fill ``rows`` and return their words."""
        words: list[bytes] = []
        width = rows.shape[1] * 4
        target = rows.reshape(-1).view(f"V{width}")
        while len(words) < len(rows):
            found = self._rows(len(rows) - len(words), width)
            spaces = np.array(found)
            # Rows at any byte, as one array whose items overlap: NumPy then copies them in one go.
            last = len(self.buffer) - width + 1
            at_any_byte = np.ndarray((last,), dtype=f"V{width}", buffer=self.buffer, strides=(1,))
            target[len(words) : len(words) + len(found)] = at_any_byte[spaces + 1]
            words += self._words(found, width)
            self.position = found[-1] + 1 + width
        return words

    def _rows(self, most: int, width: int) -> list[int]:
        """Return where the words of the next rows end, of as many as are held and at least one."""
        spaces: list[int] = []
        space = self.buffer.find(b" ", self.position)
        if space < 0 or len(self.buffer) - space <= width:
            space = self._read_more(width)
        find, last, step = self.buffer.find, len(self.buffer) - width, 1 + width
        # The blank after the next word is looked for behind the numbers of this one.
        while 0 <= space < last:
            spaces.append(space)
            if len(spaces) == most:
                break
            space = find(b" ", space + step)
        return spaces

    def _words(self, spaces: list[int], width: int) -> list[bytes]:
        """Return the words that end there, of which the C program ends the row before with a newline."""
        buffer, step = self.buffer, 1 + width
        starts = [self.position, *(space + step for space in spaces[:-1])]
        # No word holds a blank, so what is done to all of them joined is done to each.
        joined = b" ".join([buffer[start:space] for start, space in zip(starts, spaces, strict=True)])
        joined = joined.removeprefix(_NEWLINE).replace(b" \n", b" ")
        words = joined.split(b" ")
        if _NEWLINE in joined or b"" in words:
            row = next(i for i, word in enumerate(words) if not word or _NEWLINE in word)
            raise FormatError(
                f"{self.path}, word {self.row + row + 1:,}: found {words[row][:40]!r} where a word should "
                f"begin. Is the number of dimensions in line 1 ({width // 4}) right, and the file word2vec's "
                "binary format?"
            )
        self.row += len(words)
        return words

    def _read_more(self, width: int) -> int:
        """Read until the next row is whole, and return where its word ends."""
        space = self.buffer.find(b" ", self.position)
        while space < 0 or len(self.buffer) - space <= width:
            held = len(self.buffer) - self.position
            more = self.file.read(_CHUNK) if space >= 0 or held < _LONGEST_WORD else b""
            if not more:
                raise self._no_row(held, width)
            self.buffer, self.position = self.buffer[self.position :] + more, 0
            space = self.buffer.find(b" ")
        return space

    def _no_row(self, found: int, width: int) -> FormatError:
        if found >= _LONGEST_WORD + width:
            return FormatError(
                f"{self.path}, word {self.row + 1:,}: no word begins here; is it word2vec's binary format?"
            )
        return FormatError(
            f"{self.path} is cut short: line 1 announces {self.announced:,} words, found {self.row:,} and "
            f"{found:,} bytes more."
        )

    def check_end(self) -> None:
        """Refuse anything behind the last row."""
        rest = self.buffer[self.position :] or self.file.read(2)
        if rest not in (b"", _NEWLINE) or self.file.read(1):
            raise FormatError(
                f"{self.path}: more follows the {self.announced:,} words that line 1 announces. "
                "Correct line 1."
            )


def read_rows(
    file: BinaryIO,
    head: bytes,
    rows: RowBuffer,
    wanted: int,
    announced: int,
    *,
    path: Path,
    complete: bool,
    errors: EncodingErrors,
) -> list[str]:
    """Fill ``rows`` and return the words.

    Parameters
    ----------
    file
        Open behind ``head``.
    head
        What was read after the header line.
    rows
        Empty.
    wanted, announced
        How many rows to read, and how many the file says it has.
    path
        For messages.
    complete
        All rows of the file are asked for, so nothing may follow them.
    errors
        For words that are not UTF-8.
    """
    source = _Source(path, file, head, announced)
    words: list[str] = []
    step = max(1, _BLOCK_BYTES // (4 * rows.size))
    while len(words) < wanted:
        block = rows.room(min(step, wanted - len(words)))
        found = decode_words(path, source.fill(block), errors, len(words) + 1)
        check_finite(path, found, block)
        words += found
    if complete:
        source.check_end()
    return words


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
