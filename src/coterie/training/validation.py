"""The loss on what is held out of a training, with draws that are always the same ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.errors import CorpusError
from coterie.objectives.objective import Learner
from coterie.sampling.held_out import held_out_threshold, mark_held_out
from coterie.sampling.pairs import Pairs
from coterie.sampling.plan import Sentences
from coterie.training.planning import planner_of

__all__ = ["Validation", "held_out_of"]

# Held in memory, and gone through at each measurement: a mean over so many windows is good to 0.2 %.
_MOST_TOKENS = 1 << 20
_BLOCK = 1 << 20
# An epoch that no training has: its draws are those of all measurements.
_EPOCH = -1


class _LearnerMaker(Protocol):
    def learner(self) -> Learner:
        """Return a learner with working memory of its own."""


class Validation:
    """Measures the loss on sentences, or pairs, that are not trained.

    Parameters
    ----------
    text
        What is held out.
    counts, config
        Those of the training.
    """

    def __init__(self, text: Sentences | Pairs, counts: NDArray[np.int64], config: TrainingConfig) -> None:
        self._planner = planner_of(text, counts, replace(config, validation=0.0))
        self._plan = self._planner.make_plan()
        self._learner: Learner | None = None

    def loss(self, objective: _LearnerMaker) -> float | None:
        """Return the mean loss of an example, while nobody trains; None if there is none."""
        if self._learner is None:
            self._learner = objective.learner()
        plan_unit, total, examples = self._planner.planner(), 0.0, 0.0
        for unit in self._planner.units(range(1)):
            plan_unit(unit._replace(epoch=_EPOCH), self._plan)
            # A step of length 0 has the loss of any other and changes nothing.
            summed, count = self._learner(self._plan, 0.0, True)
            total, examples = total + summed, examples + count
        return total / examples if examples else None


def held_out_of(
    text: Sentences | Pairs, counts: NDArray[np.int64], config: TrainingConfig
) -> Validation | None:
    """Return what measures the loss on the part that the settings hold out; None: they hold out nothing.

    Raises
    ------
    CorpusError
        They hold out nothing of this text, or all of it.
    """
    if config.validation == 0:
        return None
    held, sentences, found = _gather(text, config.validation)
    if not found or found == sentences:
        kind = "pairs" if isinstance(text, Pairs) else "sentences"
        raise CorpusError(
            f"validation is {config.validation:g}, which holds out {found:,} of {sentences:,} {kind}; "
            + ("set it higher, or leave it out." if not found else "set it lower.")
        )
    return Validation(held, counts, config)


def _gather(text: Sentences | Pairs, fraction: float) -> tuple[Sentences | Pairs, int, int]:
    """Return what is measured on, how many sentences there are, and how many of them are held out."""
    pairs = isinstance(text, Pairs)
    total = len(text.ids) // 2 if isinstance(text, Pairs) else len(text.offsets) - 1
    threshold, ids, lengths, size, found = held_out_threshold(fraction), [], [], 0, 0
    for start in range(0, total, _BLOCK):
        stop = min(start + _BLOCK, total)
        bounds = 2 * np.arange(start, stop + 1) if isinstance(text, Pairs) else text.offsets[start : stop + 1]
        marks = np.zeros(stop - start, np.uint8)
        mark_held_out(threshold, text.ids, bounds, marks)
        chosen = np.flatnonzero(marks)
        found += len(chosen)
        for i in chosen if size < _MOST_TOKENS else ():
            ids.append(np.asarray(text.ids[bounds[i] : bounds[i + 1]][: _MOST_TOKENS - size]))
            lengths.append(len(ids[-1]))
            size += lengths[-1]
            if size >= _MOST_TOKENS:
                break
    gathered = np.concatenate(ids) if ids else np.zeros(0, np.uint32)
    gathered.setflags(write=False)
    if pairs:
        return Pairs(gathered, np.zeros(0, np.float32)), total, found
    offsets = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    offsets.setflags(write=False)
    return Sentences(gathered, offsets), total, found
