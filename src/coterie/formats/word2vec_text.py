"""Rows of word2vec's text format; PyArrow's CSV reader does the fast part, and nothing by itself decides.

A block of lines that PyArrow refuses, or that holds something it reads by other rules than ours, is
read line by line: that finds the line to name in the error, or takes the block all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.files import reading

__all__ = ["measure", "read_rows", "write_rows"]

_CHUNK = 8 << 20
_BOM = b"\xef\xbb\xbf"
_SHOWN = 40


def measure(path: Path) -> tuple[int, int]:
    """Return rows and dimensions of a file without a header, from its first line and its line ends."""
    rows, size, last = 0, 0, b"\n"
    with reading(path) as file:
        while chunk := file.read(_CHUNK):
            if not rows and not size:
                size = chunk.split(b"\n", 1)[0].rstrip(b" \r").count(b" ")
            rows += chunk.count(b"\n")
            last = chunk[-1:]
    rows += last != b"\n"
    if not rows or not size:
        raise FormatError(f'{path}, line 1: expected "word number … number".')
    return rows, size


def read_rows(
    file: BinaryIO,
    head: bytes,
    matrix: NDArray[np.float32],
    *,
    path: Path,
    complete: bool,
    first_line: int = 2,
) -> list[bytes]:
    """Fill ``matrix`` and return the words.

    Parameters
    ----------
    file
        Open behind ``head``.
    head
        What was read after the header line.
    matrix
        float32, shape ``(rows to read, vector_size)``.
    path
        For messages.
    complete
        All rows of the file are asked for, so nothing may follow them.
    first_line
        The first row's line in the file, for messages.
    """
    words: list[bytes] = []
    size = matrix.shape[1]
    for block in _line_blocks(file, head):
        left = len(matrix) - len(words)
        if not left and not complete:
            break
        if not left and not block.strip(b"\r\n"):
            continue
        found, rows = _parse_fast(block, size) or _parse_slowly(
            block, size, f"{path}, line ", first_line + len(words), None if complete else left
        )
        if complete and len(found) > left:
            raise FormatError(
                f"{path}: line 1 announces {len(matrix):,} words, and more follow from "
                f"line {first_line + len(matrix)}. Correct line 1."
            )
        matrix[len(words) : len(words) + len(found)] = rows[:left]
        words += found[:left]
    if len(words) < len(matrix):
        raise FormatError(
            f"{path} is cut short: line 1 announces {len(matrix):,} words, found {len(words):,}."
        )
    return words


def _line_blocks(file: BinaryIO, head: bytes) -> Iterator[bytes]:
    """Yield some MiB of whole lines at a time."""
    pieces: list[bytes] = []
    chunk = head
    while chunk:
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield b"".join([*pieces, chunk[:cut]])
            pieces = []
        pieces.append(chunk[cut:])
        chunk = file.read(_CHUNK)
    if rest := b"".join(pieces):
        yield rest


def _parse_fast(block: bytes, size: int) -> tuple[list[bytes], NDArray[np.float32]] | None:
    """Parse with PyArrow; ``None`` where it refuses or would take liberties."""
    import pyarrow as pa
    from pyarrow import csv

    first = block.split(b"\n", 1)[0]
    trailing = first.endswith(b" ")
    # PyArrow also ends lines at carriage returns and drops a byte-order mark, which may be a word's.
    if first.count(b" ") != size + trailing or b"\r" in block or block.startswith(_BOM):
        return None
    types = {f"f{j}": pa.float32() for j in range(1, size + 1)} | {
        "f0": pa.binary(),
        f"f{size + 1}": pa.binary(),
    }
    try:
        table = csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(autogenerate_column_names=True, block_size=_CHUNK),
            csv.ParseOptions(delimiter=" ", quote_char=False, double_quote=False, ignore_empty_lines=False),
            csv.ConvertOptions(check_utf8=False, column_types=types, null_values=[]),
        )
    except pa.ArrowInvalid:
        return None
    words: list[bytes] = table.column(0).to_pylist()
    if b"" in words or (trailing and any(table.column(size + 1).to_pylist())):
        return None
    rows = np.empty((len(words), size), dtype=np.float32)
    for j in range(size):
        rows[:, j] = table.column(j + 1).to_numpy()
    return (words, rows) if np.isfinite(rows).all() else None


def _parse_slowly(
    block: bytes, size: int, place: str, line_number: int, most: int | None
) -> tuple[list[bytes], NDArray[np.float32]]:
    """Parse line by line from ``line_number`` on; after ``most`` rows it stops."""
    words: list[bytes] = []
    rows: list[list[float]] = []
    for number, line in enumerate(block.rstrip(b"\r\n").split(b"\n")[:most], line_number):
        word, *fields = line.rstrip(b" \r").split(b" ")
        if not word or len(fields) != size:
            shown = word[:_SHOWN].decode("utf-8", "backslashreplace")
            raise FormatError(
                f"{place}{number}: {len(fields)} numbers after {shown!r}; every row must have {size}."
            )
        rows.append(_numbers(fields, f"{place}{number}"))
        words.append(word)
    return words, np.array(rows, dtype=np.float32).reshape(len(rows), size)


def _numbers(fields: Sequence[bytes], place: str) -> list[float]:
    numbers = []
    for field in fields:
        try:
            number = float(field)
        except ValueError:
            number = float("nan")
        if not abs(number) <= float(np.finfo(np.float32).max):
            shown = field[:_SHOWN].decode("utf-8", "backslashreplace")
            raise FormatError(f"{place}: {shown!r} is not a finite number.")
        numbers.append(number)
    return numbers


def write_rows(file: BinaryIO, words: Sequence[bytes], block: NDArray[np.float32]) -> None:
    """Write a block of rows with the shortest numbers that read back as the same float32.

    Parameters
    ----------
    file
        Open for writing.
    words
        Encoded, without blanks.
    block
        float32, shape ``(len(words), vector_size)``.
    """
    import pyarrow as pa
    from pyarrow import compute

    columns = [compute.cast(pa.array(column), pa.string()) for column in block.T]
    numbers = compute.binary_join_element_wise(*columns, " ").to_pylist()
    file.writelines(b"%s %s\n" % (w, n.encode()) for w, n in zip(words, numbers, strict=True))
