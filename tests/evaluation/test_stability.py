"""Neighbour stability: the twin, what must not change it, and cases whose answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.errors import ConfigError
from coterie.evaluation.intrinsic import neighbour_stability
from coterie.evaluation.intrinsic.bands import bands_of, ranks_of, sample_bands, sample_rows
from coterie.vectors import WordVectors
from reference import intrinsic as twin


def vectors(seed: int, words: int, size: int = 6) -> WordVectors:
    matrix = np.random.default_rng(seed).standard_normal((words, size)).astype(np.float32)
    return WordVectors([f"w{i}" for i in range(words)], matrix)


@given(seed=st.integers(0, 1000), words=st.integers(6, 25), topn=st.integers(1, 4))
def test_twin(seed: int, words: int, topn: int) -> None:
    a, b = vectors(seed, words), vectors(seed + 1, words)
    found = neighbour_stability(a, b, topn=topn)
    expected = twin.shares(a.matrix.tolist(), b.matrix.tolist(), topn)
    assert found.share == pytest.approx(np.mean([share for share, _ in expected]))
    assert found.jaccard == pytest.approx(np.mean([jaccard for _, jaccard in expected]))
    assert found.least_stable[0].share == min(share for share, _ in expected)


def test_a_model_agrees_with_itself_turned_scaled_and_reordered() -> None:
    a = vectors(1, 300)
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((6, 6)))[0]
    order = np.random.default_rng(3).permutation(300)
    b = WordVectors([a.words[i] for i in order], (a.matrix[order] @ turn * 7).astype(np.float32))
    found = neighbour_stability(a, b)
    assert found.share == found.jaccard == 1
    assert found.least_stable == ()


def test_unrelated_models_agree_as_by_chance() -> None:
    found = neighbour_stability(vectors(1, 2000), vectors(2, 2000), topn=10, words=1000)
    assert found.by_chance == pytest.approx(10 / 1999)
    assert found.share == pytest.approx(found.by_chance, abs=0.004)


def test_words_that_one_model_lacks_are_no_disagreement() -> None:
    a = vectors(1, 40)
    far = np.random.default_rng(5).standard_normal((60, 6)).astype(np.float32)
    names = [f"only-b-{i}" for i in range(60)] + a.words
    b = WordVectors(names, np.concatenate((far, a.matrix)))
    found = neighbour_stability(a, b, topn=5)
    assert found.common_words == 40
    assert found.share == 1
    assert neighbour_stability(b, a, topn=5).share == 1


def test_the_moved_word_is_the_least_stable() -> None:
    a = vectors(1, 60, size=3)
    b = WordVectors(a.words, a.matrix.copy())
    b.matrix[17] = -b.matrix[17]
    found = neighbour_stability(a, b, topn=3, listed=1)
    (worst,) = found.least_stable
    assert (worst.word, worst.share) == ("w17", 0)
    assert worst.neighbours == tuple(word for word, _ in a.most_similar("w17", topn=3))
    assert worst.other_neighbours == tuple(word for word, _ in b.most_similar("w17", topn=3))


def test_bands_are_weighted_by_their_size() -> None:
    a = vectors(1, 400)
    b = WordVectors(a.words, a.matrix.copy())
    b.matrix[:100] = np.random.default_rng(9).standard_normal((100, 6))  # the frequent disagree
    found = neighbour_stability(a, b, topn=5, words=200)
    frequent, rare = found.bands
    assert (frequent.ranks, frequent.words, frequent.sampled) == ("1–100", 100, 100)
    assert (rare.ranks, rare.words, rare.sampled) == ("101–400", 300, 100)
    assert frequent.share < rare.share
    assert found.share == pytest.approx((100 * frequent.share + 300 * rare.share) / 400)


def test_zero_vectors_are_left_out() -> None:
    a, b = vectors(1, 30), vectors(1, 30)
    a.matrix[3] = 0
    b.matrix[4] = 0
    found = neighbour_stability(a, b, topn=5)
    assert (found.common_words, found.share) == (28, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"topn": 0}, "topn is 0"), ({"words": 0}, "words is 0"), ({"topn": 29}, "topn is 29")],
)
def test_what_cannot_be_asked(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        neighbour_stability(vectors(1, 30), vectors(2, 30), **settings)


def test_models_without_a_common_word() -> None:
    other = WordVectors([f"v{i}" for i in range(30)], vectors(2, 30).matrix)
    with pytest.raises(ConfigError, match="together know 0 words"):
        neighbour_stability(vectors(1, 30), other)


def test_json_and_tables() -> None:
    found = neighbour_stability(vectors(1, 300), vectors(2, 300))
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["bands"][0]["ranks"] == "1–100"
    assert [table.title for table in found.tables()] == [
        "Neighbour stability: the 10 nearest in both models",
        "Least stable words of those asked",
    ]
    assert all(len(row) == len(table.header) for table in found.tables() for row in table.rows)


def test_bands_follow_the_counts_where_there_are_any() -> None:
    counts = np.arange(1, 251)  # the last word is the most frequent
    counted = WordVectors([f"w{i}" for i in range(250)], np.ones((250, 2), np.float32), counts)
    assert ranks_of(counted)[:2].tolist() == [249, 248]
    frequent, rare = bands_of(counted)
    assert (frequent.rows[0], rare.rows[-1]) == (249, 0)


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    words=st.integers(4, 200),
    seed=st.integers(0, 9),
)
def test_a_sample_takes_from_every_band_and_no_more_than_asked(
    sizes: list[int], words: int, seed: int
) -> None:
    from coterie.evaluation.intrinsic.bands import Band

    edges = np.cumsum([0, *sizes])
    bands = [Band(str(i), np.arange(edges[i], edges[i + 1])) for i in range(len(sizes))]
    samples = sample_bands(bands, words, seed)
    assert sum(map(len, samples)) == min(words, sum(sizes))
    for band, sample in zip(bands, samples, strict=True):
        assert len(sample) >= 1
        assert len(set(sample.tolist())) == len(sample)
        assert set(sample.tolist()) <= set(band.rows.tolist())


def test_a_sample_of_rows_is_repeatable() -> None:
    rows = np.arange(100, 200)
    first = sample_rows(rows, 20, seed=1)
    assert first.tolist() == sample_rows(rows, 20, seed=1).tolist() != sample_rows(rows, 20, seed=2).tolist()
    assert (np.diff(first) > 0).all()
    assert sample_rows(rows, 100, seed=1) is rows
