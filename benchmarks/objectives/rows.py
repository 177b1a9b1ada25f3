"""How many rows of the projection matrix an example changes: counted from the matrices, before and after."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.objectives.cost import TOKENS_ENOUGH, mean_path
from benchmarks.objectives.text import EncodedText
from coterie.config import TrainingConfig
from coterie.objectives.choose import make_objective
from coterie.objectives.weights import make_weights
from coterie.sampling.plan import Sentences, for_epoch, make_plan, make_sampler, plan_chunk

__all__ = ["rows"]

_VECTOR_SIZE = 16  # how many rows change does not depend on it, and all of them are compared every time
_RATE = 0.1


def rows(job: dict[str, Any]) -> dict[str, Any]:
    """Train single examples of the text at every size of the vocabulary, and count the rows that changed."""
    text = EncodedText(job["text"])
    counts, points = text.counts, []
    for size in job["sizes"]:
        pairs = _random_pairs(text.cut(size, TOKENS_ENOUGH), job["examples"], job["seed"])
        changed = _changed_rows(job, pairs, counts[:size])
        projection = changed.pop("output_vectors", None) or changed.pop("node_vectors")
        points.append(
            {
                "words": size,
                "examples": len(projection),
                "mean": float(np.mean(projection)),
                "least": min(projection),
                "most": max(projection),
                "most_inputs": max(changed["input_vectors"]),
                "path": mean_path(counts[:size]),
            }
        )
    return {"points": points}


def _random_pairs(sentences: Sentences, examples: int, seed: int) -> NDArray[np.uint32]:
    """Return neighbouring words of the text, shape (examples, 2): an output word and its input word."""
    followed = np.ones(len(sentences.ids), np.bool_)
    followed[sentences.offsets[1:] - 1] = False
    places = np.random.default_rng(seed).choice(np.flatnonzero(followed), examples)
    return np.asarray(sentences.ids[places[:, None] + (0, 1)])


def _changed_rows(
    job: dict[str, Any], pairs: NDArray[np.uint32], counts: NDArray[np.int64]
) -> dict[str, list[int]]:
    config = TrainingConfig(
        objective=job["objective"],
        vector_size=_VECTOR_SIZE,
        window=1,
        sample=0,
        seed=job["seed"],
        **({"negative": job["negative"]} if job["negative"] else {}),
    )
    weights = make_weights(len(counts), config)
    generator = np.random.default_rng(job["seed"])
    for name, matrix in weights.matrices():
        # Small output rows: the full softmax changes a row by something like 1/V, which must not be rounded
        # off.
        matrix[:] = generator.normal(0, 1 if name == "input_vectors" else 0.01, matrix.shape)
    before = {name: matrix.copy() for name, matrix in weights.matrices()}
    objective = make_objective(weights, counts, config, 1)
    sampler, plan = make_sampler(counts, config, 0), make_plan(1, 1, config)
    changed: dict[str, list[int]] = {name: [] for name in before}
    with objective.session():
        learner = objective.learner()
        for number, pair in enumerate(pairs):
            draws = for_epoch(sampler, config.seed, number)
            # The centre is the first of two words: one example.
            plan_chunk(draws, Sentences(pair, np.array([0, 2])), 0, 0, 1, 1, plan)
            learner(plan, _RATE, False)
            for name, matrix in weights.matrices():
                different = np.flatnonzero((matrix != before[name]).any(axis=1))
                changed[name].append(len(different))
                matrix[different] = before[name][different]
    return changed
