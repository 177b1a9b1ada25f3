"""The walk over a chunk's plan for the objectives that are logistic blocks, in both architectures.

Skip-gram (arXiv 1301.3781): each context word of a window is an input row, and all of them share the block's
output rows. CBOW: the one input row is the mean of the context words' rows,

    h = 1/M Σ_i x_i          ∂L/∂x_i = 1/M ∂L/∂h

The released word2vec, and gensim after it, add the whole ∂L/∂h to every x_i, which is no gradient of the loss
and makes the step depend on the window's size; arXiv 2012.15332 describes the fault. Here the gradient is
divided, unless ``cbow_gradient="word2vec"`` asks for theirs.

A walk is compiled around the step (plain or SIMD) and the objective's four kernels, its :class:`RowLists`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.config import Architecture, Kernel, TrainingConfig
from coterie.errors import ConfigError
from coterie.kernels.block import Block, Matrices, make_block, row_address
from coterie.kernels.compile import JIT_ENABLED, Index, inner_kernel
from coterie.kernels.emitter import supported
from coterie.kernels.logistic import make_plain_step, make_simd_step
from coterie.kernels.simd import PANEL_ROWS
from coterie.kernels.stored import stored_kernel
from coterie.objectives.objective import Learner
from coterie.sampling.plan import ChunkPlan

__all__ = ["RowLists", "Walk", "WalkObjective", "nothing", "walk_over", "walk_settings"]


class Walk(NamedTuple):
    """What of the settings the walk needs: the reach of a window, and how its draws are shared."""

    reach: int
    negative: int
    shared: bool
    divided: bool


class RowLists(NamedTuple):
    """The kernels of an objective, by which it lists the output rows of a block.

    Parameters
    ----------
    prepare
        (rows, block): called once before a chunk.
    outputs
        (rows, plan, block, centre, draw) → N: lists the output rows with their labels and offsets; ``draw``
        is the place of the example's first negative in the plan.
    coming
        (matrices, rows, plan, block, centre, draw): lists in ``block.coming``, from its second entry on,
        addresses of output rows that the next block will need.
    settle
        (rows, block): called after each step.
    offsets
        Whether the block has offsets.
    """

    prepare: Any
    outputs: Any
    coming: Any
    settle: Any
    offsets: bool


@inner_kernel
def nothing(rows: Any, block: Block) -> None:
    """Do nothing: for an objective that has nothing to prepare, or to settle."""


TrainChunk = Callable[[Matrices, Any, ChunkPlan, Walk, Block, np.float32, bool], None]


def walk_settings(config: TrainingConfig, reach: int) -> Walk:
    """Return the walk's part of the settings."""
    return Walk(reach, config.negative, config.negative_sharing != "pair", config.cbow_gradient != "word2vec")


def walk_over(lists: RowLists, architecture: Architecture, choice: Kernel, walk: Walk) -> TrainChunk:
    """Return the function that trains one planned chunk.

    It takes (matrices, rows, plan, walk, block, learning rate, record): ``rows`` is the objective's own
    record, which its kernels are given; with ``record`` the loss before each step is added to ``block.loss``.

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
    return _walk(lists, architecture, able and choice != "plain", panels)


@functools.cache
def _walk(lists: RowLists, architecture: Architecture, simd: bool, panels: bool) -> TrainChunk:
    step = (
        make_simd_step(offsets=lists.offsets, panels=panels)
        if simd
        else make_plain_step(offsets=lists.offsets)
    )
    return _skip_gram(step, lists) if architecture == "skip_gram" else _cbow(step, lists)


@inner_kernel
def _list_coming_input(matrices: Matrices, plan: ChunkPlan, walk: Walk, block: Block, centre: Index) -> None:
    """List the input row that only the next block needs: the word that comes into reach."""
    word = plan.tokens[min(centre + 1 + walk.reach, plan.extent[0] - 1)]
    block.coming[0] = row_address(matrices.input_vectors, word)


def _skip_gram(step: Any, lists: RowLists) -> TrainChunk:
    prepare, list_outputs, list_coming, settle, _ = lists
    find_gradients, update = step

    @stored_kernel
    def train_chunk(
        matrices: Matrices,
        rows: Any,
        plan: ChunkPlan,
        walk: Walk,
        block: Block,
        rate: np.float32,
        record: bool,
    ) -> None:
        prepare(rows, block)
        tokens, draw = plan.tokens, np.int64(0)
        for centre in range(plan.extent[1], plan.extent[2]):
            first = plan.low[centre]
            contexts = plan.high[centre] - first - 1
            size, groups = (contexts, min(contexts, 1)) if walk.shared else (1, contexts)
            for group in range(groups):
                outputs = list_outputs(rows, plan, block, centre, draw)
                _list_coming_input(matrices, plan, walk, block, centre)
                list_coming(matrices, rows, plan, block, centre, draw)
                word, context = tokens[centre], first + group + (first + group >= centre)
                if walk.shared:
                    # Once its first word takes the centre's place, a window without its centre is one piece.
                    tokens[centre], context = tokens[first], first + 1
                outputs = find_gradients(matrices, block, tokens, context, size, outputs, rate, record)
                update(
                    matrices,
                    block,
                    tokens,
                    context,
                    size,
                    block.outputs,
                    outputs,
                    block.gradients,
                    0,
                    block.columns,
                )
                tokens[centre] = word
                settle(rows, block)
                draw += walk.negative

    return train_chunk


@inner_kernel
def _fill_bag(vectors: NDArray[np.float32], plan: ChunkPlan, block: Block, centre: Index) -> None:
    """Set both rows of the bag to the mean of the window's context rows."""
    bag, columns = block.bag, block.columns
    for d in range(columns):
        bag[0, d] = 0
    for context in range(plan.low[centre], plan.high[centre]):
        if context != centre:
            row = vectors[plan.tokens[context]]
            for d in range(columns):
                bag[0, d] += row[d]
    share = np.float32(1) / np.float32(plan.high[centre] - plan.low[centre] - 1)
    for d in range(columns):
        bag[0, d] *= share
        bag[1, d] = bag[0, d]


@inner_kernel
def _empty_bag(
    vectors: NDArray[np.float32], plan: ChunkPlan, block: Block, centre: Index, divided: bool
) -> None:
    """Give every context row its part of what the step added to the mean."""
    bag, columns = block.bag, block.columns
    share = np.float32(1)
    if divided:
        share /= np.float32(plan.high[centre] - plan.low[centre] - 1)
    for d in range(columns):
        bag[1, d] = share * (bag[0, d] - bag[1, d])
    for context in range(plan.low[centre], plan.high[centre]):
        if context != centre:
            row = vectors[plan.tokens[context]]
            for d in range(columns):
                row[d] += bag[1, d]


def _cbow(step: Any, lists: RowLists) -> TrainChunk:
    prepare, list_outputs, list_coming, settle, _ = lists
    find_gradients, update = step

    @stored_kernel
    def train_chunk(
        matrices: Matrices,
        rows: Any,
        plan: ChunkPlan,
        walk: Walk,
        block: Block,
        rate: np.float32,
        record: bool,
    ) -> None:
        prepare(rows, block)
        mean = Matrices(block.bag, matrices.output_vectors)
        draw = np.int64(0)
        for centre in range(plan.extent[1], plan.extent[2]):
            if plan.high[centre] - plan.low[centre] < 2:
                continue
            _fill_bag(matrices.input_vectors, plan, block, centre)
            outputs = list_outputs(rows, plan, block, centre, draw)
            _list_coming_input(matrices, plan, walk, block, centre)
            list_coming(matrices, rows, plan, block, centre, draw)
            outputs = find_gradients(mean, block, block.bag_number, 0, 1, outputs, rate, record)
            update(
                mean,
                block,
                block.bag_number,
                0,
                1,
                block.outputs,
                outputs,
                block.gradients,
                0,
                block.columns,
            )
            settle(rows, block)
            _empty_bag(matrices.input_vectors, plan, block, centre, walk.divided)
            draw += walk.negative

    return train_chunk


@dataclass(frozen=True)
class WalkObjective:
    """An objective whose learners walk over plans.

    Parameters
    ----------
    matrices
        The weights as kernels take them; ``output_vectors`` are whatever rows the objective lists.
    train_chunk
        The walk.
    rows
        The record that the objective's kernels are given.
    walk
        The walk's part of the settings.
    outputs
        The most output rows of a block.
    vector_size
        D.
    untrained_loss
        The expected loss of an example while every output row is zero.
    """

    matrices: Matrices
    train_chunk: TrainChunk
    rows: Any
    walk: Walk
    outputs: int
    vector_size: int
    untrained_loss: float

    def session(self) -> AbstractContextManager[object]:
        """Return nothing to enter."""
        return nullcontext()

    def learner(self) -> Learner:
        """Return a learner with a block of its own."""
        block = make_block(2 * self.walk.reach, self.outputs, self.vector_size)

        def train(plan: ChunkPlan, rate: float, record: bool) -> tuple[float, float]:
            block.loss[:] = 0
            self.train_chunk(self.matrices, self.rows, plan, self.walk, block, np.float32(rate), record)
            return float(block.loss[0]), float(block.loss[1])

        return train
