"""Threads that train side by side, and how to wait for them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

__all__ = ["Team"]


class Team:
    """Threads that work side by side.

    Parameters
    ----------
    size
        How many.
    work
        Called in each thread with its number.
    news
        Set when one of them ends.
    """

    def __init__(self, size: int, work: Callable[[int], None], news: threading.Event) -> None:
        self._work, self._news = work, news
        self._change = threading.Condition()
        self._alive = 0
        self._threads = [
            threading.Thread(target=self._run, args=(i,), name=f"coterie-{i}", daemon=True)
            for i in range(size)
        ]

    @property
    def at_work(self) -> bool:
        """Whether one of those that have begun has not ended."""
        return self._alive > 0

    @property
    def complete(self) -> bool:
        """Whether all have begun."""
        return all(thread.ident is not None for thread in self._threads)

    def begin(self, numbers: range) -> None:
        """Start the threads with these numbers."""
        for thread in self._threads[numbers.start : numbers.stop]:
            with self._change:
                self._alive += 1
            try:
                thread.start()
            except BaseException:
                if thread.ident is None:  # else it has begun, and counts itself out
                    with self._change:
                        self._alive -= 1
                raise

    def _run(self, number: int) -> None:
        try:
            self._work(number)
        finally:
            with self._change:
                self._alive -= 1
                self._change.notify_all()
            self._news.set()

    def wait(self, limit: float | None = None) -> None:
        """Wait until all that have begun have ended, or so many seconds.

        A thread's own ``join`` is not to be trusted for that: where a signal interrupted one, Python takes
        the thread for ended, and later ones return at once.
        """
        until = None if limit is None else time.monotonic() + limit
        while True:
            with contextlib.suppress(KeyboardInterrupt), self._change:  # a second Ctrl-C: a unit is soon done
                left = None if until is None else max(0.0, until - time.monotonic())
                ended = self._change.wait_for(lambda: self._alive <= 0, left)
                break
        for thread in self._threads if ended else ():
            if thread.ident is not None:
                thread.join()
