"""How fast far rows are visited by how many rows ahead they are fetched, with nothing to compute."""

from __future__ import annotations

from functools import partial
from typing import Any

from benchmarks.kernels.grid import counted
from benchmarks.kernels.text import zipf_counts
from benchmarks.kernels.visits import visitor
from benchmarks.kernels.work import configure, make_work, timed, weights_for

__all__ = ["DISTANCES", "ahead"]

DISTANCES = (0, 1, 2, 4, 7, 14, 21, 28, 42, 56)
"""Rows; with k = 5 a block has 7 far ones. 0 fetches what is read at once anyway."""


def ahead(job: dict[str, Any]) -> dict[str, Any]:
    """Time the visits at every distance, and training beside them, in rounds."""
    config = configure("negative_sampling", job["vector_size"], job["negative"])
    weights = weights_for(job["words"], job["vector_size"], tree=False)
    work = make_work(config, weights, zipf_counts(job["words"]), job["seconds"], job["seed"])
    visit = visitor(work)
    visit(DISTANCES[0])  # compiles
    train: list[float] = []
    points: list[dict[str, Any]] = [{"ahead": distance, "visit": []} for distance in DISTANCES]
    for _ in range(job["rounds"]):
        train.append(timed(partial(work.train, work.plans)))
        for point in points:
            point["visit"].append(timed(partial(visit, point["ahead"])))
    return {**counted(work), "train": train, "distances": points}
