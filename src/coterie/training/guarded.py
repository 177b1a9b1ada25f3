"""A run with all that goes round it: settings that don't suit the text, memory, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.notices import warn_caller
from coterie.objectives.weights import Weights
from coterie.sampling.pairs import Pairs
from coterie.sampling.plan import Sentences
from coterie.training.callbacks import Watch
from coterie.training.checkpoint import Checkpoints, TrainingState
from coterie.training.guard import check_input, check_outcome
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
    estimate = check_memory(words, config, held)
    if on_event is not None:
        of = (
            f"{tokens // 2:,} pairs"
            if isinstance(text, Pairs)
            else f"{tokens:,} tokens in {len(offsets) - 1:,} sentences"
        )
        on_event(f"{of}, {words:,} words; {estimate}")
    result = Trainer(
        text, counts, config, callback, checkpoints=checkpoints, state=state, watch=watch, weights=weights
    ).run()
    ended = result.interrupted or result.stopped
    if not ended and (outcome := check_outcome(result.loss, result.untrained_loss, config)):
        remark_on(outcome)
    return result
