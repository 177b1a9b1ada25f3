"""Batches of blocks that threads train in step, with the same result however many threads there are.

A batch is some windows of a chunk: runs of neighbours, from places that are spread over the chunk where a
word would have too many pairs in one long run. Its gradients, the scalars ``G = η(t − σ(S))`` of every pair
of rows, are all taken from the values at its start: each is a pure function of these, so any thread may
compute it. Then the blocks change their rows one after another, as they always do, but for the G that are
given. Such a change, ``X += GᵀY`` and ``Y += G X``, treats every column on its own: a thread that has some
columns to itself goes through all blocks in order and meets nobody. So neither half depends on the number of
threads, no row is copied, and no changes have to be merged.

It is gradient descent with gradients that are at most a batch old, where threads that run free have such as
are a block or two old. docs/decisions/batches-by-columns.md has what that costs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.kernels.allocate import ROW_MULTIPLE, aligned_matrix
from coterie.kernels.barrier import make_arrivals, meet
from coterie.kernels.block import Block, Matrices, row_address
from coterie.kernels.compile import Index, inner_kernel
from coterie.kernels.logistic import Found
from coterie.sampling.plan import ChunkPlan
from coterie.sampling.subsampling import output_distribution

__all__ = [
    "Batch",
    "BatchShape",
    "Seat",
    "batch_shape",
    "batch_shape_for",
    "batches_of",
    "centre_at",
    "columns_of",
    "found_at",
    "keep_block",
    "keep_nothing",
    "make_batch",
    "seats",
    "share_of",
    "take_sums",
    "wait",
    "windows_of",
]


_MOST_WINDOWS = 256
# Pairs that a row may have in a batch, times the learning rate: 72 pairs at 0.025. What is known of this: on
# 37 million words of Wikipedia with k = 5, half and four times as many for the commonest word made no
# difference; with k = 20, where a word had 126 in a batch of neighbouring windows, it diverged, but with 84
# it did not; on a corpus of 48 words, all alike frequent and perfectly predicted, it diverged with 144.
_STEPS_OF_A_ROW = 1.8
_CURVATURE = 0.25  # the most that σ' can be


class BatchShape(NamedTuple):
    """How many runs of neighbouring windows a batch has, and how many windows a run has."""

    runs: int
    run: int


class Batch(NamedTuple):
    """The blocks of a batch, between the two halves of their step; all threads share it.

    It has ``slots`` places for each window, all but the first for pairs that draw for themselves.
    ``inputs`` (B, M) and ``outputs`` (B, N) are row numbers, ``rows`` (B, 1 + N) addresses of
    output rows and of the input row that is new in the window, ``gradients`` (B, ·) is packed as in
    a block, ``sizes`` (B, ·) has the numbers of words, of output rows and of pairs first, ``loss`` (B, 2)
    and ``gradient_sum`` (B, 1) are what each block found, ``total`` (2) is the loss of all batches.
    ``arrivals`` is the threads' meeting point.
    """

    inputs: NDArray[np.int32]
    outputs: NDArray[np.int32]
    rows: NDArray[np.int64]
    gradients: NDArray[np.float32]
    sizes: NDArray[np.int64]
    loss: NDArray[np.float64]
    gradient_sum: NDArray[np.float64]
    total: NDArray[np.float64]
    arrivals: NDArray[np.int64]
    runs: int
    run: int
    slots: int


class Seat(NamedTuple):
    """A thread's place in a crew of some threads: its number, its columns, and the count of its meetings."""

    batch: Batch
    number: int
    threads: int
    start: int
    stop: int
    turn: NDArray[np.int64]


def batch_shape(common: float, neighbours: float, pairs: float, alpha: float) -> BatchShape:
    """Return how many windows a batch has, and how many of them are neighbours.

    Its gradients are taken all at once, so that no row may have many of them: their sum would go too far.

    Parameters
    ----------
    common
        The pairs that the commonest row of either side has in a window, on average.
    neighbours
        The windows one after another that a word is in.
    pairs
        The pairs that it has in each of these.
    alpha
        The highest learning rate.

    Examples
    --------
    >>> [tuple(batch_shape(common, 6, pairs, alpha=0.025)) for common, pairs in ((0.6, 6), (1.3, 21))]
    [(1, 120), (18, 3)]
    """
    most = _STEPS_OF_A_ROW / alpha
    windows = max(1, min(_MOST_WINDOWS, int(most / common)))
    if neighbours * pairs <= most:
        return BatchShape(1, windows)
    run = max(1, min(windows, int(most / pairs)))
    return BatchShape(windows // run, run)


def batch_shape_for(
    counts: NDArray[np.int64], config: TrainingConfig, reach: int, outputs: float, common: float
) -> BatchShape:
    """Return the shape of a batch whose windows have so many `outputs` for each of their pairs.

    The commonest of these is in the share `common` of all windows (or more than once in each).
    """
    words = float(output_distribution(counts, config.sample, config.subsampling).max())
    contexts = reach + 1 if config.shrink_windows else 2 * reach
    # Skip-gram: each word of a window and each output row are a pair. CBOW: the mean and each output row are,
    # and its gradient reaches all words of the mean, divided by their number or not.
    whole = config.architecture == "skip_gram" or config.cbow_gradient == "word2vec"
    pairs = outputs if whole else outputs / contexts
    of_outputs = common * (contexts if config.architecture == "skip_gram" else 1)
    return batch_shape(max(contexts * words * pairs, of_outputs), contexts, pairs, config.alpha)


def make_batch(block: Block, inputs: int, shape: BatchShape, slots: int, threads: int) -> Batch:
    """Return room for `threads` to train batches of windows that have up to `slots` blocks like this one.

    A block has up to `inputs` input rows.
    """
    blocks = shape.runs * shape.run * slots
    return Batch(
        inputs=np.zeros((blocks, inputs), np.int32),
        outputs=np.zeros((blocks, block.outputs.size), np.int32),
        rows=np.zeros((blocks, 1 + block.outputs.size), np.int64),
        gradients=aligned_matrix(blocks, block.gradients.size),
        sizes=np.zeros((blocks, 8), np.int64),  # a cache line each: two threads write neighbours
        loss=np.zeros((blocks, 2)),
        gradient_sum=np.zeros((blocks, 1)),
        total=np.zeros(2),
        arrivals=make_arrivals(threads),
        runs=shape.runs,
        run=shape.run,
        slots=slots,
    )


def columns_of(index: int, threads: int, columns: int) -> tuple[int, int]:
    """Return the thread's columns, first and behind the last, in whole cache lines; there may be none.

    Examples
    --------
    >>> [columns_of(index, 2, 112) for index in range(2)]
    [(0, 48), (48, 112)]
    """
    lines = -(-columns // ROW_MULTIPLE)
    start, stop = (ROW_MULTIPLE * (lines * i // threads) for i in (index, index + 1))
    return min(start, columns), min(stop, columns)


def seats(batch: Batch, threads: int, columns: int) -> list[Seat]:
    """Return the places of a crew of `threads`."""
    return [
        Seat(batch, number, threads, *columns_of(number, threads, columns), np.zeros(1, np.int64))
        for number in range(threads)
    ]


@inner_kernel
def batches_of(batch: Batch, plan: ChunkPlan) -> Index:
    """Return how many batches a chunk has."""
    batches: Index = -(-_runs_of(batch, plan) // batch.runs)
    return batches


@inner_kernel
def windows_of(batch: Batch, plan: ChunkPlan, turn: Index, batches: Index) -> Index:
    """Return how many windows the batch of this turn has; the chunk's last run may lack some of its own."""
    runs: Index = (_runs_of(batch, plan) - turn + batches - 1) // batches
    return runs * batch.run


@inner_kernel
def _runs_of(batch: Batch, plan: ChunkPlan) -> Index:
    runs: Index = -(-(plan.extent[2] - plan.extent[1]) // batch.run)
    return runs


@inner_kernel
def centre_at(batch: Batch, plan: ChunkPlan, turn: Index, batches: Index, window: Index) -> Index:
    """Return the centre of a window of this turn's batch, or the end of the chunk for one that is lacking.

    The batches' runs take turns, so that those of a batch are far from each other.
    """
    run = window // batch.run * batches + turn
    centre: Index = min(plan.extent[1] + run * batch.run + window % batch.run, plan.extent[2])
    return centre


@inner_kernel
def share_of(seat: Seat, windows: Index) -> tuple[Index, Index]:
    """Return the windows of a batch of so many whose gradients are the thread's to find, up to the last.

    Neighbours go to the same thread, since they share rows.
    """
    return windows * seat.number // seat.threads, windows * (seat.number + 1) // seat.threads


@inner_kernel
def keep_block(
    matrices: Matrices,
    seat: Seat,
    place: Index,
    block: Block,
    words: Index,
    inputs: Index,
    listed: Index,
    outputs: Index,
) -> None:
    """Put into the batch what else there is to know of a block.

    It has so many words in its window, input rows (CBOW: 1), and output rows, listed and left.
    """
    batch = seat.batch
    batch.sizes[place, 0], batch.sizes[place, 1], batch.sizes[place, 2] = words, outputs, inputs * listed
    # With this one the list is also that of rows to fetch: the word that came into reach.
    newest = batch.inputs[place, words - 1]
    batch.rows[place, outputs] = row_address(matrices.input_vectors, newest)
    batch.loss[place, 0], batch.loss[place, 1] = block.loss[0], block.loss[1]
    batch.gradient_sum[place, 0] = block.gradient_sum[0]
    block.loss[0] = block.loss[1] = block.gradient_sum[0] = 0


@inner_kernel
def keep_nothing(seat: Seat, place: Index) -> None:
    """Tell that there is no block at this place of the batch."""
    seat.batch.sizes[place, 0] = seat.batch.sizes[place, 1] = seat.batch.sizes[place, 2] = 0
    seat.batch.loss[place, 0] = seat.batch.loss[place, 1] = seat.batch.gradient_sum[place, 0] = 0


@inner_kernel
def found_at(batch: Batch, place: Index) -> Found:
    """Return what was found for a block, as the second half of its step takes it."""
    return Found(batch.outputs[place], batch.rows[place], batch.gradients[place])


@inner_kernel
def take_sums(seat: Seat, places: Index, block: Block, rate: np.float32) -> None:
    """Add up, in order, what the blocks at so many places of a batch found.

    What all of their scores depend on would go too far with the sum of all gradients, as no row does: its
    step is divided by 1 + η · (the bound of its curvature), as in the full softmax.
    """
    batch, pairs = seat.batch, np.int64(0)
    for place in range(places):
        pairs += batch.sizes[place, 2]
        batch.total[0] += batch.loss[place, 0]
        batch.total[1] += batch.loss[place, 1]
        block.gradient_sum[0] += batch.gradient_sum[place, 0]
    block.gradient_sum[0] /= 1 + _CURVATURE * np.float64(rate) * pairs


@inner_kernel
def wait(seat: Seat) -> None:
    """Meet the other threads of the crew."""
    meet(seat.batch.arrivals, seat.number, seat.turn)
