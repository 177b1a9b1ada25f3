"""CBOW with negative sampling: the mean of a window as its input, and both ways to take its gradient back.

The other objectives' CBOW stands in their own tests.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import (
    SIZE,
    WORDS,
    Run,
    as_twin,
    assert_training_is_the_twins,
    changed_rows,
    random_weights,
    sentences_of_ids,
    summary,
)

from coterie.config import TrainingConfig
from marks import KERNELS, SIMD
from reference import skip_gram
from reference import training as twin


def configuration(**changes):
    return TrainingConfig(**{"architecture": "cbow", "vector_size": SIZE, "window": 3, **changes})


@pytest.mark.parametrize("kernel", KERNELS)
@settings(deadline=None, max_examples=40)
@given(
    sentences=sentences_of_ids(),
    window=st.integers(1, 9),
    negative=st.integers(1, 6),
    collisions=st.sampled_from(["skip", "keep"]),
    gradient=st.sampled_from(["mean", "word2vec"]),
    vector_size=st.integers(1, 40),
    seed=st.integers(0, 9),
)
def test_training_is_the_twins(kernel, sentences, window, negative, collisions, gradient, vector_size, seed):
    config = configuration(
        vector_size=vector_size,
        window=window,
        negative=negative,
        collisions=collisions,
        cbow_gradient=gradient,
        sample=0.05,
        seed=seed,
        kernel=kernel,
    )
    run = Run(random_weights(config, seed), sentences, config)
    assert_training_is_the_twins(run, twin.NegativeSampling(skip=collisions == "skip"))


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_window_changes_its_words_and_1_plus_k_output_rows(kernel):
    words = 5000
    config = configuration(shrink_windows=False, negative=5, ns_exponent=0, sample=0, kernel=kernel)
    sentence = [17, 4211, 8, 4211, 999]
    run = Run(
        random_weights(config, 0, words), [sentence], config, words=words, centres=1, counts=[1] * words
    )
    negatives = skip_gram.draws(run.table(), int(run.sampler.negative_key), 0, 0, 1, 5)
    assert len({17, *negatives}) == 6, "this seed draws distinct words"
    assert changed_rows(run) == {"input_vectors": {4211, 8}, "output_vectors": {17, *negatives}}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("contexts", [[3], [3, 5, 7, 9], [3, 3, 5, 5]])
def test_word2vecs_step_is_the_gradients_times_the_words_of_the_window(kernel, contexts):
    changes = {}
    for gradient in ("mean", "word2vec"):
        config = configuration(
            window=4, shrink_windows=False, sample=0, kernel=kernel, cbow_gradient=gradient
        )
        run = Run(random_weights(config, 0), [[1, *contexts]], config, centres=1)
        before = as_twin(run.weights, config)
        run.train(0.1)
        changes[gradient] = {
            name: array - before[name] for name, array in as_twin(run.weights, config).items()
        }
    np.testing.assert_allclose(
        changes["word2vec"]["inputs"], len(contexts) * changes["mean"]["inputs"], atol=1e-6
    )
    np.testing.assert_array_equal(changes["word2vec"]["outputs"], changes["mean"]["outputs"])
    assert changes["mean"]["inputs"].any()


@pytest.mark.parametrize("kernel", KERNELS)
def test_windows_without_a_context_train_nothing(kernel):
    config = configuration(sample=0, kernel=kernel)
    run = Run(random_weights(config, 0), [[1], [2], [3]], config)
    assert changed_rows(run) == {"input_vectors": set(), "output_vectors": set()}
    assert run.train(0.1) is None
    # … and take no draws from those that follow.
    run = Run(random_weights(config, 0), [[1], [2, 3, 4], [5], [6, 7]], config)
    assert_training_is_the_twins(run, twin.NegativeSampling(skip=True))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("gradient", ["mean", "word2vec"])
def test_golden_run(kernel, gradient):
    """A small run whose numbers were written down when the twin had agreed with it."""
    config = configuration(cbow_gradient=gradient, sample=0, seed=7, kernel=kernel)
    assert summary(config) == pytest.approx(GOLDEN[gradient], rel=2e-4)


GOLDEN = {"mean": [3.761632, 25.712074, 30.398113], "word2vec": [3.426940, 43.207685, 35.051003]}


@pytest.mark.parametrize("kernel", [SIMD])
@pytest.mark.parametrize("objective", ["negative_sampling", "nce", "hierarchical_softmax"])
def test_with_one_word_a_window_cbow_is_skip_gram(kernel, objective):
    """Windows of a single context word: the mean is that word's row, and its gradient the row's."""
    sentences = np.random.default_rng(0).integers(WORDS, size=(60, 2)).tolist()
    arrays = []
    for architecture in ("cbow", "skip_gram"):
        config = configuration(
            objective=objective, architecture=architecture, window=1, sample=0, kernel=kernel
        )
        run = Run(random_weights(config, 0), sentences, config)
        run.train(0.05)
        arrays.append(as_twin(run.weights, config))
    for name, array in arrays[0].items():
        np.testing.assert_allclose(array, arrays[1][name], atol=1e-5, err_msg=name)
