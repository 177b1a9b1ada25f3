"""safetensors: named arrays in one file, without pickle, mapped into memory instead of read.

The layout is 8 bytes of little-endian header length, a JSON header ``{name: {dtype, shape,
data_offsets}}`` and the arrays' raw row-major bytes. Our header is padded with blanks so that the data
start at a multiple of 64 bytes. Arrays are written by blocks of rows, so a column slice of a padded
matrix is never copied whole. See https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.files import reading
from coterie.formats.json_text import parse_json

__all__ = ["map_safetensors", "write_safetensors"]

_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}
_ALIGNMENT = 64
_BLOCK_BYTES = 4 << 20
# The format's own limit; also keeps a file that is something else from being read as a header.
_LONGEST_HEADER = 100_000_000


def write_safetensors(
    file: BinaryIO, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None
) -> None:
    """Write ``arrays`` to an open binary file.

    Parameters
    ----------
    file
        Open for writing.
    arrays
        Arrays of any shape and strides; numbers or booleans.
    metadata
        Strings for the header's ``__metadata__``.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    position = 0
    for name, array in arrays.items():
        dtype = array.dtype.newbyteorder("<")
        if dtype not in _NAMES:
            raise FormatError(f"array {name!r} has dtype {array.dtype}, which safetensors files can't hold.")
        end = position + array.size * dtype.itemsize
        header[name] = {"dtype": _NAMES[dtype], "shape": list(array.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % _ALIGNMENT)
    file.write(struct.pack("<Q", len(text)) + text)
    for array in arrays.values():
        _write_rows(file, array)


def _write_rows(file: BinaryIO, array: NDArray[Any]) -> None:
    rows = array.reshape(1) if array.ndim == 0 else array
    row_bytes = max(1, math.prod(rows.shape[1:]) * rows.itemsize)
    step = max(1, _BLOCK_BYTES // row_bytes)
    for start in range(0, len(rows), step):
        block = np.ascontiguousarray(rows[start : start + step], dtype=array.dtype.newbyteorder("<"))
        file.write(block.reshape(-1).view(np.uint8).data)


def map_safetensors(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Map every array of a safetensors file, read-only; nothing but the header is read.

    Raises
    ------
    FormatError
        The file is missing, damaged, cut short, or holds a dtype that NumPy lacks.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(f"{folder}/a.safetensors", "wb") as file:
    ...         write_safetensors(file, {"eye": np.eye(2, dtype=np.float32)})
    ...     map_safetensors(f"{folder}/a.safetensors")["eye"].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    path = Path(path)
    header, start = _read_header(path)
    size = path.stat().st_size
    end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    if start + end != size:
        what = "cut short" if size < start + end else "longer than it should be"
        raise FormatError(
            f"{path} is {what}: its header asks for {start + end:,} bytes, found {size:,}. Copy it again."
        )
    data = np.memmap(path, dtype=np.uint8, mode="r") if size else np.empty(0, dtype=np.uint8)
    plain = np.asarray(data)
    arrays = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        flat = plain[start + first : start + last].view(_DTYPES[entry["dtype"]])
        try:
            arrays[name] = flat.reshape(entry["shape"])
        except (ValueError, TypeError) as error:  # beside a length of 0 the others may be anything
            raise FormatError(
                f"{path} is damaged: array {name!r} has shape {entry['shape']} ({error})."
            ) from error
    return arrays


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    """Return the arrays' entries, checked, and the byte at which the data start."""
    with reading(path) as file:
        size = path.stat().st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 2 <= length <= min(_LONGEST_HEADER, size - 8):
            raise FormatError(
                f"{path} is no safetensors file or is cut short: it has {size:,} bytes, "
                f"where a header of {length:,} is announced."
            )
        text = file.read(length)
    try:
        header = parse_json(text)
    except ValueError as error:
        raise FormatError(f"{path} is damaged: its header is no JSON ({error}).") from error
    if not isinstance(header, dict):
        raise FormatError(f"{path} is damaged: its header is no JSON object.")
    header.pop("__metadata__", None)
    for name, entry in header.items():
        _check_entry(path, name, entry)
    return header, 8 + length


def _check_entry(path: Path, name: str, entry: Any) -> None:
    try:
        dtype, shape, (first, last) = entry["dtype"], entry["shape"], entry["data_offsets"]
        whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in [*shape, first, last])
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path} is damaged: array {name!r} lacks dtype, shape or data_offsets.") from error
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise FormatError(f"{path}: array {name!r} has dtype {dtype}; readable are {', '.join(_DTYPES)}.")
    if not whole:
        raise FormatError(
            f"{path} is damaged: array {name!r} has shape {shape} and offsets {first!r}, {last!r}."
        )
    expected = math.prod(shape) * np.dtype(_DTYPES[dtype]).itemsize
    if last - first != expected:
        raise FormatError(
            f"{path} is damaged: array {name!r} of shape {shape} needs {expected:,} bytes, "
            f"its offsets give {last - first:,}."
        )
