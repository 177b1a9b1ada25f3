from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.config import TrainingConfig
from coterie.training.schedule import chunk_tokens, learning_rate, plan_work, reach_of


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=20),
    size=st.integers(1, 50),
    epochs=st.integers(1, 3),
)
def test_every_position_is_trained_once_an_epoch(lengths, size, epochs):
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    units = list(plan_work(offsets, size, range(epochs)))
    for epoch in range(epochs):
        positions = [p for unit in units if unit.epoch == epoch for p in range(unit.start, unit.stop)]
        assert positions == list(range(offsets[-1]))
    assert all(offsets[unit.sentence] <= unit.start < offsets[unit.sentence + 1] for unit in units)
    assert len({unit[:4] for unit in units}) == len(units)


def test_the_rate_falls_linearly_to_its_end():
    rates = [learning_rate(done, 1000, 0.025, 0.0001) for done in range(0, 1001, 100)]
    assert rates[0] == 0.025
    assert rates[-1] == pytest.approx(0.0001)
    assert np.diff(rates) == pytest.approx(np.diff(rates)[0])


def test_a_chunk_is_short_where_its_work_is_heavy():
    light, heavy = TrainingConfig(), TrainingConfig(vector_size=2000, negative=50)
    assert chunk_tokens(10**9, 10**5, 5, heavy) < chunk_tokens(10**9, 10**5, 5, light)
    pairwise = TrainingConfig(negative_sharing="pair", window=500)
    assert chunk_tokens(10**9, 10**5, 500, pairwise) * 1000 * pairwise.negative <= 4_000_000
    assert chunk_tokens(3, 2, 1, light) >= 1


def test_reach_is_what_sentences_allow():
    assert reach_of(np.array([0, 4, 11]), 5) == 5
    assert reach_of(np.array([0, 4, 7]), 10) == 3
    assert reach_of(np.array([0, 1, 2]), 10) == 1
