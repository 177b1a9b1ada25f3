"""Open files of vectors by name: ``.gz .bz2 .xz .zst`` are unpacked and packed on the way."""

from __future__ import annotations

import bz2
import contextlib
import difflib
import gzip
import io
import lzma
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from coterie.errors import CoterieError, FormatError, MissingFileError, ResourceError

__all__ = [
    "BUFFER_BYTES",
    "COMPRESSIONS",
    "compressed",
    "glob_escaped",
    "is_folder",
    "missing_path",
    "reading",
]

COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
"""Endings of a name that say how the file is compressed."""

BUFFER_BYTES = 1 << 20
"""Of a file that is read or written through a buffer."""


@contextlib.contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open ``path`` for reading bytes, decompressed as its name says.

    Raises
    ------
    MissingFileError
        Nothing is there.
    FormatError
        A folder or a pipe is there, or the archive is broken (also while reading in the body).
    ResourceError
        The system refuses, or has too little memory.
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise missing_path(path) from None
    except OSError as error:
        raise ResourceError(f"{path} can't be read: {error.strerror or error}.") from error
    if stat.S_ISDIR(mode):
        raise FormatError(f"{path} is a folder; name a file of vectors in it.")
    if not stat.S_ISREG(mode):  # to open a pipe may take for ever, and a device may have no end
        raise FormatError(f"{path} is no regular file, but a pipe or a device. Write it to a file first.")
    packed = path.suffix in COMPRESSIONS
    try:
        with path.open("rb") as raw, _decompressed(raw, path.suffix) as source:
            yield source
    except CoterieError:
        raise
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise _broken_archive(path, error) from error
    except MemoryError as error:
        raise ResourceError(f"{path} can't be read: too little memory. Set limit, or free some.") from error
    except OSError as error:
        # bz2 and zstd tell of bad data with a plain OSError, without a number of the system's.
        if packed and error.errno is None:
            raise _broken_archive(path, error) from error
        raise ResourceError(f"{path} can't be read: {error.strerror or error}.") from error


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Tell whether a folder is there; of what can't be looked at, False (``Path.is_dir`` raises)."""
    with contextlib.suppress(OSError, ValueError):
        return stat.S_ISDIR(Path(path).stat().st_mode)
    return False


def _broken_archive(path: Path, error: Exception) -> FormatError:
    return FormatError(f"{path}: the {path.suffix} archive is broken or cut short ({error}). Fetch it anew.")


def _decompressed(raw: BinaryIO, suffix: str) -> contextlib.AbstractContextManager[BinaryIO]:
    if suffix == ".gz":
        return cast("BinaryIO", gzip.GzipFile(fileobj=raw, mode="rb"))
    if suffix == ".bz2":
        return cast("BinaryIO", bz2.BZ2File(raw))
    if suffix == ".xz":
        return cast("BinaryIO", lzma.LZMAFile(raw))
    if suffix == ".zst":
        import pyarrow

        # Buffered, since Arrow's streams have no lines.
        return io.BufferedReader(
            pyarrow.CompressedInputStream(pyarrow.PythonFile(raw, mode="r"), "zstd"), BUFFER_BYTES
        )
    return contextlib.nullcontext(raw)


def compressed(raw: BinaryIO, suffix: str) -> contextlib.AbstractContextManager[BinaryIO]:
    """Return what compresses into an open file, as the ending of its name says."""
    if suffix == ".gz":
        # No time and no name in the header: the same vectors give the same bytes.
        return cast("BinaryIO", gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0))
    if suffix == ".bz2":
        return cast("BinaryIO", bz2.BZ2File(raw, "wb"))
    if suffix == ".xz":
        return cast("BinaryIO", lzma.LZMAFile(raw, "wb"))
    if suffix == ".zst":
        import pyarrow

        stream: BinaryIO = pyarrow.CompressedOutputStream(pyarrow.PythonFile(raw, mode="w"), "zstd")
        return stream
    return contextlib.nullcontext(raw)


def missing_path(path: Path) -> MissingFileError:
    """Build the error for a path where nothing is, with what is there instead."""
    held = is_folder(path.parent)
    aside = sorted(path.parent.glob(f".{glob_escaped(path.name)}.*.old")) if held else []
    if aside:
        return MissingFileError(
            f"{path} does not exist, but an interrupted save left the earlier one at {aside[-1]}: rename it."
        )
    parent = path.parent
    while not is_folder(parent):
        parent = parent.parent
    wanted = path.relative_to(parent).parts[0]
    try:
        names = sorted(entry.name for entry in parent.iterdir() if not entry.name.startswith("."))
    except OSError:  # a folder that may be entered, but not listed
        return MissingFileError(f"{path} does not exist.")
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5) or names[:5]
    return MissingFileError(f"{path} does not exist. In {parent} there is {', '.join(near) or 'nothing'}.")


def glob_escaped(name: str) -> str:
    """Return a pattern that only this name matches."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
