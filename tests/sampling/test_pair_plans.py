"""Plans of pairs: each pair once, or as often as its weight says, however the steps are cut into chunks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.config import TrainingConfig
from coterie.errors import CorpusError
from coterie.sampling.pairs import Pairs, make_pair_order, order_for_epoch, output_counts, plan_pairs
from coterie.sampling.plan import for_epoch, make_plan, make_sampler
from coterie.sampling.rng import PAIRS, bits_at, stream_key

CONFIG = TrainingConfig(window=1, shrink_windows=False, sample=0, negative=3)
NONE = np.zeros(0, np.float32)


def numbered(count, weights=NONE):
    """Pairs that can be told from each other: outputs are 0 … count − 1, inputs as far behind."""
    ids = np.stack([np.arange(count), count + np.arange(count)], axis=1).reshape(-1)
    return Pairs(ids.astype(np.uint32), np.asarray(weights, np.float32))


def steps(pairs, size, epoch=0, config=CONFIG):
    """All steps of an epoch as (position, output, input, negatives), planned in chunks of `size` pairs."""
    counts = output_counts(pairs, int(pairs.ids.max()) + 1)
    sampler = for_epoch(make_sampler(counts, config, 0), config.seed, epoch)
    order = order_for_epoch(make_pair_order(pairs), config.seed, epoch)
    plan = make_plan(2 * size, 1, config)
    for start in range(0, len(pairs.ids), 2 * size):
        stop = min(start + 2 * size, len(pairs.ids))
        with np.errstate(over="ignore"):
            plan_pairs(sampler, pairs.ids, order, start, stop, plan)
        for c in range(plan.extent[1], plan.extent[2]):
            window = [i for i in range(plan.low[c], plan.high[c]) if i != c]
            if not window:
                continue
            (context,) = window
            negatives = plan.negatives[plan.draws[c] : plan.draws[c] + config.negative].tolist()
            yield int(plan.positions[c]), int(plan.tokens[c]), int(plan.tokens[context]), negatives


@settings(deadline=None, max_examples=60)
@given(count=st.integers(1, 200), size=st.integers(1, 250), epoch=st.integers(0, 3))
def test_an_epoch_trains_each_pair_once(count, size, epoch):
    found = list(steps(numbered(count), size, epoch))
    assert sorted(output for _, output, _, _ in found) == list(range(count))
    assert all(given == output + count for _, output, given, _ in found)
    assert [position for position, *_ in found] == list(range(0, 2 * count, 2))


def test_epochs_have_orders_of_their_own():
    orders = [[output for _, output, _, _ in steps(numbered(500), 64, epoch)] for epoch in (0, 1)]
    assert orders[0] != orders[1] != list(range(500))
    for order in orders:
        # Neighbours in the list are strangers in the training.
        assert np.corrcoef(order[:-1], order[1:])[0, 1] < 0.2


@settings(deadline=None, max_examples=40)
@given(
    weights=st.lists(st.floats(0, 10, width=32), min_size=1, max_size=60).filter(
        lambda found: sum(found) > 0
    ),
    sizes=st.tuples(st.integers(1, 70), st.integers(1, 70)),
)
def test_the_cut_does_not_matter(weights, sizes):
    first, second = (list(steps(numbered(len(weights), weights), size)) for size in sizes)
    assert first == second
    assert all(weights[output] > 0 for _, output, _, _ in first)


def test_draws_are_the_twins():
    """A Feistel network over the halves of a number, and an alias table, in Python's integers."""
    key, half = int(stream_key(1, 0, PAIRS)), 3
    expected = []
    for step in range(40):
        number = step
        while True:
            left, right = number >> half, number & 7
            for turn in range(4):
                left, right = right, left ^ (bits_at(key, right * 4 + turn) & 7)
            number = left << half | right
            if number < 40:
                break
        expected.append(number)
    assert [output for _, output, _, _ in steps(numbered(40), 7)] == expected
    weights = [1.0, 2.0, 5.0]
    order = order_for_epoch(make_pair_order(numbered(3, weights)), 1, 0)
    drawn = []
    for step in range(3):
        bits = bits_at(key, step)
        place = int((bits >> 11) * 2.0**-53 * 3)
        entry = int(order.alias[place])
        stays = (bits_at(key ^ bits, step) & 0xFFFFFFFF) < (entry & 0xFFFFFFFF)
        drawn.append(place if stays else entry >> 32)
    assert [output for _, output, _, _ in steps(numbered(3, weights), 2)] == drawn


def test_pairs_are_drawn_in_proportion_to_their_weights():
    weights = np.tile([1.0, 2.0, 5.0, 0.0, 8.0], 400)
    pairs = numbered(len(weights), weights)
    drawn = np.zeros(len(weights))
    for epoch in range(20):
        drawn += np.bincount([output for _, output, _, _ in steps(pairs, 500, epoch)], minlength=len(weights))
    shares = drawn.reshape(400, 5).sum(axis=0) / drawn.sum()
    expected = np.array([1, 2, 5, 0, 8]) / 16
    assert (abs(shares - expected) < 5 * np.sqrt(expected / drawn.sum()) + 1e-9).all()


def test_noise_follows_the_outputs():
    pairs = Pairs(np.array([0, 9, 0, 9, 1, 9, 2, 0], np.uint32), NONE)
    assert output_counts(pairs, 10).tolist() == [2, 1, 1, *[0] * 7]
    weighted = pairs._replace(weights=np.array([1e-6, 5, 5, 0], np.float32))
    assert output_counts(weighted, 10).tolist() == [2, 2, 0, *[0] * 7]
    rare = pairs._replace(weights=np.array([0, 1e-6, 5, 5], np.float32))
    assert output_counts(rare, 10).tolist() == [1, 2, 2, *[0] * 7], "what can be drawn has a count"
    negatives = {word for *_, drawn in steps(pairs, 4) for word in drawn}
    assert negatives <= {0, 1, 2}


def test_weights_that_are_all_zero_are_refused():
    with pytest.raises(CorpusError, match="all weights of the pairs are 0"):
        make_pair_order(numbered(2, [0.0, 0.0]))
