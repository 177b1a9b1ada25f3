"""A saved index of neighbours: the library's file, and beside it a JSON file that tells what it is of.

Both are checked before the library sees its own file, which it maps and trusts: a damaged one could end the
process, or give wrong neighbours.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError, ResourceError
from coterie.formats.files import missing_path
from coterie.formats.json_text import parse_json
from coterie.formats.replacing import replacing_file

__all__ = [
    "BUILD_AGAIN",
    "INDEX",
    "SIDECAR",
    "fingerprint",
    "index_path",
    "read_index_description",
    "sidecar",
    "write_index",
]

INDEX, SIDECAR = "neighbours.usearch", ".json"
"""The index's name in a model folder, and what is added to an index's name for the JSON file."""

BUILD_AGAIN = "Build the index again: coterie index."
"""What to do about an index that can't be used."""

_FORMAT_VERSION = 1
_BLOCK = 1 << 24


def index_path(source: str | os.PathLike[str]) -> Path:
    """Return where the index of a model folder, or of a file of vectors, is saved.

    Examples
    --------
    >>> index_path("vectors.bin").name
    'vectors.bin.neighbours'
    """
    path = Path(source)
    return path / INDEX if path.is_dir() else path.with_name(path.name + ".neighbours")


def fingerprint(matrix: NDArray[np.float32]) -> str:
    """Return what tells these vectors from any others: the SHA-256 of their shape and numbers.

    Examples
    --------
    >>> fingerprint(np.eye(2, dtype=np.float32))[:10]
    'sha256:acc'
    """
    digest = hashlib.sha256(repr(matrix.shape).encode())
    step = max(1, _BLOCK // max(1, 4 * matrix.shape[1]))
    for start in range(0, len(matrix), step):
        digest.update(np.ascontiguousarray(matrix[start : start + step], dtype="<f4").data)
    return f"sha256:{digest.hexdigest()}"


def write_index(
    path: Path, save: Callable[[str], None], expected_bytes: int, description: Mapping[str, Any]
) -> None:
    """Write an index and its description; an earlier one stays until the new one is complete.

    Parameters
    ----------
    path
        The index's file.
    save
        Writes the index to a file of the name that it is given; a RuntimeError is a failure to do so.
    expected_bytes
        How long that file must be then.
    description
        JSON-ready. The format's version and the file's length and check sum are added.

    Raises
    ------
    FormatError
        A link is there.
    ResourceError
        The system refuses.
    """
    for place in (path, sidecar(path)):
        if place.is_symlink():  # in a folder of someone else's it might lead to any file of ours
            raise FormatError(f"{place} is a link, and no index is written through one. Remove it.")
    # NumPy's numbers as Python's; what is no JSON is found before anything is replaced.
    description = json.loads(json.dumps(description, allow_nan=False, default=np.generic.item))
    with replacing_file(path) as file:
        try:
            save(file.name)
        except RuntimeError as error:
            raise ResourceError(f"{path} can't be written: {error}. Is there room on the disk?") from error
        size, check = _length_and_check_sum(Path(file.name))
        if size != expected_bytes:
            raise ResourceError(
                f"{path} can't be written: {size:,} of {expected_bytes:,} bytes are there. "
                "Is there room on the disk?"
            )
    # Between the two an earlier description doesn't fit the new file: it is refused, not believed.
    told = {"format_version": _FORMAT_VERSION, **description, "bytes": size, "crc32": check}
    with replacing_file(sidecar(path)) as file:
        file.write((json.dumps(told, indent=2, allow_nan=False) + "\n").encode())


def sidecar(path: Path) -> Path:
    """Return where the description of the index at ``path`` is."""
    return path.with_name(path.name + SIDECAR)


def read_index_description(path: Path) -> dict[str, Any]:
    """Return the description of a saved index, once its file is found to be what was written.

    Raises
    ------
    FormatError
        No index is there, it is damaged or cut short, or a newer Coterie wrote it.
    """
    told = _read_sidecar(path)
    if not path.is_file():
        raise FormatError(f"{path} is missing, but its {sidecar(path).name} is there. {BUILD_AGAIN}")
    try:
        size = path.stat().st_size
        if size != told["bytes"]:
            what = "cut short" if size < told["bytes"] else "longer than it should be"
            raise FormatError(
                f"{path} is {what}: {told['bytes']:,} bytes were written, found {size:,}. {BUILD_AGAIN}"
            )
        check = _length_and_check_sum(path)[1]
    except OSError as error:
        raise ResourceError(f"{path} can't be read: {error.strerror or error}.") from error
    if check != told["crc32"]:
        raise FormatError(
            f"{path} is damaged: its check sum is {check}, expected {told['crc32']}. {BUILD_AGAIN}"
        )
    return told


_KINDS = {
    "format_version": int,
    "words": int,
    "vector_size": int,
    "fingerprint": str,
    "parameters": dict,
    "bytes": int,
    "crc32": int,
}


def _read_sidecar(path: Path) -> dict[str, Any]:
    file = sidecar(path)
    if not file.exists():
        if path.exists():
            raise FormatError(f"{file} is missing, without which {path.name} can't be checked. {BUILD_AGAIN}")
        raise missing_path(path)
    if not file.is_file():
        raise FormatError(f"{file} is no regular file. {BUILD_AGAIN}")
    try:
        told = parse_json(file.read_bytes())
    except ValueError as error:
        raise FormatError(f"{file} is damaged: no JSON ({error}). {BUILD_AGAIN}") from error
    except OSError as error:
        raise ResourceError(f"{file} can't be read: {error.strerror or error}.") from error
    version = told.get("format_version") if isinstance(told, dict) else None
    if isinstance(version, int) and version > _FORMAT_VERSION:
        raise FormatError(
            f"{file} has format version {version}, this Coterie reads up to {_FORMAT_VERSION}. "
            "Upgrade it: pip install --upgrade coterie; or build the index again: coterie index."
        )
    for name, kind in _KINDS.items():
        value = told.get(name) if isinstance(told, dict) else None
        if not isinstance(value, kind) or isinstance(value, bool):
            raise FormatError(f"{file} is damaged: {name} is {value!r}. {BUILD_AGAIN}")
    return dict(told)


def _length_and_check_sum(path: Path) -> tuple[int, int]:
    size = check = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            size, check = size + len(block), zlib.crc32(block, check)
    return size, check
