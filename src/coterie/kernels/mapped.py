"""Matrices in files, mapped: for those that don't fit in memory."""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ResourceError
from coterie.kernels.allocate import padded_columns

__all__ = ["check_mapping", "mapped_matrix"]


def mapped_matrix(folder: str | os.PathLike[str], rows: int, columns: int) -> NDArray[np.float32]:
    """Return a zero matrix as :func:`~coterie.kernels.allocate.aligned_matrix` does, mapped from a file.

    The file has no name: it is gone with the last map of it, also when the process is killed. Its room is
    reserved at once, since a write to a map on a full disk kills the process.

    Parameters
    ----------
    folder
        Where the file is; on a disk of its own it should be a fast one.
    rows, columns
        As for ``aligned_matrix``.

    Raises
    ------
    ResourceError
        No room, no permission, no such folder.
    """
    padded = padded_columns(columns)
    size = max(rows * padded * 4, 1)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, size)
            # Shared: a private map would keep what changes in memory.
            buffer = mmap.mmap(file.fileno(), size, mmap.MAP_SHARED)
    except (OSError, OverflowError) as error:
        raise _refused(folder, size, error) from error
    with contextlib.suppress(OSError, AttributeError):
        # Rows are visited in no order: what lies around one need not be read.
        buffer.madvise(mmap.MADV_RANDOM)
    return np.frombuffer(buffer, np.float32, rows * padded).reshape(rows, padded)


def check_mapping(folder: str | os.PathLike[str]) -> None:
    """Find out, before a text is read, whether files can be mapped from a folder.

    Raises
    ------
    ResourceError
        As :func:`mapped_matrix`.
    """
    if not Path(folder).is_dir():
        raise ResourceError(f"{folder} is no folder; the matrices go there (matrices_dir): make it first.")
    mapped_matrix(folder, 1, 1)


def _refused(folder: str | os.PathLike[str], size: int, error: Exception) -> ResourceError:
    why = getattr(error, "strerror", None) or error
    return ResourceError(
        f"{os.fspath(folder)}: the system refused {size / 2**20:,.0f} MiB of disk for a matrix ({why}). Free "
        "some or choose another folder (matrices_dir), or lower vector_size or max_vocab_size."
    )
