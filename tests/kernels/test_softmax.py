"""The full softmax's elementwise kernels against NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest

from coterie.kernels import softmax


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


# Lengths below, at and above the stretches that are summed in float32.
@pytest.mark.parametrize("words", [1, 7, 1024, 1025, 2500])
def test_exponentiate(words):
    scores, squares = random(3, words) * 10, random(words) ** 2
    greatest, sums, spreads = scores.max(axis=1), np.empty(3), np.empty(3)
    expected = np.exp(scores.astype(np.float64) - greatest[:, None])
    softmax.exponentiate(scores, greatest, squares, sums, spreads)
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-12)
    np.testing.assert_allclose(sums, expected.sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(spreads, expected @ squares, rtol=1e-5)


def test_the_exponential_from_zero_to_what_float32_holds():
    x = np.linspace(-80, 0, 2001, dtype=np.float32)
    e, ones = x[None].copy(), np.ones(len(x), np.float32)
    softmax.exponentiate(e, np.zeros(1, np.float32), ones, np.empty(1), np.empty(1))
    exact = np.exp(x.astype(np.float64))
    assert (np.abs(e[0] / exact - 1) < 1e-5 - 2e-6 * x).all()
    assert e[0, -1] == 1


@pytest.mark.parametrize("score", [-1000, -np.inf])
def test_what_is_far_below_the_greatest_counts_for_nothing(score):
    scores, sums = np.array([[0, score]], np.float32), np.empty(1)
    softmax.exponentiate(scores, np.zeros(1, np.float32), np.ones(2, np.float32), sums, np.empty(1))
    assert scores[0, 0] == sums[0] == 1
    assert 0 <= scores[0, 1] < 1e-37


def test_nan_stays():
    scores, sums = np.array([[0, np.nan]], np.float32), np.empty(1)
    softmax.exponentiate(scores, np.zeros(1, np.float32), np.ones(2, np.float32), sums, np.empty(1))
    assert np.isnan(scores[0, 1])
    assert np.isnan(sums[0])


def test_the_other_kernels():
    rows, weights, total = random(4, 9), random(4, seed=1), random(9, seed=2)
    expected = total + weights @ rows
    softmax.add_weighted_rows(rows, weights, total)
    np.testing.assert_allclose(total, expected, rtol=1e-5, atol=1e-6)

    change, curvature = random(2, 7, seed=3), np.arange(4, dtype=np.float32)
    rows[:, 7:] = 0  # padding
    expected = rows.copy()
    expected[1:3, :7] += change / (1 + curvature[1:3])[:, None]
    squares = np.full(4, -1, np.float32)
    softmax.add_damped(rows, 1, change, curvature, squares)
    np.testing.assert_allclose(rows, expected, rtol=1e-5)
    np.testing.assert_allclose(squares[1:3], (expected[1:3] ** 2).sum(axis=1), rtol=1e-5)
    assert squares[[0, 3]].tolist() == [-1, -1]
