"""What kernels work on: the two matrices, and one thread's working memory for blocks of their rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.kernels.allocate import aligned_matrix
from coterie.kernels.compile import Index, inner_kernel
from coterie.kernels.emitter import LANES
from coterie.kernels.simd import PANEL_ROWS, SLACK_ROWS, address_of

__all__ = ["STAMPS", "Block", "Matrices", "make_block", "row_address"]

STAMPS = 1024
"""Entries of the table in which a block looks for rows that are listed twice; a power of two."""


class Matrices(NamedTuple):
    """The model: two float32 matrices, shape (V, padded D), made by :func:`~.allocate.aligned_matrix`."""

    input_vectors: NDArray[np.float32]
    output_vectors: NDArray[np.float32]


class Block(NamedTuple):
    """One thread's working memory for blocks of up to M × N rows.

    ``outputs`` (N), ``labels`` (N) and ``offsets`` (N) are filled by the caller with row numbers, labels and
    offsets, ``coming`` (1 + N) with the addresses of rows that a coming block will need. ``loss`` collects,
    in float64, the loss and the number of input rows that it was summed over, and ``gradient_sum`` what the
    offsets' common part is to change by. ``bag`` (2, padded D) has room for the mean of input rows, after a
    step and before it, and ``bag_number`` is its number. The ``merged`` arrays hold labels, offsets and
    weights of the output rows once those that are listed twice have become one. ``scores`` and ``gradients``
    are packed, see :mod:`coterie.kernels.simd`.
    """

    outputs: NDArray[np.int32]
    labels: NDArray[np.float32]
    offsets: NDArray[np.float32]
    ones: NDArray[np.float32]
    merged_labels: NDArray[np.float32]
    merged_offsets: NDArray[np.float32]
    merged_weights: NDArray[np.float32]
    loss: NDArray[np.float64]
    gradient_sum: NDArray[np.float64]
    scores: NDArray[np.float32]
    gradients: NDArray[np.float32]
    output_rows: NDArray[np.int64]
    coming: NDArray[np.int64]
    input_copy: NDArray[np.float32]
    output_copy: NDArray[np.float32]
    copy_numbers: NDArray[np.int32]
    output_copy_rows: NDArray[np.int64]
    stamps: NDArray[np.int64]
    bag: NDArray[np.float32]
    bag_number: NDArray[np.int32]
    columns: int


@inner_kernel
def row_address(matrix: NDArray[np.float32], number: Index) -> Index:
    """Return where a row of a matrix begins."""
    start: int = address_of(matrix)
    return start + np.int64(number) * matrix.strides[0]


def _row_addresses(matrix: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.array([row.ctypes.data for row in matrix], np.int64)


def make_block(inputs: int, outputs: int, vector_size: int) -> Block:
    """Return working memory for blocks of up to `inputs` × `outputs` rows of `vector_size` floats."""
    listed = outputs + SLACK_ROWS
    input_copy, output_copy = aligned_matrix(inputs, vector_size), aligned_matrix(listed, vector_size)

    def floats(count: int) -> NDArray[np.float32]:
        row: NDArray[np.float32] = aligned_matrix(1, count)[0]
        return row

    packed = max(inputs, PANEL_ROWS) * listed + LANES
    ones = floats(listed)
    ones[:] = 1
    return Block(
        outputs=np.zeros(listed, np.int32),
        labels=floats(listed),
        offsets=floats(listed),
        ones=ones,
        merged_labels=floats(listed),
        merged_offsets=floats(listed),
        merged_weights=floats(listed),
        loss=np.zeros(2),
        gradient_sum=np.zeros(1),
        scores=floats(packed),
        gradients=floats(packed),
        output_rows=np.zeros(listed, np.int64),
        coming=np.zeros(1 + listed, np.int64),
        input_copy=input_copy,
        output_copy=output_copy,
        copy_numbers=np.arange(max(inputs, listed), dtype=np.int32),
        output_copy_rows=_row_addresses(output_copy),
        stamps=np.zeros(1 + STAMPS, np.int64),
        bag=aligned_matrix(2, vector_size),
        bag_number=np.zeros(1, np.int32),
        # Fewer than the padded columns: what is beyond stays zero in every row, so whole vectors suffice.
        columns=-(-vector_size // LANES) * LANES,
    )
