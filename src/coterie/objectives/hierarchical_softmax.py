"""Hierarchical softmax (Morin and Bengio 2005) on a Huffman tree, as in arXiv 1310.4546, section 2.1.

The words are the leaves of a binary tree, and each inner node n has a vector P_n. The way from the root to
word O turns left or right at every node, with probability σ(±P_n · v_I), so that

    p(O | I) = Π_n σ(±s_n)                       s_n = P_n · v_I,  + to the left, − to the right
    L        = −Σ_n log σ(±s_n)
    ∂L/∂P_n  = (σ(s_n) − t_n) v_I                t_n = 1 on the way left, 0 on the way right
    ∂L/∂v_I  = Σ_n (σ(s_n) − t_n) P_n

over the nodes n of the path: a logistic block whose output rows are the path and whose labels are the code's
complement. The probabilities of all words sum to 1 for any vectors. In a Huffman tree by counts
the mean path has about the unigram's entropy in nodes, less than log₂ V.

Where it deviates from the source: the pairs of a Skip-gram window share the path, which is the centre's, and
are one block. With ``negative`` above 0 negative sampling is trained beside it on the same input vectors,
with its own ``output_vectors``: chunk by chunk in turns, where the released word2vec takes turns within a
pair.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.kernels.block import Block, Matrices, row_address
from coterie.kernels.compile import Index, inner_kernel
from coterie.objectives.batch import batch_shape_for
from coterie.objectives.huffman import HuffmanTree, build_huffman
from coterie.objectives.negative_sampling import negative_sampling
from coterie.objectives.objective import Crew, Learner, Objective
from coterie.objectives.row_lists import RowLists, nothing, walk_settings
from coterie.objectives.walk import WalkObjective, walks_over
from coterie.objectives.weights import Weights
from coterie.sampling.plan import ChunkPlan
from coterie.sampling.subsampling import output_distribution

__all__ = ["HIERARCHICAL_SOFTMAX", "hierarchical_softmax"]


@inner_kernel
def _list_outputs(rows: HuffmanTree, plan: ChunkPlan, block: Block, centre: Index, draw: Index) -> int:
    """List the nodes of the centre's path with their labels."""
    word = plan.tokens[centre]
    start = rows.starts[word]
    outputs = int(rows.starts[word + 1] - start)
    for j in range(outputs):
        block.outputs[j] = rows.nodes[start + j]
        block.labels[j] = np.float32(1) - np.float32(rows.bits[start + j])
    return outputs


@inner_kernel
def _list_coming(
    matrices: Matrices,
    rows: HuffmanTree,
    plan: ChunkPlan,
    block: Block,
    centre: Index,
    draw: Index,
) -> None:
    """List the nodes of a coming centre's path, the lowest first: those near the root are in the cache."""
    word, count = plan.tokens[centre], 1
    for j in range(rows.starts[word + 1] - 1, rows.starts[word] - 1, -1):
        block.coming[count] = row_address(matrices.output_vectors, rows.nodes[j])
        count += 1


HIERARCHICAL_SOFTMAX = RowLists(nothing, _list_outputs, _list_coming, nothing, offsets=False)
"""The kernels of hierarchical softmax."""


def hierarchical_softmax(
    weights: Weights,
    counts: NDArray[np.int64],
    config: TrainingConfig,
    reach: int,
) -> Objective:
    """Return the objective, with negative sampling beside it if ``config.negative`` is above 0."""
    assert weights.node_vectors is not None
    tree = build_huffman(counts)
    outputs = output_distribution(counts, config.sample, config.subsampling)
    path = float(outputs @ np.diff(tree.starts))
    walk = walk_settings(config, reach, tree.longest)._replace(negative=0, shared=True)
    paths = WalkObjective(
        matrices=Matrices(weights.input_vectors, weights.node_vectors),
        walks=walks_over(HIERARCHICAL_SOFTMAX, config.architecture, config.kernel, walk),
        rows=tree,
        walk=walk,
        outputs=tree.longest,
        # Every path has the root.
        batch=partial(batch_shape_for, counts, config, reach, path, common=1),
        vector_size=config.vector_size,
        untrained_loss=path * math.log(2),
    )
    return _Both(paths, negative_sampling(weights, counts, config, reach)) if config.negative else paths


@dataclass(frozen=True)
class _Both:
    """Two objectives on the same input vectors, in turns; the loss of an example is the sum of theirs."""

    first: WalkObjective
    second: WalkObjective

    @property
    def untrained_loss(self) -> float:
        return self.first.untrained_loss + self.second.untrained_loss

    def session(self) -> AbstractContextManager[object]:
        return nullcontext()

    def learner(self) -> Learner:
        return _in_turns(self.first.learner(), self.second.learner())

    def crew(self, threads: int) -> Crew:
        first, second = self.first.crew(threads), self.second.crew(threads)

        def abandon() -> None:
            first.abandon()
            second.abandon()

        pairs = zip(first.learners, second.learners, strict=True)
        return Crew([_in_turns(one, other) for one, other in pairs], abandon)


def _in_turns(first: Learner, second: Learner) -> Learner:
    def train(plan: ChunkPlan, rate: float, record: bool) -> tuple[float, float]:
        loss, examples = first(plan, rate, record)
        return loss + second(plan, rate, record)[0], examples

    return train
