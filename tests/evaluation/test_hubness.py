"""Hubness: the twin, and a hub that was planted."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.errors import ConfigError
from coterie.evaluation.intrinsic import hubness
from coterie.vectors import WordVectors
from reference import intrinsic as twin


def of(matrix: np.ndarray, counts: np.ndarray | None = None) -> WordVectors:
    return WordVectors([f"w{i}" for i in range(len(matrix))], matrix.astype(np.float32), counts)


@given(seed=st.integers(0, 1000), words=st.integers(6, 30), topn=st.integers(1, 4))
def test_twin(seed: int, words: int, topn: int) -> None:
    vectors = of(np.random.default_rng(seed).standard_normal((words, 4)))
    found = hubness(vectors, topn=topn, listed=words)
    expected = twin.occurrences(vectors.matrix.tolist(), topn)
    assert {hub.word: hub.occurrences for hub in found.hubs} == dict(
        zip(vectors.words, expected, strict=True)
    )
    assert dict(found.histogram) == {value: expected.count(value) for value in set(expected)}
    assert found.orphans == expected.count(0) / words
    if len(set(expected)) > 1:
        assert found.skewness == pytest.approx(twin.skewness(expected))


def test_the_planted_hub_is_found() -> None:
    # Word 7 lies in the middle of directions that are as far from each other.
    matrix = np.eye(40)
    matrix[7] = 1
    plain, hub = hubness(of(np.eye(40)[:, :40] + 1e-3), topn=1), hubness(of(matrix), topn=1)
    assert (hub.hubs[0].word, hub.hubs[0].occurrences, hub.hubs[0].rank) == ("w7", 39, 8)
    assert hub.skewness == pytest.approx(twin.skewness([39, *[0] * 38, 1]))
    assert hub.orphans == 38 / 40
    assert plain.sampled == 40


def test_a_ring_has_no_hubs() -> None:
    angles = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    found = hubness(of(np.stack((np.cos(angles), np.sin(angles)), axis=1)), topn=2)
    assert found.skewness is None
    assert found.histogram == ((2, 50),)
    assert "—" in found.tables()[0].markdown()


def test_more_dimensions_more_hubs() -> None:
    draw = np.random.default_rng(1)
    few, many = (hubness(of(draw.standard_normal((1500, size)) + 0.3), topn=5) for size in (3, 100))
    assert many.skewness > few.skewness + 1  # type: ignore[operator]
    assert many.top_share > few.top_share


def test_a_sample_keeps_the_mean() -> None:
    found = hubness(of(np.random.default_rng(1).standard_normal((600, 5))), topn=4, words=200)
    assert (found.words, found.sampled) == (600, 200)
    assert sum(value * words for value, words in found.histogram) == 200 * 4


def test_ranks_are_of_the_counts_and_zero_vectors_are_nobodys_neighbours() -> None:
    matrix = np.eye(6)
    matrix[5] = 1
    matrix[4] = 0
    found = hubness(of(matrix, np.array([1, 2, 3, 4, 5, 60])), topn=1)
    assert (found.hubs[0].word, found.hubs[0].rank, found.words) == ("w5", 1, 5)
    assert "w4" not in {hub.word for hub in found.hubs}


def test_too_few_words() -> None:
    with pytest.raises(ConfigError, match="topn is 10, but there are 5 words"):
        hubness(of(np.eye(5)))


def test_json() -> None:
    told = json.loads(json.dumps(hubness(of(np.eye(20) + 0.1)).to_dict(), allow_nan=False))
    assert told["sampled"] == 20
