"""One shape of the matrices: every objective on it, and what the machine could do, in rounds."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.kernels.text import zipf_counts
from benchmarks.kernels.visits import far_rows, listed_outputs, visits
from benchmarks.kernels.work import Work, configure, make_work, rate, timed, weights_for
from coterie.training.resources import available_memory, matrices_size, working_size

__all__ = ["counted", "grid"]

_SPARE_BYTES = 1 << 30  # interpreter, compiler, text and plans


def grid(job: dict[str, Any]) -> dict[str, Any]:
    """Time planning, training and the visits of far rows, with matrix products between them."""
    words, size = job["words"], job["vector_size"]
    configs = [configure(objective, size, k) for objective, k in job["curves"]]
    tree = any(config.objective == "hierarchical_softmax" for config in configs)
    needed = max(matrices_size(words, config) + working_size(words, config) for config in configs)
    available = available_memory()
    if available is not None and needed + _SPARE_BYTES > available:
        return {"left_out": needed, "available": available}
    counts, weights = zipf_counts(words), weights_for(words, size, tree=tree)
    works = [make_work(config, weights, counts, job["seconds"], job["seed"]) for config in configs]
    visitors = [visits(work) for work in works]
    scratch = [work.empty_plan() for work in works]
    points: list[dict[str, Any]] = [
        {
            "objective": work.config.objective,
            "negative": work.config.negative,
            **counted(work),
            "train": [],
            "plan": [],
            "visit": [],
            "sgemm": [],
        }
        for work in works
    ]
    for _ in range(job["rounds"]):
        for work, visit, plan, point in zip(works, visitors, scratch, points, strict=True):
            point["sgemm"].append(rate())
            point["train"].append(timed(partial(work.train, work.plans)))
            point["visit"].append(timed(visit))
            point["plan"].append(timed(partial(work.plan_all, [plan])))
    return {"points": points}


def counted(work: Work) -> dict[str, int]:
    """Return what the plans of some work ask for.

    ``text`` is words before subsampling, ``windows`` blocks, ``pairs`` Σ M·N, ``rows`` Σ (M + N) and ``far``
    the rows that may lie anywhere. Of a block N counts its distinct output rows.
    """
    windows = pairs = rows = 0
    for plan, centres, inputs in work.blocks():
        outputs, lengths = listed_outputs(work, plan, centres)
        block = np.repeat(np.arange(len(centres)), lengths)
        vectors = len(work.objective.matrices.output_vectors)
        distinct = np.bincount(np.unique(block * vectors + outputs) // vectors, minlength=len(centres))
        windows += len(centres)
        pairs += int(inputs @ distinct)
        rows += int(inputs.sum() + distinct.sum())
    return {
        "text": work.words,
        "windows": windows,
        "pairs": pairs,
        "rows": rows,
        "far": len(far_rows(work)),
    }
