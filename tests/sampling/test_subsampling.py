from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.sampling.subsampling import keep_probabilities, keep_thresholds
from reference import skip_gram


@given(
    counts=st.lists(st.integers(1, 10**9), min_size=1, max_size=20),
    sample=st.sampled_from([0.0, 1e-5, 1e-3, 1.0]),
    formula=st.sampled_from(["word2vec", "paper"]),
)
def test_probabilities_are_the_formulas(counts, sample, formula):
    kept = keep_probabilities(np.array(counts), sample, formula)
    expected = [skip_gram.keep_probability(count, sum(counts), sample, formula) for count in counts]
    np.testing.assert_allclose(kept, expected, rtol=1e-12)


def test_the_documented_difference_between_the_formulas():
    counts = np.array([100, 10_000 - 100])
    paper, released = (keep_probabilities(counts, 1e-4, formula)[0] for formula in ("paper", "word2vec"))
    assert released / paper == pytest.approx(1.1)  # f = 100 t


def test_thresholds_keep_all_at_probability_one_and_next_to_nothing_at_zero():
    assert keep_thresholds(np.array([1.0, 0.5, 0.0])).tolist() == [2**32 - 1, 2**31 - 1, 0]
