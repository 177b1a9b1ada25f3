"""NumPy's ``.npy``: a matrix, mapped on load, with the words beside it in ``NAME.words.txt``.

The header is a Python dictionary as text; it is matched, never evaluated. Format:
https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.files import COMPRESSIONS, reading
from coterie.formats.replacing import replacing_files
from coterie.formats.rows import RowBuffer, check_size
from coterie.formats.table import WordTable
from coterie.formats.word_lines import encode_lines, read_word_lines, write_word_lines
from coterie.formats.words import EncodingErrors, check_finite, check_reading, row_blocks, shown

__all__ = ["read_npy", "words_beside", "write_npy"]

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000
_DTYPE = re.compile(rb"""['"]descr['"]\s*:\s*['"]([<>=|]?)(f[248])['"]""")
_ORDER = re.compile(rb"""['"]fortran_order['"]\s*:\s*(True|False)\b""")
# Python 2 wrote an L behind its long numbers.
_SHAPE = re.compile(rb"""['"]shape['"]\s*:\s*\(\s*(\d{1,18})L?\s*,\s*(\d{1,18})L?\s*,?\s*\)""")


def words_beside(path: Path) -> Path:
    """Return where the words of an array are.

    Examples
    --------
    >>> words_beside(Path("vectors.npy")).name
    'vectors.words.txt'
    """
    return path.with_name(path.name.removesuffix(".npy") + ".words.txt")


def read_npy(
    path: str | os.PathLike[str], *, encoding_errors: EncodingErrors = "strict", limit: int | None = None
) -> WordTable:
    """Map a matrix and read its words.

    Parameters
    ----------
    path
        A two-dimensional array of float32 (mapped), float16 or float64 (converted).
    encoding_errors, limit
        As in :func:`coterie.formats.read`.

    Raises
    ------
    FormatError
        Something else is there, it is damaged, or the words don't fit.
    """
    path = Path(path)
    check_reading(encoding_errors, limit)
    if path.suffix in COMPRESSIONS:
        raise FormatError(f"{path}: arrays are mapped, so they can't be read compressed. Unpack it first.")
    mapped = _mapped(path)
    kept = mapped if limit is None else mapped[:limit]
    words, counts = read_word_lines(
        words_beside(path),
        path,
        len(kept),
        named=False,
        complete=len(kept) == len(mapped),
        errors=encoding_errors,
    )
    matrix = _as_float32(path, kept)
    if matrix is not kept:
        check_finite(path, words, matrix)  # also a float64 that float32 can't hold
    return WordTable(words, matrix, counts)


def _mapped(path: Path) -> NDArray[Any]:
    """Map the array; nothing but its header is read."""
    with reading(path) as file:
        start = file.read(8)
        width = 2 if start[6:7] == b"\x01" else 4
        length = int.from_bytes(file.read(width), "little")
        if (
            not start.startswith(MAGIC)
            or len(start) < 8
            or not 1 <= start[6] <= 3
            or length > _LONGEST_HEADER
        ):
            raise FormatError(f"{path} is no array of NumPy's, or its header is damaged.")
        header = file.read(length)
    dtype, order, shape = _DTYPE.search(header), _ORDER.search(header), _SHAPE.search(header)
    if len(header) < length or dtype is None or order is None or shape is None:
        raise FormatError(
            f"{path}: expected a two-dimensional array of floats, found {shown(header.strip(), 120)!r}."
        )
    rows, size = int(shape[1]), int(shape[2])
    check_size(str(path), size)
    numbers = np.dtype((dtype[1] + dtype[2]).decode())
    offset = 8 + width + length
    needed, found = offset + rows * size * numbers.itemsize, path.stat().st_size
    if needed != found:
        what = "cut short" if found < needed else "longer than it should be"
        raise FormatError(
            f"{path} is {what}: {rows:,} × {size:,} numbers need {needed:,} bytes, found {found:,}. "
            "Copy it again."
        )
    if not rows:
        return np.empty((0, size), dtype=numbers)
    flat = np.asarray(np.memmap(path, dtype=numbers, mode="r", offset=offset, shape=(rows * size,)))
    return flat.reshape(size, rows).T if order[1] == b"True" else flat.reshape(rows, size)


def _as_float32(path: Path, mapped: NDArray[Any]) -> NDArray[np.float32]:
    if mapped.dtype == np.dtype("<f4") and mapped.flags.c_contiguous:
        return mapped
    rows = RowBuffer(path, mapped.shape[1], len(mapped))
    step = max(1, (1 << 18) // mapped.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):  # it becomes infinite, and is found as that
        for start in range(0, len(mapped), step):
            rows.append(mapped[start : start + step])
    return rows.matrix()


def write_npy(
    path: str | os.PathLike[str],
    words: Sequence[str],
    matrix: NDArray[np.float32],
    counts: NDArray[np.int64] | None = None,
    *,
    replace_spaces: str | None = None,
) -> None:
    """Write the matrix, and words and counts beside it; the words take their place first.

    Parameters
    ----------
    path
        The file; not compressed, since it is mapped on load.
    words, matrix, counts
        The words, their float32 vectors, shape ``(len(words), vector_size)``, and int64 counts.
    replace_spaces
        What to write for a tab or line end inside a word.
    """
    path = Path(path)
    encoded = encode_lines(words, replace_spaces)
    layout = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(matrix)}, {matrix.shape[1]}), }}"
    text = layout.encode()
    text += b" " * (-(10 + len(text) + 1) % 64) + b"\n"
    with replacing_files(words_beside(path), path) as (beside, file):
        write_word_lines(beside, encoded, counts, named=False)
        file.write(MAGIC + b"\x01\x00" + len(text).to_bytes(2, "little") + text)
        for _, block in row_blocks(path, words, matrix):
            file.write(block.reshape(-1).view(np.uint8).data)
