"""What the trainer knows of an objective."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from coterie.sampling.plan import ChunkPlan

__all__ = ["Crew", "Learner", "Objective"]

Learner: TypeAlias = Callable[[ChunkPlan, float, bool], tuple[float, float]]
"""Trains one planned chunk at a learning rate; returns the summed loss before each step and the number of
examples that it was summed over, (0, 0) unless the third argument asks for it. One thread's own."""


@dataclass(frozen=True)
class Crew:
    """Threads that train the same chunks in step; what they do together does not depend on their number.

    Parameters
    ----------
    learners
        One for each thread. All are called at the same time with the same arguments; the first one returns
        the loss, the others (0, 0).
    abandon
        Called when one of them will not come: lets none wait for it any more. The weights are then of no use.
    """

    learners: list[Learner]
    abandon: Callable[[], None]


class Objective(Protocol):
    """One loss, over weights that its learners share."""

    @property
    def untrained_loss(self) -> float:
        """The expected loss of an example while every output row is zero."""

    def learner(self) -> Learner:
        """Return a learner with working memory of its own."""

    def crew(self, threads: int) -> Crew:
        """Return learners for `threads` that train in step."""

    def session(self) -> AbstractContextManager[object]:
        """Return what must be entered while learners run."""
