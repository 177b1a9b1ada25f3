"""The plan of a chunk: which tokens survive subsampling, every centre's window, the negatives.

A chunk is a stretch of token positions; its centres are the survivors within it. Windows reach over its
ends, as far as their sentence goes, since every draw is keyed by the token's own position in the corpus:
what survives beyond the end is known here without the next chunk. So a sentence of any length is trained
whole, in bounded memory, and the plan of a token does not depend on how the corpus is cut into chunks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.kernels.compile import Index, inner_kernel
from coterie.kernels.stored import stored_kernel
from coterie.sampling.alias import alias_draw, build_alias_table
from coterie.sampling.held_out import held_out_threshold, is_held_out
from coterie.sampling.noise import noise_distribution
from coterie.sampling.rng import NEGATIVES, WINDOWS, random_bits, stream_key
from coterie.sampling.subsampling import keep_probabilities, keep_thresholds

__all__ = [
    "ChunkPlan",
    "Sampler",
    "Sentences",
    "draw_negatives",
    "for_epoch",
    "make_plan",
    "make_sampler",
    "plan_chunk",
]

_LOW, _S32 = np.uint64(0xFFFFFFFF), np.uint64(32)

_ALL_ALIKE = np.zeros(0, np.float32)
_ALL_ALIKE.setflags(write=False)  # as those that are mapped: kernels are compiled for one or the other


class Sentences(NamedTuple):
    """The encoded corpus: token ids (T,) and sentence offsets (S + 1,), see ``EncodedCorpus``.

    ``weights`` (S,) multiply the learning rate of a sentence's windows; an empty array: all are 1.
    """

    ids: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    weights: NDArray[np.float32] = _ALL_ALIKE


class Sampler(NamedTuple):
    """What the draws of one epoch depend on."""

    keep: NDArray[np.uint32]
    alias: NDArray[np.uint64]
    window_key: np.uint64
    negative_key: np.uint64
    window: int
    shrink: bool
    negative: int
    shared: bool
    held_out: np.uint64


class ChunkPlan(NamedTuple):
    """The draws of one chunk, as arrays that are filled again for every chunk.

    ``tokens`` are the survivors, the chunk's own and those near its ends, and ``positions`` where they stand
    in the corpus. Centres are ``tokens[extent[1]:extent[2]]`` of ``extent[0]`` survivors; centre c has the
    window ``tokens[low[c]:high[c]]``, itself included. ``negatives`` holds k numbers for each window that has
    a context (or, with ``negative_sharing="pair"``, for each pair); those of centre c begin at ``draws[c]``.
    Its gradients are multiplied by ``weights[c]``.
    """

    tokens: NDArray[np.int32]
    positions: NDArray[np.int64]
    low: NDArray[np.int32]
    high: NDArray[np.int32]
    weights: NDArray[np.float32]
    draws: NDArray[np.int32]
    negatives: NDArray[np.int32]
    extent: NDArray[np.int64]


def for_epoch(sampler: Sampler, seed: int, epoch: int) -> Sampler:
    """Return the sampler of another epoch: the same tables, other keys."""
    return sampler._replace(
        window_key=stream_key(seed, epoch, WINDOWS), negative_key=stream_key(seed, epoch, NEGATIVES)
    )


def make_sampler(counts: NDArray[np.int64], config: TrainingConfig, epoch: int) -> Sampler:
    """Return what is needed to draw the plans of `epoch`; the tables are the same in every epoch."""
    sampler = Sampler(
        keep=keep_thresholds(keep_probabilities(counts, config.sample, config.subsampling)),
        alias=_alias_table(counts, config.ns_exponent),
        window_key=np.uint64(0),
        negative_key=np.uint64(0),
        window=config.window,
        shrink=config.shrink_windows,
        negative=config.negative,
        shared=config.negative_sharing != "pair",
        held_out=held_out_threshold(config.validation),
    )
    return for_epoch(sampler, config.seed, epoch)


def _alias_table(counts: NDArray[np.int64], exponent: float | None) -> NDArray[np.uint64]:
    """Return the table that negatives are drawn from; none are without an exponent."""
    if exponent is None:
        return np.zeros(1, np.uint64)
    return build_alias_table(noise_distribution(counts, exponent))


def make_plan(chunk_tokens: int, reach: int, config: TrainingConfig) -> ChunkPlan:
    """Return empty arrays for chunks of up to `chunk_tokens` positions.

    `reach` is the farthest that a window can really reach: ``window``, or less if sentences are shorter.
    """
    capacity = chunk_tokens + 2 * reach + 1  # a token is written before it is known to survive
    draws = chunk_tokens * (2 * reach if config.negative_sharing == "pair" else 1)
    return ChunkPlan(
        tokens=np.zeros(capacity, np.int32),
        positions=np.zeros(capacity, np.int64),
        low=np.zeros(capacity, np.int32),
        high=np.zeros(capacity, np.int32),
        weights=np.ones(capacity, np.float32),
        draws=np.zeros(capacity, np.int32),
        negatives=np.zeros(draws * config.negative, np.int32),
        extent=np.zeros(3, np.int64),
    )


@inner_kernel
def _survives(sampler: Sampler, ids: NDArray[np.uint32], position: Index) -> Index:
    """Return 1 if the token at `position` survives subsampling, else 0."""
    bits = random_bits(sampler.window_key, np.uint64(position))
    return np.int64((bits & _LOW) <= np.uint64(sampler.keep[ids[position]]))


@stored_kernel
def plan_chunk(
    sampler: Sampler,
    sentences: Sentences,
    sentence: Index,
    start: Index,
    stop: Index,
    reach: Index,
    plan: ChunkPlan,
) -> None:
    """Fill `plan` for the centres at positions ``start`` … ``stop - 1``, the first of them in `sentence`."""
    ids, offsets = sentences.ids, sentences.offsets
    position: Index = start
    missing: Index = reach
    while position > offsets[sentence] and missing > 0:
        position -= 1
        missing -= _survives(sampler, ids, position)
    count, first, last = np.int64(0), np.int64(0), np.int64(0)
    while position < stop:
        end = offsets[sentence + 1]
        if is_held_out(sampler.held_out, ids, offsets[sentence], end):
            sentence += 1
            position = end
            continue
        begin = count
        beyond: Index = 0
        while position < end and beyond < reach:
            # Written in any case and kept by counting: a branch here would be mispredicted too often.
            survived = _survives(sampler, ids, position)
            plan.tokens[count] = ids[position]
            plan.positions[count] = position
            count += survived
            first += survived * (position < start)
            last += survived * (position < stop)
            beyond += survived * (position >= stop)
            position = position + 1
        weight = sentences.weights[sentence] if sentences.weights.size > 0 else np.float32(1)
        _set_windows(sampler, plan, begin, count, weight)
        sentence += 1
        position = end
    plan.extent[0], plan.extent[1], plan.extent[2] = count, first, last
    draw_negatives(sampler, plan, first, last)


@inner_kernel
def _set_windows(sampler: Sampler, plan: ChunkPlan, begin: Index, end: Index, weight: np.float32) -> None:
    """Set the windows of the survivors ``begin`` … ``end - 1`` of one sentence, and its weight for each."""
    for c in range(begin, end):
        radius: Index = sampler.window
        if sampler.shrink:
            # The high half of the bits whose low half decided survival: independent of it.
            bits = random_bits(sampler.window_key, np.uint64(plan.positions[c]))
            radius = 1 + np.int64(((bits >> _S32) * np.uint64(sampler.window)) >> _S32)
        plan.weights[c] = weight
        plan.low[c] = max(begin, c - radius)
        plan.high[c] = min(end, c + radius + 1)


@inner_kernel
def draw_negatives(sampler: Sampler, plan: ChunkPlan, first: Index, last: Index) -> None:
    """Draw the negatives of the centres ``first`` … ``last - 1``."""
    k, drawn = sampler.negative, 0
    for c in range(first, last):
        contexts = plan.high[c] - plan.low[c] - 1
        groups = min(contexts, 1) if sampler.shared else contexts
        slots = 1 if sampler.shared else 2 * sampler.window
        plan.draws[c] = drawn
        for group in range(groups):
            # The counter is the draw's own place in the corpus: position, pair within the window, number.
            counter = (np.uint64(plan.positions[c]) * np.uint64(slots) + np.uint64(group)) * np.uint64(k)
            for i in range(k):
                bits = random_bits(sampler.negative_key, counter + np.uint64(i))
                plan.negatives[drawn] = alias_draw(sampler.alias, bits)
                drawn += 1
