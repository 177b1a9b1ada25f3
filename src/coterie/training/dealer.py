"""Who trains the next unit of work, and when all stand still.

Free threads take units one after another, a crew takes some at once. Both can be made to stand still, between
two units, by the main thread; and all come to a halt by themselves where the plan says so.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from itertools import islice

from coterie.training.schedule import WorkUnit

__all__ = ["Dealer"]


class Dealer:
    """Deals the units of work, once :meth:`go_on` has been called for the first time.

    Parameters
    ----------
    units
        The work, in order.
    news
        Set when all stand before a halt.

    Attributes
    ----------
    dealt
        Units that have been handed out, or passed over.
    reason
        Why a callback, or an evaluation, stopped it.
    halt
        All units before this number are done before it, or one behind it, is handed out; ``None``: go on.
    """

    def __init__(self, units: Iterator[WorkUnit], news: threading.Event) -> None:
        self._units, self._news = units, news
        self._turn = threading.Condition()
        self._busy, self._held, self._stopped, self._abandoned = 0, True, False, False
        self.dealt = 0
        self.halt: int | None = None
        self.reason: str | None = None

    def skip(self, units: int) -> WorkUnit | None:
        """Pass over the first units, which are done; return the last of them."""
        passed = list(islice(self._units, units))
        self.dealt += len(passed)
        return passed[-1] if passed else None

    def deal(self, most: int = 1) -> list[WorkUnit]:
        """Return the next units, none at the end; whoever takes them says :meth:`done` when they are."""
        with self._turn:
            self._turn.wait_for(lambda: self._stopped or not (self._held or self._before_halt))
            if self._stopped:
                return []
            if self.halt is not None:
                most = min(most, self.halt - self.dealt)
            units = list(islice(self._units, most))
            self.dealt += len(units)
            self._busy += bool(units)
            return units

    def done(self) -> None:
        """Tell that the units of a :meth:`deal` are done."""
        with self._turn:
            self._busy -= 1
            self._turn.notify_all()
            if self.halted:
                self._news.set()

    @property
    def _before_halt(self) -> bool:
        return self.halt is not None and self.dealt >= self.halt

    @property
    def idle(self) -> bool:
        """Whether all units that were handed out are done."""
        return not self._busy

    @property
    def halted(self) -> bool:
        """Whether all stand before the halt."""
        return self._before_halt and self.idle

    def go_on(self, halt: int | None) -> None:
        """Let all go on, to the next halt."""
        with self._turn:
            self.halt, self._held = halt, False
            self._turn.notify_all()

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """Let nobody begin a unit, and wait until all have done theirs."""
        with self._turn:
            self._held = True
            try:
                self._turn.wait_for(lambda: self.idle or self._abandoned)
                yield
            finally:
                self._held = False
                self._turn.notify_all()

    def stop(self, reason: str | None = None) -> None:
        """Deal no more; the first reason that is given is kept."""
        with self._turn:
            self._stopped, self.reason = True, self.reason or reason
            self._turn.notify_all()

    def abandon(self) -> None:
        """Tell that units which were handed out will never be done."""
        with self._turn:
            self._abandoned = True
            self._turn.notify_all()

    @property
    def stopped(self) -> bool:
        """Whether no more are dealt."""
        return self._stopped
