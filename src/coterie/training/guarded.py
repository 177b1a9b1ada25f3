"""A run with all that goes round it: settings that don't suit the text, memory, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.kernels.cores import available_cores
from coterie.kernels.emitter import LANES
from coterie.notices import warn_caller
from coterie.objectives.weights import Weights, make_weights
from coterie.sampling.pairs import Pairs
from coterie.sampling.plan import Sentences
from coterie.training.callbacks import Watch
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
    text: Sentences | Pairs,
    counts: NDArray[np.int64],
    config: TrainingConfig,
    callback: Callable[[Progress], None] | None = None,
    on_event: Callable[[str], None] | None = None,
    checkpoints: Checkpoints | None = None,
    state: TrainingState | None = None,
    means: Means = Means(),  # noqa: B008 - frozen
    watch: Watch | None = None,
    weights: Weights | None = None,
) -> TrainingResult:
    """Train on encoded sentences, with remarks before and after.

    Parameters
    ----------
    text, counts, config, callback, checkpoints, state, watch, weights
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
    offsets = np.array([0, 2]) if isinstance(text, Pairs) else text.offsets
    for remark in check_input(offsets, len(counts), config):
        remark_on(remark)
    for line in _needs(text, counts, config, checkpoints, state, weights, means):
        if on_event is not None:
            on_event(line)
    if on_event is not None:
        callback = telling_time(callback, on_event)
    if means.matrices_dir is not None and state is None and weights is None:
        weights = make_weights(len(counts), config, means.allocate)
    result = Trainer(
        text,
        counts,
        config,
        callback,
        weights=weights,
        checkpoints=checkpoints,
        state=state,
        watch=watch,
    ).run()
    ended = result.interrupted or result.stopped
    if not ended and (outcome := check_outcome(result.loss, result.untrained_loss, config)):
        remark_on(outcome)
    return result


def _needs(
    text: Sentences | Pairs,
    counts: NDArray[np.int64],
    config: TrainingConfig,
    checkpoints: Checkpoints | None,
    state: TrainingState | None,
    weights: Weights | None,
    means: Means,
) -> list[str]:
    """Return what the training takes: a line on text and memory, and one on disk and time.

    Raises
    ------
    ResourceError
        More than there is.
    """
    tokens, words = len(text.ids), len(counts)
    given = weights if state is None else state.weights
    held = 0 if given is None else sum(matrix.nbytes for _, matrix in given.matrices())
    memory = check_memory(
        words,
        config,
        held,
        tokens=tokens,
        limit=means.memory_limit,
        on_disk=means.matrices_dir is not None,
        drawn_pairs=len(text.weights) if isinstance(text, Pairs) else 0,
    )
    left = 1 - (0 if state is None else state.words / (tokens * config.epochs))
    workers = min(config.workers or available_cores(), available_cores())
    seconds = left * expected_seconds(counts, config, workers, LANES)
    places = Places(output=means.output, matrices=None if held else means.matrices_dir)
    if checkpoints is not None:
        most = checkpoints.most(seconds, int(left * tokens * config.epochs))
        places = places._replace(checkpoints=checkpoints.place, most=most)
    disk, time = check_disk(words, config, places), f"training takes {about(seconds)}"
    size = f"{tokens // 2:,} pairs"
    if not isinstance(text, Pairs):
        size = f"{tokens:,} tokens in {len(text.offsets) - 1:,} sentences"
    return [f"{size}, {words:,} words; {memory}", f"{disk}; {time}" if disk else time]
