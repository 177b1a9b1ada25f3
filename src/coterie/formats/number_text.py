"""Rows of numbers written as text: PyArrow's CSV reader does the fast part, and nothing by itself decides.

A block of lines that PyArrow refuses, or that holds something it reads by other rules than ours, is
read line by line: that finds the line to name in the error, or takes the block all the same. Either way a
number becomes the float32 nearest to what is written, rounded once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.words import shown

__all__ = ["CHUNK", "NumberText", "is_number", "write_numbers"]

CHUNK = 4 << 20
_BOM = b"\xef\xbb\xbf"
_SHOWN = 40
_THREADED = 1 << 20  # less is parsed before a second thread has woken
# Room for a word and for numbers with more digits than float64 has; a longer line is no row of vectors.
_LONGEST_WORD, _LONGEST_NUMBER = 1 << 20, 64


def is_number(field: bytes) -> bool:
    """Tell whether bytes are a decimal number or one of the names of what is none (``nan``, ``inf``)."""
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field


@dataclass(frozen=True)
class NumberText:
    """Lines of a file with ``size`` numbers each, behind a word or without.

    Parameters
    ----------
    path
        For messages.
    size
        Numbers in a line.
    delimiter
        The byte between two fields.
    words
        Whether the first field is a word.
    blanks
        Whether the word may hold the delimiter: it then ends before the last ``size`` fields, and does not
        end in a number, or a row with a number too many would pass for one.
    first_line
        The number in the file of the first line read.
    """

    path: Path
    size: int
    delimiter: bytes = b" "
    words: bool = True
    blanks: bool = False
    first_line: int = 1

    def read(
        self, file: BinaryIO, head: bytes, most: int | None = None
    ) -> Iterator[tuple[list[bytes], NDArray[np.float32]]]:
        """Yield words (empty bytes if there are none) and rows, some MiB of text at a time.

        Parameters
        ----------
        file
            Open behind ``head``.
        head
            What was read of the lines.
        most
            Stop after so many rows; what follows is not looked at.
        """
        done = 0
        for block in self._line_blocks(file, head):
            if most is not None and done >= most:
                return
            left = None if most is None else most - done
            words, rows = self._parse_fast(block) or self._parse_slowly(block, self.first_line + done, left)
            yield words[:left], rows[:left]
            done += len(words)

    def _line_blocks(self, file: BinaryIO, head: bytes) -> Iterator[bytes]:
        """Yield whole lines; the blank ones at the file's end are left out."""
        longest = _LONGEST_WORD + _LONGEST_NUMBER * self.size
        pieces: list[bytes] = []
        waiting, held = b"", 0
        chunk = head or file.read(CHUNK)
        while chunk:
            cut = chunk.rfind(b"\n") + 1
            if cut:
                if waiting:
                    yield waiting
                waiting = b"".join([*pieces, chunk[:cut]])
                pieces, held = [], 0
            pieces.append(chunk[cut:])
            held += len(chunk) - cut
            if held > longest:
                raise FormatError(
                    f"{self.path}: a line has more than {longest:,} bytes; it is no row of vectors."
                )
            chunk = file.read(CHUNK)
        rest = b"".join(pieces)
        if rest.strip(b"\r\n"):
            if waiting:
                yield waiting
            waiting = rest
        if waiting := waiting.rstrip(b"\r\n"):
            yield waiting

    def _parse_fast(self, block: bytes) -> tuple[list[bytes], NDArray[np.float32]] | None:
        """Parse with PyArrow; ``None`` where it refuses or would take liberties."""
        import pyarrow as pa
        from pyarrow import csv

        first = block.split(b"\n", 1)[0]
        trailing = first.endswith(self.delimiter)
        fields = self.size + self.words
        # PyArrow also ends lines at carriage returns and drops a byte-order mark, which may be a word's.
        if first.count(self.delimiter) + 1 != fields + trailing or b"\r" in block or block.startswith(_BOM):
            return None
        # Names of our own: those that PyArrow makes up are wrong where usearch was imported before it.
        names = [str(j) for j in range(fields + trailing)]
        types = {name: pa.float32() for name in names[self.words : fields]}
        types |= {name: pa.binary() for name in (*names[: self.words], *names[fields:])}
        try:
            table = csv.read_csv(
                pa.BufferReader(block),
                csv.ReadOptions(
                    column_names=names,
                    block_size=max(CHUNK, len(block)),
                    use_threads=len(block) > _THREADED,
                ),
                csv.ParseOptions(
                    delimiter=self.delimiter.decode(),
                    quote_char=False,
                    double_quote=False,
                    ignore_empty_lines=False,
                ),
                csv.ConvertOptions(check_utf8=False, column_types=types, null_values=[]),
            )
        except pa.ArrowInvalid:
            return None
        words: list[bytes] = table.column(0).to_pylist() if self.words else [b""] * len(table)
        if (self.words and b"" in words) or (trailing and any(table.column(fields).to_pylist())):
            return None
        rows = np.empty((len(words), self.size), dtype=np.float32)
        for j in range(self.size):
            rows[:, j] = table.column(self.words + j).to_numpy()
        return (words, rows) if np.isfinite(rows).all() else None

    def _parse_slowly(
        self, block: bytes, line_number: int, most: int | None
    ) -> tuple[list[bytes], NDArray[np.float32]]:
        """Parse line by line from ``line_number`` on; after ``most`` rows it stops."""
        words: list[bytes] = []
        lines = block.removesuffix(b"\n").split(b"\n")[:most]
        rows = np.empty((len(lines), self.size), dtype=np.float32)
        for i, line in enumerate(lines):
            place = f"{self.path}, line {line_number + i}"
            word, fields = self._fields(line.rstrip(self.delimiter + b"\r"), place)
            rows[i] = _numbers(fields, place)
            words.append(word)
        return words, rows

    def _fields(self, line: bytes, place: str) -> tuple[bytes, list[bytes]]:
        parts = line.split(self.delimiter)
        if not self.words:
            word, fields = b"", parts
        elif self.blanks and len(parts) > self.size + 1 and not is_number(parts[-self.size - 1]):
            word, fields = self.delimiter.join(parts[: -self.size]), parts[-self.size :]
        else:
            word, fields = parts[0], parts[1:]
        if (self.words and not word) or len(fields) != self.size:
            after = f" after {shown(word, _SHOWN)!r}" if self.words else ""
            raise FormatError(f"{place}: {len(fields)} numbers{after}; every row must have {self.size}.")
        return word, fields


def _numbers(fields: Sequence[bytes], place: str) -> NDArray[np.float32]:
    """Return the nearest float32 of each field by the same parser as the fast path's."""
    import pyarrow as pa

    plain = [field.strip(b"\t") for field in fields]
    plain = [field[1:] if field.startswith(b"+") and field[1:2] != b"-" else field for field in plain]
    try:
        numbers: NDArray[np.float32] = _cast(plain)
    except pa.ArrowInvalid:
        wrong = next(field for field in plain if not _is_castable(field))
    else:
        if np.isfinite(numbers).all():
            return numbers
        wrong = fields[int(np.isfinite(numbers).argmin())]
    raise FormatError(f"{place}: {shown(wrong, _SHOWN)!r} is not a finite number.")


def _cast(fields: Sequence[bytes]) -> NDArray[np.float32]:
    import pyarrow as pa

    # Latin-1: no byte is refused before the number is looked at.
    texts = pa.array([field.decode("latin-1") for field in fields], pa.string())
    numbers: NDArray[np.float32] = texts.cast(pa.float32()).to_numpy()
    return numbers


def _is_castable(field: bytes) -> bool:
    import pyarrow as pa

    try:
        _cast([field])
    except pa.ArrowInvalid:
        return False
    return True


def write_numbers(
    file: BinaryIO, block: NDArray[np.float32], delimiter: bytes, words: Sequence[bytes]
) -> None:
    """Write a block of rows with the shortest numbers that read back as the same float32.

    Parameters
    ----------
    file
        Open for writing.
    block
        float32, shape ``(rows, vector_size)``.
    delimiter
        Between two fields.
    words
        Encoded, one a row; or empty, for rows without words.
    """
    import pyarrow as pa
    from pyarrow import compute

    texts = compute.cast(pa.array(block.reshape(-1)), pa.string())
    ends = np.arange(0, block.size + 1, block.shape[1], dtype=np.int32)
    lines = compute.binary_join(
        pa.ListArray.from_arrays(pa.array(ends), texts), delimiter.decode()
    ).to_pylist()
    if words:
        file.writelines(b"%s%s%s\n" % (w, delimiter, n.encode()) for w, n in zip(words, lines, strict=True))
    else:
        file.writelines(b"%s\n" % line.encode() for line in lines)
