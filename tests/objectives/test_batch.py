"""Batches that threads train in step: what the float64 twin does, with the same bits for any of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import ARCHITECTURES, SIZE, WORDS, Run, as_twin, random_weights, sentences_of_ids

from coterie.config import TrainingConfig
from coterie.kernels.compile import JIT_ENABLED, kernel
from coterie.objectives.batch import (
    BatchShape,
    batches_of,
    centre_at,
    columns_of,
    make_batch,
    seats,
    share_of,
    windows_of,
)
from coterie.objectives.huffman import build_huffman
from coterie.sampling.noise import noise_distribution
from coterie.sampling.plan import make_plan
from marks import KERNELS
from reference import training as twin

OBJECTIVES = [
    {"objective": "negative_sampling", "negative": 3},
    {"objective": "negative_sampling", "negative": 3, "collisions": "keep"},
    {"objective": "nce", "negative": 3},
    {"objective": "nce", "negative": 2, "nce_partition": "one"},
    {"objective": "hierarchical_softmax"},
]
# Without the JIT threads cannot meet inside a kernel.
THREADS = [1, 2, 3, 8] if JIT_ENABLED else [1]


def config(kernel, chosen, architecture, **changes):
    return TrainingConfig(
        vector_size=SIZE, sample=0, kernel=kernel, seed=3, **{**chosen, **architecture, **changes}
    )


def twin_of(settings, run):
    match settings.objective:
        case "negative_sampling":
            return twin.NegativeSampling(settings.collisions == "skip")
        case "nce":
            return twin.NCE(noise_distribution(run.counts, settings.ns_exponent))
        case "hierarchical_softmax":
            tree = build_huffman(run.counts)
            spans = zip(tree.starts[:-1], tree.starts[1:], strict=True)
            return twin.HierarchicalSoftmax(
                [list(zip(tree.nodes[a:b].tolist(), tree.bits[a:b].tolist(), strict=True)) for a, b in spans]
            )


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("chosen", OBJECTIVES, ids=lambda chosen: "-".join(map(str, chosen.values())))
@settings(deadline=None, max_examples=10)
@given(
    sentences=sentences_of_ids(most=8),
    window=st.integers(1, 9),
    # At the higher rate a batch is many short runs.
    alpha=st.sampled_from([0.025, 0.2]),
    threads=st.sampled_from(THREADS),
)
def test_a_batch_is_the_twins(kernel, architecture, chosen, sentences, window, alpha, threads):
    settings = config(kernel, chosen, architecture, window=window, alpha=alpha)
    weights = random_weights(settings, 1)
    run = Run(weights, sentences, settings)
    expected = as_twin(weights, settings)
    losses, examples = twin.train_in_batches(
        expected, twin_of(settings, run), run.windows(), 0.05, run.objective.batch(), **run.architecture()
    )
    loss = run.train_in_step(0.05, threads)
    for name, array in as_twin(weights, settings).items():
        np.testing.assert_allclose(array, expected[name], atol=2e-4, err_msg=name)
    assert loss == (pytest.approx(losses / examples, rel=1e-4) if examples else None)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"negative_sharing": "pair"},
        {"window": 20},
        {"output_dtype": "bfloat16"},
        {"output_dtype": "bfloat16", "window": 20},
        {"architecture": "cbow"},
        {"objective": "nce"},
        {"objective": "hierarchical_softmax", "negative": 2},
        {"objective": "softmax"},
    ],
    ids=str,
)
def test_any_number_of_threads_gives_the_same_bits(kernel, changes):
    if changes.get("objective") == "softmax":
        kernel = "auto"
    settings = TrainingConfig(vector_size=100, kernel=kernel, deterministic=True, **changes)
    generator = np.random.default_rng(0)
    sentences = [generator.integers(0, WORDS, 30).tolist() for _ in range(20)]
    seen = set()
    for threads in THREADS if changes.get("objective") != "softmax" else [1, 1]:
        weights = random_weights(settings, 1)
        loss = Run(weights, sentences, settings).train_in_step(0.05, threads)
        seen.add((loss, *(matrix.tobytes() for _, matrix in weights.matrices())))
    assert len(seen) == 1


def test_a_block_leaves_the_next_place_of_the_batch_alone():
    """Threads write places side by side at the same time."""
    settings = TrainingConfig(vector_size=SIZE, window=9, sample=0)
    run = Run(random_weights(settings, 1), [[i % WORDS for i in range(200)]], settings)
    batch = make_batch(run.objective._block(), 18, BatchShape(1, 4), 1, 1)
    # Finds only the second of each four blocks, but changes every column.
    seat = seats(batch, 1, 16)[0]._replace(number=1, threads=4)
    for array in (batch.inputs, batch.outputs, batch.rows, batch.gradients, batch.sizes, batch.loss):
        array[:] = 77
    batch.sizes[[0, 2, 3]] = 0  # no rows to change in the second half
    learner = run.objective._member(run.objective._block(), seat)
    with np.errstate(over="ignore"):
        learner(run.plan, 0.05, True)
    for array in (batch.inputs, batch.outputs, batch.rows, batch.gradients, batch.loss):
        assert (array[[0, 2, 3]] == 77).all()
    assert (batch.sizes[1, :2] > 0).all()


@kernel
def _deal(seat, plan, dealt):
    """Put (turn, window, centre) of the thread's windows into the rows of `dealt`; return how many."""
    count = 0
    batches = batches_of(seat.batch, plan)
    for turn in range(batches):
        first, behind = share_of(seat, windows_of(seat.batch, plan, turn, batches))
        for window in range(first, behind):
            dealt[count, 0], dealt[count, 1] = turn, window
            dealt[count, 2] = centre_at(seat.batch, plan, turn, batches, window)
            count += 1
    return count


@settings(deadline=None)
@given(
    centres=st.integers(0, 300),
    shape=st.builds(BatchShape, st.integers(1, 9), st.integers(1, 9)),
    threads=st.integers(1, 4),
)
def test_every_window_is_in_one_batch_and_its_runs_are_apart(centres, shape, threads):
    settings = TrainingConfig(vector_size=SIZE)
    objective = Run(random_weights(settings, 1), [[0, 1]], settings).objective
    batch = make_batch(objective._block(), 10, shape, 1, threads)
    plan = make_plan(centres, 5, settings)
    plan.extent[:] = centres + 5, 3, centres + 3
    dealt = []
    for seat in seats(batch, threads, 16):
        rows = np.zeros((centres + shape.run, 3), np.int64)
        dealt += rows[: _deal(seat, plan, rows)].tolist()
    assert sorted(centre for *_, centre in dealt if centre < centres + 3) == list(range(3, centres + 3))
    batches = {turn: [(w, c) for t, w, c in sorted(dealt) if t == turn] for turn, *_ in dealt}
    for found in batches.values():
        assert [window for window, _ in found] == list(range(len(found)))
        assert len(found) <= shape.runs * shape.run
        starts = [centre for _, centre in found[:: shape.run]]
        assert all(b - a == shape.run * len(batches) for a, b in itertools.pairwise(starts))


@given(threads=st.integers(1, 40), lines=st.integers(1, 30), odd=st.booleans())
def test_every_column_has_one_thread(threads, lines, odd):
    columns = 16 * lines - (8 if odd else 0)  # whole vectors of AVX2, but not of AVX-512
    parts = [columns_of(number, threads, columns) for number in range(threads)]
    assert parts[0][0] == 0
    assert parts[-1][1] == columns
    assert all(before[1] == after[0] for before, after in itertools.pairwise(parts))
    assert all(start % 16 == 0 for start, stop in parts if start < stop), "no line is written by two"
