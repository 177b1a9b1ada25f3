from __future__ import annotations

import numpy as np
import pytest

from coterie.sampling.noise import noise_distribution


@pytest.mark.parametrize("exponent", [-300.0, -20.0, 20.0, 300.0])
def test_any_finite_exponent_gives_a_distribution(exponent):
    distribution = noise_distribution(np.array([10**12, 1000, 10, 1]), exponent)
    assert np.isfinite(distribution).all()
    assert distribution.sum() == pytest.approx(1)
    assert distribution.argmax() == (0 if exponent > 0 else 3)


def test_a_word_that_never_occurs_is_never_drawn():
    for exponent in (0.75, 0.0, -1.0):
        assert noise_distribution(np.array([5, 0, 3]), exponent)[1] == 0
