from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.sampling.alias import build_alias_table
from coterie.sampling.noise import noise_distribution


def drawn_probabilities(table):
    """What an alias table draws, exactly: each entry's threshold for itself, the rest for its alias."""
    drawn = np.zeros(len(table))
    for i, entry in enumerate(table.tolist()):
        threshold, alias = (entry & 0xFFFFFFFF) / 2**32, entry >> 32
        drawn[i] += threshold / len(table)
        drawn[alias] += (1 - threshold) / len(table)
    return drawn


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(1, 10**9), min_size=1, max_size=50),
    exponent=st.sampled_from([0.75, 0.0, 1.0, -0.5, -1.0, 0.3]),
)
def test_alias_table_draws_the_distribution(counts, exponent):
    weights = np.array(counts, dtype=np.float64) ** exponent
    table = build_alias_table(noise_distribution(np.array(counts), exponent))
    np.testing.assert_allclose(drawn_probabilities(table), weights / weights.sum(), atol=1e-9)
