"""The logistic block: M input rows against N output rows, one step of gradient descent.

With ``X`` the block's input rows (M × D), ``Y`` its output rows (N × D), a label ``t_j`` ∈ {0, 1} and an
offset ``o_j`` for each output row, and the learning rate η::

    S = Y Xᵀ − o                  scores, s_ji = Y_j · X_i − o_j
    L = Σ_ij  −t_j log σ(s_ji) − (1 − t_j) log σ(−s_ji)
    G = η (t_j − σ(s_ji))         = −η ∂L/∂s_ji
    X_i += Σ_j G_ji Y_j           both right-hand sides from the values
    Y_j += Σ_i G_ji X_i           before the step

Three objectives are this block: negative sampling with N = 1 + k, the labels 1, 0, … 0 and no offsets (arXiv
1310.4546, equation 4), noise-contrastive estimation with offsets, and hierarchical softmax with the inner
nodes of a path as output rows. Each step exists twice with the same meaning: :func:`make_plain_step` in plain
loops, :func:`make_simd_step` on the vector intrinsics of :mod:`coterie.kernels.simd`. A row may be listed
more than once on either side: its changes add up.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.kernels.block import STAMPS, Block, Matrices
from coterie.kernels.compile import Index, inlined_kernel, inner_kernel
from coterie.kernels.simd import (
    TILE_INPUTS,
    TILE_OUTPUTS,
    UPDATE_ROWS,
    dot_tile,
    rank_update,
    scaled_sigmoids,
)

__all__ = ["make_plain_step", "make_simd_step", "sigmoid"]


_FACTORS = 512  # of ½ or more: their product is far from what float64 cannot hold

# The continued fraction of tanh (Lambert), cut after seven terms: within 5e-7 of σ up to |s| = 6 and 5e-5
# everywhere, with neither a table nor a call, so that loops over it vectorise. It reaches 1 at the bound.
_LIMIT = np.float32(4.97)
_HALF = np.float32(0.5)
_N3, _N2, _N1 = np.float32(378.0), np.float32(17325.0), np.float32(135135.0)
_D3, _D2, _D1 = np.float32(28.0), np.float32(3150.0), np.float32(62370.0)


@inner_kernel
def sigmoid(s: np.float32) -> np.float32:
    """Return σ(s) = ½ + ½ tanh(s/2) in float32, within 5e-5; NaN stays NaN."""
    t = _HALF * s
    if t > _LIMIT:
        t = _LIMIT
    if t < -_LIMIT:
        t = -_LIMIT
    q = t * t
    return _HALF + _HALF * t * (_N1 + q * (_N2 + q * (_N3 + q))) / (_N1 + q * (_D1 + q * (_D2 + q * _D3)))


@inner_kernel
def _add_loss(
    scores: NDArray[np.float32],
    labels: NDArray[np.float32],
    inputs: Index,
    outputs: Index,
    stride: Index,
    loss: NDArray[np.float64],
) -> None:
    """Add −log σ(s) of positive rows and −log σ(−s) of negative ones, and the number of input rows.

    ``−log σ(−x) = log(1 + eˣ) = max(x, 0) − log σ(|x|)``: no overflow, and the logarithms of a row are one
    logarithm of a product, whose factors lie between ½ and 1.
    """
    total = 0.0
    for j in range(outputs):
        sign = np.float32(-1.0) if labels[j] > 0 else np.float32(1.0)
        for start in range(0, inputs, _FACTORS):
            linear, product = 0.0, 1.0
            for i in range(start, min(start + _FACTORS, inputs)):
                x = sign * scores[j * stride + i]
                linear += np.float64(max(x, np.float32(0)))
                product *= np.float64(sigmoid(abs(x)))
            total += linear - math.log(product)
    loss[0] += total
    loss[1] += inputs


@inner_kernel
def _copy_rows(
    matrix: NDArray[np.float32],
    numbers: NDArray[np.int64],
    count: Index,
    columns: int,
    copy: NDArray[np.float32],
) -> None:
    for i in range(count):
        for d in range(columns):
            copy[i, d] = matrix[numbers[i], d]


@inner_kernel
def _subtract_offsets(
    scores: NDArray[np.float32], offsets: NDArray[np.float32], outputs: Index, stride: Index
) -> None:
    for j in range(outputs):
        for i in range(j * stride, j * stride + stride):
            scores[i] -= offsets[j]


@inner_kernel
def _gradient_sum(scores: NDArray[np.float32], inputs: Index, outputs: Index, stride: Index) -> float:
    """Return Σ G: an amount common to all offsets goes downhill by as much."""
    total = 0.0
    for j in range(outputs):
        for i in range(j * stride, j * stride + inputs):
            total += np.float64(scores[i])
    return total


def make_plain_step(*, offsets: bool) -> Any:
    """Return a kernel that does one step on the first M × N rows named in a block, in plain loops.

    It takes (matrices, block, M, N, coming, rate, record). With ``offsets`` it subtracts ``block.offsets``
    from the scores, and adds Σ G to ``block.gradient_sum``; without, neither is compiled.
    """

    @inlined_kernel
    def plain_step(
        matrices: Matrices,
        block: Block,
        inputs: Index,
        outputs: Index,
        coming: Index,
        rate: np.float32,
        record: bool,
    ) -> None:
        columns = block.columns
        x, y, scores = block.input_copy, block.output_copy, block.scores
        stride = inputs
        _copy_rows(matrices.input_vectors, block.inputs, inputs, block.columns, block.input_copy)
        _copy_rows(matrices.output_vectors, block.outputs, outputs, block.columns, block.output_copy)
        for j in range(outputs):
            for i in range(inputs):
                total = np.float32(0)
                for d in range(columns):
                    total += x[i, d] * y[j, d]
                scores[j * stride + i] = total
        if offsets:
            _subtract_offsets(scores, block.offsets, outputs, stride)
        if record:
            _add_loss(block.scores, block.labels, inputs, outputs, stride, block.loss)
        for j in range(outputs):
            for i in range(inputs):
                scores[j * stride + i] = rate * (block.labels[j] - sigmoid(scores[j * stride + i]))
        if offsets:
            block.gradient_sum[0] += _gradient_sum(scores, inputs, outputs, stride)
        for i in range(inputs):
            row = matrices.input_vectors[block.inputs[i]]
            for j in range(outputs):
                g = scores[j * stride + i]
                for d in range(columns):
                    row[d] += g * y[j, d]
        for j in range(outputs):
            row = matrices.output_vectors[block.outputs[j]]
            for i in range(inputs):
                g = scores[j * stride + i]
                for d in range(columns):
                    row[d] += g * x[i, d]

    return plain_step


def make_simd_step(*, offsets: bool) -> Any:
    """Return what :func:`make_plain_step` does, on vectors; rows stay in their matrices wherever they can."""

    @inlined_kernel
    def simd_step(
        matrices: Matrices,
        block: Block,
        inputs: Index,
        outputs: Index,
        coming: Index,
        rate: np.float32,
        record: bool,
    ) -> None:
        columns = block.columns
        stride = (inputs + 3) & ~3
        for i in range(inputs):
            block.input_rows[i] = matrices.input_address + block.inputs[i] * matrices.row_bytes
        for j in range(outputs):
            block.output_rows[j] = matrices.output_address + block.outputs[j] * matrices.row_bytes
        xs, ys, scores = block.addresses.input_rows, block.addresses.output_rows, block.addresses.scores
        _score_tiles(xs, inputs, ys, outputs, columns, scores, 4 * stride)
        if offsets:
            _subtract_offsets(block.scores, block.offsets, outputs, stride)
        if record:
            _add_loss(block.scores, block.labels, inputs, outputs, stride, block.loss)
        scaled_sigmoids(scores, outputs * stride, -rate)
        for j in range(outputs):
            if block.labels[j] > 0:
                for i in range(j * stride, j * stride + stride):
                    block.scores[i] += rate
        if offsets:
            block.gradient_sum[0] += _gradient_sum(block.scores, inputs, outputs, stride)
        old_xs, old_ys, stash = xs, ys, block.addresses.stash
        if inputs > UPDATE_ROWS or not _distinct(block.outputs, outputs, block.stamps):
            # Several sweeps, or a row that is listed twice: the old values are copied away first.
            _copy_rows(matrices.input_vectors, block.inputs, inputs, columns, block.input_copy)
            _copy_rows(matrices.output_vectors, block.outputs, outputs, columns, block.output_copy)
            old_xs, old_ys = block.addresses.input_copy_rows, block.addresses.output_copy_rows
        for i in range(0, inputs, UPDATE_ROWS):
            m = min(inputs - i, UPDATE_ROWS)
            rank_update(
                old_xs + 8 * i,
                xs + 8 * i,
                m,
                old_ys,
                ys,
                outputs,
                columns,
                scores + 4 * i,
                4 * stride,
                stash,
                block.addresses.coming,
                coming,
            )
            coming = 0

    return simd_step


@inner_kernel
def _score_tiles(
    xs: int, inputs: Index, ys: int, outputs: Index, columns: int, scores: int, stride: Index
) -> None:
    for i in range(0, inputs, TILE_INPUTS):
        for j in range(0, outputs, TILE_OUTPUTS):
            m, n = min(inputs - i, TILE_INPUTS), min(outputs - j, TILE_OUTPUTS)
            dot_tile(xs + 8 * i, m, ys + 8 * j, n, columns, scores + stride * j + 4 * i, stride)


@inner_kernel
def _distinct(numbers: NDArray[np.int64], count: Index, stamps: NDArray[np.int64]) -> bool:
    """Tell whether no number is listed twice.

    Numbers leave this call's stamp in a small table; only if one finds it there are they compared pairwise.
    """
    stamps[0] += 1
    stamp, met = stamps[0], np.int64(0)
    for j in range(count):
        place = 1 + (numbers[j] & (STAMPS - 1))
        met += stamps[place] == stamp
        stamps[place] = stamp
    if met == 0:
        return True
    for i in range(1, count):
        for j in range(i):
            if numbers[i] == numbers[j]:
                return False
    return True
