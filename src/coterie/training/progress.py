"""Where a run stands, as callbacks are told it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Progress"]


@dataclass(frozen=True)
class Progress:
    """Where a run stands, handed to callbacks some times a second.

    Attributes
    ----------
    stage
        ``"encode"`` while text is read, ``"compile"`` while kernels are compiled, then ``"train"``.
    words_done, words_total
        Corpus words (after ``min_count``, before subsampling) over all epochs; while encoding, tokens read.
        ``words_total`` is None while unknown.
    seconds
        Since the stage began.
    epoch, epochs
        The epoch at work, from 0, of how many.
    loss
        Mean loss of a pair over the recent stretch; None until known.
    learning_rate
        Of the latest chunk.
    fraction
        Done part of the stage, 0 to 1; None while unknown.
    """

    stage: Literal["encode", "compile", "train"]
    words_done: int
    words_total: int | None
    seconds: float
    epoch: int = 0
    epochs: int = 0
    loss: float | None = None
    learning_rate: float | None = None
    fraction: float | None = None

    @property
    def words_per_second(self) -> float:
        """Words a second since the stage began."""
        return self.words_done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the end of the stage at the speed so far; None while unknown."""
        if not self.fraction or self.seconds <= 0:
            return None
        return self.seconds * (1 - self.fraction) / self.fraction
