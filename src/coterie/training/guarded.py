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
    tokens, words = len(text.ids), len(counts)
    offsets = np.array([0, 2]) if isinstance(text, Pairs) else text.offsets
    remark_on = on_event or warn_caller
    for remark in check_input(offsets, words, config):
        remark_on(remark)
    given = weights if state is None else state.weights
    held = 0 if given is None else sum(matrix.nbytes for _, matrix in given.matrices())
    limit, on_disk = means.memory_limit, means.matrices_dir is not None
    memory = check_memory(words, config, held, tokens=tokens, limit=limit, on_disk=on_disk)
    place = None if checkpoints is None else checkpoints.place
    disk = check_disk(words, config, Places(means.output, place, None if held else means.matrices_dir))
    if on_event is not None:
        size = f"{tokens:,} tokens in {len(offsets) - 1:,} sentences"
        if isinstance(text, Pairs):
            size = f"{tokens // 2:,} pairs"
        on_event(f"{size}, {words:,} words; {memory}")
        workers = min(config.workers or available_cores(), available_cores())
        seconds = expected_seconds(counts, config, workers, LANES)
        left = about(seconds * (1 - (0 if state is None else state.words / (tokens * config.epochs))))
        on_event(f"{disk}; training takes {left}" if disk else f"training takes {left}")
        callback = telling_time(callback, on_event)
    if on_disk and given is None:
        weights = make_weights(words, config, means.allocate)
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
