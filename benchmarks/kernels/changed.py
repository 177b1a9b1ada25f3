"""Plans that are changed after they were drawn: the same training, with other rows or other windows.

Hardware counters are missing on many virtual machines. What can be done without them and without a switch in
any kernel is to train a plan whose rows are all in the cache, or whose windows have another size, and to look
at the difference.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie.sampling.plan import ChunkPlan

__all__ = [
    "HOT_NEGATIVES",
    "HOT_WORDS",
    "with_hot_negatives",
    "with_hot_rows",
    "with_windows",
    "without_centres",
]

# At D = 300 these are 200 + 200 + 200 rows of 1,216 bytes: 0.7 MiB of a level-2 cache of 1 MiB.
HOT_WORDS, HOT_NEGATIVES = 200, 200


def with_hot_negatives(plan: ChunkPlan) -> ChunkPlan:
    """Return a plan with negatives of a few rows: distinct in a block, and no words of `with_hot_rows`."""
    order = HOT_WORDS + np.random.default_rng(0).permutation(HOT_NEGATIVES)
    return plan._replace(negatives=np.resize(order, plan.negatives.size).astype(np.int32))


def with_hot_rows(plan: ChunkPlan) -> ChunkPlan:
    """Return a plan whose words are folded into a few too."""
    return with_hot_negatives(plan)._replace(tokens=plan.tokens % HOT_WORDS)


def with_windows(plan: ChunkPlan, inputs: int) -> ChunkPlan:
    """Return a plan whose windows have so many context words each, half of them on either side."""
    survivors, first, last = plan.extent
    before, after = inputs // 2, inputs - inputs // 2
    centres = np.arange(plan.low.size, dtype=np.int32)
    extent: NDArray[np.int64] = np.array([survivors, max(first, before), min(last, survivors - after)])
    return plan._replace(low=centres - before, high=centres + after + 1, extent=extent)


def without_centres(plan: ChunkPlan) -> ChunkPlan:
    """Return a plan with nothing to train."""
    return plan._replace(extent=np.array([plan.extent[0], 0, 0]))
