"""The plan of a chunk of (input, output) pairs, the examples themselves: no windows, no subsampling.

The steps of an epoch are as many as there are pairs. Pairs without weights are each trained once, in an order
of the epoch's own. A pair with a weight is drawn in proportion to it, so that one of weight 2 is trained
twice as often: the gradients of weights that span orders of magnitude, as counts do, would have no common
learning rate (Tang et al. 2015, arXiv 1503.03578, section 4.2).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.errors import CorpusError
from coterie.kernels.compile import Index, inner_kernel
from coterie.kernels.stored import stored_kernel
from coterie.sampling.alias import build_alias_table
from coterie.sampling.held_out import is_held_out
from coterie.sampling.plan import ChunkPlan, Sampler, draw_negatives
from coterie.sampling.rng import PAIRS, random_bits, stream_key

__all__ = ["PairOrder", "Pairs", "make_pair_order", "order_for_epoch", "output_counts", "plan_pairs"]

_MOST_PAIRS = 1 << 32
_BLOCK = 1 << 22
_ROUNDS = 4
_S11, _S32, _LOW = np.uint64(11), np.uint64(32), np.uint64(0xFFFFFFFF)
_UNIT = 2.0**-53


class Pairs(NamedTuple):
    """Encoded pairs: ids (2P,), the output word and then the input word of each, and weights (P,) or none."""

    ids: NDArray[np.uint32]
    weights: NDArray[np.float32]


class PairOrder(NamedTuple):
    """Which pair each step of an epoch trains: an alias table of the weights (P,), or a permutation's key.

    ``half`` is the number of bits of one half of a number in the permutation.
    """

    alias: NDArray[np.uint64]
    weighted: bool
    key: np.uint64
    half: np.uint64


def output_counts(pairs: Pairs, words: int) -> NDArray[np.int64]:
    """Return how often each word is the output of a step of an epoch, int64, shape (V,).

    With weights it is what is expected, rounded, and at least 1 of what can be drawn.
    """
    counts, weights = np.zeros(words), pairs.weights
    for start in range(0, len(pairs.ids) // 2, _BLOCK):
        outputs = pairs.ids[2 * start : 2 * (start + _BLOCK) : 2]
        counts += np.bincount(outputs, weights[start : start + _BLOCK] if len(weights) else None, words)
    if len(weights):
        counts *= len(weights) / counts.sum()
    return np.where(counts > 0, np.maximum(np.rint(counts), 1), 0).astype(np.int64)


def make_pair_order(pairs: Pairs) -> PairOrder:
    """Return the order, without its key.

    Raises
    ------
    CorpusError
        There are too many weighted pairs, or all weights are 0.
    """
    count = len(pairs.ids) // 2
    weighted = len(pairs.weights) > 0
    weights = pairs.weights.astype(np.float64)
    if weighted and count >= _MOST_PAIRS:
        raise CorpusError(
            f"there are {count:,} weighted pairs; at most {_MOST_PAIRS - 1:,} can be drawn from."
        )
    if weighted and not weights.sum() > 0:
        raise CorpusError("all weights of the pairs are 0; there is nothing to train on.")
    alias = build_alias_table(weights / weights.sum()) if weighted else np.zeros(1, np.uint64)
    half = np.uint64(max(1, ((count - 1).bit_length() + 1) // 2))
    return PairOrder(alias, weighted, np.uint64(0), half)


def order_for_epoch(order: PairOrder, seed: int, epoch: int) -> PairOrder:
    """Return the order of another epoch."""
    return order._replace(key=stream_key(seed, epoch, PAIRS))


@inner_kernel
def _pair_at(order: PairOrder, pairs: Index, step: Index) -> np.int64:
    """Return the number of the pair, of so many, that a step trains."""
    if order.weighted:
        bits = random_bits(order.key, np.uint64(step))
        # A table may be longer than the 2³² places that half of these bits tell apart evenly.
        place = np.int64(np.float64(bits >> _S11) * _UNIT * pairs)
        entry = order.alias[place]
        stays = (random_bits(order.key ^ bits, np.uint64(step)) & _LOW) < (entry & _LOW)
        return place if stays else np.int64(entry >> _S32)
    # A Feistel network (Luby and Rackoff 1988) permutes the numbers of 2·half bits, and following it from a
    # number below `pairs` until it comes to the next such permutes those.
    half, mask = order.half, (np.uint64(1) << order.half) - np.uint64(1)
    number = np.uint64(step)
    while True:
        left, right = number >> half, number & mask
        for turn in range(_ROUNDS):
            bits = random_bits(order.key, right * np.uint64(_ROUNDS) + np.uint64(turn))
            left, right = right, left ^ (bits & mask)
        number = (left << half) | right
        if number < np.uint64(pairs):
            return np.int64(number)


@stored_kernel
def plan_pairs(
    sampler: Sampler, ids: NDArray[np.uint32], order: PairOrder, start: Index, stop: Index, plan: ChunkPlan
) -> None:
    """Fill `plan` with the pairs of the steps ``start // 2`` … ``stop // 2 - 1``.

    Each is a centre, the output word, with one context word, and a centre without any.
    """
    count = np.int64(0)
    for step in range(start // 2, stop // 2):
        pair = _pair_at(order, ids.size // 2, step)
        if is_held_out(sampler.held_out, ids, 2 * pair, 2 * pair + 2):
            continue
        for side in range(2):
            plan.tokens[count + side] = ids[2 * pair + side]
            plan.positions[count + side] = 2 * step + side
            plan.low[count + side] = count + side
            plan.high[count + side] = count + 2
            plan.weights[count + side] = 1
        count += 2
    plan.extent[0], plan.extent[1], plan.extent[2] = count, 0, count
    draw_negatives(sampler, plan, np.int64(0), count)
