"""Noise-contrastive estimation (Gutmann and Hyvärinen 2012; for words: arXiv 1410.8251, section 3).

The model p(j | I) = exp(s_j)/Z is told apart from k noise words for each true one: a pair (I, O) has the loss

    L = −log σ(Δ_O) − Σ_w log σ(−Δ_w)          Δ_j = s_j − c − log(k·q(j)),   s_j = P_j · v_I,   c = log Z
    ∂L/∂P_j = (σ(Δ_j) − [j = O]) v_I           ∂L/∂v_I = Σ_j (σ(Δ_j) − [j = O]) P_j
    ∂L/∂c   = −Σ_j (σ(Δ_j) − [j = O])

which is negative sampling with the noise's probabilities in the score. They make the difference: at the
optimum exp(s_j − c) *is* p(j | I), where negative sampling's exp(s_j) is p(j | I)/(k·q(j)). With k·q(j) = 1
for every j and c = 0 the two have the same gradients.

The partition function (``nce_partition``): ``"learned"``, one c for all inputs, which starts at log V, where
an untrained model's Z is, and follows its gradient; or ``"one"``: c = 0 throughout, and Z = 1 is learned by
the vectors alone (Mnih and Teh 2012 found that it serves as well once trained). With the vocabularies of real
text that is far to go from Z = V.

A noise word that equals the true one is never left out: the derivation needs it.
Where it deviates from the source: a Skip-gram window shares its noise words, as in negative sampling; c is
one number for all inputs; threads follow its gradient for a chunk each, and meet halfway; threads in step
take a damped step a batch.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.kernels.block import Block, Matrices
from coterie.kernels.compile import Index, inner_kernel
from coterie.objectives.negative_sampling import label_first_row, list_coming_draws, noisy_batch_shape
from coterie.objectives.objective import Learner
from coterie.objectives.row_lists import RowLists, walk_settings
from coterie.objectives.walk import WalkObjective, walks_over
from coterie.objectives.weights import Weights
from coterie.sampling.noise import noise_distribution
from coterie.sampling.plan import ChunkPlan
from coterie.sampling.subsampling import output_distribution

__all__ = ["NCE", "ContrastedNoise", "noise_contrastive_estimation"]


# A word that is never drawn (an extreme ns_exponent) is certainly true; its logarithm must stay finite.
_LEAST = 1e-30


class ContrastedNoise(NamedTuple):
    """What the kernels need: k, log(k·q(j)) for every word, and c with whether it is learned."""

    negative: int
    log_noise: NDArray[np.float32]
    log_normaliser: NDArray[np.float64]
    learned: bool


@inner_kernel
def _list_outputs(rows: ContrastedNoise, plan: ChunkPlan, block: Block, centre: Index, draw: Index) -> int:
    """List the centre and its noise words with their offsets c + log(k·q)."""
    c = np.float32(rows.log_normaliser[0])
    block.outputs[0] = plan.tokens[centre]
    block.offsets[0] = rows.log_noise[plan.tokens[centre]] + c
    for i in range(rows.negative):
        word = plan.negatives[draw + i]
        block.outputs[1 + i] = word
        block.offsets[1 + i] = rows.log_noise[word] + c
    return 1 + rows.negative


@inner_kernel
def _settle(rows: ContrastedNoise, block: Block) -> None:
    """Move c, an offset common to all scores, by its own step."""
    if rows.learned:
        rows.log_normaliser[0] -= block.gradient_sum[0]
    block.gradient_sum[0] = 0


NCE = RowLists(label_first_row, _list_outputs, list_coming_draws, _settle, offsets=True)
"""The kernels of noise-contrastive estimation."""


@dataclass(frozen=True)
class _Estimation(WalkObjective):
    """The walk, with each learner's own copy of c for the length of a chunk."""

    def learner(self) -> Learner:
        shared, own = self.rows.log_normaliser, np.zeros(1)
        train = WalkObjective.learner(replace(self, rows=self.rows._replace(log_normaliser=own)))

        def follow(plan: ChunkPlan, rate: float, record: bool) -> tuple[float, float]:
            with _MERGE:
                start = own[0] = shared[0]
            result = train(plan, rate, record)
            with _MERGE:
                # Halfway if others moved c meanwhile: all went the same way, and the sum of their steps would
                # be as many times too long.
                shared[0] = own[0] if shared[0] == start else (shared[0] + own[0]) / 2
            return result

        return follow


_MERGE = threading.Lock()


def noise_contrastive_estimation(
    weights: Weights,
    counts: NDArray[np.int64],
    config: TrainingConfig,
    reach: int,
) -> WalkObjective:
    """Return the objective for windows of up to `reach` words on either side."""
    assert weights.output_vectors is not None
    assert config.ns_exponent is not None
    noise = noise_distribution(counts, config.ns_exponent)
    log_noise = np.log(config.negative * np.maximum(noise, _LEAST))
    outputs = output_distribution(counts, config.sample, config.subsampling)
    learned = config.nce_partition == "learned"
    c = weights.log_normaliser if weights.log_normaliser is not None else np.zeros(1)
    start = math.log(len(counts)) if learned else 0.0  # of c, whatever it is by now
    walk = walk_settings(config, reach, 1 + config.negative)
    return _Estimation(
        matrices=Matrices(weights.input_vectors, weights.output_vectors),
        walks=walks_over(
            NCE,
            config.architecture,
            config.kernel,
            walk,
            narrow=weights.output_vectors.dtype == np.uint16,
        ),
        rows=ContrastedNoise(config.negative, log_noise.astype(np.float32), c, learned),
        walk=walk,
        outputs=1 + config.negative,
        batch=partial(noisy_batch_shape, counts, config, reach),
        vector_size=config.vector_size,
        untrained_loss=float(
            outputs @ np.logaddexp(0, start + log_noise)
            + config.negative * (noise @ np.logaddexp(0, -start - log_noise))
        ),
    )
