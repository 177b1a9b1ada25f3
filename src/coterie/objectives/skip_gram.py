"""Skip-gram's walk over a chunk's plan (arXiv 1301.3781).

Each context word of a window is an input row, and all of them share the block's output rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coterie.kernels.block import Block, Matrices
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

__all__ = ["skip_gram", "skip_gram_in_batches"]


def skip_gram(step: Step, lists: RowLists) -> Any:
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
        tokens, found = plan.tokens, found_in(block)
        for centre in range(plan.extent[1], plan.extent[2]):
            first = plan.low[centre]
            contexts = plan.high[centre] - first - 1
            size, groups = (contexts, min(contexts, 1)) if walk.shared else (1, contexts)
            later = min(centre + walk.ahead, plan.extent[2] - 1)
            for group in range(groups):
                outputs = list_block(matrices, rows, plan, walk, block, centre, group, later)
                word, context = tokens[centre], first + group + (first + group >= centre)
                if walk.shared:
                    # Once its first word takes the centre's place, a window without its centre is one piece.
                    tokens[centre], context = tokens[first], first + 1
                eta = rate * plan.weights[centre]
                outputs = find_gradients(matrices, block, tokens, context, size, outputs, eta, record, found)
                update(
                    matrices,
                    block,
                    tokens,
                    context,
                    size,
                    found,
                    outputs,
                    block.coming,
                    0,
                    block.columns,
                )
                tokens[centre] = word
                settle(rows, block)

    return train_chunk


def skip_gram_in_batches(step: Step, lists: RowLists) -> Any:
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
        batch = seat.batch
        batches = batches_of(batch, plan)
        for turn in range(batches):
            windows = windows_of(batch, plan, turn, batches)
            places = windows * batch.slots
            mine, behind = share_of(seat, windows)
            for window in range(mine, behind):
                centre = centre_at(batch, plan, turn, batches, window)
                later = min(centre_at(batch, plan, turn, batches, window + walk.ahead), plan.extent[2] - 1)
                first = plan.low[centre]
                contexts = plan.high[centre] - first - 1 if centre < plan.extent[2] else 0
                size, groups = (contexts, min(contexts, 1)) if walk.shared else (1, contexts)
                for group in range(batch.slots):
                    place = window * batch.slots + group
                    if group >= groups:
                        keep_nothing(seat, place)
                        continue
                    listed = list_block(matrices, rows, plan, walk, block, centre, group, later)
                    fetch_coming(matrices, block, listed)
                    inputs = batch.inputs[place]
                    for i in range(size):
                        context = first + group + i
                        inputs[i] = plan.tokens[context + (context >= centre)]
                    found = found_at(batch, place)
                    eta = rate * plan.weights[centre]
                    outputs = find_gradients(matrices, block, inputs, 0, size, listed, eta, record, found)
                    keep_block(matrices, seat, place, block, size, size, listed, outputs)
            wait(seat)
            if seat.start < seat.stop:
                for place in range(places):
                    if batch.sizes[place, 0] == 0:
                        continue
                    update(
                        matrices,
                        block,
                        batch.inputs[place],
                        0,
                        batch.sizes[place, 0],
                        found_at(batch, place),
                        batch.sizes[place, 1],
                        batch.rows[min(place + 1, places - 1)],
                        seat.start,
                        seat.stop,
                    )
            if seat.number == 0:
                take_sums(seat, places, block, rate)
                settle(rows, block)
            wait(seat)

    return train_chunk
