"""Replace files and folders in one step: whoever looks, at any moment, sees the old or the new whole.

What is written goes to a hidden sibling (``.name.1a2b3c4d.partial``) first, is flushed to the disk and then
takes the place of what was there. A writer that was killed leaves its sibling behind; the next one to write
there removes it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from coterie.errors import CoterieError, FormatError, ResourceError
from coterie.formats.files import BUFFER_BYTES, compressed, glob_escaped

__all__ = [
    "check_file_place",
    "is_partial",
    "replacing_file",
    "replacing_files",
    "replacing_folder",
    "replacing_folder_by_file",
    "sync",
    "try_folder",
]

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


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
    real = [check_file_place(path) for path in paths]
    with _written(real, paths[0], Path.replace) as opened:
        yield opened


@contextlib.contextmanager
def replacing_folder_by_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Like :func:`replacing_file` where a folder is, which goes when the body has ended well.

    The caller must have made sure that it may go.
    """
    with _written([Path(os.path.realpath(path))], path, _replace_folder) as (file,):
        yield file


@contextlib.contextmanager
def _written(
    real: list[Path], named: str | os.PathLike[str], take_place: Callable[[Path, Path], object]
) -> Iterator[tuple[BinaryIO, ...]]:
    """Open a hidden sibling of each path; let them take the paths' places once all are on the disk."""
    partials: list[Path] = []
    with _refusals(named), contextlib.ExitStack() as locks:
        try:
            with contextlib.ExitStack() as sinks:
                opened = []
                for path in real:
                    _sweep(path)
                    partial = _partial(path)
                    partial.touch(exist_ok=False)
                    partials.append(partial)
                    _lock(locks.enter_context(_opened(partial, os.O_RDWR)))
                    raw = sinks.enter_context(partial.open("wb", buffering=BUFFER_BYTES))
                    opened.append(sinks.enter_context(compressed(raw, path.suffix)))
                yield tuple(opened)
            for partial in partials:
                sync(partial)
            for partial, path in zip(partials, real, strict=True):
                take_place(partial, path)
        except BaseException:
            for partial in partials:
                partial.unlink(missing_ok=True)
            raise
        for folder in {path.parent for path in real}:
            sync(folder)


def _replace_folder(partial: Path, path: Path) -> None:
    _take_place(partial, path)
    shutil.rmtree(partial, ignore_errors=True)


def check_file_place(named: str | os.PathLike[str]) -> Path:
    """Return the path that a file of that name is really written to.

    Raises
    ------
    FormatError
        Something that is no file is there: a folder, a pipe, a device.
    """
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
            try:
                _lock(descriptor)
                yield partial
                for file in partial.iterdir():
                    sync(file)
                sync(partial)
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
        sync(path.parent)
        shutil.rmtree(aside, ignore_errors=True)
    sync(path.parent)


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
    return path.match(f".{glob_escaped(name)}.*.partial")


def _sweep(path: Path) -> None:
    """Remove what writers that were killed left beside ``path``; a living one holds a lock on its own."""
    for left in path.parent.glob(f".{glob_escaped(path.name)}.*.partial"):
        folder = left.is_dir()
        with contextlib.suppress(OSError), _opened(left, os.O_RDONLY if folder else os.O_RDWR) as descriptor:
            if not _lock(descriptor):
                continue  # without locks nothing tells whether its writer is alive
            if folder:
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()


def _lock(descriptor: int) -> bool:
    """Lock what is open; False where the file system can't (some have no locks, NFS none of folders).

    Raises
    ------
    BlockingIOError
        Another holds the lock.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _opened(path: Path, flags: int = os.O_RDONLY) -> Iterator[int]:
    """Open the path; a lock of a file needs O_RDWR on NFS."""
    descriptor = os.open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """Flush a file, or a folder's entries, to the disk."""
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
