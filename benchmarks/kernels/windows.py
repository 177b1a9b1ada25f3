"""What a window costs by the number of its context words, with all rows in the cache."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.kernels.changed import with_hot_rows, with_windows
from benchmarks.kernels.grid import counted
from benchmarks.kernels.text import zipf_counts
from benchmarks.kernels.work import configure, make_work, rate, timed, weights_for

__all__ = ["windows"]


def windows(job: dict[str, Any]) -> dict[str, Any]:
    """Time windows of every size in rounds."""
    config = configure("negative_sampling", job["vector_size"], job["negative"])
    weights = weights_for(job["words"], job["vector_size"], tree=False)
    work = make_work(config, weights, zipf_counts(job["words"]), job["seconds"], job["seed"])
    works = {
        inputs: replace(work, plans=[with_windows(with_hot_rows(plan), inputs) for plan in work.plans])
        for inputs in range(1, 2 * config.window + 1)
    }
    points: list[dict[str, Any]] = [
        {"inputs": inputs, "sgemm": [], "train": [], **counted(of)} for inputs, of in works.items()
    ]
    for _ in range(job["rounds"]):
        for of, point in zip(works.values(), points, strict=True):
            point["sgemm"].append(rate())
            point["train"].append(timed(partial(of.train, of.plans)))
    return {"points": points}
