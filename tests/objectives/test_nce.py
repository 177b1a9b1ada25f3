"""Noise-contrastive estimation: the walk over a plan against the twin, and what the theory promises."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from small_runs import (
    ARCHITECTURES,
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
    trained_on_pairs,
)

from coterie.config import TrainingConfig
from coterie.objectives import nce
from marks import KERNELS, SIMD
from reference import skip_gram
from reference import training as twin


def noise(counts, exponent):
    powers = np.array([float(count) ** exponent if count else 0 for count in counts])
    return powers / powers.sum()


def configuration(**changes):
    return TrainingConfig(**{"objective": "nce", "vector_size": SIZE, "window": 3, "negative": 4, **changes})


@pytest.mark.parametrize("kernel", KERNELS)
@settings(deadline=None, max_examples=40)
@given(
    sentences=sentences_of_ids(),
    architecture=st.sampled_from([*ARCHITECTURES, {"negative_sharing": "pair"}]),
    window=st.integers(1, 9),
    negative=st.integers(1, 6),
    partition=st.sampled_from(["learned", "one"]),
    seed=st.integers(0, 9),
)
def test_training_is_the_twins(kernel, sentences, architecture, window, negative, partition, seed):
    """Counts of every word are given, since a word that is never noise has no log(k·q)."""
    config = configuration(
        window=window,
        negative=negative,
        nce_partition=partition,
        sample=0.05,
        seed=seed,
        kernel=kernel,
        **architecture,
    )
    counts = np.random.default_rng(seed).integers(1, 30, WORDS)
    run = Run(random_weights(config, seed), sentences, config, counts=counts)
    assert_training_is_the_twins(run, twin.NCE(noise(counts, 0.75)))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("architecture", ARCHITECTURES[:2])
def test_one_example_changes_1_plus_k_output_rows(kernel, architecture):
    words = 5000
    config = configuration(window=1, negative=5, ns_exponent=0, sample=0, kernel=kernel, **architecture)
    run = Run(
        random_weights(config, 0, words), [[17, 4211]], config, words=words, centres=1, counts=[1] * words
    )
    negatives = skip_gram.draws(run.table(), int(run.sampler.negative_key), 0, 0, 1, 5)
    assert len({17, *negatives}) == 6, "this seed draws distinct words"
    assert changed_rows(run) == {"input_vectors": {4211}, "output_vectors": {17, *negatives}}


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_word_that_is_never_noise_leaves_everything_finite(kernel):
    """Nothing tells its examples from noise, because nothing needs to: they are certainly true."""
    config = configuration(sample=0, kernel=kernel, nce_partition="one")
    weights = random_weights(config, 0)
    run = Run(weights, [[0, 1, 2], [2, 0, 1]], config, counts=[0, 0, 9, *[1] * (WORDS - 3)])
    assert np.isfinite(run.objective.untrained_loss)
    assert np.isfinite(run.train(0.05))
    assert all(np.isfinite(matrix).all() for _, matrix in weights.matrices())


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
@pytest.mark.parametrize("partition", ["one", "learned"])
def test_the_untrained_loss_is_that_of_zero_outputs(kernel, architecture, partition):
    """Exactly, over the noise; so only about, over some thousand draws of it."""
    config = configuration(architecture=architecture, nce_partition=partition, sample=0, kernel=kernel)
    weights = random_weights(config, 0)
    weights.output_vectors[:] = 0
    sentences = np.random.default_rng(0).integers(WORDS, size=(40, 20)).tolist()
    run = Run(weights, sentences, config)
    assert run.train(0) == pytest.approx(run.objective.untrained_loss, rel=0.02)
    if partition == "learned":
        assert weights.log_normaliser.tolist() == [np.log(WORDS)], "no rate, no change"


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
def test_golden_run(kernel, architecture):
    """A small run whose numbers were written down when the twin had agreed with it."""
    config = configuration(architecture=architecture, sample=0, seed=7, kernel=kernel)
    assert summary(config) == pytest.approx(GOLDEN[architecture], rel=2e-4)


GOLDEN = {
    "skip_gram": [2.292670, 33.737571, 37.484428, 2.728273],
    "cbow": [2.412767, 25.271723, 29.551002, 2.568054],
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
@pytest.mark.parametrize("start", [-1.5, 1.5])
def test_the_log_normaliser_goes_where_its_loss_is_least(kernel, architecture, start):
    """With every vector zero nothing else can learn: c goes to the minimum of the exact expected loss."""
    config = configuration(architecture=architecture, window=1, negative=3, sample=0, kernel=kernel)
    weights = random_weights(config, 0)
    for _, matrix in weights.matrices():
        matrix[:] = 0
    sentences = np.random.default_rng(1).choice(WORDS, p=np.arange(1, WORDS + 1) / 78, size=(500, 4)).tolist()
    run = Run(weights, sentences, config)
    p, log_noise = run.counts / run.counts.sum(), np.log(3 * noise(run.counts, 0.75))
    expected = minimize_scalar(
        lambda c: p @ np.logaddexp(0, c + log_noise) + np.exp(log_noise) @ np.logaddexp(0, -c - log_noise)
    ).x
    weights.log_normaliser[:] = expected + start
    for rate in (0.1, 0.01, 0.003):
        run.train(rate)
    assert weights.log_normaliser[0] == pytest.approx(expected, abs=0.05)
    assert not weights.input_vectors.any()


def test_threads_in_step_do_not_overshoot(monkeypatch):
    """Six learners start from the same c and go the same way: c goes it once, and not sixfold."""
    threads, rounds = 6, 4
    barrier = threading.Barrier(threads)
    alone = nce.WalkObjective.learner

    def in_step(self):
        train = alone(self)

        def wait_for_all(plan, rate, record):
            result = train(plan, rate, record)
            barrier.wait(60)
            return result

        return wait_for_all

    monkeypatch.setattr(nce.WalkObjective, "learner", in_step)
    config = configuration(window=1, negative=3, sample=0)
    weights = random_weights(config, 0)
    for _, matrix in weights.matrices():
        matrix[:] = 0
    sentences = np.random.default_rng(1).integers(WORDS, size=(80, 4)).tolist()
    run = Run(weights, sentences, config)
    weights.log_normaliser[:] = np.log(WORDS) + 3
    for _ in range(rounds):
        learners = [run.objective.learner() for _ in range(threads)]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda learner: learner(run.plan, 0.1, False), learners))
    # Without vectors and with even noise, c belongs where it starts in training: at log V.
    assert weights.log_normaliser[0] == pytest.approx(np.log(WORDS), abs=0.2)


@pytest.mark.parametrize("kernel", [SIMD])
@pytest.mark.parametrize(
    "changes",
    [
        {"nce_partition": "one"},
        {"nce_partition": "learned"},
        {"nce_partition": "learned", "architecture": "cbow"},
        {"nce_partition": "one", "ns_exponent": 0, "negative": 2, "negative_sharing": "pair"},
    ],
)
def test_training_finds_the_conditional_probabilities(kernel, changes):
    """exp(s_j − c) is p(j | I) itself, and so sums to 1: D ≥ V, really trained."""
    config = configuration(window=1, sample=0, kernel=kernel, **changes)
    found = []
    for weights in trained_on_pairs(config):
        arrays = as_twin(weights, config)
        found.append(np.exp(arrays["inputs"] @ arrays["outputs"].T - arrays.get("c", 0)))
    mean = np.mean(found, axis=0)
    np.testing.assert_allclose(mean.sum(axis=1), 1, atol=0.03)
    np.testing.assert_allclose(mean, conditional(), atol=0.02)
