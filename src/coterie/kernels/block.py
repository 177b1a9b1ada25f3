"""What kernels work on: the two matrices, and one thread's working memory for blocks of their rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.kernels.allocate import aligned_matrix
from coterie.kernels.emitter import LANES

__all__ = ["STAMPS", "Addresses", "Block", "Matrices", "make_block", "make_matrices"]

STAMPS = 1024
"""Entries of the table in which a block looks for rows that are listed twice; a power of two."""


class Matrices(NamedTuple):
    """The model: two float32 matrices, shape (V, padded D), C-contiguous and 64-byte aligned.

    The addresses stand beside the arrays because asking an array for its address makes an object in Numba.
    """

    input_vectors: NDArray[np.float32]
    output_vectors: NDArray[np.float32]
    input_address: int
    output_address: int
    row_bytes: int


class Addresses(NamedTuple):
    """Where a block's scores, row lists and mean input begin."""

    scores: int
    input_rows: int
    output_rows: int
    input_copy_rows: int
    output_copy_rows: int
    stash: int
    coming: int
    bag: int


class Block(NamedTuple):
    """One thread's working memory for blocks of up to M × N rows.

    ``inputs`` (M), ``outputs`` (N), ``labels`` (N) and ``offsets`` (N) are filled by the caller with row
    numbers, labels and offsets, ``coming`` (1 + N) with the addresses of rows that the next block will need;
    ``loss`` collects, in float64, the loss and the number of input rows that it was summed over, and
    ``gradient_sum`` what the offsets' common part is to change by. ``bag`` (2, padded D) has room for the
    mean of input rows, after a step and before it.
    """

    inputs: NDArray[np.int64]
    outputs: NDArray[np.int64]
    labels: NDArray[np.float32]
    offsets: NDArray[np.float32]
    loss: NDArray[np.float64]
    gradient_sum: NDArray[np.float64]
    scores: NDArray[np.float32]
    input_copy: NDArray[np.float32]
    output_copy: NDArray[np.float32]
    input_rows: NDArray[np.int64]
    output_rows: NDArray[np.int64]
    input_copy_rows: NDArray[np.int64]
    output_copy_rows: NDArray[np.int64]
    stash: NDArray[np.float32]
    coming: NDArray[np.int64]
    stamps: NDArray[np.int64]
    bag: NDArray[np.float32]
    addresses: Addresses
    columns: int


def make_matrices(input_vectors: NDArray[np.float32], output_vectors: NDArray[np.float32]) -> Matrices:
    """Return both matrices, made by :func:`~.allocate.aligned_matrix`, as kernels take them."""
    return Matrices(
        input_vectors,
        output_vectors,
        input_vectors.ctypes.data,
        output_vectors.ctypes.data,
        input_vectors.strides[0],
    )


def _row_addresses(matrix: NDArray[np.float32]) -> NDArray[np.int64]:
    return matrix.ctypes.data + np.arange(len(matrix), dtype=np.int64) * matrix.strides[0]


def make_block(inputs: int, outputs: int, vector_size: int) -> Block:
    """Return working memory for blocks of up to `inputs` × `outputs` rows of `vector_size` floats."""
    input_copy, output_copy = aligned_matrix(inputs, vector_size), aligned_matrix(outputs, vector_size)
    scores = aligned_matrix(1, outputs * ((inputs + 3) & ~3) + LANES)[0]
    input_rows, output_rows = np.zeros(inputs, np.int64), np.zeros(outputs, np.int64)
    input_copy_rows, output_copy_rows = _row_addresses(input_copy), _row_addresses(output_copy)
    stash = aligned_matrix(outputs, LANES)
    coming = np.zeros(1 + outputs, np.int64)
    bag = aligned_matrix(2, vector_size)
    addressed = (scores, input_rows, output_rows, input_copy_rows, output_copy_rows, stash, coming, bag)
    return Block(
        inputs=np.zeros(inputs, np.int64),
        outputs=np.zeros(outputs, np.int64),
        labels=np.zeros(outputs, np.float32),
        offsets=np.zeros(outputs, np.float32),
        loss=np.zeros(2, np.float64),
        gradient_sum=np.zeros(1, np.float64),
        scores=scores,
        input_copy=input_copy,
        output_copy=output_copy,
        input_rows=input_rows,
        output_rows=output_rows,
        input_copy_rows=input_copy_rows,
        output_copy_rows=output_copy_rows,
        stash=stash,
        coming=coming,
        stamps=np.zeros(1 + STAMPS, np.int64),
        bag=bag,
        addresses=Addresses(*(array.ctypes.data for array in addressed)),
        # Fewer than the padded columns: what is beyond stays zero in every row, so whole vectors suffice.
        columns=-(-vector_size // LANES) * LANES,
    )
