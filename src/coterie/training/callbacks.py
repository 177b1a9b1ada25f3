"""What is told of a training while it runs, and can end it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from coterie.training.progress import Progress
from coterie.vectors import WordVectors

__all__ = ["Callback", "Outcome", "Training", "Watch"]

Outcome = Literal["done", "stopped", "interrupted", "failed"]


class Training:
    """A training that runs, as callbacks see it.

    Parameters
    ----------
    words, counts
        Of the vocabulary, by row.
    input_vectors
        float32, shape (V, D): the matrix that is trained.
    stop
        Called by :meth:`stop`.

    Attributes
    ----------
    progress
        Where it stands.
    metrics
        The reports so far, see docs/training.md; not to be changed.
    outcome
        How it ended: ``"done"``, ``"stopped"`` (:meth:`stop`, ``early_stopping``), ``"interrupted"`` or
        ``"failed"``; None while it runs.
    """

    def __init__(
        self,
        words: Sequence[str],
        counts: NDArray[np.int64],
        input_vectors: NDArray[np.float32],
        stop: Callable[[str], None],
    ) -> None:
        self._words, self._counts, self._stop = words, counts, stop
        self._vectors = input_vectors.view()
        self._vectors.setflags(write=False)
        self.progress = Progress("compile", 0, None, 0.0)
        self.metrics: list[dict[str, Any]] = []
        self.outcome: Outcome | None = None

    @property
    def vectors(self) -> WordVectors:
        """The word vectors: a view of the matrix.

        In ``on_interval`` the threads go on writing to it; in the other hooks they stand still.
        """
        return WordVectors(self._words, self._vectors, self._counts)

    def stop(self, reason: str) -> None:
        """End the training after the units of work that have begun; the model says why."""
        self._stop(reason)


class Callback:
    """Hooks of a training; override those that you need. They are called in the thread that called ``train``.

    What a hook raises ends the training; where there are checkpoints, one is written.

    Examples
    --------
    >>> class Patience(Callback):
    ...     def on_epoch_end(self, training):
    ...         if training.progress.seconds > 3600:
    ...             training.stop("an hour is enough")
    """

    def on_start(self, training: Training) -> None:
        """Hear that the kernels are compiled and the training begins, or goes on."""

    def on_interval(self, training: Training) -> None:
        """Hear some times a second how far it has come."""

    def on_epoch_end(self, training: Training) -> None:
        """Hear that an epoch is done; all threads wait."""

    def on_end(self, training: Training) -> None:
        """Hear that the training has ended, in whatever way; ``training.outcome`` says how."""


@dataclass(frozen=True)
class Watch:
    """Who watches a training.

    Parameters
    ----------
    callbacks
        Told in their order.
    words
        Of the vocabulary, by row.
    score
        Rates the word vectors, at the times of a validation; the higher the better.
    tell
        Called with messages for people.
    """

    callbacks: Sequence[Callback]
    words: Sequence[str]
    score: Callable[[WordVectors], float] | None = None
    tell: Callable[[str], None] | None = None

    @property
    def epoch_ends(self) -> bool:
        """Whether somebody wants all to wait at the end of each epoch."""
        return any(type(callback).on_epoch_end is not Callback.on_epoch_end for callback in self.callbacks)
