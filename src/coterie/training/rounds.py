"""Rounds of chunks for threads that train in step: each plans some, then all train one after another."""

from __future__ import annotations

import threading

from coterie.sampling.plan import ChunkPlan
from coterie.training.dealer import Dealer
from coterie.training.schedule import WorkUnit

__all__ = ["Rounds"]


class Rounds:
    """Deals the units of work to a crew.

    Parameters
    ----------
    dealer
        Has the work, and decides when all stand still.
    plans
        As many for each thread, which fills its own and lends them to the others.
    threads
        How many there are.
    """

    def __init__(self, dealer: Dealer, plans: list[ChunkPlan], threads: int) -> None:
        self._dealer, self.plans = dealer, plans
        self._round: list[WorkUnit] = []
        # What all do next is decided by one, while all wait.
        self._dealt = threading.Barrier(threads, action=self._deal)
        self._planned = threading.Barrier(threads)

    def _deal(self) -> None:
        if self._round:
            self._dealer.done()
        self._round = self._dealer.deal(len(self.plans))

    def next(self) -> list[WorkUnit]:
        """Wait for all threads; return the units of the next round, none at the end."""
        self._dealt.wait()
        return self._round

    def wait_for_plans(self) -> None:
        """Wait until all threads have planned their unit."""
        self._planned.wait()

    def abort(self) -> None:
        """Let nobody wait any more: waiting, now or later, raises :class:`threading.BrokenBarrierError`."""
        self._dealt.abort()
        self._planned.abort()
