"""The work of a shape, ready to be timed: chunks that are planned already, and a learner for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels.text import CORPUS_WORDS, zipf_text
from benchmarks.sgemm import product_rate
from coterie.config import TrainingConfig
from coterie.kernels.allocate import aligned_matrix
from coterie.objectives.choose import make_objective
from coterie.objectives.objective import Learner
from coterie.objectives.walk import WalkObjective
from coterie.objectives.weights import Weights, make_weights
from coterie.sampling.plan import ChunkPlan, Sampler, Sentences, make_plan, make_sampler, plan_chunk
from coterie.training.schedule import WorkUnit, chunk_tokens, plan_work, reach_of

__all__ = ["Work", "configure", "make_work", "rate", "timed", "weights_for"]

_RATE = 0.01
_PATTERN_ROWS = 4096
_MOST_CHUNKS, _FEWEST_CHUNKS = 40, 2
_FIRST_CHUNK = 1  # the text's first chunk has no words before it


def configure(objective: Any, vector_size: int, negative: int) -> TrainingConfig:
    """Return the defaults of training on one thread, with D and k."""
    negatives: dict[str, Any] = {"negative": negative} if negative else {}
    return TrainingConfig(objective=objective, vector_size=vector_size, workers=1, **negatives)


def weights_for(words: int, vector_size: int, *, tree: bool) -> Weights:
    """Return matrices that all objectives of a shape share, no row of them zero.

    Parameters
    ----------
    words
        V.
    vector_size
        D.
    tree
        Whether there are ``node_vectors``.
    """
    weights = make_weights(words, configure("negative_sampling", vector_size, 1))
    nodes = aligned_matrix(words - 1, vector_size) if tree else None
    pattern = np.random.default_rng(0).normal(0, 0.05, (_PATTERN_ROWS, vector_size)).astype(np.float32)
    for matrix in (weights.output_vectors, nodes):
        if matrix is not None:
            for start in range(0, len(matrix), _PATTERN_ROWS):
                rows = matrix[start : start + _PATTERN_ROWS, :vector_size]
                rows[:] = pattern[: len(rows)]
    return replace(weights, node_vectors=nodes, log_normaliser=np.array([np.log(words)]))


def _weights_of(weights: Weights, config: TrainingConfig) -> Weights:
    """Return those that an objective has."""
    named = {name: matrix for name, matrix in weights.matrices() if name in config.matrices}
    learned = config.nce_partition == "learned"
    return Weights(**named, log_normaliser=weights.log_normaliser if learned else None)


@dataclass(frozen=True)
class Work:
    """Planned chunks of one shape.

    Parameters
    ----------
    config
        The settings.
    objective, learn
        The objective, and a learner of it.
    sampler, sentences, reach, units
        What the plans are drawn from.
    plans
        A plan for each unit.
    """

    config: TrainingConfig
    objective: WalkObjective
    learn: Learner
    sampler: Sampler
    sentences: Sentences
    reach: int
    units: Sequence[WorkUnit]
    plans: Sequence[ChunkPlan]

    @property
    def words(self) -> int:
        """Words of the text, before subsampling."""
        return sum(unit.stop - unit.start for unit in self.units)

    def plan_all(self, plans: Sequence[ChunkPlan], sampler: Sampler | None = None) -> None:
        """Draw every unit's plan into one of `plans`, which are taken in turns."""
        for number, unit in enumerate(self.units):
            plan_chunk(
                sampler or self.sampler,
                self.sentences,
                unit.sentence,
                unit.start,
                unit.stop,
                self.reach,
                plans[number % len(plans)],
            )

    def empty_plan(self) -> ChunkPlan:
        """Return a plan's arrays."""
        return make_plan(self.units[0].stop - self.units[0].start, self.reach, self.config)

    def train(self, plans: Sequence[ChunkPlan]) -> None:
        """Train planned chunks one after another."""
        for plan in plans:
            self.learn(plan, _RATE, False)

    def blocks(self) -> Iterator[tuple[ChunkPlan, NDArray[np.int64], NDArray[np.int64]]]:
        """Yield each plan with the centres of its blocks and their numbers of input rows."""
        for plan in self.plans:
            centres = np.arange(plan.extent[1], plan.extent[2])
            inputs = plan.high[centres].astype(np.int64) - plan.low[centres] - 1
            yield plan, centres[inputs > 0], inputs[inputs > 0]


def make_work(
    config: TrainingConfig, weights: Weights, counts: NDArray[np.int64], seconds: float, seed: int
) -> Work:
    """Return as many chunks as a training takes about so many seconds for, cut as those of a long text."""
    needed = _weights_of(weights, config)
    chunk = chunk_tokens(CORPUS_WORDS, len(counts), config.window, config)
    sentences = zipf_text(counts, chunk * (_MOST_CHUNKS + 2), seed)
    reach = reach_of(sentences.offsets, config.window)
    objective = make_objective(needed, counts, config, reach)
    assert isinstance(objective, WalkObjective)
    units = list(islice(plan_work(sentences.offsets, chunk, range(1)), _FIRST_CHUNK, _MOST_CHUNKS + 1))
    sampler = make_sampler(counts, config, 0)
    work = Work(config, objective, objective.learner(), sampler, sentences, reach, units, [])
    trial = work.empty_plan()
    replace(work, units=units[:1]).plan_all([trial])
    work.train([trial])  # compiles
    each = min(timed(lambda: work.train([trial])) for _ in range(2))
    number = min(max(_FEWEST_CHUNKS, round(seconds / each)), _MOST_CHUNKS)
    work = replace(work, units=units[:number], plans=[work.empty_plan() for _ in range(number)])
    work.plan_all(work.plans)
    return work


def timed(run: Callable[[], object]) -> float:
    """Return the seconds of the thread's own time that a call takes: none that others take of the core."""
    start = time.thread_time()
    run()
    return time.thread_time() - start


def rate() -> float:
    """Return float operations per second of the BLAS by the same clock."""
    return product_rate(time.thread_time)
