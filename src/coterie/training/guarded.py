"""A run with all that goes round it: settings that don't suit the text, memory, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.kernels.cores import available_cores
from coterie.kernels.emitter import LANES
from coterie.notices import warn_caller
from coterie.objectives.weights import make_weights
from coterie.sampling.plan import Sentences
from coterie.training.checkpoint import Checkpoints, TrainingState
from coterie.training.disk import Places, check_disk
from coterie.training.duration import about, expected_seconds, telling_time
from coterie.training.guard import check_input, check_outcome
from coterie.training.means import Means
from coterie.training.progress import Progress
from coterie.training.resources import check_memory
from coterie.training.trainer import Trainer, TrainingResult

__all__ = ["guarded_run"]


def guarded_run(
    sentences: Sentences,
    counts: NDArray[np.int64],
    config: TrainingConfig,
    callback: Callable[[Progress], None] | None = None,
    on_event: Callable[[str], None] | None = None,
    checkpoints: Checkpoints | None = None,
    state: TrainingState | None = None,
    means: Means = Means(),  # noqa: B008 - frozen
) -> TrainingResult:
    """Train on encoded sentences, with remarks before and after.

    Parameters
    ----------
    sentences, counts, config, callback, checkpoints, state
        As :class:`~coterie.training.trainer.Trainer` takes them.
    on_event
        Called with messages for people; without it those that matter become Python warnings.
    means
        What of the machine it may take.

    Raises
    ------
    CorpusError, ResourceError, TrainingError
        There is nothing to learn, no memory for it, or the run goes wrong.
    """
    remark_on = on_event or warn_caller
    for remark in check_input(sentences.offsets, len(counts), config):
        remark_on(remark)
    for line in _needs(sentences, counts, config, checkpoints, state, means):
        if on_event is not None:
            on_event(line)
    if on_event is not None:
        callback = telling_time(callback, on_event)
    weights = None
    if means.matrices_dir is not None and state is None:
        weights = make_weights(len(counts), config, means.allocate)
    result = Trainer(sentences, counts, config, callback, weights, checkpoints=checkpoints, state=state).run()
    if not result.interrupted and (outcome := check_outcome(result.loss, result.untrained_loss, config)):
        remark_on(outcome)
    return result


def _needs(
    sentences: Sentences,
    counts: NDArray[np.int64],
    config: TrainingConfig,
    checkpoints: Checkpoints | None,
    state: TrainingState | None,
    means: Means,
) -> list[str]:
    """Return what the training takes: a line on text and memory, and one on disk and time.

    Raises
    ------
    ResourceError
        More than there is.
    """
    tokens, words = len(sentences.ids), len(counts)
    held = 0 if state is None else sum(matrix.nbytes for _, matrix in state.weights.matrices())
    memory = check_memory(
        words,
        config,
        held,
        tokens=tokens,
        limit=means.memory_limit,
        on_disk=means.matrices_dir is not None,
    )
    left = 1 - (0 if state is None else state.words / (tokens * config.epochs))
    workers = min(config.workers or available_cores(), available_cores())
    seconds = left * expected_seconds(counts, config, workers, LANES)
    places = Places(output=means.output, matrices=None if state else means.matrices_dir)
    if checkpoints is not None:
        most = checkpoints.most(seconds, int(left * tokens * config.epochs))
        places = places._replace(checkpoints=checkpoints.place, most=most)
    disk, time = check_disk(words, config, places), f"training takes {about(seconds)}"
    text = f"{tokens:,} tokens in {len(sentences.offsets) - 1:,} sentences, {words:,} words"
    return [f"{text}; {memory}", f"{disk}; {time}" if disk else time]
