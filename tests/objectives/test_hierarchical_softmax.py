"""Hierarchical softmax: the walk over a plan against the twin, and what the theory promises."""

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
    trained_on_pairs,
)

from coterie.config import TrainingConfig
from coterie.objectives.huffman import build_huffman
from marks import KERNELS, SIMD
from reference import objectives as losses
from reference import training as twin


def configuration(**changes):
    return TrainingConfig(
        **{"objective": "hierarchical_softmax", "vector_size": SIZE, "window": 3, **changes}
    )


def paths_of(counts):
    """(node, bit) pairs of every word, in the package's tree: its numbers are the rows of node_vectors."""
    tree = build_huffman(np.array(counts, dtype=np.int64))
    steps = list(zip(tree.nodes.tolist(), tree.bits.tolist(), strict=True))
    return [steps[a:b] for a, b in zip(tree.starts[:-1], tree.starts[1:], strict=True)]


@pytest.mark.parametrize("kernel", KERNELS)
@settings(deadline=None, max_examples=40)
@given(
    sentences=sentences_of_ids(),
    architecture=st.sampled_from(ARCHITECTURES),
    window=st.integers(1, 9),
    negative=st.sampled_from([0, 0, 3]),
    counts=st.lists(st.integers(1, 1000), min_size=WORDS, max_size=WORDS),
    seed=st.integers(0, 9),
)
def test_training_is_the_twins(kernel, sentences, architecture, window, negative, counts, seed):
    """With negatives: the chunk by the tree first, then by negative sampling, on the same input vectors."""
    config = configuration(
        window=window, negative=negative, sample=0.05, seed=seed, kernel=kernel, **architecture
    )
    run = Run(random_weights(config, seed), sentences, config, counts=counts)
    turns = [twin.HierarchicalSoftmax(paths_of(counts))]
    if negative:
        turns.append(twin.NegativeSampling(skip=True))
    assert_training_is_the_twins(run, *turns)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_example_changes_exactly_the_nodes_of_its_path(kernel, architecture):
    words = 1000
    config = configuration(window=1, sample=0, kernel=kernel, **architecture)
    weights = random_weights(config, 0, words)
    counts = [1 + 100_000 // (1 + word) for word in range(words)]
    for centre in (0, 17, 999):
        run = Run(weights, [[centre, 421]], config, words=words, centres=1, counts=counts)
        path = {node for node, _ in paths_of(counts)[centre]}
        assert changed_rows(run) == {"input_vectors": {421}, "node_vectors": path}
    assert weights.output_vectors is None


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
def test_the_untrained_loss_is_that_of_zero_nodes(kernel, architecture):
    """log 2 a node of the path. CBOW's examples are the centres themselves; Skip-gram's depend on windows."""
    config = configuration(architecture=architecture, sample=0, kernel=kernel)
    weights = random_weights(config, 0)
    weights.node_vectors[:] = 0
    sentences = np.random.default_rng(0).integers(WORDS, size=(40, 20)).tolist()
    run = Run(weights, sentences, config)
    exactly = {"rel": 1e-6} if architecture == "cbow" else {"rel": 0.01}
    assert run.train(0) == pytest.approx(run.objective.untrained_loss, **exactly)


@pytest.mark.parametrize("kernel", KERNELS)
def test_two_words_are_one_node(kernel):
    config = configuration(sample=0, kernel=kernel)
    run = Run(random_weights(config, 0, words=2), [[0, 1, 1, 0, 0]], config, words=2)
    assert run.objective.untrained_loss == pytest.approx(math.log(2))
    assert_training_is_the_twins(run, twin.HierarchicalSoftmax(paths_of(run.counts)))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
def test_golden_run(kernel, architecture):
    """A small run whose numbers were written down when the twin had agreed with it."""
    config = configuration(architecture=architecture, sample=0, seed=7, kernel=kernel)
    assert summary(config) == pytest.approx(GOLDEN[architecture], rel=2e-4)


GOLDEN = {"skip_gram": [2.360442, 32.206135, 31.941257], "cbow": [2.498527, 24.102019, 25.482623]}


@pytest.mark.parametrize("kernel", [SIMD])
@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
@pytest.mark.parametrize("negative", [0, 3])
def test_training_finds_the_conditional_probabilities(kernel, architecture, negative):
    """The product along the path is p(j | I): D ≥ V, really trained, with and without negatives beside."""
    config = configuration(window=1, sample=0, kernel=kernel, architecture=architecture, negative=negative)
    paths = paths_of(np.bincount(PAIRS.ravel(), minlength=4))
    found = []
    for weights in trained_on_pairs(config):
        arrays = as_twin(weights, config)
        found.append([losses.hs_probabilities(h, arrays["nodes"], paths) for h in arrays["inputs"]])
    np.testing.assert_allclose(np.sum(found, axis=2), 1, rtol=1e-12)
    np.testing.assert_allclose(np.mean(found, axis=0), conditional(), atol=0.02)
