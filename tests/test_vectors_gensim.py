"""The same questions to gensim: the same words, and the same numbers to float32's precision."""

import numpy as np
import pytest

from coterie.vectors import WordVectors

keyedvectors = pytest.importorskip("gensim.models.keyedvectors")

ROWS, SIZE = 500, 25
WORDS = [f"w{i}" for i in range(ROWS)]
MATRIX = np.random.default_rng(3).standard_normal((ROWS, SIZE)).astype(np.float32)


@pytest.fixture(scope="module")
def both():
    theirs = keyedvectors.KeyedVectors(SIZE)
    theirs.add_vectors(WORDS, MATRIX)
    return WordVectors(WORDS, MATRIX), theirs


def assert_same(ours, theirs):
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    np.testing.assert_allclose([s for _, s in ours], [s for _, s in theirs], rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    "query",
    [
        {"positive": "w1"},
        {"positive": ["w1", "w2"], "negative": ["w3"]},
        {"positive": ["w1", "w2"], "negative": "w3", "topn": 3},
        {"negative": ["w3", "w4"]},
        {"positive": [("w1", 0.3), ("w2", 2.0)], "negative": [("w3", -0.7)]},
        {"positive": [("w1", -1.0), "w9"]},
        {"positive": ["w1"], "restrict_vocab": 40},
        {"positive": ["w450"], "restrict_vocab": 40, "topn": 100},
        {"positive": ["w1"], "topn": ROWS * 2},
        {"positive": [MATRIX[7] * 3, "w2"], "negative": ["w5"]},
        {"positive": [MATRIX[7]]},
        {"positive": ["w1", "w1", "w2"]},
    ],
)
def test_most_similar(both, query):
    ours, theirs = both
    assert_same(ours.most_similar(**query), theirs.most_similar(**query))


@pytest.mark.parametrize(
    "query",
    [
        {"positive": "w1"},
        {"positive": ["w1", "w2"], "negative": ["w3"]},
        {"positive": ["w1", "w2", "w8"], "negative": ["w3", "w4"], "topn": 30},
    ],
)
@pytest.mark.filterwarnings("ignore:Call to deprecated .init_sims")
def test_most_similar_cosmul(both, query):
    ours, theirs = both
    assert_same(ours.most_similar_cosmul(**query), theirs.most_similar_cosmul(**query))


@pytest.mark.filterwarnings("ignore:Call to deprecated .init_sims")
def test_most_similar_cosmul_heeds_restrict_vocab_which_gensim_takes_and_ignores(both):
    ours, theirs = both
    query = {"positive": ["w1", "w2"], "negative": ["w3"]}
    expected = [pair for pair in theirs.most_similar_cosmul(**query, topn=ROWS) if int(pair[0][1:]) < 60]
    assert_same(ours.most_similar_cosmul(**query, topn=ROWS, restrict_vocab=60), expected)


def test_similar_by_vector(both):
    ours, theirs = both
    assert_same(ours.similar_by_vector(MATRIX[4] + 1), theirs.similar_by_vector(MATRIX[4] + 1))


def test_pairs_and_lists(both):
    ours, theirs = both
    rng = np.random.default_rng(1)
    for _ in range(20):
        chosen = rng.choice(WORDS, 7, replace=False).tolist()
        one, other = chosen[:2]
        assert ours.similarity(one, other) == pytest.approx(float(theirs.similarity(one, other)), abs=1e-6)
        assert ours.distance(one, other) == pytest.approx(float(theirs.distance(one, other)), abs=1e-6)
        assert ours.doesnt_match(chosen) == theirs.doesnt_match(chosen)
        expected = float(theirs.n_similarity(chosen[:3], chosen[3:]))
        assert ours.n_similarity(chosen[:3], chosen[3:]) == pytest.approx(expected, abs=1e-6)
        np.testing.assert_allclose(
            ours.get_vector(one, norm=True), theirs.get_vector(one, norm=True), rtol=1e-5, atol=1e-7
        )
