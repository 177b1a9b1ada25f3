"""Room on disk: an estimate before the work starts, and clear words when the system refuses a write."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from coterie.corpus.sources import SourceFile
from coterie.errors import CoterieError, ResourceError

__all__ = ["check_room", "disk_faults", "estimated_bytes", "shown_size"]

# Bytes of cache for a byte of source. Plain text in European languages has 5-7 bytes a token, and a token
# takes 4: English Wikipedia measures 0.64 bytes of cache a byte of text, German novels 0.67. Compressed
# sources hold 3-4 times their size in text (zstd level 19: 3.65 on Wikipedia), Parquet about twice.
_PLAIN = 0.75
_COMPRESSED = 2.75
_COLUMNS = 1.5
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_MOVE = "Free some, or put the cache elsewhere (--cache-dir, cache_dir, or the variable COTERIE_CACHE)."


def estimated_bytes(files: Sequence[SourceFile] | None) -> int:
    """Estimate the encoded corpus's size; 0 where nothing is known (an iterable, standard input)."""
    return int(sum((file.size or 0) * _factor(file) for file in files or ()))


def _factor(file: SourceFile) -> float:
    if file.compression:
        return _COMPRESSED
    return _COLUMNS if file.format in ("parquet", "arrow") else _PLAIN


def check_room(folder: Path, needed: int) -> str:
    """Raise if the disk of ``folder`` has less room than ``needed`` bytes; else tell both."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ResourceError(
            f"{folder}: the encoded corpus needs about {shown_size(needed)} there, and {shown_size(free)} "
            f"are free. {_MOVE}"
        )
    return (
        f"the encoded corpus takes about {shown_size(needed)} of disk in {folder.parent}, "
        f"{shown_size(free)} are free"
    )


def shown_size(n: int) -> str:
    """Return a number of bytes of disk as people read it.

    Examples
    --------
    >>> shown_size(1_234_567_890), shown_size(5_000_000)
    ('1.2 GB', '5.0 MB')
    """
    return f"{n / 1e9:,.1f} GB" if n >= 1e9 else f"{n / 1e6:,.1f} MB"


@contextmanager
def disk_faults(folder: Path) -> Iterator[None]:
    """Turn the system's refusals to write below ``folder`` into :class:`ResourceError`."""
    try:
        yield
    except CoterieError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            found = (
                f"{shown_size(shutil.disk_usage(folder).free)} are free" if folder.exists() else "it is gone"
            )
            why = "file size limit reached" if error.errno == errno.EFBIG else "disk full"
            raise ResourceError(f"{folder}: {why} while the corpus was encoded ({found}). {_MOVE}") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise ResourceError(
                f"{folder}: cannot be written ({error.strerror}). Put the cache elsewhere (--cache-dir, "
                "cache_dir, or "
                "the variable COTERIE_CACHE)."
            ) from error
        raise
