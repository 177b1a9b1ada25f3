"""Isotropy: the twin, and vectors of which one knows how they use their directions."""

from __future__ import annotations

import importlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.errors import ConfigError, FormatError
from coterie.evaluation.intrinsic import isotropy
from coterie.vectors import WordVectors
from reference import intrinsic as twin


def of(matrix: np.ndarray) -> WordVectors:
    return WordVectors([f"w{i}" for i in range(len(matrix))], matrix.astype(np.float32))


@given(seed=st.integers(0, 1000), words=st.integers(3, 30), size=st.integers(1, 5), shift=st.floats(-2, 2))
def test_twin(seed: int, words: int, size: int, shift: float) -> None:
    vectors = of(np.random.default_rng(seed).standard_normal((words, size)) + shift)
    rows = vectors.matrix.astype(np.float64).tolist()
    found = isotropy(vectors)
    assert found.partition_ratio == pytest.approx(twin.partition_ratio(rows), rel=1e-5)
    cosines = twin.pair_cosines(rows)
    assert found.mean_cosine == pytest.approx(np.mean(cosines), abs=1e-9)
    assert found.cosine_deviation == pytest.approx(np.std(cosines), abs=1e-6)
    shares = twin.variance_shares(rows)
    assert found.variance_shares[: len(shares)] == pytest.approx(shares, abs=1e-6)
    assert found.effective_dimensions == pytest.approx(1 / sum(share**2 for share in shares), rel=1e-6)
    lengths = np.linalg.norm(rows, axis=1)
    assert found.mean_vector_length == pytest.approx(np.linalg.norm(np.mean(rows, axis=0)) / lengths.mean())


def test_gaussian_vectors_are_isotropic() -> None:
    found = isotropy(of(np.random.default_rng(1).standard_normal((10_000, 20))))
    assert found.partition_ratio > 0.88
    assert found.mean_cosine == pytest.approx(0, abs=0.003)
    assert found.cosine_deviation == pytest.approx(1 / np.sqrt(20), rel=0.02)
    assert found.mean_vector_length < 0.02
    assert found.variance_shares[0] == pytest.approx(1 / 20, rel=0.1)
    assert found.effective_dimensions == pytest.approx(20, rel=0.01)


def test_one_direction() -> None:
    lengths = np.random.default_rng(1).uniform(1, 2, 500)
    found = isotropy(of(np.outer(lengths, [0, 3, 4])))
    assert found.partition_ratio < 1e-4
    assert found.mean_cosine == pytest.approx(1)
    assert found.cosine_deviation == pytest.approx(0, abs=1e-6)
    assert found.mean_vector_length == pytest.approx(1)
    assert found.variance_shares[0] == pytest.approx(1)
    assert found.effective_dimensions == pytest.approx(1)


def test_the_same_vector_everywhere_has_no_variance() -> None:
    found = isotropy(of(np.ones((9, 4))))
    assert found.variance_shares == (0, 0, 0, 0)
    assert found.effective_dimensions is None
    assert "—" in found.tables()[0].markdown()


def test_long_vectors_do_not_overflow() -> None:
    found = isotropy(of(np.array([[1e4, 0], [0, 1e4], [-1e4, 1]])))
    assert 0 <= found.partition_ratio <= 1


def test_blocks_and_zero_vectors_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("coterie.evaluation.intrinsic.isotropy")
    matrix = np.random.default_rng(3).standard_normal((50, 4))
    whole = isotropy(of(matrix))
    monkeypatch.setattr(module, "_ROWS", 7)
    found = isotropy(of(np.concatenate((matrix, np.zeros((3, 4))))))
    assert found.partition_ratio == pytest.approx(whole.partition_ratio)
    assert found.mean_cosine == pytest.approx(whole.mean_cosine)
    assert (found.words, found.sampled) == (50, 50)


def test_a_sample_is_told_and_near_the_whole() -> None:
    vectors = of(np.random.default_rng(1).standard_normal((4000, 8)) + 0.5)
    whole, part = isotropy(vectors), isotropy(vectors, words=1000)
    assert (part.words, part.sampled) == (4000, 1000)
    assert part.mean_cosine == pytest.approx(whole.mean_cosine, abs=0.02)
    assert ("words measured", "1,000 of 4,000") in part.tables()[0].rows


def test_what_cannot_be_measured() -> None:
    with pytest.raises(ConfigError, match="two vectors that are not zero; these have 1"):
        isotropy(of(np.array([[1, 0], [0, 0]])))
    with pytest.raises(ConfigError, match="words is 1; a mean cosine needs at least 2"):
        isotropy(of(np.eye(3)), words=1)
    with pytest.raises(FormatError, match="'w1' holds NaN"):
        isotropy(of(np.array([[1, 0], [np.nan, 0]])))


def test_json() -> None:
    found = isotropy(of(np.eye(3)))
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["sampled"] == 3
