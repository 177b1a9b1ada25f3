"""The walk over a chunk's plan for the objectives that are logistic blocks, in both architectures.

A walk is compiled around the step (plain or SIMD) and the objective's four kernels, its
:class:`~.row_lists.RowLists`. Each exists twice: for a thread that runs free, and for one of a crew that
trains in step (:mod:`.batch`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from coterie.config import Architecture, Kernel
from coterie.errors import ConfigError
from coterie.kernels.barrier import release
from coterie.kernels.block import Block, Matrices, make_block
from coterie.kernels.compile import JIT_ENABLED
from coterie.kernels.emitter import supported
from coterie.kernels.logistic import make_plain_step, make_simd_step
from coterie.kernels.simd import PANEL_ROWS
from coterie.kernels.stored import caller_of
from coterie.objectives.batch import BatchShape, Seat, make_batch, seats
from coterie.objectives.cbow import cbow, cbow_in_batches
from coterie.objectives.objective import Crew, Learner
from coterie.objectives.row_lists import RowLists, Walk
from coterie.objectives.skip_gram import skip_gram, skip_gram_in_batches
from coterie.sampling.plan import ChunkPlan

__all__ = ["WalkObjective", "Walks", "walks_over"]


class Walks(NamedTuple):
    """The kernels that train one planned chunk.

    Parameters
    ----------
    alone
        (matrices, rows, plan, walk, block, learning rate, record): ``rows`` is the objective's own record,
        which its kernels are given; with ``record`` the loss before each step is added to ``block.loss``.
    in_step
        (matrices, rows, plan, walk, block, seat, learning rate, record): for all threads of a crew at once.
    """

    alone: Any
    in_step: Any


def walks_over(
    lists: RowLists, architecture: Architecture, choice: Kernel, walk: Walk, *, narrow: bool = False
) -> Walks:
    """Return the kernels that train one planned chunk; `narrow`: its output rows are bfloat16.

    Raises
    ------
    ConfigError
        When ``"simd"`` is asked for and this CPU, or a session with the JIT off, cannot run it.
    """
    able = JIT_ENABLED and supported()
    if choice == "simd" and not able:
        raise ConfigError(
            "kernel is 'simd', but this CPU has neither AVX2 with FMA nor NEON (or NUMBA_DISABLE_JIT is "
            "set); use kernel='plain'."
        )
    panels = architecture == "skip_gram" and walk.shared and 2 * walk.reach > PANEL_ROWS
    return _walks(lists, architecture, able and choice != "plain", panels, narrow)


@functools.cache
def _walks(lists: RowLists, architecture: Architecture, simd: bool, panels: bool, narrow: bool) -> Walks:
    step = (
        make_simd_step(offsets=lists.offsets, panels=panels, narrow=narrow)
        if simd
        else make_plain_step(offsets=lists.offsets, narrow=narrow)
    )
    if architecture == "skip_gram":
        return Walks(skip_gram(step, lists), skip_gram_in_batches(step, lists))
    return Walks(cbow(step, lists), cbow_in_batches(step, lists))


@dataclass(frozen=True)
class WalkObjective:
    """An objective whose learners walk over plans.

    Parameters
    ----------
    matrices
        The weights as kernels take them; ``output_vectors`` are whatever rows the objective lists.
    walks
        The kernels.
    rows
        The record that the objective's kernels are given.
    walk
        The walk's part of the settings.
    outputs
        The most output rows of a block.
    batch
        Tells which windows are a batch, for threads that train in step.
    vector_size
        D.
    untrained_loss
        The expected loss of an example while every output row is zero.
    """

    matrices: Matrices
    walks: Walks
    rows: Any
    walk: Walk
    outputs: int
    batch: Callable[[], BatchShape]
    vector_size: int
    untrained_loss: float

    def session(self) -> AbstractContextManager[object]:
        """Return nothing to enter."""
        return nullcontext()

    def learner(self) -> Learner:
        """Return a learner with a block of its own."""
        block, run = self._block(), caller_of(self.walks.alone)

        def train(plan: ChunkPlan, rate: float, record: bool) -> tuple[float, float]:
            block.loss[:] = 0
            run(self.matrices, self.rows, plan, self.walk, block, np.float32(rate), record)
            return float(block.loss[0]), float(block.loss[1])

        return train

    def crew(self, threads: int) -> Crew:
        """Return learners with a block each and one batch."""
        blocks = [self._block() for _ in range(threads)]
        inputs = 2 * self.walk.reach
        slots = 1 if self.walk.shared else inputs
        batch = make_batch(blocks[0], inputs, self.batch(), slots, threads)
        places = seats(batch, threads, blocks[0].columns)
        members = [self._member(block, seat) for block, seat in zip(blocks, places, strict=True)]
        return Crew(members, functools.partial(release, batch.arrivals))

    def _member(self, block: Block, seat: Seat) -> Learner:
        total, run = seat.batch.total, caller_of(self.walks.in_step)

        def train(plan: ChunkPlan, rate: float, record: bool) -> tuple[float, float]:
            if seat.number == 0:
                total[:] = 0
            run(self.matrices, self.rows, plan, self.walk, block, seat, np.float32(rate), record)
            return (float(total[0]), float(total[1])) if seat.number == 0 else (0.0, 0.0)

        return train

    def _block(self) -> Block:
        return make_block(2 * self.walk.reach, self.outputs, self.vector_size)
