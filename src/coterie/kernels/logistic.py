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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.kernels.bfloat16 import noise_at, rounded, seed_of, widened
from coterie.kernels.block import STAMPS, Block, Matrices, row_address
from coterie.kernels.compile import Index, inlined_kernel, inner_kernel
from coterie.kernels.simd import (
    PANEL_ROWS,
    address_of,
    copy_rows,
    panel_gradients,
    rank_update,
)

__all__ = ["Found", "Step", "found_in", "make_plain_step", "make_simd_step", "sigmoid"]


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
    weights: NDArray[np.float32],
    inputs: Index,
    outputs: Index,
    loss: NDArray[np.float64],
) -> None:
    """Add the loss of scores ``j·M + i``: t times −log σ(s), w − t times −log σ(−s).

    ``−log σ(−s) = log(1 + eˢ) = max(s, 0) − log σ(|s|)``: no overflow, and the logarithms of a row are one
    logarithm of a product, whose factors lie between ½ and 1. ``−log σ(s)`` is that less s.
    """
    total = 0.0
    for j in range(outputs):
        for start in range(0, inputs, _FACTORS):
            linear, product = 0.0, 1.0
            for i in range(start, min(start + _FACTORS, inputs)):
                s = scores[j * inputs + i]
                linear += np.float64(weights[j] * max(s, np.float32(0)) - labels[j] * s)
                product *= np.float64(sigmoid(abs(s)))
            total += linear - np.float64(weights[j]) * math.log(product)
    loss[0] += total


@inner_kernel
def _copy_rows(
    matrix: NDArray[np.float32],
    numbers: NDArray[np.int32],
    first: Index,
    count: Index,
    start: Index,
    stop: Index,
    copy: NDArray[np.float32],
) -> None:
    for i in range(count):
        for d in range(start, stop):
            copy[i, d] = matrix[numbers[first + i], d]


@inner_kernel
def _unchanged(value: np.float32) -> np.float32:
    return value


@inner_kernel
def _kept_whole(value: np.float32, seed: np.uint64, place: Index, column: Index) -> np.float32:
    return value


@inner_kernel
def _kept_narrow(value: np.float32, seed: np.uint64, place: Index, column: Index) -> np.uint16:
    return rounded(value, noise_at(seed, place, column))


@inner_kernel
def _sum(values: NDArray[np.float32], count: Index) -> float:
    total = 0.0
    for i in range(count):
        total += np.float64(values[i])
    return total


class Step(NamedTuple):
    """The two halves of a step on M × N rows, between which nothing else changes them.

    The input rows are those of ``numbers[first : first + M]``; the output rows, with their labels and
    offsets, are listed in the block. A row that is listed twice has one offset.

    Parameters
    ----------
    gradients
        (matrices, block, numbers, first, M, N, rate, record, found) → N: puts the gradients and the output
        rows that they belong to, of which fewer may be left, into `found`. With offsets it also adds Σ G to
        ``block.gradient_sum``; an amount common to all offsets goes downhill by as much.
    update
        (matrices, block, numbers, first, M, found, N, coming, start, stop): changes both sides' columns from
        `start` to `stop`, both right-hand sides from the values before. Meanwhile the rows at the addresses
        in `coming`, more than N, come into the cache.
    """

    gradients: Any
    update: Any


class Found(NamedTuple):
    """What the first half of a step leaves: numbers and addresses of the output rows, packed gradients."""

    outputs: NDArray[np.int32]
    rows: NDArray[np.int64]
    gradients: NDArray[np.float32]


@inner_kernel
def found_in(block: Block) -> Found:
    """Return what the first half of a step left in a block."""
    return Found(block.outputs, block.output_rows, block.gradients)


def make_plain_step(*, offsets: bool, narrow: bool = False) -> Step:
    """Return a step in plain loops.

    Only with `offsets` does it take the block's offsets from the scores. With `narrow` the output rows are
    bfloat16, see :mod:`.bfloat16`.
    """
    number = widened if narrow else _unchanged
    kept = _kept_narrow if narrow else _kept_whole

    @inlined_kernel
    def find_gradients(
        matrices: Matrices,
        block: Block,
        numbers: NDArray[np.int32],
        first: Index,
        inputs: Index,
        outputs: Index,
        rate: np.float32,
        record: bool,
        found: Found,
    ) -> Index:
        scores, gradients = block.scores, found.gradients
        for j in range(outputs):
            found.outputs[j] = block.outputs[j]
            y = matrices.output_vectors[block.outputs[j]]
            for i in range(inputs):
                x = matrices.input_vectors[numbers[first + i]]
                score = np.float32(0)
                for d in range(block.columns):
                    score += x[d] * number(y[d])
                if offsets:
                    score -= block.offsets[j]
                scores[j * inputs + i] = score
                gradients[j * inputs + i] = rate * (block.labels[j] - sigmoid(score))
        if record:
            _add_loss(scores, block.labels, block.ones, inputs, outputs, block.loss)
            block.loss[1] += inputs
        if offsets:
            block.gradient_sum[0] += _sum(gradients, inputs * outputs)
        return outputs

    @inlined_kernel
    def update(
        matrices: Matrices,
        block: Block,
        numbers: NDArray[np.int32],
        first: Index,
        inputs: Index,
        found: Found,
        outputs: Index,
        coming: NDArray[np.int64],
        start: Index,
        stop: Index,
    ) -> None:
        x, y, gradients = block.input_copy, block.output_copy, found.gradients
        _copy_rows(matrices.input_vectors, numbers, first, inputs, start, stop, x)
        for j in range(outputs):
            for d in range(start, stop):
                y[j, d] = number(matrices.output_vectors[found.outputs[j], d])
        for i in range(inputs):
            row = matrices.input_vectors[numbers[first + i]]
            for j in range(outputs):
                g = gradients[j * inputs + i]
                for d in range(start, stop):
                    row[d] += g * y[j, d]
        seed = seed_of(gradients, inputs * outputs) if narrow else np.uint64(0)
        for j in range(outputs):
            # The row of the copy, which has served, takes the change.
            for d in range(start, stop):
                y[j, d] = 0
            for i in range(inputs):
                g = gradients[j * inputs + i]
                for d in range(start, stop):
                    y[j, d] += g * x[i, d]
            row = matrices.output_vectors[found.outputs[j]]
            for d in range(start, stop):
                row[d] = kept(number(row[d]) + y[j, d], seed, j, d)

    return Step(find_gradients, update)


def make_simd_step(*, offsets: bool, panels: bool, narrow: bool = False) -> Step:
    """Return the same step on vectors; columns are counted in whole ones.

    With `panels` a block may have more than ``PANEL_ROWS`` input rows: if it has, old values of all its rows
    are copied away before one panel after another is done. Otherwise rows stay in their matrices.
    """
    gradients_of = panel_gradients(offsets=offsets, narrow=narrow)
    update_panel = rank_update(copies=panels, narrow=narrow)
    copy_inputs, copy_outputs = copy_rows(narrow=False), copy_rows(narrow=narrow)

    @inlined_kernel
    def find_gradients(
        matrices: Matrices,
        block: Block,
        numbers: NDArray[np.int32],
        first: Index,
        inputs: Index,
        outputs: Index,
        rate: np.float32,
        record: bool,
        found: Found,
    ) -> Index:
        labels, weights, shifts = block.labels, block.ones, block.offsets
        if not _distinct(block.outputs, outputs, block.stamps):
            outputs = _merge(block, outputs)
            labels, weights, shifts = block.merged_labels, block.merged_weights, block.merged_offsets
        for j in range(outputs):
            found.outputs[j] = block.outputs[j]
            found.rows[j] = row_address(matrices.output_vectors, block.outputs[j])
        panel_count = (inputs + PANEL_ROWS - 1) // PANEL_ROWS if panels else 1
        for panel in range(panel_count):
            begin, end = inputs * panel // panel_count, inputs * (panel + 1) // panel_count
            gradients_of(
                address_of(numbers) + 4 * (first + begin),
                end - begin,
                address_of(matrices.input_vectors),
                address_of(block.outputs),
                outputs,
                address_of(matrices.output_vectors),
                matrices.input_vectors.strides[0],
                block.columns,
                address_of(labels),
                address_of(weights),
                address_of(shifts),
                rate,
                address_of(block.scores),
                address_of(found.gradients) + 4 * begin * outputs,
            )
            if record:
                _add_loss(block.scores, labels, weights, end - begin, outputs, block.loss)
        if record:
            block.loss[1] += inputs
        if offsets:
            block.gradient_sum[0] += _sum(found.gradients, inputs * outputs)
        return outputs

    @inlined_kernel
    def update(
        matrices: Matrices,
        block: Block,
        numbers: NDArray[np.int32],
        first: Index,
        inputs: Index,
        found: Found,
        outputs: Index,
        coming: NDArray[np.int64],
        start: Index,
        stop: Index,
    ) -> None:
        stride = matrices.input_vectors.strides[0]
        xs, ys = address_of(matrices.input_vectors), address_of(matrices.output_vectors)
        rows, listed = address_of(found.rows), address_of(numbers) + 4 * first
        old_numbers, old_xs, old_rows = listed, xs, rows
        panel_count = (inputs + PANEL_ROWS - 1) // PANEL_ROWS if panels else 1
        if panels and (narrow or panel_count > 1):
            # What one panel changes, the next one still needs as it was. (Copies are float32: narrow rows
            # can't take their place where there is one panel.)
            old_numbers, old_xs = address_of(block.copy_numbers), address_of(block.input_copy)
            old_rows, copies = address_of(block.output_copy_rows), address_of(block.output_copy)
            copy_inputs(listed, inputs, xs, stride, 4 * start, 4 * stop, old_xs)
            copy_outputs(address_of(found.outputs), outputs, ys, stride, 4 * start, 4 * stop, copies)
        seed = np.int64(seed_of(found.gradients, inputs * outputs)) if narrow else np.int64(0)
        for panel in range(panel_count):
            begin, end = inputs * panel // panel_count, inputs * (panel + 1) // panel_count
            update_panel(
                old_numbers + 4 * begin,
                old_xs,
                listed + 4 * begin,
                end - begin,
                xs,
                stride,
                old_rows,
                rows,
                outputs,
                4 * start,
                4 * stop,
                address_of(found.gradients) + 4 * begin * outputs,
                address_of(coming),
                seed + panel,
            )

    return Step(find_gradients, update)


@inner_kernel
def _merge(block: Block, outputs: Index) -> Index:
    """Make one row of those that are listed twice, with the sum of their labels and of their weights.

    They have the same scores, so their gradients add up to that of the one. Returns how many are left.
    """
    count = 0
    for j in range(outputs):
        place = 0
        while place < count and block.outputs[place] != block.outputs[j]:
            place += 1
        if place == count:
            block.outputs[count] = block.outputs[j]
            block.merged_offsets[count] = block.offsets[j]
            block.merged_labels[count] = block.merged_weights[count] = 0
            count += 1
        block.merged_labels[place] += block.labels[j]
        block.merged_weights[place] += 1
    return count


@inner_kernel
def _distinct(numbers: NDArray[np.int32], count: Index, stamps: NDArray[np.int64]) -> bool:
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
