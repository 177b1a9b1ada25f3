"""From a training set, sentences or pairs, to units of work and their plans."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.kernels.stored import caller_of
from coterie.sampling.pairs import Pairs, make_pair_order, order_for_epoch, plan_pairs
from coterie.sampling.plan import ChunkPlan, Sentences, for_epoch, make_plan, make_sampler, plan_chunk
from coterie.training.schedule import WorkUnit, chunk_tokens, plan_work, reach_of

__all__ = ["Planner", "planner_of"]

PlanUnit = Callable[[WorkUnit, ChunkPlan], None]


class Planner(Protocol):
    """The units of a training set, and what plans them.

    Attributes
    ----------
    tokens
        Of one epoch; a pair has two.
    chunk
        Token positions of a unit.
    reach
        How far a window can reach.
    """

    tokens: int
    chunk: int
    reach: int

    def make_plan(self) -> ChunkPlan:
        """Return room for the plan of a unit."""

    def units(self, epochs: range) -> Iterator[WorkUnit]:
        """Yield the units of these epochs, in order."""

    def compile(self, plan: ChunkPlan) -> None:
        """Plan nothing, with the kernel compiled after that."""

    def planner(self) -> PlanUnit:
        """Return what fills a plan for a unit; one thread's own."""

    def heaviest(self) -> float:
        """Return by how much the longest step is longer than without weights, at least 1."""


def planner_of(text: Sentences | Pairs, counts: NDArray[np.int64], config: TrainingConfig) -> Planner:
    """Return the planner of sentences or of pairs."""
    if isinstance(text, Pairs):
        return _PairPlanner(text, counts, config)
    return _WindowPlanner(text, counts, config)


class _WindowPlanner:
    """Plans windows in sentences."""

    def __init__(self, text: Sentences, counts: NDArray[np.int64], config: TrainingConfig) -> None:
        self._text, self._config = text, config
        self.tokens = len(text.ids)
        self.reach = reach_of(text.offsets, config.window)
        self.chunk = chunk_tokens(self.tokens, len(counts), self.reach, config)
        self._sampler = make_sampler(counts, config, epoch=0)

    def make_plan(self) -> ChunkPlan:
        return make_plan(self.chunk, self.reach, self._config)

    def units(self, epochs: range) -> Iterator[WorkUnit]:
        return plan_work(self._text.offsets, self.chunk, epochs)

    def compile(self, plan: ChunkPlan) -> None:
        plan_chunk(self._sampler, self._text, 0, 0, 0, self.reach, plan)

    def planner(self) -> PlanUnit:
        run, reach = caller_of(plan_chunk), self.reach
        sampler_of = functools.cache(functools.partial(for_epoch, self._sampler, self._config.seed))

        def plan_unit(unit: WorkUnit, plan: ChunkPlan) -> None:
            run(sampler_of(unit.epoch), self._text, unit.sentence, unit.start, unit.stop, reach, plan)

        return plan_unit

    def heaviest(self) -> float:
        return max(1.0, float(self._text.weights.max(initial=0)))


class _PairPlanner:
    """Plans pairs: units have whole ones."""

    reach = 1

    def __init__(self, pairs: Pairs, counts: NDArray[np.int64], config: TrainingConfig) -> None:
        self._ids, self._config = pairs.ids, config
        self.tokens = len(pairs.ids)
        size = chunk_tokens(self.tokens, len(counts), self.reach, config)
        self.chunk = size + size % 2
        self._sampler, self._order = make_sampler(counts, config, epoch=0), make_pair_order(pairs)

    def make_plan(self) -> ChunkPlan:
        return make_plan(self.chunk, self.reach, self._config)

    def units(self, epochs: range) -> Iterator[WorkUnit]:
        return plan_work(np.array([0, self.tokens]), self.chunk, epochs)

    def compile(self, plan: ChunkPlan) -> None:
        plan_pairs(self._sampler, self._ids, self._order, 0, 0, plan)

    def planner(self) -> PlanUnit:
        run, seed = caller_of(plan_pairs), self._config.seed

        @functools.cache
        def draws_of(epoch: int) -> tuple[Any, Any]:
            return for_epoch(self._sampler, seed, epoch), order_for_epoch(self._order, seed, epoch)

        def plan_unit(unit: WorkUnit, plan: ChunkPlan) -> None:
            sampler, order = draws_of(unit.epoch)
            run(sampler, self._ids, order, unit.start, unit.stop, plan)

        return plan_unit

    def heaviest(self) -> float:
        return 1.0  # a weight says how many steps there are, not how long
