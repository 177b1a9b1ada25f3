"""bfloat16: rounding that is right on average, matrices kept so for a while, and the steps on such rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_logistic import ROWS, fill, random_matrices, whole

from coterie.kernels import bfloat16
from coterie.kernels.bfloat16 import as_floats, kept_narrow, noise_at, rounded, widened
from coterie.kernels.block import Matrices, make_block, row_address
from coterie.kernels.compile import JIT_ENABLED, kernel
from coterie.kernels.logistic import found_in, make_plain_step, make_simd_step
from coterie.kernels.simd import PANEL_ROWS
from marks import simd
from reference import skip_gram

run_plain = whole(make_plain_step(offsets=False, narrow=True))
run_simd, run_simd_panel = (
    whole(make_simd_step(offsets=False, panels=panels, narrow=True)) for panels in (True, False)
)
STEPS = [
    pytest.param(run_plain, id="plain"),
    simd(run_simd, id="simd"),
    simd(run_simd_panel, id="simd-panel"),
]


@kernel
def mean_of_rounded(value, step):
    """The mean over every `step`-th of all upper halves of the noise."""
    total, count = 0.0, 0
    for noise in range(0, 65536, step):
        total += widened(rounded(value, np.uint64(noise << 16)))
        count += 1
    return total / count


@kernel
def fill_noise(seed, noise):
    for j in range(noise.shape[0]):
        for d in range(noise.shape[1]):
            noise[j, d] = noise_at(seed, j, d)


@settings(deadline=None, max_examples=30)
@given(st.floats(-100, 100, width=32, allow_subnormal=False))
def test_rounding_is_right_on_average(value):
    # Without the JIT every 64th noise has to do.
    step = 1 if JIT_ENABLED else 64
    found = mean_of_rounded(np.float32(value), step)
    ulp = abs(value) * 2.0**-7 if value else 0.0
    assert found == pytest.approx(value, abs=ulp * step / 65536, rel=1e-9)


@pytest.mark.parametrize("number", [0.0, 1.0, -2.5, math.inf, -math.inf, math.nan])
def test_what_bfloat16_has_stays_itself(number):
    with np.errstate(invalid="ignore"):
        found = mean_of_rounded(np.float32(number), 4096)
    assert found == number or (math.isnan(found) and math.isnan(number))


def test_noise_is_even_and_differs_by_row_and_column():
    noise = np.zeros((8, 1000 if JIT_ENABLED else 100), np.uint64)
    fill_noise(np.uint64(12345), noise)
    upper = (noise >> np.uint64(16)) / 65536
    assert upper.max() < 1
    assert abs(upper.mean() - 0.5) < 5 / math.sqrt(12 * noise.shape[1])  # rows share their bits
    assert len(np.unique(noise)) == noise.size
    other = np.zeros_like(noise)
    fill_noise(np.uint64(12346), other)
    assert (noise != other).mean() > 0.99


@settings(deadline=None)
@given(
    rows=st.integers(1, 40),
    block=st.integers(1, 100),
    changes=st.lists(st.tuples(st.integers(0, 39), st.floats(-4, 4, width=16)), max_size=5),
)
def test_a_matrix_is_kept_narrow_in_place(rows, block, changes):
    original, bfloat16._BLOCK = bfloat16._BLOCK, block
    try:
        matrix = np.random.default_rng(rows).normal(size=(rows, 5)).astype(np.float32)
        before = matrix.copy()
        with kept_narrow(matrix) as narrow:
            assert narrow.base is not None
            assert np.shares_memory(narrow, matrix)
            kept = as_floats(narrow)
            np.testing.assert_allclose(kept, before, rtol=2**-8)
            untouched = matrix.reshape(-1).view(np.uint16)[matrix.size :].copy()
            for row, value in changes:
                if row < rows:
                    narrow[row] = np.float32(value).view(np.uint32) >> 16
                    kept[row] = as_floats(narrow[row])
            assert (matrix.reshape(-1).view(np.uint16)[matrix.size :] == untouched).all()
        np.testing.assert_array_equal(matrix, kept)
    finally:
        bfloat16._BLOCK = original


def test_a_matrix_is_wide_again_after_an_error():
    matrix = np.full((3, 4), 0.5, np.float32)
    with pytest.raises(ZeroDivisionError), kept_narrow(matrix):
        1 / 0  # noqa: B018
    assert (matrix == 0.5).all()


@pytest.mark.parametrize("step", STEPS)
@settings(deadline=None, max_examples=60)
@given(
    inputs=st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=2 * PANEL_ROWS + 2),
    outputs=st.lists(st.tuples(st.integers(0, ROWS - 1), st.booleans()), min_size=1, max_size=9),
    vector_size=st.integers(1, 40),
    seed=st.integers(0, 100),
)
@example(inputs=[16, 0, 0, 15], outputs=[(8, True), (8, False)], vector_size=23, seed=35)
def test_a_step_is_the_twins_but_for_rounding(step, inputs, outputs, vector_size, seed):
    inputs = inputs[:PANEL_ROWS] if step is run_simd_panel else inputs
    wide = random_matrices(np.random.default_rng(seed), vector_size)
    with kept_narrow(wide.output_vectors):
        pass  # numbers that bfloat16 has
    V, P = (matrix[:, :vector_size].astype(np.float64) for matrix in wide)
    largest, change = abs(P), 0.1 * abs(V[inputs]).sum(axis=0)
    words, labels = [word for word, _ in outputs], [label for _, label in outputs]
    block = make_block(len(inputs), len(outputs), vector_size)
    listed = fill(block, inputs, words, labels)
    with kept_narrow(wide.output_vectors) as narrow, np.errstate(over="ignore"):
        step(Matrices(wide.input_vectors, narrow), block, listed, len(outputs), np.float32(0.1), True)
    loss = skip_gram.step(inputs, words, labels, V, P, 0.1)
    np.testing.assert_allclose(wide.input_vectors[:, :vector_size], V, atol=5e-5)
    # A row that is listed more than once is rounded as often, a row of several panels for each of them.
    times = (1 + len(inputs) // PANEL_ROWS) * max(map(words.count, words))
    # Between two roundings a row may be further away than before and after both, by less than a whole change.
    between = (times > 1) * change
    bound = 5e-5 + 2**-7 * times * (np.maximum(largest, abs(P)) + between)
    assert (abs(wide.output_vectors[:, :vector_size] - P) <= bound).all()
    unlisted = np.setdiff1d(np.arange(ROWS), words)
    np.testing.assert_array_equal(wide.output_vectors[unlisted, :vector_size], P[unlisted])
    assert block.loss[0] == pytest.approx(loss, rel=1e-5, abs=1e-5)
    assert not wide.output_vectors[:, vector_size:].any(), "padding stays zero"


def second_half(step):
    """The change alone, by gradients that are given."""

    @kernel
    def change(matrices, block, inputs, outputs, gradients):
        found = found_in(block)
        for i in range(gradients.size):
            found.gradients[i] = gradients[i]
        for j in range(outputs):
            found.rows[j] = row_address(matrices.output_vectors, block.outputs[j])
        step.update(matrices, block, inputs, 0, inputs.size, found, outputs, block.coming, 0, block.columns)

    return change


@pytest.mark.parametrize("panels", [simd(False), simd(True)])
@pytest.mark.parametrize("vector_size", [10, 100])
def test_both_steps_round_alike(panels, vector_size):
    gradients = np.random.default_rng(1).normal(0, 0.1, 12).astype(np.float32)
    results = []
    for step in (
        make_plain_step(offsets=False, narrow=True),
        make_simd_step(offsets=False, panels=panels, narrow=True),
    ):
        inputs, outputs = random_matrices(np.random.default_rng(0), vector_size)
        block = make_block(4, 3, vector_size)
        block.outputs[:3] = 7, 2, 19
        with kept_narrow(outputs) as narrow:
            second_half(step)(Matrices(inputs, narrow), block, np.array([0, 3, 5, 1], np.int32), 3, gradients)
        results.append(outputs)
    # Sums in another order turn a rounding now and then.
    assert (results[0] == results[1]).mean() > 0.99
    np.testing.assert_allclose(*results, rtol=2**-7)


@settings(deadline=None, max_examples=5)
@given(seed=st.integers(0, 1000))
def test_steps_too_small_for_rounding_to_the_nearest_add_up(seed):
    """A thousand equal changes of 2⁻¹² of a number: to the nearest, it would never move."""
    value, change = np.float32(1), np.float32(2**-12)
    steps, rows = 512, 400
    noise = np.random.default_rng(seed).integers(0, 2**32, (steps, rows), dtype=np.uint64)
    moved = np.zeros(rows)
    _add_up(value, change, noise if JIT_ENABLED else noise[:, :20], moved)
    moved = moved if JIT_ENABLED else moved[:20]
    expected = 1 + steps * 2**-12
    assert moved.mean() == pytest.approx(expected, abs=5 * moved.std() / math.sqrt(len(moved)))
    assert moved.std() > 0


@kernel
def _add_up(value, change, noise, moved):
    for row in range(noise.shape[1]):
        bits = rounded(value, np.uint64(0))
        for step in range(noise.shape[0]):
            bits = rounded(np.float32(widened(bits) + change), noise[step, row])
        moved[row] = widened(bits)
