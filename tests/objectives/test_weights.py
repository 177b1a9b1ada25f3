"""Weights of sentences: they multiply the learning rate, in every objective and both architectures."""

from __future__ import annotations

import numpy as np
import pytest
from small_runs import Run, random_weights

from coterie.config import TrainingConfig
from marks import KERNELS

OBJECTIVES = [{}, {"objective": "nce"}, {"objective": "hierarchical_softmax"}, {"objective": "softmax"}]


@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("changes", OBJECTIVES, ids=str)
@pytest.mark.parametrize("in_step", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_half_the_weight_is_half_the_rate(architecture, kernel, changes, in_step):
    on_blas = changes.get("objective") == "softmax"
    if on_blas and (kernel == "plain" or in_step):
        pytest.skip("runs on the BLAS")
    kernel = "auto" if on_blas else kernel
    config = TrainingConfig(
        vector_size=5, window=2, architecture=architecture, kernel=kernel, sample=0, **changes
    )
    results = []
    for weight, rate in ((1.0, 0.125), (0.5, 0.25), (1.0, 0.25)):
        weights = random_weights(config, 3)
        run = Run(weights, [[0, 1, 2, 3, 4, 1, 5], [2, 0, 6]], config)
        run.plan.weights[:] = weight
        before = {name: matrix.copy() for name, matrix in weights.matrices()}
        if in_step:
            run.train_in_step(rate, 1)
        else:
            run.train(rate)
        results.append(np.concatenate([(m - before[name]).reshape(-1) for name, m in weights.matrices()]))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-4, atol=1e-6)
    assert abs(results[0] - results[2]).max() > 1e-3
