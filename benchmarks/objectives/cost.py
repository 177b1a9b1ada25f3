"""What an example costs, against the size of the vocabulary: one thread, training alone."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.objectives.text import EncodedText, beginning
from coterie.config import TrainingConfig
from coterie.objectives.huffman import build_huffman
from coterie.sampling.plan import Sentences, for_epoch, make_plan, make_sampler, plan_chunk
from coterie.training.schedule import chunk_tokens, plan_work, reach_of
from coterie.training.trainer import Trainer, TrainingResult

__all__ = ["TOKENS_ENOUGH", "cost", "count_pairs", "mean_path", "planned", "train"]

TOKENS_ENOUGH = 4_000_000  # tokens that are looked at: more than a measurement needs
_CHUNK = 16_384
# A first run, whose speed tells how much text fills the time. The full softmax takes one batch.
_FIRST_TOKENS = 60_000


class _Work(NamedTuple):
    """What is trained at one size of the vocabulary, and the pairs that it has."""

    sentences: Sentences
    counts: NDArray[np.int64]
    config: TrainingConfig
    pairs: int
    path: float


def cost(job: dict[str, Any]) -> dict[str, Any]:
    """Time one objective at every size of the vocabulary, in several rounds.

    A slow spell of the machine then hits a round of all sizes, and not all rounds of one size.
    """
    text = EncodedText(job["text"])
    counts, works = text.counts, []
    for size in job["sizes"]:
        sentences, of_size = text.cut(size, TOKENS_ENOUGH), counts[:size]
        if job["hot"]:  # the tables and matrices of V words, of which only a few are ever used
            sentences = text.cut(min(job["hot"], size), TOKENS_ENOUGH)
            of_size = np.where(np.arange(size) < job["hot"], of_size, 0)
        works.append(planned(job, sentences, of_size))
    points = []
    for number in range(job["rounds"]):
        for work in works if number % 2 == 0 else works[::-1]:
            seconds = train(work.sentences, work.counts, work.config).seconds
            points.append(
                {
                    "words": len(work.counts),
                    "round": number,
                    "tokens": len(work.sentences.ids) * work.config.epochs,
                    "pairs": work.pairs,
                    "seconds": seconds,
                    "seconds_per_million": seconds / work.pairs * 1e6,
                    "path": work.path,
                }
            )
    return {"points": sorted(points, key=lambda point: (point["words"], point["round"]))}


def planned(job: dict[str, Any], sentences: Sentences, counts: NDArray[np.int64]) -> _Work:
    """Return as much work as fills the time, by the speed of a first run."""
    config = TrainingConfig(
        objective=job["objective"],
        vector_size=job["vector_size"],
        window=5,
        sample=0,
        epochs=1,
        workers=1,
        seed=job["seed"],
        **({"negative": job["negative"]} if job["negative"] else {}),
    )
    batch = chunk_tokens(len(sentences.ids), len(counts), config.window, config)
    first = batch if config.objective == "softmax" else _FIRST_TOKENS
    trial = train(_first_tokens(sentences, first), counts, config)
    # Whole batches: products with fewer rows would run slower.
    tokens = batch * max(1, round(trial.words_per_second * job["seconds"] / batch))
    config = replace(config, epochs=math.ceil(tokens / len(sentences.ids)))
    part = _first_tokens(sentences, math.ceil(tokens / config.epochs))
    return _Work(part, counts, config, count_pairs(part, counts, config), mean_path(counts))


def _first_tokens(sentences: Sentences, tokens: int) -> Sentences:
    """Return exactly the first `tokens`, the last sentence perhaps not whole."""
    part = beginning(sentences, tokens)
    stop = min(tokens, len(part.ids))
    return Sentences(part.ids[:stop], np.minimum(part.offsets, stop))


def train(sentences: Sentences, counts: NDArray[np.int64], config: TrainingConfig) -> TrainingResult:
    """Train a model whose pages are in memory already."""
    trainer = Trainer(sentences, counts, config)
    for _, matrix in trainer.weights.matrices():
        matrix += 0  # the system hands out the pages now and not while the time is taken
    return trainer.run()


def count_pairs(sentences: Sentences, counts: NDArray[np.int64], config: TrainingConfig) -> int:
    """Return the number of pairs (input word, output word) that a Skip-gram run trains, from its plans."""
    reach = reach_of(sentences.offsets, config.window)
    sampler, plan = make_sampler(counts, config, 0), make_plan(_CHUNK, reach, config)
    pairs = 0
    for unit in plan_work(sentences.offsets, _CHUNK, range(config.epochs)):
        of_epoch = for_epoch(sampler, config.seed, unit.epoch)
        plan_chunk(of_epoch, sentences, unit.sentence, unit.start, unit.stop, reach, plan)
        centres = slice(plan.extent[1], plan.extent[2])
        pairs += int((plan.high[centres] - plan.low[centres] - 1).sum())
    return pairs


def mean_path(counts: NDArray[np.int64]) -> float:
    """Return the mean number of inner nodes above a word of the text in its Huffman tree."""
    return float(np.diff(build_huffman(counts).starts) @ counts / counts.sum())
