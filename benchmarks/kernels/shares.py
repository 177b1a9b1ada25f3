"""Where the time of a shape goes: the same work with a part of it taken away, by what its plans hold."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.kernels.changed import with_hot_negatives, with_hot_rows, without_centres
from benchmarks.kernels.grid import counted
from benchmarks.kernels.text import zipf_counts
from benchmarks.kernels.work import configure, make_work, rate, timed, weights_for

__all__ = ["shares"]

_EMPTY_CALLS = 200


def shares(job: dict[str, Any]) -> dict[str, Any]:
    """Time each variant of the work in rounds; the ``empty`` ones are of one chunk without words."""
    config = configure("negative_sampling", job["vector_size"], job["negative"])
    counts = zipf_counts(job["words"])
    weights = weights_for(job["words"], job["vector_size"], tree=False)
    work = make_work(config, weights, counts, job["seconds"], job["seed"])
    plain = make_work(replace(config, kernel="plain"), weights, counts, job["seconds"] / 4, job["seed"])
    scratch, undrawn = work.empty_plan(), work.sampler._replace(negative=0)
    hot_negatives = [with_hot_negatives(plan) for plan in work.plans]
    hot_rows = [with_hot_rows(plan) for plan in work.plans]
    nothing = [without_centres(work.plans[0])] * _EMPTY_CALLS
    empty = work.units[0]._replace(sentence=0, start=0, stop=0)
    idle = replace(work, units=[empty] * _EMPTY_CALLS)
    variants = {
        "train": partial(work.train, work.plans),
        "hot_negatives": partial(work.train, hot_negatives),
        "hot_rows": partial(work.train, hot_rows),
        "plan": partial(work.plan_all, [scratch]),
        "plan_without_negatives": partial(work.plan_all, [scratch], undrawn),
        "plain": partial(plain.train, plain.plans),
        "empty_plan": partial(idle.plan_all, [scratch]),
        "empty_train": partial(work.train, nothing),
    }
    times: dict[str, list[float]] = {name: [] for name in ("sgemm", *variants)}
    for number in range(1 + job["rounds"]):
        row = {"sgemm": rate(), **{name: timed(run) for name, run in variants.items()}}
        if number:  # the first one fills the caches
            for name, value in row.items():
                times[name].append(value)
    for name in ("empty_plan", "empty_train"):
        times[name] = [seconds / _EMPTY_CALLS for seconds in times[name]]
    return {**counted(work), "chunks": len(work.plans), "plain_text": plain.words, "times": times}
