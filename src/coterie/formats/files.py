"""Open files of vectors by name (``.gz .bz2 .xz .zst``), and replace files and folders in one step.

What is written goes to a hidden sibling (``.name.1a2b3c4d.partial``) first, is flushed to the disk and then
takes the place of what was there: whoever looks, at any moment, sees the old or the new whole, never a
part. A writer that was killed leaves its sibling behind; the next one to write there removes it.
"""

from __future__ import annotations

import bz2
import contextlib
import ctypes
import difflib
import errno
import fcntl
import gzip
import lzma
import os
import secrets
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from coterie.errors import CoterieError, FormatError, ResourceError

__all__ = [
    "COMPRESSIONS",
    "is_partial",
    "missing_path",
    "reading",
    "replacing_file",
    "replacing_files",
    "replacing_folder",
    "try_folder",
]

COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
"""Endings of a name that say how the file is compressed."""

_BUFFER = 1 << 20
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextlib.contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open ``path`` for reading bytes, decompressed as its name says.

    Raises
    ------
    FormatError
        Nothing is there, a folder is there, or the archive is broken (also while reading in the body).
    ResourceError
        The system refuses, or has too little memory.
    """
    path = Path(path)
    if not path.exists():
        raise missing_path(path)
    if path.is_dir():
        raise FormatError(f"{path} is a folder; name a file of vectors in it.")
    compressed = path.suffix in COMPRESSIONS
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
        if compressed and error.errno is None:
            raise _broken_archive(path, error) from error
        raise ResourceError(f"{path} can't be read: {error.strerror or error}.") from error


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

        stream: BinaryIO = pyarrow.CompressedInputStream(pyarrow.PythonFile(raw, mode="r"), "zstd")
        return stream
    return contextlib.nullcontext(raw)


def _compressed(raw: BinaryIO, suffix: str) -> contextlib.AbstractContextManager[BinaryIO]:
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


def missing_path(path: Path) -> FormatError:
    """Build the error for a path where nothing is, with what is there instead."""
    aside = sorted(path.parent.glob(f".{_escaped(path.name)}.*.old")) if path.parent.is_dir() else []
    if aside:
        return FormatError(
            f"{path} does not exist, but an interrupted save left the earlier one at {aside[-1]}: rename it."
        )
    parent = path.parent
    while not parent.is_dir():
        parent = parent.parent
    wanted = path.relative_to(parent).parts[0]
    names = sorted(entry.name for entry in parent.iterdir() if not entry.name.startswith("."))
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5) or names[:5]
    return FormatError(f"{path} does not exist. In {parent} there is {', '.join(near) or 'nothing'}.")


@contextlib.contextmanager
def replacing_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open ``path`` for writing, compressed as its name says; it changes only when the body has ended well.

    Raises
    ------
    ResourceError
        No room, no permission, no such folder; nothing is left behind and an earlier file is as it was.
    """
    with replacing_files(path) as (file,):
        yield file


@contextlib.contextmanager
def replacing_files(*paths: str | os.PathLike[str]) -> Iterator[tuple[BinaryIO, ...]]:
    """Like :func:`replacing_file` for files that belong together.

    All are complete on the disk before the first of them takes its place; they do so in the order given.
    """
    real = [_replaceable(path) for path in paths]
    partials: list[Path] = []
    with _refusals(paths[0]), contextlib.ExitStack() as locks:
        try:
            with contextlib.ExitStack() as sinks:
                opened = []
                for path in real:
                    _sweep(path)
                    partial = _partial(path)
                    partial.touch(exist_ok=False)
                    partials.append(partial)
                    _lock(locks.enter_context(_opened(partial)))
                    raw = sinks.enter_context(partial.open("wb", buffering=_BUFFER))
                    opened.append(sinks.enter_context(_compressed(raw, path.suffix)))
                yield tuple(opened)
            for partial in partials:
                _sync(partial)
            for partial, path in zip(partials, real, strict=True):
                partial.replace(path)
        except BaseException:
            for partial in partials:
                partial.unlink(missing_ok=True)
            raise
        for folder in {path.parent for path in real}:
            _sync(folder)


def _replaceable(named: str | os.PathLike[str]) -> Path:
    path = Path(os.path.realpath(named))
    if path.exists() and not path.is_file():
        raise FormatError(f"{named} is not a regular file and is not replaced. Choose another name.")
    return path


@contextlib.contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Make a new folder to fill; when the body has ended well it takes the place of ``path``.

    What was at ``path`` is removed, so the caller must have made sure that it may go.

    Raises
    ------
    ResourceError
        No room, no permission; nothing is left behind and what was at ``path`` is as it was.
    """
    named, path = path, Path(os.path.realpath(path))
    with _refusals(named):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        partial = _partial(path)
        partial.mkdir()
        with _opened(partial) as descriptor:
            _lock(descriptor)
            try:
                yield partial
                for file in partial.iterdir():
                    _sync(file)
                _sync(partial)
                _take_place(partial, path)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
        shutil.rmtree(partial, ignore_errors=True)


def try_folder(path: str | os.PathLike[str]) -> None:
    """Make and remove a folder beside ``path`` as :func:`replacing_folder` does, to learn if it could.

    Raises
    ------
    ResourceError
        The system refuses.
    """
    real = Path(os.path.realpath(path))
    with _refusals(path):
        real.parent.mkdir(parents=True, exist_ok=True)
        partial = _partial(real)
        partial.mkdir()
        partial.rmdir()


def _take_place(partial: Path, path: Path) -> None:
    """Put ``partial`` at ``path``; what was there is then at ``partial``, or gone."""
    if not path.exists() or not any(path.iterdir()):
        partial.rename(path)
    elif not _exchange(partial, path):
        # Without the system's exchange there is a moment in which neither is at ``path``;
        # ``missing_path`` tells where the old one is.
        aside = partial.with_suffix(".old")
        path.rename(aside)
        try:
            partial.rename(path)
        except OSError:
            aside.rename(path)
            raise
        _sync(path.parent)
        shutil.rmtree(aside, ignore_errors=True)
    _sync(path.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two paths atomically; False where system or file system can't (Linux has renameat2)."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.EXDEV, errno.EOPNOTSUPP):
        return False
    raise OSError(number, os.strerror(number), str(other))


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")


def is_partial(path: Path, name: str) -> bool:
    """Tell whether a writer of a file called ``name`` has left this, or is at work on it.

    Examples
    --------
    >>> is_partial(Path(".config.json.1a2b3c4d.partial"), "config.json")
    True
    """
    return path.match(f".{_escaped(name)}.*.partial")


def _sweep(path: Path) -> None:
    """Remove what writers that were killed left beside ``path``; a living one holds a lock on its own."""
    for left in path.parent.glob(f".{_escaped(path.name)}.*.partial"):
        with contextlib.suppress(OSError), _opened(left) as descriptor:
            _lock(descriptor)
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _lock(descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    with _opened(path) as descriptor:
        os.fsync(descriptor)


@contextlib.contextmanager
def _refusals(path: str | os.PathLike[str]) -> Iterator[None]:
    """Tell the system's refusals as a ResourceError with what to do."""
    try:
        yield
    except CoterieError:
        raise
    except OSError as error:
        path = os.fspath(path)
        reason = error.strerror or str(error)
        if error.errno in _FULL:
            told = f"{path} can't be written: no room ({reason}). Free some, or write to another disk."
        elif error.errno in _REFUSED:
            told = f"{path} can't be written: {reason}. Choose a folder where you may write."
        elif error.errno in (errno.EEXIST, errno.ENOTDIR):
            told = f"{path} can't be written: a file is in the place of its folder. Choose another name."
        else:
            told = f"{path} can't be written: {reason}. Does its folder exist? Choose another."
        raise ResourceError(told) from error
