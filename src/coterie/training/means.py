"""What of the machine a training may take: memory, disk, and where its matrices are."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError

__all__ = ["COUNTING_BYTES", "Allocate", "Means", "counting_share"]

Allocate: TypeAlias = Callable[[int, int], NDArray[np.float32]]
"""What makes a zero matrix of so many rows and columns."""

COUNTING_BYTES = 512 << 20
"""What the dictionary of distinct words may take, where nothing else is asked for."""

# Memory while text is read, beside the dictionary: the interpreter, its libraries, ids that wait, and for
# each thread the block that it tokenises. Measured 175 to 200 MiB, and 66 MiB a thread with the tokenizer
# "words".
_READING_BYTES, _THREAD_BYTES = 200 << 20, 66 << 20
_LEAST_COUNTING = 16 << 20
# Of a limit so large that more than COUNTING_BYTES goes to the dictionary.
_SHARE = 8


@dataclass(frozen=True)
class Means:
    """Limits and places of a training.

    Parameters
    ----------
    memory_limit
        The most bytes that the process may hold; ``None``: what the machine has.
    output
        Where the model is to be saved, if that is known.
    matrices_dir
        The folder in whose files the matrices are mapped; ``None``: they are in memory.
    """

    memory_limit: int | None = None
    output: str | os.PathLike[str] | None = None
    matrices_dir: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        limit, least = self.memory_limit, _READING_BYTES + _THREAD_BYTES + _LEAST_COUNTING
        if limit is None:
            return
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ConfigError(f"memory_limit is {limit!r}; it must be a whole number of bytes, or None.")
        if limit < least:
            raise ConfigError(
                f"memory_limit is {limit:,} bytes; it bounds the whole process, and reading a text takes at "
                f"least {least >> 20} MiB. Raise it."
            )

    @property
    def allocate(self) -> Allocate:
        """What makes the matrices."""
        from coterie.kernels.allocate import aligned_matrix
        from coterie.kernels.mapped import mapped_matrix

        return aligned_matrix if self.matrices_dir is None else partial(mapped_matrix, self.matrices_dir)


def counting_share(limit: int | None, workers: int) -> tuple[int, int]:
    """Return what counting words may take of a limit of the process, and with how many threads to tokenise.

    Without a limit it is 512 MiB, with one at most that or an eighth of it.

    Examples
    --------
    >>> [(share >> 20, threads) for share, threads in (counting_share(n << 20, 8) for n in (400, 1024, 8192))]
    [(68, 2), (296, 8), (1024, 8)]
    """
    if limit is None:
        return COUNTING_BYTES, workers
    for_threads = (limit - _READING_BYTES - _LEAST_COUNTING) // _THREAD_BYTES
    threads = max(1, min(workers, for_threads))
    left = limit - _READING_BYTES - threads * _THREAD_BYTES
    return max(_LEAST_COUNTING, min(left, max(COUNTING_BYTES, limit // _SHARE))), threads
