"""Norm against frequency: SciPy's correlation, and cases of which one knows it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from coterie.errors import ConfigError, FormatError
from coterie.evaluation.intrinsic import norms_against_frequency
from coterie.vectors import WordVectors


def of(lengths: list[float] | np.ndarray, counts: list[int] | np.ndarray | None = None) -> WordVectors:
    matrix = np.outer(lengths, [0.6, 0.8]).astype(np.float32)
    return WordVectors(
        [f"w{i}" for i in range(len(lengths))], matrix, None if counts is None else np.array(counts)
    )


@given(data=st.data(), words=st.integers(3, 40))
def test_scipys_correlation_with_ties(data: st.DataObject, words: int) -> None:
    lengths = data.draw(st.lists(st.integers(1, 6).map(float), min_size=words, max_size=words))
    counts = data.draw(st.lists(st.integers(1, 6), min_size=words, max_size=words))
    found = norms_against_frequency(of(lengths, counts))
    if len(set(lengths)) == 1 or len(set(counts)) == 1:
        assert found.spearman is None
    else:
        assert found.spearman == pytest.approx(spearmanr(lengths, counts).statistic, abs=1e-9)


def test_without_counts_the_order_stands_for_the_frequency() -> None:
    found = norms_against_frequency(of(np.arange(150, 0, -1.0)))
    assert found.spearman == pytest.approx(1)
    assert not found.by_counts
    assert "There are no counts" in found.tables()[0].note


def test_bands() -> None:
    lengths = np.concatenate((np.full(100, 2.0), np.linspace(1, 3, 101)))
    found = norms_against_frequency(of(lengths, np.arange(201, 0, -1)))
    frequent, rare = found.bands
    assert (frequent.ranks, frequent.words, frequent.mean, frequent.spearman) == ("1–100", 100, 2, None)
    assert (rare.least, rare.median, rare.most) == pytest.approx((1, 2, 3))
    assert rare.spearman == pytest.approx(-1)
    assert [row[0] for row in found.tables()[0].rows] == ["1–100", "101–201", "all"]


def test_what_cannot_be_measured() -> None:
    with pytest.raises(ConfigError, match="no words"):
        norms_against_frequency(WordVectors([], np.empty((0, 2), np.float32)))
    with pytest.raises(FormatError, match="NaN"):
        norms_against_frequency(of([1, np.inf]))


def test_json() -> None:
    assert json.dumps(norms_against_frequency(of([1, 1])).to_dict(), allow_nan=False)
