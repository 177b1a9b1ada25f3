"""A matrix that grows with the rows read: no claim of a file's header makes room by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError, ResourceError

__all__ = ["MOST_DIMENSIONS", "RowBuffer", "check_size"]

MOST_DIMENSIONS = 1 << 15
"""More dimensions than anyone's vectors have; a header that announces more is damaged.

Numbers of text are read by columns, of which each takes some 4 KiB however few rows there are.
"""

_STEP_BYTES = 16 << 20


def check_size(where: str, size: int) -> None:
    """Refuse a number of dimensions that can't be meant; ``where`` starts the message."""
    if not 1 <= size <= MOST_DIMENSIONS:
        raise FormatError(f"{where}: vectors of {size:,} dimensions; expected 1 to {MOST_DIMENSIONS:,}.")


class RowBuffer:
    """Rows of float32, filled from the front.

    Parameters
    ----------
    path
        For messages.
    size
        The length of a row.
    expected
        Rows to make room for at once: as many as the file's size allows. Beyond them it grows, by 16 MiB at
        most, which the system does without copying.

    Examples
    --------
    >>> rows = RowBuffer(Path("v"), 2)
    >>> rows.append(np.ones((3, 2), dtype=np.float32))
    >>> rows.matrix().shape
    (3, 2)
    """

    def __init__(self, path: Path, size: int, expected: int = 0) -> None:
        self._path = path
        self._step = max(1, _STEP_BYTES // (4 * size))
        self._filled = 0
        try:
            self._rows = np.empty((expected, size), dtype="<f4")
        except (MemoryError, ValueError) as error:
            raise self._refused(expected, size) from error

    def __len__(self) -> int:
        return self._filled

    @property
    def size(self) -> int:
        """The length of a row."""
        return int(self._rows.shape[1])

    def room(self, rows: int) -> NDArray[np.float32]:
        """Return the next ``rows`` rows to fill; what an earlier call returned is no longer valid."""
        needed = self._filled + rows
        if needed > len(self._rows):
            wanted = max(needed, len(self._rows) + min(len(self._rows), self._step))
            try:
                self._rows.resize((wanted, self.size), refcheck=False)
            except (MemoryError, ValueError) as error:
                raise self._refused(wanted, self.size) from error
        start, self._filled = self._filled, needed
        return self._rows[start:needed]

    def append(self, rows: NDArray[np.floating]) -> None:
        """Add rows, rounded to float32."""
        self.room(len(rows))[:] = rows

    def matrix(self) -> NDArray[np.float32]:
        """Return the rows filled, without the room beyond them; the buffer is then done."""
        if len(self._rows) > self._filled:
            self._rows.resize((self._filled, self.size), refcheck=False)
        return self._rows

    def _refused(self, rows: int, size: int) -> ResourceError:
        return ResourceError(
            f"{self._path}: {rows:,} words of {size:,} dimensions need {rows * size * 4 / 2**30:,.1f} GiB of "
            "memory. Set limit."
        )
