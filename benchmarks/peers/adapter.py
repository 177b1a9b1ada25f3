"""What a peer's module gives back, and what it is given to tell the measuring process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.memory import PeakMemory

__all__ = ["Adapter", "Trained", "Vectors", "read"]


class Vectors(NamedTuple):
    """Saved vectors, read again: words by falling frequency, and their rows."""

    words: Sequence[str]
    matrix: NDArray[np.float32]


@dataclass(frozen=True)
class Trained:
    """A model that has been trained and saved.

    Attributes
    ----------
    train_seconds
        Training alone, as long as the epochs that were asked for take; None if the peer does not tell.
    vocabulary
        Words with a vector.
    total_seconds
        From raw text to saved vectors, where this is not the measuring process's own time.
    """

    train_seconds: float | None
    vocabulary: int
    total_seconds: float | None = None


def read(job: dict[str, Any]) -> Vectors:
    """Read vectors that were saved in word2vec's format: `Adapter.read` of most peers."""
    import coterie

    vectors = coterie.load(job["output"])
    return Vectors(vectors.words, vectors.matrix)


class Adapter(Protocol):
    """A module for each peer. A job names ``text``, ``output``, the setting, ``threads`` and ``seed``."""

    def train(self, job: dict[str, Any], memory: PeakMemory) -> Trained:
        """Train from the text file, and save the vectors to ``output``."""

    def read(self, job: dict[str, Any]) -> Vectors:
        """Read what `train` has saved."""

    def ingest(self, job: dict[str, Any]) -> float:
        """Return the seconds from the text file to the counts."""
