"""How near the full softmax comes to the speed of the machine's matrix product."""

from __future__ import annotations

from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.objectives.cost import TOKENS_ENOUGH, planned, train
from benchmarks.objectives.text import EncodedText
from benchmarks.sgemm import product_rate
from coterie.config import TrainingConfig
from coterie.sampling.plan import Sentences, for_epoch, make_plan, make_sampler, plan_chunk
from coterie.training.schedule import chunk_tokens, plan_work, reach_of

__all__ = ["softmax_speed"]


def softmax_speed(job: dict[str, Any]) -> dict[str, Any]:
    """Train the full softmax at every size in rounds, each time between two square products."""
    text, works = EncodedText(job["text"]), []
    for size in job["sizes"]:
        works.append(planned(job, text.cut(size, TOKENS_ENOUGH), text.counts[:size]))
    batches = [distinct_inputs(work.sentences, work.counts, work.config) for work in works]
    points = []
    for number in range(job["rounds"]):
        for work, rows in zip(works, batches, strict=True):
            before = product_rate()
            seconds = train(work.sentences, work.counts, work.config).seconds
            rate = (before + product_rate()) / 2
            operations = 6 * sum(rows) * len(work.counts) * work.config.vector_size
            points.append(
                {
                    "words": len(work.counts),
                    "round": number,
                    "rows": median(rows),
                    "pairs": work.pairs,
                    "seconds": seconds,
                    "rate": operations / seconds,
                    "sgemm": rate,
                }
            )
    return {"points": sorted(points, key=lambda point: (point["words"], point["round"]))}


def distinct_inputs(sentences: Sentences, counts: NDArray[np.int64], config: TrainingConfig) -> list[int]:
    """Return how many rows of scores each batch of a Skip-gram run has, one for each distinct input word."""
    reach = reach_of(sentences.offsets, config.window)
    size = chunk_tokens(len(sentences.ids), len(counts), reach, config)
    sampler, plan = make_sampler(counts, config, 0), make_plan(size, reach, config)
    rows = []
    for unit in plan_work(sentences.offsets, size, range(config.epochs)):
        of_epoch = for_epoch(sampler, config.seed, unit.epoch)
        plan_chunk(of_epoch, sentences, unit.sentence, unit.start, unit.stop, reach, plan)
        contexts: set[int] = set()
        for centre in range(plan.extent[1], plan.extent[2]):
            window = [p for p in range(plan.low[centre], plan.high[centre]) if p != centre]
            contexts.update(plan.tokens[window].tolist())
        rows.append(len(contexts))
    return rows
