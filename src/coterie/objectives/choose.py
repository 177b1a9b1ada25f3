"""From settings to the objective that they name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.objectives.full_softmax import FullSoftmax
from coterie.objectives.hierarchical_softmax import hierarchical_softmax
from coterie.objectives.nce import noise_contrastive_estimation
from coterie.objectives.negative_sampling import negative_sampling
from coterie.objectives.objective import Objective
from coterie.objectives.weights import Weights

__all__ = ["make_objective"]


def make_objective(
    weights: Weights, counts: NDArray[np.int64], config: TrainingConfig, reach: int
) -> Objective:
    """Return the objective over `weights`, for windows of up to `reach` words on either side."""
    match config.objective:
        case "negative_sampling":
            return negative_sampling(weights, counts, config, reach)
        case "nce":
            return noise_contrastive_estimation(weights, counts, config, reach)
        case "hierarchical_softmax":
            return hierarchical_softmax(weights, counts, config, reach)
        case "softmax":
            return FullSoftmax(weights, config)
