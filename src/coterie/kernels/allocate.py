"""Matrices as the kernels want them: padded rows, 64-byte aligned, in huge pages where granted."""

from __future__ import annotations

import contextlib
import mmap

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ResourceError

__all__ = ["ROW_MULTIPLE", "aligned_matrix", "padded_columns"]

ROW_MULTIPLE = 16
"""Rows are padded to a multiple of this many float32, one cache line of 64 bytes."""

_HUGE_PAGE = 1 << 21


# Rows that are a multiple of 4 KiB apart share the sets of the first cache: a step on vectors of 1,024 took
# 1.55 times as long for each dimension as on 1,008 or 1,040.
_ALIASED = 1024


def padded_columns(columns: int) -> int:
    """Return `columns` rounded up to a whole cache line of float32, one more for rows that would alias.

    Examples
    --------
    >>> padded_columns(100), padded_columns(16), padded_columns(1024)
    (112, 16, 1040)
    """
    padded = -(-columns // ROW_MULTIPLE) * ROW_MULTIPLE
    return padded if padded % _ALIASED else padded + ROW_MULTIPLE


def aligned_matrix(rows: int, columns: int) -> NDArray[np.float32]:
    """Return a zero float32 matrix, shape ``(rows, padded_columns(columns))``, its first row page-aligned.

    The memory is an anonymous map: the kernel hands out zero pages on first touch, so a matrix that is
    never touched costs nothing, and ``madvise`` asks for huge pages, which spares most TLB misses of the
    random rows that negatives visit.

    Raises
    ------
    ResourceError
        When the system refuses the memory.
    """
    padded = padded_columns(columns)
    size = max(rows * padded * 4, 1)
    huge = size >= _HUGE_PAGE
    try:
        # Private: a shared map, mmap's default, would be shared memory, which gets no huge pages.
        buffer = mmap.mmap(-1, size + (_HUGE_PAGE if huge else 64), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, OverflowError) as error:
        raise ResourceError(
            f"the system refused {size / 2**20:,.0f} MiB for a matrix of {rows:,} × {padded} float32 "
            f"({error}); "
            "lower vector_size or max_vocab_size, or raise min_count."
        ) from error
    if huge and hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel built without huge pages: slower, not wrong
            buffer.madvise(mmap.MADV_HUGEPAGE)
    flat = np.frombuffer(buffer, dtype=np.uint8)
    start = -flat.ctypes.data % (_HUGE_PAGE if huge else 64)
    return flat[start : start + rows * padded * 4].view(np.float32).reshape(rows, padded)
