"""How the planned work is cut into chunks, and which learning rate each of them has.

The unit of work is a chunk of an epoch. Nothing that a unit does depends on the thread that takes it: its
randomness is keyed by token positions, its learning rate by its place in the plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig

__all__ = [
    "SOFTMAX_TOKENS",
    "WorkUnit",
    "chunk_tokens",
    "learning_rate",
    "plan_work",
    "plans_of_a_thread",
    "reach_of",
]

# The sampling tables of a real vocabulary leave the cache while a chunk trains; this many tokens are enough
# for their reloading to cost little (4,096 tokens: 13 % of the time goes into planning; 16,384: 7 %).
_MOST_TOKENS = 16_384
_FEWEST_TOKENS = 16
# Below this, Python's part of a chunk's time would be as long as the kernel's.
_WORTHWHILE_TOKENS = 512
# Enough chunks for threads to share an epoch evenly and for the learning rate to fall smoothly.
_CHUNKS_PER_EPOCH = 256
# A chunk should take a fraction of a second, since the loop stops between chunks.
_CHUNK_FLOPS = 1e9
_MOST_DRAWS = 4_000_000
# The full softmax takes a chunk as one batch: 512 words have 200 to 300 distinct context words, enough rows
# for the BLAS to run at its speed.
SOFTMAX_TOKENS = 512
# Threads in step meet in Python once a round, which takes as long as a tenth of a chunk.
_PLANS_OF_A_THREAD, _PLANS_BYTES = 4, 16 << 20


class WorkUnit(NamedTuple):
    """One chunk in one epoch: the centres at token positions ``start`` … ``stop - 1``."""

    epoch: int
    chunk: int
    sentence: int
    start: int
    stop: int


def reach_of(offsets: NDArray[np.int64], window: int) -> int:
    """Return how far a window can really reach: `window`, or less if all sentences are shorter."""
    longest = int(np.diff(offsets).max())
    return max(1, min(window, longest - 1))


def chunk_tokens(tokens: int, words: int, reach: int, config: TrainingConfig) -> int:
    """Return how many token positions a chunk has, in a corpus of `tokens` over `words` words.

    Examples
    --------
    >>> [chunk_tokens(tokens, 10_000, 5, TrainingConfig()) for tokens in (36_000_000, 100_000)]
    [16384, 512]
    >>> chunk_tokens(36_000_000, 10_000, 5, TrainingConfig(objective="softmax"))
    512
    """
    if config.objective == "softmax":
        return SOFTMAX_TOKENS
    path = math.log2(words) if config.objective == "hierarchical_softmax" else 0
    flops_per_token = 6 * reach * (1 + config.negative + path) * config.vector_size
    draws_per_token = config.negative * (2 * reach if config.negative_sharing == "pair" else 1)
    most = min(
        _MOST_TOKENS,
        max(tokens // _CHUNKS_PER_EPOCH, _WORTHWHILE_TOKENS),
        int(_CHUNK_FLOPS / flops_per_token),
        _MOST_DRAWS // max(1, draws_per_token),
    )
    return max(_FEWEST_TOKENS, most)


def plans_of_a_thread(size: int) -> int:
    """Return how many plans of so many bytes a thread has that trains in step.

    Examples
    --------
    >>> plans_of_a_thread(1 << 20), plans_of_a_thread(12 << 20)
    (4, 1)
    """
    return max(1, min(_PLANS_OF_A_THREAD, _PLANS_BYTES // size))


def plan_work(offsets: NDArray[np.int64], size: int, epochs: range) -> Iterator[WorkUnit]:
    """Yield every unit of work of a run of these epochs, in order."""
    tokens = int(offsets[-1])
    for epoch in epochs:
        for chunk, start in enumerate(range(0, tokens, size)):
            sentence = int(np.searchsorted(offsets, start, side="right")) - 1
            yield WorkUnit(epoch, chunk, sentence, start, min(start + size, tokens))


def learning_rate(done: int, planned: int, alpha: float, min_alpha: float) -> float:
    """Return the rate after `done` of `planned` words: linear from `alpha` to `min_alpha`.

    Examples
    --------
    >>> learning_rate(0, 100, 0.025, 0.0001), round(learning_rate(100, 100, 0.025, 0.0001), 6)
    (0.025, 0.0001)
    """
    return alpha - (alpha - min_alpha) * (done / planned)
