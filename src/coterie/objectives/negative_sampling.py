"""Skip-gram with negative sampling (arXiv 1310.4546, equation 4; derivation: arXiv 1402.3722).

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

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from coterie.config import Kernel
from coterie.errors import ConfigError
from coterie.kernels.block import Block, Matrices, make_block
from coterie.kernels.compile import JIT_ENABLED, Index, inner_kernel, kernel
from coterie.kernels.emitter import supported
from coterie.kernels.logistic import plain_step, simd_step
from coterie.sampling.plan import ChunkPlan

__all__ = ["Rules", "make_block_for", "train_chunk_with"]


class Rules(NamedTuple):
    """What of the settings the training of a chunk needs."""

    negative: int
    reach: int
    shared: bool
    skip_collisions: bool


TrainChunk = Callable[[Matrices, ChunkPlan, Rules, Block, np.float32, bool], None]


def make_block_for(reach: int, negative: int, vector_size: int) -> Block:
    """Return working memory for windows of up to `reach` words on either side."""
    return make_block(2 * reach, 1 + negative, vector_size)


def train_chunk_with(choice: Kernel) -> TrainChunk:
    """Return the function that trains one planned chunk, for ``kernel=choice``.

    It takes (matrices, plan, rules, block, learning rate, record): with `record` the loss before each step
    is added to ``block.loss``.

    Raises
    ------
    ConfigError
        When ``"simd"`` is asked for and this CPU, or a session with the JIT off, cannot run it.
    """
    able = JIT_ENABLED and supported()
    if choice == "simd" and not able:
        raise ConfigError(
            "kernel is 'simd', but this CPU has neither AVX2 with FMA nor NEON (or NUMBA_DISABLE_JIT is "
            "set); use kernel='plain'."
        )
    return _simd if able and choice != "plain" else _plain


@inner_kernel
def _list_outputs(plan: ChunkPlan, rules: Rules, block: Block, centre: Index, draw: Index) -> int:
    """List the centre and its negatives as the block's output rows; return how many there are."""
    block.outputs[0] = plan.tokens[centre]
    outputs = 1
    for i in range(draw, draw + rules.negative):
        if rules.skip_collisions and plan.negatives[i] == plan.tokens[centre]:
            continue
        block.outputs[outputs] = plan.negatives[i]
        outputs += 1
    return outputs


@inner_kernel
def _list_coming(
    matrices: Matrices, plan: ChunkPlan, rules: Rules, block: Block, centre: Index, draw: Index
) -> int:
    """List the rows that the next block needs and this one may not have; return how many.

    They are its centre and negatives, which lie anywhere in memory, and the word that comes into reach.
    """
    width, end = np.int64(matrices.row_bytes), plan.extent[0] - 1
    block.coming[0] = matrices.input_address + plan.tokens[min(centre + 1 + rules.reach, end)] * width
    block.coming[1] = matrices.output_address + plan.tokens[min(centre + 1, end)] * width
    last = min(draw + 2 * rules.negative, plan.negatives.size)
    count = 2
    for i in range(draw + rules.negative, last):
        block.coming[count] = matrices.output_address + plan.negatives[i] * width
        count += 1
    return count


def _train_chunk(step: Any) -> Any:
    """Compile the walk over a plan around one implementation of the block."""

    @kernel
    def train_chunk(
        matrices: Matrices, plan: ChunkPlan, rules: Rules, block: Block, rate: np.float32, record: bool
    ) -> None:
        first, last = plan.extent[1], plan.extent[2]
        block.labels[0] = 1
        for j in range(1, block.labels.size):
            block.labels[j] = 0
        draw = np.int64(0)
        for centre in range(first, last):
            contexts = plan.high[centre] - plan.low[centre] - 1
            size, groups = (contexts, min(contexts, 1)) if rules.shared else (1, contexts)
            context = plan.low[centre]
            for _ in range(groups):
                for i in range(size):
                    if context == centre:
                        context += 1
                    block.inputs[i] = plan.tokens[context]
                    context += 1
                outputs = _list_outputs(plan, rules, block, centre, draw)
                coming = _list_coming(matrices, plan, rules, block, centre, draw)
                step(matrices, block, size, outputs, coming, rate, record)
                draw += rules.negative

    return train_chunk


_plain: TrainChunk = _train_chunk(plain_step)
_simd: TrainChunk = _train_chunk(simd_step)
