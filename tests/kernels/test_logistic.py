"""Both implementations of the logistic block against the float64 twin, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.kernels.allocate import aligned_matrix
from coterie.kernels.block import STAMPS, Matrices, make_block
from coterie.kernels.compile import kernel
from coterie.kernels.logistic import found_in, make_plain_step, make_simd_step, sigmoid
from coterie.kernels.simd import PANEL_ROWS
from marks import simd
from reference import skip_gram

FIRST = 2  # where in the list the input rows begin


def whole(step):
    """Both halves of a step as one kernel; the columns in two parts, if they are more than a cache line."""
    find_gradients, update = step

    @kernel
    def run(matrices, block, inputs, outputs, rate, record):
        count, found, middle = inputs.size - FIRST, found_in(block), min(16, block.columns)
        outputs = find_gradients(matrices, block, inputs, FIRST, count, outputs, rate, record, found)
        update(matrices, block, inputs, FIRST, count, found, outputs, block.coming, 0, middle)
        if middle < block.columns:
            update(matrices, block, inputs, FIRST, count, found, outputs, block.coming, middle, block.columns)

    return run


run_plain, run_plain_shifted = (whole(make_plain_step(offsets=offsets)) for offsets in (False, True))
run_simd, run_simd_shifted = (
    whole(make_simd_step(offsets=offsets, panels=True)) for offsets in (False, True)
)
run_simd_panel = whole(make_simd_step(offsets=False, panels=False))


@kernel
def run_sigmoid(values):
    for i in range(values.size):
        values[i] = sigmoid(values[i])


STEPS = [
    pytest.param(run_plain, id="plain"),
    simd(run_simd, id="simd"),
    simd(run_simd_panel, id="simd-panel"),
]
SHIFTED_STEPS = [
    pytest.param(run_plain_shifted, id="plain"),
    simd(run_simd_shifted, id="simd"),
]
ROWS = 20


def within_limit(step, inputs):
    """As many of the input rows as the step can do."""
    return inputs[:PANEL_ROWS] if step is run_simd_panel else inputs


def random_matrices(generator, vector_size, scale=0.5, rows=ROWS):
    pair = []
    for _ in range(2):
        matrix = aligned_matrix(rows, vector_size)
        matrix[:, :vector_size] = generator.normal(0, scale, (rows, vector_size))
        pair.append(matrix)
    return Matrices(*pair)


def fill(block, inputs, outputs, labels):
    """List the rows in a block; returns the list of input rows."""
    block.outputs[: len(outputs)] = outputs
    block.labels[: len(labels)] = labels
    return np.array([0] * FIRST + list(inputs), np.int32)


@pytest.mark.parametrize("step", STEPS)
@settings(deadline=None, max_examples=60)
@given(
    inputs=st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=2 * PANEL_ROWS + 2),
    outputs=st.lists(st.tuples(st.integers(0, ROWS - 1), st.booleans()), min_size=1, max_size=9),
    vector_size=st.integers(1, 40),
    seed=st.integers(0, 100),
)
def test_step_is_the_twins(step, inputs, outputs, vector_size, seed):
    inputs = within_limit(step, inputs)
    matrices = random_matrices(np.random.default_rng(seed), vector_size)
    V, P = (matrix[:, :vector_size].astype(np.float64) for matrix in matrices[:2])
    words, labels = [word for word, _ in outputs], [label for _, label in outputs]
    block = make_block(len(inputs), len(outputs), vector_size)
    listed = fill(block, inputs, words, labels)
    step(matrices, block, listed, len(outputs), np.float32(0.1), True)
    loss = skip_gram.step(inputs, words, labels, V, P, 0.1)
    # σ is a fraction within 5e-5; at rate 0.1 and rows of this size that leaves at most some 1e-5 a change.
    np.testing.assert_allclose(matrices.input_vectors[:, :vector_size], V, atol=5e-5)
    np.testing.assert_allclose(matrices.output_vectors[:, :vector_size], P, atol=5e-5)
    assert block.loss[0] == pytest.approx(loss, rel=1e-5, abs=1e-5)
    assert block.loss[1] == len(inputs)
    assert not matrices.input_vectors[:, vector_size:].any(), "padding stays zero"
    assert not matrices.output_vectors[:, vector_size:].any()


@pytest.mark.parametrize("step", SHIFTED_STEPS)
@settings(deadline=None, max_examples=30)
@given(
    inputs=st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=PANEL_ROWS + 2),
    outputs=st.lists(st.tuples(st.integers(0, ROWS - 1), st.booleans()), min_size=1, max_size=9),
    row_offsets=st.lists(st.floats(-8, 8, width=32), min_size=ROWS, max_size=ROWS),
    seed=st.integers(0, 100),
)
def test_offsets_are_taken_from_the_scores(step, inputs, outputs, row_offsets, seed):
    matrices = random_matrices(np.random.default_rng(seed), 12)
    V, P = (matrix[:, :12].astype(np.float64) for matrix in matrices[:2])
    words, labels = (list(column) for column in zip(*outputs, strict=True))
    offsets = [row_offsets[word] for word in words]  # a row listed twice has one offset
    block = make_block(len(inputs), len(outputs), 12)
    listed = fill(block, inputs, words, labels)
    block.offsets[: len(offsets)] = offsets
    step(matrices, block, listed, len(outputs), np.float32(0.1), True)
    # An offset is one more column: 1 in every input row, −o_j in the output row.
    X, Y = np.c_[V[inputs], np.ones(len(inputs))], np.c_[P[words], -np.array(offsets)]
    loss = skip_gram.block_loss(X, Y, labels)
    dX, dY = skip_gram.block_changes(X, Y, labels, 0.1)
    np.add.at(V, inputs, dX[:, :-1])
    np.add.at(P, words, dY[:, :-1])
    np.testing.assert_allclose(matrices.input_vectors[:, :12], V, atol=5e-5)
    np.testing.assert_allclose(matrices.output_vectors[:, :12], P, atol=5e-5)
    pairs = len(inputs) * len(outputs)  # σ is within 5e-5 for each
    assert block.loss[0] == pytest.approx(loss, rel=1e-4, abs=5e-5 * pairs)
    assert block.gradient_sum[0] == pytest.approx(dY[:, -1].sum(), abs=5e-6 * pairs + 1e-6)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("inputs", [[3], [3, 1], [3, 1, 3], list(range(PANEL_ROWS + 3))])
@pytest.mark.parametrize("outputs", [[4], [4, 5, 6], [4, 5, 4]])
def test_a_block_changes_exactly_its_rows(step, inputs, outputs):
    inputs = within_limit(step, inputs)
    matrices = random_matrices(np.random.default_rng(0), 24)
    before = [matrix.copy() for matrix in matrices[:2]]
    block = make_block(len(inputs), len(outputs), 24)
    listed = fill(block, inputs, outputs, [1] + [0] * (len(outputs) - 1))
    step(matrices, block, listed, len(outputs), np.float32(0.1), False)
    for old, new, rows in zip(before, matrices[:2], (inputs, outputs), strict=True):
        assert set(np.flatnonzero((old != new).any(axis=1))) == set(rows)
    assert block.loss.tolist() == [0, 0], "nothing is recorded unless asked"


@pytest.mark.parametrize("step", STEPS)
def test_finite_differences(step):
    """The change of a step at rate η is −η times the loss's derivative, by central differences in float64."""
    generator = np.random.default_rng(3)
    vector_size, inputs, outputs, labels = 7, [2, 5, 2], [1, 3, 3, 8], [1, 0, 0, 0]
    matrices = random_matrices(generator, vector_size, scale=0.4)
    V, P = (matrix[:, :vector_size].astype(np.float64) for matrix in matrices[:2])
    before = V.copy(), P.copy()
    gradients = []
    for matrix in (V, P):
        gradient = np.zeros_like(matrix)
        for place in np.ndindex(matrix.shape):
            value, h = matrix[place], 1e-6
            losses = []
            for moved in (value + h, value - h):
                matrix[place] = moved
                losses.append(skip_gram.block_loss(V[inputs], P[outputs], labels))
            matrix[place] = value
            gradient[place] = (losses[0] - losses[1]) / (2 * h)
        gradients.append(gradient)
    # The twin in float64, to 1e-5 …
    skip_gram.step(inputs, outputs, labels, V, P, 1.0)
    for old, new, gradient in zip(before, (V, P), gradients, strict=True):
        assert np.linalg.norm((old - new) - gradient) <= 1e-5 * np.linalg.norm(gradient)
    # … and the kernel in float32, as far as float32 goes.
    block = make_block(len(inputs), len(outputs), vector_size)
    listed = fill(block, inputs, outputs, labels)
    step(matrices, block, listed, len(outputs), np.float32(1), False)
    for old, new, gradient in zip(before, matrices[:2], gradients, strict=True):
        assert np.linalg.norm((old - new[:, :vector_size]) - gradient) <= 1e-5 * np.linalg.norm(gradient)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("outputs", [[5, 5 + STAMPS], [5, 5 + STAMPS, 5]])
def test_numbers_with_the_same_place_in_the_table_are_told_apart(step, outputs):
    matrices = random_matrices(np.random.default_rng(0), 8, rows=STAMPS + 10)
    V, P = (matrix[:, :8].astype(np.float64) for matrix in matrices[:2])
    block = make_block(2, len(outputs), 8)
    listed = fill(block, [1, 2], outputs, [1] + [0] * (len(outputs) - 1))
    step(matrices, block, listed, len(outputs), np.float32(0.1), False)
    skip_gram.step([1, 2], outputs, [1] + [0] * (len(outputs) - 1), V, P, 0.1)
    np.testing.assert_allclose(matrices.input_vectors[:, :8], V, atol=5e-5)
    np.testing.assert_allclose(matrices.output_vectors[:, :8], P, atol=5e-5)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("label", [0, 1])
def test_gradients_are_right_far_out(step, label):
    """Scores from −30 to 30, one by one: x = 1 and y = s, so that x changes by η(t − σ(s))·s."""
    matrices = random_matrices(np.random.default_rng(0), 1, rows=400)
    scores = np.linspace(-30, 30, 400, dtype=np.float32)
    matrices.input_vectors[:, 0], matrices.output_vectors[:, 0] = 1, scores
    block = make_block(1, 1, 1)
    for row in range(400):
        step(matrices, block, fill(block, [row], [row], [label]), 1, np.float32(0.5), True)
    exact = label - skip_gram.sigmoid(scores)
    np.testing.assert_allclose(matrices.output_vectors[:, 0] - scores, 0.5 * exact, atol=4e-5)
    assert block.loss[0] == pytest.approx(np.sum(np.logaddexp(0, scores) - label * scores), rel=1e-4)


def test_sigmoid_is_within_its_bound():
    values = np.linspace(-30, 30, 4001, dtype=np.float32)
    exact = skip_gram.sigmoid(values)
    run_sigmoid(values)
    error = np.abs(values - exact)
    assert error.max() <= 5e-5
    assert error[np.abs(np.linspace(-30, 30, 4001)) <= 6].max() <= 6e-7


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_what_is_not_a_number_stays_visible(step, poison):
    matrices = random_matrices(np.random.default_rng(0), 8)
    matrices.input_vectors[2, 3] = poison
    block = make_block(1, 2, 8)
    listed = fill(block, [2], [4, 5], [1, 0])
    with np.errstate(invalid="ignore"):
        step(matrices, block, listed, 2, np.float32(0.1), True)
    assert not np.isfinite(block.loss[0])
    assert not np.isfinite(matrices.input_vectors[2]).all()
