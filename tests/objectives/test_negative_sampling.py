"""Skip-gram with negative sampling: the walk over a plan against the twin, and what the theory promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import SIZE, WORDS, Run, as_twin, random_weights

from coterie.config import TrainingConfig
from coterie.errors import ConfigError
from coterie.objectives import walk
from coterie.objectives.negative_sampling import NEGATIVE_SAMPLING
from coterie.objectives.row_lists import Walk
from coterie.objectives.walk import walks_over
from marks import KERNELS, SIMD
from reference import skip_gram


def train(weights, sentences, config, rate, words=WORDS, centres=None):
    """Train a small corpus (or its first centres) as one chunk; return its sampler and a pair's mean loss."""
    run = Run(weights, sentences, config, words=words, centres=centres)
    return run.sampler, run.train(rate)


@pytest.mark.parametrize("kernel", KERNELS)
@settings(deadline=None, max_examples=40)
@given(
    sentences=st.lists(st.lists(st.integers(0, WORDS - 1), min_size=2, max_size=25), min_size=1, max_size=6),
    window=st.integers(1, 9),
    negative=st.integers(1, 6),
    sharing=st.sampled_from(["window", "pair"]),
    collisions=st.sampled_from(["skip", "keep"]),
    seed=st.integers(0, 9),
)
def test_training_is_the_twins(kernel, sentences, window, negative, sharing, collisions, seed):
    config = TrainingConfig(
        vector_size=SIZE,
        window=window,
        negative=negative,
        negative_sharing=sharing,
        collisions=collisions,
        sample=0.05,
        seed=seed,
        kernel=kernel,
    )
    weights = random_weights(config, seed)
    V, P = as_twin(weights, config).values()
    sampler, loss = train(weights, sentences, config, 0.05)
    losses, pairs = 0.0, 0
    for _, inputs, outputs, labels in skip_gram.blocks(
        sentences,
        sampler.keep.tolist(),
        [(entry & 0xFFFFFFFF, entry >> 32) for entry in sampler.alias.tolist()],
        (int(sampler.window_key), int(sampler.negative_key)),
        window=window,
        shrink=True,
        negative=negative,
        shared=sharing == "window",
        skip=collisions == "skip",
    ):
        losses += skip_gram.step(inputs, outputs, labels, V, P, 0.05)
        pairs += len(inputs)
    np.testing.assert_allclose(weights.input_vectors[:, :SIZE], V, atol=2e-4)
    np.testing.assert_allclose(weights.output_vectors[:, :SIZE], P, atol=2e-4)
    if pairs:
        assert loss == pytest.approx(losses / pairs, rel=1e-4)
    else:
        assert loss is None


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("sharing", ["window", "pair"])
def test_one_pair_changes_one_input_row_and_1_plus_k_output_rows(kernel, sharing):
    """Distinct words, non-zero matrices: the claim that makes negative sampling cheap."""
    words, negative = 5000, 5
    config = TrainingConfig(
        vector_size=SIZE,
        window=1,
        negative=negative,
        ns_exponent=0,
        sample=0,
        kernel=kernel,
        negative_sharing=sharing,
    )
    weights = random_weights(config, 0, words)
    before = {name: matrix.copy() for name, matrix in weights.matrices()}
    # The pair, then every word once, so that negatives may be any of them; only the first centre is trained.
    sentences = [[17, 4211], *([word] for word in range(words))]
    sampler, _ = train(weights, sentences, config, 0.1, words, centres=1)
    inputs, outputs = (
        set(np.flatnonzero((before[name] != matrix).any(axis=1)).tolist())
        for name, matrix in weights.matrices()
    )
    table = [(entry & 0xFFFFFFFF, entry >> 32) for entry in sampler.alias.tolist()]
    negatives = skip_gram.draws(table, int(sampler.negative_key), 0, 0, 1, negative)
    assert len({17, *negatives}) == 1 + negative, "this seed draws distinct words"
    assert inputs == {4211}
    assert outputs == {17, *negatives}


@pytest.mark.parametrize("kernel", KERNELS)
def test_golden_run(kernel):
    """A small run whose numbers were written down when the twin had agreed with it."""
    sentences = [[(3 * i + j) % WORDS for i in range(15)] for j in range(8)]
    config = TrainingConfig(vector_size=SIZE, window=3, negative=4, sample=0, seed=7, kernel=kernel)
    weights = random_weights(config, 1)
    _, loss = train(weights, sentences, config, 0.05)
    trained = weights.input_vectors[:, :SIZE], weights.output_vectors[:, :SIZE]
    summary = [loss, *(float(np.abs(m).sum()) for m in trained), float(trained[0][3] @ trained[1][6])]
    assert summary == pytest.approx(GOLDEN, rel=2e-4)


GOLDEN = [2.856184, 39.413864, 44.642246, -0.354212]


@pytest.mark.slow
@pytest.mark.parametrize("kernel", [SIMD])
@pytest.mark.parametrize("collisions", ["keep", "skip"])
def test_the_optimum_is_shifted_pmi(kernel, collisions):
    """With D ≥ V and every pair occurring: v·P = PMI − log k, or PMI − log k − log(1 − p(j | i)) with skips.

    Levy and Goldberg 2014 for negatives that are kept; the second is what skipping does to their derivation.
    """
    words, vector_size, negative = 4, 16, 2
    joint = np.array([[4, 2, 1, 1], [2, 3, 1, 2], [1, 1, 2, 2], [1, 2, 2, 1]], dtype=np.float64)
    joint /= joint.sum()
    conditional, marginal = joint / joint.sum(axis=1, keepdims=True), joint.sum(axis=0)
    expected = np.log(conditional / marginal) - np.log(negative)
    if collisions == "skip":
        # The denominator's negatives are those drawn beside another positive: a share 1 − p(j | i) of them.
        expected -= np.log(1 - conditional)
    generator = np.random.default_rng(0)
    pairs = generator.choice(words * words, size=60_000, p=joint.ravel())
    sentences = np.stack(np.divmod(pairs, words), axis=1).tolist()
    weights = random_weights(TrainingConfig(vector_size=vector_size), 0, words)
    scores = []
    for epoch in range(60):
        config = TrainingConfig(
            vector_size=vector_size,
            window=1,
            negative=negative,
            negative_sharing="pair",
            collisions=collisions,
            ns_exponent=1,
            sample=0,
            seed=epoch,
            kernel=kernel,
        )
        train(weights, sentences, config, 0.05 * 0.9**epoch, words)
        if epoch >= 40:
            scores.append(weights.input_vectors @ weights.output_vectors.T)
    np.testing.assert_allclose(np.mean(scores, axis=0), expected, atol=0.06)


def test_asking_for_simd_where_it_cannot_run(monkeypatch):
    windows = Walk(reach=5, negative=5, shared=True, divided=True, ahead=1)
    monkeypatch.setattr(walk, "supported", lambda: False)
    with pytest.raises(ConfigError, match=r"kernel is 'simd'.*use kernel='plain'"):
        walks_over(NEGATIVE_SAMPLING, "skip_gram", "simd", windows)
    auto, plain = (
        walks_over(NEGATIVE_SAMPLING, "skip_gram", choice, windows) for choice in ("auto", "plain")
    )
    assert auto is plain
