"""Where a run halts, all threads between two units: ends of epochs, and places where it is evaluated."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["Halt", "Halts"]


class Halt(NamedTuple):
    """What is due at a halt."""

    evaluates: bool
    ends_epoch: bool


class Halts:
    """The halts of a run, one after another; the last one is its end.

    Parameters
    ----------
    units
        Of an epoch.
    epochs
        Of the run.
    every
        Epochs between two evaluations, counted from the training's first; the run's end has one in any case.
        ``None``: there are none.
    at_epochs
        Whether each end of an epoch is a halt.

    Attributes
    ----------
    passed
        Units of the run that were done at the last halt that has been left behind.

    Examples
    --------
    >>> halts = Halts(10, range(2), 0.75, at_epochs=True)
    >>> while (place := halts.next) is not None:
    ...     print(place, halts.passing())
    8 Halt(evaluates=True, ends_epoch=False)
    10 Halt(evaluates=False, ends_epoch=True)
    15 Halt(evaluates=True, ends_epoch=False)
    20 Halt(evaluates=True, ends_epoch=True)
    """

    def __init__(self, units: int, epochs: range, every: float | None, *, at_epochs: bool) -> None:
        self._units, self._every, self._at_epochs = units, every, at_epochs
        self._begin, self._end = epochs.start * units, epochs.stop * units
        self._place: int | None = self._begin
        self.passed = 0
        self._advance()

    @property
    def next(self) -> int | None:
        """Units of the run that are done at the next halt; None: there is none any more."""
        return None if self._place is None else self._place - self._begin

    @property
    def due(self) -> Halt:
        """What is due at the next halt, of which there must be one."""
        assert self._place is not None
        place = self._place
        return Halt(
            self._every is not None and (place == self._end or self._evaluated(place)),
            self._at_epochs and place % self._units == 0,
        )

    def passing(self) -> Halt:
        """Leave the next halt behind, and return what was due there."""
        halt = self.due
        assert self._place is not None
        self.passed = self._place - self._begin
        self._advance()
        return halt

    def skip(self, units: int, passed: int) -> None:
        """Go on where so many units are done, and an earlier run has left the halt at `passed` behind.

        It may have had other halts.
        """
        while self.next is not None and (self.next < units or self.next <= passed):
            self.passing()

    def _advance(self) -> None:
        place = self._place
        if place is None or place >= self._end or not (self._at_epochs or self._every):
            self._place = None
            return
        candidates = [self._end]
        if self._at_epochs:
            candidates.append((place // self._units + 1) * self._units)
        if self._every is not None:
            candidates.append(self._next_evaluation(place))
        self._place = min(candidates)

    def _next_evaluation(self, place: int) -> int:
        step = max(1.0, self._every * self._units) if self._every else math.inf
        number = math.floor(place / step)
        while round(number * step) <= place:
            number += 1
        return round(number * step)

    def _evaluated(self, place: int) -> bool:
        return self._next_evaluation(place - 1) == place
