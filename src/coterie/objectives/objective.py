"""What the trainer knows of an objective."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from coterie.sampling.plan import ChunkPlan

__all__ = ["Learner", "Objective"]

Learner: TypeAlias = Callable[[ChunkPlan, float, bool], tuple[float, float]]
"""Trains one planned chunk at a learning rate; returns the summed loss before each step and the number of
examples that it was summed over, (0, 0) unless the third argument asks for it. One thread's own."""


class Objective(Protocol):
    """One loss, over weights that its learners share."""

    @property
    def untrained_loss(self) -> float:
        """The expected loss of an example while every output row is zero."""

    def learner(self) -> Learner:
        """Return a learner with working memory of its own."""

    def session(self) -> AbstractContextManager[object]:
        """Return what must be entered while learners run."""
