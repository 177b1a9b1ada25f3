"""Probabilities of output words: each objective's formula by hand, sums of 1, extremes."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.config import TrainingConfig
from coterie.errors import FormatError
from coterie.objectives.huffman import build_huffman
from coterie.objectives.prediction import output_log_probabilities
from reference import huffman, prediction

CONFIGS = {
    "negative_sampling": TrainingConfig(),
    "nce": TrainingConfig(objective="nce"),
    "softmax": TrainingConfig(objective="softmax"),
    "hierarchical_softmax": TrainingConfig(objective="hierarchical_softmax"),
    "hierarchical_softmax and negatives": TrainingConfig(objective="hierarchical_softmax", negative=5),
}
COUNTS = st.lists(st.integers(0, 10**9), min_size=2, max_size=30).filter(any)


def random_matrices(words, size, seed=0, scale=1.0, padding=0):
    generator = np.random.default_rng(seed)

    def rows(n):
        matrix = np.full((n, size + padding), np.nan, np.float32)  # what is padding must not be read
        matrix[:, :size] = generator.normal(0, scale, (n, size))
        return matrix

    return SimpleNamespace(output_vectors=rows(words), node_vectors=rows(words - 1))


def probabilities(hidden, matrices, counts, config):
    logs = output_log_probabilities(np.asarray(hidden), matrices, np.array(counts), config)
    assert logs.dtype == np.float64
    return np.exp(logs)


@settings(deadline=None)
@given(
    counts=COUNTS,
    objective=st.sampled_from(list(CONFIGS)),
    seed=st.integers(0, 99),
    scale=st.sampled_from([0.0, 1.0, 100.0, 1e15]),
)
def test_probabilities_sum_to_one(counts, objective, seed, scale):
    matrices = random_matrices(len(counts), 4, seed, scale, padding=12)
    hidden = np.random.default_rng(seed).normal(0, 1, 4)
    told = probabilities(hidden, matrices, counts, CONFIGS[objective])
    assert (told >= 0).all()
    assert told.sum() == pytest.approx(1, abs=1e-12)


@settings(deadline=None)
@given(counts=COUNTS, exponent=st.sampled_from([0.75, 0.0, 1.0, -0.5]), seed=st.integers(0, 99))
def test_negative_sampling_by_hand(counts, exponent, seed):
    matrices = random_matrices(len(counts), 3, seed)
    hidden = np.random.default_rng(seed).normal(0, 1, 3)
    told = probabilities(hidden, matrices, counts, TrainingConfig(ns_exponent=exponent))
    expected = prediction.negative_sampling(
        matrices.output_vectors.tolist(), hidden.tolist(), counts, exponent
    )
    np.testing.assert_allclose(told, expected, rtol=1e-10)


@pytest.mark.parametrize("objective", ["nce", "softmax"])
def test_softmax_by_hand(objective):
    matrices = random_matrices(20, 5)
    hidden = np.linspace(-1, 1, 5)
    expected = prediction.softmax(matrices.output_vectors.tolist(), hidden.tolist())
    told = probabilities(hidden, matrices, range(1, 21), CONFIGS[objective])
    np.testing.assert_allclose(told, expected, rtol=1e-12)


def test_nce_knows_nothing_of_words_that_are_never_outputs():
    matrices, hidden = random_matrices(20, 5), np.linspace(-1, 1, 5)
    told = probabilities(hidden, matrices, [0, 0, *range(1, 19)], CONFIGS["nce"])
    expected = prediction.softmax(matrices.output_vectors[2:].tolist(), hidden.tolist())
    np.testing.assert_allclose(told, [0, 0, *expected], rtol=1e-12)


@settings(deadline=None)
@given(counts=COUNTS, negative=st.sampled_from([0, 5]), seed=st.integers(0, 99))
def test_hierarchical_softmax_by_hand(counts, negative, seed):
    matrices = random_matrices(len(counts), 3, seed)
    hidden = np.random.default_rng(seed).normal(0, 1, 3)
    config = TrainingConfig(objective="hierarchical_softmax", negative=negative)
    told = probabilities(hidden, matrices, counts, config)
    pairs = huffman.merges(counts)
    expected = prediction.hierarchical_softmax(
        pairs[-1], matrices.node_vectors.tolist(), hidden.tolist(), {pair: n for n, pair in enumerate(pairs)}
    )
    np.testing.assert_allclose(told, [expected[word] for word in range(len(counts))], rtol=1e-9)


def test_a_tree_that_was_built_before_is_used():
    counts, matrices = np.array([9, 5, 1]), random_matrices(3, 2)
    config, hidden = CONFIGS["hierarchical_softmax"], np.ones(2)
    fresh, other = (
        output_log_probabilities(hidden, matrices, counts, config, tree)
        for tree in (None, build_huffman(counts[::-1]))
    )
    assert (
        fresh.tolist()
        == output_log_probabilities(hidden, matrices, counts, config, build_huffman(counts)).tolist()
    )
    assert fresh.tolist() != other.tolist()


@pytest.mark.parametrize("exponent", [-300.0, 300.0])
def test_negative_sampling_with_any_finite_exponent(exponent):
    counts = np.array([10**12, 10**6, 1, 0])
    matrices = random_matrices(4, 2)
    logs = output_log_probabilities(np.ones(2), matrices, counts, TrainingConfig(ns_exponent=exponent))
    assert np.isfinite(logs[:3]).all()
    assert logs[3] == -np.inf
    assert logs.argmax() == (0 if exponent > 0 else 2)


def test_many_rows_are_scored_in_blocks(monkeypatch):
    matrices, hidden = random_matrices(50, 8), np.ones(8)
    whole = probabilities(hidden, matrices, range(50), CONFIGS["softmax"])
    monkeypatch.setattr("coterie.objectives.prediction._WIDENED", 60)
    np.testing.assert_allclose(
        probabilities(hidden, matrices, range(50), CONFIGS["softmax"]), whole, rtol=1e-14
    )


def test_numbers_that_are_none_are_told():
    for objective, name in (("softmax", "output_vectors"), ("hierarchical_softmax", "node_vectors")):
        matrices = random_matrices(5, 2)
        getattr(matrices, name)[3, 1] = np.nan
        with pytest.raises(FormatError, match=f"row 3 of {name} or the input holds NaN"):
            probabilities(np.ones(2), matrices, range(5), CONFIGS[objective])


def test_what_is_missing_is_told():
    none = SimpleNamespace(output_vectors=None, node_vectors=None)
    with pytest.raises(FormatError, match="no node_vectors"):
        probabilities(np.ones(2), none, [1, 2], CONFIGS["hierarchical_softmax"])
    with pytest.raises(FormatError, match="no output_vectors"):
        probabilities(np.ones(2), none, [1, 2], CONFIGS["nce"])
    with pytest.raises(FormatError, match="no word of the model has a count above 0"):
        probabilities(np.ones(2), random_matrices(2, 2), [0, 0], CONFIGS["negative_sampling"])


def test_only_the_tree_needs_the_compiler():
    program = """
import sys
from types import SimpleNamespace
import numpy as np
from coterie.config import TrainingConfig
from coterie.objectives.prediction import output_log_probabilities
matrices = SimpleNamespace(output_vectors=np.eye(3, dtype="f4"), node_vectors=None)
for objective in ("negative_sampling", "nce", "softmax"):
    output_log_probabilities(np.ones(3), matrices, np.ones(3, int), TrainingConfig(objective=objective))
sys.exit("numba" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
