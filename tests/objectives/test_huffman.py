"""The Huffman tree against a heap, and what information theory promises of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.objectives.huffman import build_huffman, log_leaf_probabilities
from reference import huffman

# Few distinct counts make many ties; the last kind has long paths.
COUNTS = st.one_of(
    st.lists(st.integers(0, 3), min_size=2, max_size=40),
    st.lists(st.integers(0, 10**12), min_size=2, max_size=40),
    st.lists(st.integers(0, 40).map(lambda n: 2**n), min_size=2, max_size=40),
)


def paths(tree):
    return [
        (tree.nodes[a:b].tolist(), tuple(tree.bits[a:b].tolist()))
        for a, b in zip(tree.starts[:-1], tree.starts[1:], strict=True)
    ]


@settings(deadline=None)
@given(counts=COUNTS)
def test_the_codes_are_those_of_a_heap(counts):
    tree = build_huffman(np.array(counts))
    expected = huffman.codes(huffman.merges(counts)[-1])
    assert [code for _, code in paths(tree)] == [expected[word] for word in range(len(counts))]
    lengths = np.diff(tree.starts).tolist()
    total = sum(n * count for n, count in zip(lengths, counts, strict=True))
    assert total == huffman.weighted_length(counts)
    assert tree.longest == max(lengths)


@settings(deadline=None)
@given(counts=COUNTS)
def test_the_code_is_complete_and_its_mean_length_near_the_entropy(counts):
    tree = build_huffman(np.array(counts))
    codes = [code for _, code in paths(tree)]
    assert len({code[:n] for code in codes for n in range(len(code))} & set(codes)) == 0  # prefix property
    assert sum(2 ** (tree.longest - len(code)) for code in codes) == 2**tree.longest  # Kraft's sum is 1
    if sum(counts):
        mean = sum(n * len(code) for n, code in zip(counts, codes, strict=True)) / sum(counts)
        # 1e-9: one certain word has entropy 0 and a code of 1 bit, the border itself.
        assert huffman.entropy(counts) - 1e-9 <= mean <= huffman.entropy(counts) + 1 + 1e-9


@settings(deadline=None)
@given(counts=COUNTS)
def test_paths_go_down_the_children(counts):
    tree = build_huffman(np.array(counts))
    assert tree.children.shape == (len(counts) - 1, 2)
    for word, (nodes, bits) in enumerate(paths(tree)):
        assert nodes[0] == len(counts) - 2  # the root
        steps = [int(tree.children[node, bit]) for node, bit in zip(nodes, bits, strict=True)]
        assert steps == [*nodes[1:], -1 - word]


@settings(deadline=None)
@given(counts=COUNTS, seed=st.integers(0, 99), scale=st.sampled_from([0.1, 3.0]))
def test_leaf_probabilities_are_the_products_along_the_paths(counts, seed, scale):
    tree = build_huffman(np.array(counts))
    scores = np.random.default_rng(seed).normal(0, scale, len(counts) - 1)
    expected = [huffman.path_probability(nodes, bits, scores) for nodes, bits in paths(tree)]
    np.testing.assert_allclose(np.exp(log_leaf_probabilities(tree, scores)), expected, rtol=1e-12)


@settings(deadline=None)
@given(counts=COUNTS, seed=st.integers(0, 99), scale=st.sampled_from([0.0, 1.0, 30.0, 1e4, 1e300]))
def test_leaf_probabilities_sum_to_one(counts, seed, scale):
    scores = np.random.default_rng(seed).normal(0, 1, len(counts) - 1) * scale
    logs = log_leaf_probabilities(build_huffman(np.array(counts)), scores)
    assert not np.isnan(logs).any()
    assert np.exp(logs).sum() == pytest.approx(1, abs=1e-12)


def test_the_trees_of_one_and_two_words():
    two = build_huffman(np.array([7, 7]))
    assert paths(two) == [([0], (1,)), ([0], (0,))]
    np.testing.assert_allclose(log_leaf_probabilities(two, np.zeros(1)), np.log([0.5, 0.5]))
    one = build_huffman(np.array([7]))
    assert (paths(one), one.longest, one.children.shape) == ([([], ())], 0, (0, 2))
    assert log_leaf_probabilities(one, np.empty(0)).tolist() == [0.0]


def test_words_that_never_occur_do_not_make_one_long_path():
    tree = build_huffman(np.array([5, 3, *[0] * 1024]))
    assert tree.longest == 12


def test_equal_counts_give_codes_of_equal_length():
    assert set(np.diff(build_huffman(np.full(256, 9)).starts)) == {8}


@pytest.mark.slow
def test_three_million_words():
    counts = 10**9 // np.arange(1, 3_000_001)
    tree = build_huffman(counts)
    mean = (np.diff(tree.starts) * counts).sum() / counts.sum()
    p = counts / counts.sum()
    assert -(p * np.log2(p)).sum() <= mean < -(p * np.log2(p)).sum() + 1
    logs = log_leaf_probabilities(tree, np.random.default_rng(1).normal(0, 1, len(counts) - 1))
    assert np.exp(logs).sum() == pytest.approx(1)
