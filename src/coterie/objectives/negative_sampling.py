"""Negative sampling (arXiv 1310.4546, equation 4; derivation: arXiv 1402.3722).

For a pair (input word I, output word O) and k negatives w drawn from the noise distribution q:

    L       = −log σ(s_O) − Σ_w log σ(−s_w)                  s_j = P_j · v_I
    ∂L/∂P_j = (σ(s_j) − [j = O]) v_I                          for j = O and every w
    ∂L/∂v_I = Σ_j (σ(s_j) − [j = O]) P_j

so that a step changes 1 + k rows of ``output_vectors`` (P) and one row of ``input_vectors`` (v). The context
words are the inputs and the centre is the output, as in the released word2vec.

Where it deviates from the source:

* With ``negative_sharing="window"`` the pairs of a window (x₁, O) … (x_M, O) share one draw of negatives and
  are one logistic block (Ji et al., arXiv 1604.04661): the same expected gradient, M × (1 + k) scores as
  one matrix product, all taken before any row changes.
* A negative equal to O is left out by default (``collisions="skip"``), as the released word2vec does and the
  paper does not say. Kept, it is a row with both labels.
* σ is exact to 5e-5 and not cut off at |s| = 6.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.kernels.block import Block, Matrices, row_address
from coterie.kernels.compile import Index, inner_kernel
from coterie.objectives.batch import BatchShape, batch_shape_for
from coterie.objectives.row_lists import RowLists, nothing, walk_settings
from coterie.objectives.walk import WalkObjective, walks_over
from coterie.objectives.weights import Weights
from coterie.sampling.noise import noise_distribution
from coterie.sampling.plan import ChunkPlan
from coterie.sampling.subsampling import output_distribution

__all__ = [
    "NEGATIVE_SAMPLING",
    "Noise",
    "label_first_row",
    "list_coming_draws",
    "negative_sampling",
    "noisy_batch_shape",
]


class Noise(NamedTuple):
    """What the kernels need: k, and what happens to a negative that equals the output word."""

    negative: int
    skip_collisions: bool


@inner_kernel
def label_first_row(rows: Any, block: Block) -> None:
    """Label the first output row 1 and the others 0."""
    block.labels[0] = 1
    for j in range(1, block.labels.size):
        block.labels[j] = 0


@inner_kernel
def _list_outputs(rows: Noise, plan: ChunkPlan, block: Block, centre: Index, draw: Index) -> int:
    """List the centre and its negatives as the block's output rows; return how many there are."""
    block.outputs[0] = plan.tokens[centre]
    outputs = 1
    for i in range(draw, draw + rows.negative):
        if rows.skip_collisions and plan.negatives[i] == plan.tokens[centre]:
            continue
        block.outputs[outputs] = plan.negatives[i]
        outputs += 1
    return outputs


@inner_kernel
def list_coming_draws(
    matrices: Matrices, rows: Any, plan: ChunkPlan, block: Block, centre: Index, draw: Index
) -> None:
    """List a coming block's centre and negatives, which lie anywhere in memory."""
    block.coming[1] = row_address(matrices.output_vectors, plan.tokens[centre])
    for i in range(rows.negative):
        block.coming[2 + i] = row_address(matrices.output_vectors, plan.negatives[draw + i])


NEGATIVE_SAMPLING = RowLists(label_first_row, _list_outputs, list_coming_draws, nothing, offsets=False)
"""The kernels of negative sampling."""


def noisy_batch_shape(counts: NDArray[np.int64], config: TrainingConfig, reach: int) -> BatchShape:
    """Return the shape of a batch of windows that each have a centre and k words of noise."""
    assert config.ns_exponent is not None
    words = float(output_distribution(counts, config.sample, config.subsampling).max())
    noise = float(noise_distribution(counts, config.ns_exponent).max())
    common = words + config.negative * noise
    return batch_shape_for(counts, config, reach, 1 + config.negative, common)


def negative_sampling(
    weights: Weights, counts: NDArray[np.int64], config: TrainingConfig, reach: int
) -> WalkObjective:
    """Return the objective for windows of up to `reach` words on either side."""
    assert weights.output_vectors is not None
    walk = walk_settings(config, reach, 1 + config.negative)
    return WalkObjective(
        matrices=Matrices(weights.input_vectors, weights.output_vectors),
        walks=walks_over(
            NEGATIVE_SAMPLING,
            config.architecture,
            config.kernel,
            walk,
            narrow=weights.output_vectors.dtype == np.uint16,
        ),
        rows=Noise(config.negative, config.collisions == "skip"),
        walk=walk,
        outputs=1 + config.negative,
        batch=partial(noisy_batch_shape, counts, config, reach),
        vector_size=config.vector_size,
        untrained_loss=(1 + config.negative) * math.log(2),
    )
