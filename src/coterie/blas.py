"""Work on threads of our own, each with the BLAS to itself.

The BLAS splits one product among its threads and waits for the slowest at each. Where there are many small
products it is faster, and much faster on a busy machine, to give each thread products of its own, and then
what comes between them runs in parallel too.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

__all__ = ["blas_threads", "in_threads"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_lock = threading.Lock()
# How many are inside `_single`, the threads that the BLAS had before, and what restores them.
_inside, _threads, _limiter = 0, 1, None


def in_threads(function: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    """Return the results for all items, in their order, computed on as many threads as the BLAS may use.

    Parameters
    ----------
    function
        What it spends its time with must let other threads run, as NumPy's functions do.
    items
        Each is one call.

    Examples
    --------
    >>> in_threads(abs, [-1, 2, -3])
    [1, 2, 3]
    """
    if len(items) < 2:
        return [function(item) for item in items]
    with _single() as threads:
        if threads < 2:
            return [function(item) for item in items]
        from concurrent.futures import ThreadPoolExecutor

        executor = ThreadPoolExecutor(min(threads, len(items)), "coterie")
        try:
            return list(executor.map(function, items))
        finally:
            # After an error or Ctrl-C what has not begun need not.
            executor.shutdown(cancel_futures=True)


def blas_threads() -> int:
    """Return how many threads the BLAS may use, at least one."""
    with _lock:
        return _threads if _inside else _allowed()


@contextmanager
def _single() -> Iterator[int]:
    """Limit the BLAS to one thread and tell how many it had; several threads may be inside at once."""
    global _inside, _threads, _limiter
    with _lock:
        if _inside == 0:
            _threads = _allowed()
            _limiter = _controller().limit(limits=1, user_api="blas")
        _inside += 1
        threads = _threads
    try:
        yield threads
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limiter.restore_original_limits()
                _limiter = None


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _allowed() -> int:
    """Return the threads that the BLAS may use now: one where it is unknown, and has threads of its own."""
    limits = [library["num_threads"] for library in _controller().info() if library["user_api"] == "blas"]
    return min([*limits, len(os.sched_getaffinity(0))]) if limits else 1
