"""The full softmax: the batches of a plan against the twin, and what the theory promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import (
    ARCHITECTURES,
    PAIRS,
    SIZE,
    WORDS,
    Run,
    as_twin,
    assert_training_is_the_twins,
    changed_rows,
    conditional,
    random_weights,
    sentences_of_ids,
    summary,
)

from coterie.config import TrainingConfig
from coterie.kernels import softmax
from coterie.kernels.compile import STORABLE
from coterie.objectives import full_softmax
from reference import objectives as losses
from reference import training as twin


def configuration(**changes):
    return TrainingConfig(**{"objective": "softmax", "vector_size": SIZE, "window": 3, **changes})


@settings(deadline=None, max_examples=60)
@given(
    sentences=sentences_of_ids(),
    architecture=st.sampled_from(ARCHITECTURES),
    window=st.integers(1, 9),
    seed=st.integers(0, 9),
)
def test_training_is_the_twins(sentences, architecture, window, seed):
    """A chunk is one step: every example's gradient from the same weights, damped row by row."""
    config = configuration(window=window, sample=0.05, seed=seed, **architecture)
    run = Run(random_weights(config, seed), sentences, config)
    assert_training_is_the_twins(run, twin.FullSoftmax(), rate=0.05, at_once=True)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_input_a_batch_and_tiles_of_five_rows(architecture, monkeypatch):
    """What large vocabularies take several steps and tiles for; inputs are then no longer trained at once."""
    monkeypatch.setattr(full_softmax, "MOST_SCORES", 1)
    monkeypatch.setattr(full_softmax, "_CHANGED_ROWS", 5)
    config = configuration(sample=0, **architecture)
    run = Run(random_weights(config, 0), [[3, 1, 4, 1, 5], [9, 2, 6]], config)
    expected = as_twin(run.weights, config)
    blocks = run.blocks()
    if config.architecture == "skip_gram":
        pairs = sorted((word, centre) for inputs, centre, _ in blocks for word in inputs)
        steps = [[([word], o, []) for w, o in pairs if w == word] for word in sorted({w for w, _ in pairs})]
    else:
        steps = [[block] for block in blocks]
    run.train(0.05)
    for step in steps:
        twin.train_at_once(expected, twin.FullSoftmax(), step, 0.05, **run.architecture())
    for name, array in as_twin(run.weights, config).items():
        np.testing.assert_allclose(array, expected[name], atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_rows_of_scores_are_swept_some_at_a_time(architecture, monkeypatch):
    monkeypatch.setattr(full_softmax, "_SWEPT_SCORES", 3 * WORDS)
    config = configuration(sample=0, **architecture)
    run = Run(random_weights(config, 0), [[3, 1, 4, 1, 5, 9, 2, 6], [8, 7, 0, 10, 11]], config)
    assert_training_is_the_twins(run, twin.FullSoftmax(), at_once=True)


@pytest.mark.skipif(not STORABLE, reason="kernels are called through Numba here, or not compiled")
@pytest.mark.parametrize("size", [SIZE, 16])
def test_an_empty_chunk_compiles_all(size):
    """What is compiled later would be counted as training."""
    config = configuration(sample=0, vector_size=size)
    kernels = (softmax.exponentiate, softmax.add_weighted_rows, softmax.add_damped)
    run = Run(random_weights(config, 0), [[3, 1, 4], [5, 2]], config)
    run.objective.learner()
    before = [len(kernel.layouts) for kernel in kernels]
    assert min(before) > 0
    run.train(0.1)
    assert [len(kernel.layouts) for kernel in kernels] == before


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_example_changes_every_output_row(architecture):
    words = 500
    config = configuration(window=1, sample=0, **architecture)
    run = Run(random_weights(config, 0, words), [[17, 421]], config, words=words, centres=1)
    before = run.weights.output_vectors.astype(np.float64)
    assert changed_rows(run) == {"input_vectors": {421}, "output_vectors": set(range(words))}
    change = run.weights.output_vectors - before
    # Σ_j (p_j − [j = O]) = 0: what the output word gains the others lose.
    assert np.abs(change.sum(axis=0)).max() < 1e-5 * np.abs(change).sum(axis=0).max()


def test_great_scores_neither_overflow_nor_vanish():
    config = configuration(sample=0, vector_size=2)
    weights = random_weights(config, 0)
    weights.input_vectors[:, :2], weights.output_vectors[:, :2] = 30, np.arange(2 * WORDS).reshape(WORDS, 2)
    run = Run(weights, [[0, 11, 0, 11]], config)
    # The scores are 30 (that of word 0), … and 30 · 4 · 11 above it.
    assert_training_is_the_twins(run, twin.FullSoftmax(), rate=1e-4, at_once=True)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_frequent_words_do_not_overshoot(architecture):
    """The gradients of a hundred and more equal examples, summed and not damped, carry the loss upwards."""
    config = configuration(window=1, sample=0, **architecture)
    run = Run(random_weights(config, 0), [[3, 5, 7] * 80, [2, 4, 6] * 80], config)
    told = [run.train(0.5) for _ in range(60)]
    assert told[-1] < 0.8 < told[0]  # two outputs for each input: log 2 at best in Skip-gram
    assert max(np.diff(told)) < 0.02


def test_what_is_not_a_number_is_seen_in_the_loss():
    config = configuration(sample=0)
    weights = random_weights(config, 0)
    weights.output_vectors[5, 1] = np.nan
    assert math.isnan(Run(weights, [[0, 1, 2]], config).train(0.01))


@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
def test_the_untrained_loss_is_log_v(architecture):
    config = configuration(architecture=architecture, sample=0)
    weights = random_weights(config, 0)
    weights.output_vectors[:] = 0
    run = Run(weights, [[0, 1, 2, 3, 4, 5]], config)
    assert run.train(0) == pytest.approx(run.objective.untrained_loss, rel=1e-6)
    assert run.objective.untrained_loss == pytest.approx(math.log(WORDS))


@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
def test_golden_run(architecture):
    """A small run whose numbers were written down when the twin had agreed with it."""
    config = configuration(architecture=architecture, sample=0, seed=7)
    assert summary(config) == pytest.approx(GOLDEN[architecture], rel=2e-4)


GOLDEN = {"skip_gram": [2.435996, 26.120758, 30.405398], "cbow": [2.414593, 24.869245, 29.416424]}


@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
def test_training_finds_the_conditional_probabilities(architecture):
    """p(j | I) is the share of the counts: D ≥ V, the same batch again and again."""
    config = configuration(window=1, sample=0, architecture=architecture)
    pairs = PAIRS[:100]
    run = Run(random_weights(config, 0, words=4), pairs.tolist(), config, words=4)
    for _ in range(400):
        run.train(1 / pairs.size)
    arrays = as_twin(run.weights, config)
    found = [losses.softmax(arrays["outputs"] @ h) for h in arrays["inputs"]]
    np.testing.assert_allclose(found, conditional(pairs), atol=1e-3)
