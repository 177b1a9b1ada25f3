"""Weights for a larger vocabulary: old rows stay bit for bit, and inner nodes go on saying what they said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.config import TrainingConfig
from coterie.errors import ConfigError
from coterie.objectives.growth import grow_weights
from coterie.objectives.huffman import build_huffman
from coterie.objectives.weights import Weights, make_weights

SIZE = 5


def learned(words, config):
    weights = make_weights(words, config)
    for name, matrix in weights.matrices():
        matrix[:, :SIZE] = np.random.default_rng(len(name)).normal(size=(len(matrix), SIZE))
    if weights.log_normaliser is not None:
        weights.log_normaliser[:] = 3.25
    return weights


@pytest.mark.parametrize("objective", ["negative_sampling", "nce", "softmax"])
@pytest.mark.parametrize("padded", [True, False])
def test_old_rows_are_kept_and_new_ones_begin_as_in_any_training(objective, padded):
    config = TrainingConfig(objective=objective, vector_size=SIZE, seed=4)
    old = learned(6, config)
    given_weights = old
    if not padded:  # as they are mapped from a saved model
        matrices = {name: np.ascontiguousarray(matrix[:, :SIZE]) for name, matrix in old.matrices()}
        given_weights = Weights(**matrices, log_normaliser=old.log_normaliser)
        given_weights.input_vectors.flags.writeable = False
    rows = np.array([5, -1, 0, 1, 2, -1, 3, 4, -1])
    grown = grow_weights(given_weights, rows, config)
    kept, fresh = rows >= 0, make_weights(len(rows), config)
    for name, matrix in grown.matrices():
        assert (matrix[kept] == getattr(old, name)[rows[kept]]).all()
        assert (matrix[~kept] == getattr(fresh, name)[~kept]).all()
        assert not np.shares_memory(matrix, getattr(old, name))
    assert np.abs(grown.input_vectors[~kept, :SIZE]).max() > 0
    if objective == "nce":
        assert grown.log_normaliser[0] == 3.25


def words_by_side(tree, words):
    """For each node the sets of words on its left and right, in the naive way."""
    sides = []
    for left, right in tree.children.tolist():
        sides.append(
            tuple(
                frozenset([words[-1 - child]]) if child < 0 else sides[child][0] | sides[child][1]
                for child in (left, right)
            )
        )
    return sides


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=12),
    st.lists(st.integers(0, 5), min_size=12, max_size=12),
    st.lists(st.integers(1, 30), max_size=6),
    st.randoms(use_true_random=False),
)
def test_a_node_keeps_its_row_where_it_divides_the_old_words_as_before(counts, more, new, random):
    config = TrainingConfig(objective="hierarchical_softmax", vector_size=SIZE)
    old = learned(len(counts), config)
    after = [(count + extra, row) for row, (count, extra) in enumerate(zip(counts, more, strict=False))]
    after += [(count, -1) for count in new]
    random.shuffle(after)
    new_counts, rows = np.array(after).T
    grown = grow_weights(old, rows, config, (np.array(counts), new_counts))
    before = words_by_side(build_huffman(np.array(counts)), list(range(len(counts))))
    for node, sides in enumerate(words_by_side(build_huffman(new_counts), rows.tolist())):
        left, right = (side - {-1} for side in sides)
        row = grown.node_vectors[node, :SIZE]
        if (left, right) in before:
            assert (row == old.node_vectors[before.index((left, right)), :SIZE]).all()
        elif (right, left) in before:
            assert (row == -old.node_vectors[before.index((right, left)), :SIZE]).all()
        else:
            assert not row.any()


def test_the_same_vocabulary_keeps_every_node():
    counts = np.random.default_rng(0).integers(1, 50, 200)
    config = TrainingConfig(objective="hierarchical_softmax", negative=3, vector_size=SIZE)
    old = learned(200, config)
    grown = grow_weights(old, np.arange(200), config, (counts, counts))
    for name, matrix in grown.matrices():
        assert (matrix == getattr(old, name)).all()


@pytest.mark.parametrize("rows", [[0, 0], [0, 2], [[0]]])
def test_rows_that_cannot_be_are_refused(rows):
    config = TrainingConfig(vector_size=SIZE)
    with pytest.raises(ConfigError, match="rows must name"):
        grow_weights(make_weights(2, config), np.array(rows), config)


def test_what_does_not_fit_is_refused():
    config = TrainingConfig(vector_size=SIZE)
    weights, rows = make_weights(2, config), np.arange(2)
    with pytest.raises(ConfigError, match="vector_size is 20, but input_vectors"):
        grow_weights(weights, rows, TrainingConfig(vector_size=20))
    hierarchical = TrainingConfig(objective="hierarchical_softmax", vector_size=SIZE)
    with pytest.raises(ConfigError, match="have no node_vectors"):
        grow_weights(weights, rows, hierarchical)
    with pytest.raises(ConfigError, match="needs counts"):
        grow_weights(make_weights(2, hierarchical), rows, hierarchical)
