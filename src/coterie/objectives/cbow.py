"""CBOW's walk over a chunk's plan (arXiv 1301.3781).

The one input row of a block is the mean of the context words' rows,

    h = 1/M Σ_i x_i          ∂L/∂x_i = 1/M ∂L/∂h

The released word2vec, and gensim after it, add the whole ∂L/∂h to every x_i, which is no gradient of the loss
and makes the step depend on the window's size; arXiv 2012.15332 describes the fault. Here the gradient is
divided, unless ``cbow_gradient="word2vec"`` asks for theirs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.kernels.block import Block, Matrices
from coterie.kernels.compile import Index, inner_kernel
from coterie.kernels.logistic import Step, found_in
from coterie.kernels.stored import stored_kernel
from coterie.objectives.batch import (
    Seat,
    batches_of,
    centre_at,
    found_at,
    keep_block,
    keep_nothing,
    share_of,
    take_sums,
    wait,
    windows_of,
)
from coterie.objectives.row_lists import RowLists, Walk, fetch_coming, lister
from coterie.sampling.plan import ChunkPlan

__all__ = ["cbow", "cbow_in_batches"]


@inner_kernel
def _fill_bag(
    vectors: NDArray[np.float32],
    words: NDArray[np.int32],
    first: Index,
    count: Index,
    block: Block,
    start: Index,
    stop: Index,
) -> None:
    """Set columns of both rows of the bag to the mean of the rows ``words[first : first + count]``."""
    bag = block.bag
    for d in range(start, stop):
        bag[0, d] = 0
    for i in range(first, first + count):
        row = vectors[words[i]]
        for d in range(start, stop):
            bag[0, d] += row[d]
    share = np.float32(1) / np.float32(count)
    for d in range(start, stop):
        bag[0, d] *= share
        bag[1, d] = bag[0, d]


@inner_kernel
def _empty_bag(
    vectors: NDArray[np.float32],
    words: NDArray[np.int32],
    first: Index,
    count: Index,
    block: Block,
    start: Index,
    stop: Index,
    divided: bool,
) -> None:
    """Give every context row its part of what the step added to the mean."""
    bag = block.bag
    share = np.float32(1)
    if divided:
        share /= np.float32(count)
    for d in range(start, stop):
        bag[1, d] = share * (bag[0, d] - bag[1, d])
    for i in range(first, first + count):
        row = vectors[words[i]]
        for d in range(start, stop):
            row[d] += bag[1, d]


def cbow(step: Step, lists: RowLists) -> Any:
    """Return the walk: (matrices, rows, plan, walk, block, rate, record)."""
    prepare, settle, list_block = lists.prepare, lists.settle, lister(lists)
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
        mean, found = Matrices(block.bag, matrices.output_vectors), found_in(block)
        vectors, tokens, columns = matrices.input_vectors, plan.tokens, block.columns
        for centre in range(plan.extent[1], plan.extent[2]):
            first = plan.low[centre]
            contexts = plan.high[centre] - first - 1
            if contexts == 0:
                continue
            later = min(centre + walk.ahead, plan.extent[2] - 1)
            outputs = list_block(matrices, rows, plan, walk, block, centre, 0, later)
            # Once its first word takes the centre's place, a window without its centre is one piece.
            word, tokens[centre] = tokens[centre], tokens[first]
            _fill_bag(vectors, tokens, first + 1, contexts, block, 0, columns)
            eta = rate * plan.weights[centre]
            outputs = find_gradients(mean, block, block.bag_number, 0, 1, outputs, eta, record, found)
            update(
                mean,
                block,
                block.bag_number,
                0,
                1,
                found,
                outputs,
                block.coming,
                0,
                columns,
            )
            _empty_bag(vectors, tokens, first + 1, contexts, block, 0, columns, walk.divided)
            tokens[centre] = word
            settle(rows, block)

    return train_chunk


def cbow_in_batches(step: Step, lists: RowLists) -> Any:
    """Return the walk of a thread in a crew: (matrices, rows, plan, walk, block, seat, rate, record).

    All threads of the crew walk over the same plan at the same time. The first one has the loss.
    """
    prepare, settle, list_block = lists.prepare, lists.settle, lister(lists)
    find_gradients, update = step

    @stored_kernel
    def train_chunk(
        matrices: Matrices,
        rows: Any,
        plan: ChunkPlan,
        walk: Walk,
        block: Block,
        seat: Seat,
        rate: np.float32,
        record: bool,
    ) -> None:
        prepare(rows, block)
        mean, vectors = Matrices(block.bag, matrices.output_vectors), matrices.input_vectors
        batch, start, stop = seat.batch, seat.start, seat.stop
        batches = batches_of(batch, plan)
        for turn in range(batches):
            places = windows_of(batch, plan, turn, batches)
            mine, behind = share_of(seat, places)
            for place in range(mine, behind):
                centre = centre_at(batch, plan, turn, batches, place)
                later = min(centre_at(batch, plan, turn, batches, place + walk.ahead), plan.extent[2] - 1)
                first = plan.low[centre]
                contexts = plan.high[centre] - first - 1 if centre < plan.extent[2] else 0
                if contexts == 0:
                    keep_nothing(seat, place)
                    continue
                listed = list_block(matrices, rows, plan, walk, block, centre, 0, later)
                fetch_coming(matrices, block, listed)
                words = batch.inputs[place]
                for i in range(contexts):
                    words[i] = plan.tokens[first + i + (first + i >= centre)]
                _fill_bag(vectors, words, 0, contexts, block, 0, block.columns)
                found = found_at(batch, place)
                eta = rate * plan.weights[centre]
                outputs = find_gradients(mean, block, block.bag_number, 0, 1, listed, eta, record, found)
                keep_block(matrices, seat, place, block, contexts, 1, listed, outputs)
            wait(seat)
            if start < stop:
                for place in range(places):
                    words, contexts = batch.inputs[place], batch.sizes[place, 0]
                    if contexts == 0:
                        continue
                    _fill_bag(vectors, words, 0, contexts, block, start, stop)
                    update(
                        mean,
                        block,
                        block.bag_number,
                        0,
                        1,
                        found_at(batch, place),
                        batch.sizes[place, 1],
                        batch.rows[min(place + 1, places - 1)],
                        start,
                        stop,
                    )
                    _empty_bag(vectors, words, 0, contexts, block, start, stop, walk.divided)
            if seat.number == 0:
                take_sums(seat, places, block, rate)
                settle(rows, block)
            wait(seat)

    return train_chunk
