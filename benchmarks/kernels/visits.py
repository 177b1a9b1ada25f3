"""The rows that a shape fetches from afar, and how fast they can be read and written: no arithmetic of it.

From one block to the next a window moves by a word. Its other input rows were changed a moment ago and are
near; what may lie anywhere are the block's output rows and the one input row that comes into reach. These
*far rows* are listed in the order of training, and a small kernel reads, changes and writes them one after
another, while the lines of a row some places further on are fetched ahead. So hot words are in the cache
here as they are in the training.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from benchmarks.kernels.work import Work, timed
from coterie.kernels.allocate import padded_columns
from coterie.kernels.compile import Index, kernel
from coterie.kernels.emitter import VECTOR_BYTES, Emitter, Value
from coterie.objectives.huffman import HuffmanTree
from coterie.sampling.plan import ChunkPlan

__all__ = ["AHEAD", "far_rows", "listed_outputs", "visit_rows", "visitor", "visits"]

AHEAD = (4, 8, 16, 32)
"""Rows that the fetching may be ahead; the fastest counts, which depends on the machine and the shape."""


def _change(typing: Any, row: Any, coming: Any, stop: Any, amount: Any) -> Any:
    """Add `amount` to the float32 at `row`, `stop` bytes of them, while those at `coming` are fetched."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        at, ahead, end, number = arguments
        emit = Emitter(builder)
        added = emit.splat(number)

        def column(d: Value, _: list[Value]) -> list[Value]:
            emit.prefetch(emit.offset(ahead, d))
            place = emit.offset(at, d)
            emit.store(builder.fadd(emit.load_vector(place), added), place)
            return []

        emit.loop(end, VECTOR_BYTES, [], column)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.float32), generate


_change_row: Any = intrinsic(_change)


@kernel
def visit_rows(addresses: NDArray[np.int64], ahead: Index, size: Index, amount: np.float32) -> None:
    """Add `amount` to all rows, of `size` bytes each, at the addresses; fetch those `ahead` of it."""
    last = addresses.size - 1
    for i in range(addresses.size):
        _change_row(addresses[i], addresses[min(i + ahead, last)], size, amount)


def listed_outputs(
    work: Work, plan: ChunkPlan, centres: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the output rows of these blocks, all of the plan's, in order, and how many each block lists."""
    words, rows = plan.tokens[centres], work.objective.rows
    if isinstance(rows, HuffmanTree):
        lengths = rows.starts[words + 1] - rows.starts[words]
        shift = rows.starts[words] - (np.cumsum(lengths) - lengths)
        return rows.nodes[np.repeat(shift, lengths) + np.arange(lengths.sum())].astype(np.int64), lengths
    drawn = plan.negatives[: len(centres) * work.config.negative].reshape(len(centres), -1)
    listed = np.column_stack((words, drawn)).astype(np.int64)
    return listed.ravel(), np.full(len(centres), listed.shape[1])


def far_rows(work: Work) -> NDArray[np.int64]:
    """Return the addresses of the far rows of all blocks: a block's output rows, then its input row."""
    found = []
    matrices = work.objective.matrices
    stride = matrices.input_vectors.strides[0]
    for plan, centres, _ in work.blocks():
        outputs, lengths = listed_outputs(work, plan, centres)
        entering = plan.tokens[np.minimum(centres + work.reach, plan.extent[0] - 1)].astype(np.int64)
        found.append(
            np.insert(
                matrices.output_vectors.ctypes.data + outputs * stride,
                np.cumsum(lengths),
                matrices.input_vectors.ctypes.data + entering * stride,
            )
        )
    return np.concatenate(found)


def visitor(work: Work) -> Callable[[int], None]:
    """Return what visits all far rows once and fetches them so many rows ahead."""
    addresses, size = far_rows(work), 4 * padded_columns(work.config.vector_size)

    def visit(ahead: int) -> None:
        # The rows stay as they are, which the compiler can't know.
        visit_rows(addresses, ahead, size, np.float32(0))

    return visit


def visits(work: Work) -> Callable[[], None]:
    """Return what visits all far rows once, as far ahead as is fastest."""
    visit = visitor(work)
    visit(AHEAD[0])
    return partial(visit, min(AHEAD, key=lambda ahead: timed(partial(visit, ahead))))
