"""What a training is told: its text, its settings, what is around it, and where its checkpoints are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from coterie.continuing import Start, StartFrom
from coterie.errors import ConfigError
from coterie.options import Configs
from coterie.phrases import PhraseModel
from coterie.training.callbacks import Callback
from coterie.training.means import Means, counting_share
from coterie.training.progress import Progress
from coterie.vectors import WordVectors

__all__ = [
    "EvaluateOn",
    "Given",
    "Job",
    "Phrases",
    "Place",
    "Surroundings",
    "Tokenizer",
    "names_of",
    "tokenizer_of",
]

Tokenizer = str | Callable[[str], Iterable[str]]
Phrases = PhraseModel | str | os.PathLike[str]
EvaluateOn = str | os.PathLike[str] | Callable[[WordVectors], float]
"""A file of analogies or of word pairs, or a function that rates word vectors."""


@dataclass(frozen=True)
class Surroundings:
    """Caches, what of the machine may be taken, and who is told.

    ``counting_limit`` is what words are counted in: ``None``, a share of ``memory_limit``.
    """

    cache: bool
    cache_dir: str | os.PathLike[str] | None
    cache_limit: int | None
    memory_limit: int | None
    callback: Callable[[Progress], None] | None
    callbacks: tuple[Callback, ...]
    on_event: Callable[[str], None] | None
    output: str | os.PathLike[str] | None = None
    matrices_dir: str | os.PathLike[str] | None = None
    counting_limit: int | None = None

    def __post_init__(self) -> None:
        _ = self.means  # refuses what is no limit before there is work

    @property
    def means(self) -> Means:
        """What of the machine may be taken."""
        return Means(self.memory_limit, self.output, self.matrices_dir)

    def counting_share(self, workers: int) -> tuple[int, int]:
        """Return what counting words may take, and the threads that tokenise."""
        share, threads = counting_share(self.memory_limit, workers)
        # Where phrases were learned in bounded memory, another bound may give other phrases.
        return min(share, self.counting_limit) if self.counting_limit else share, threads


@dataclass(frozen=True)
class Job:
    """A text and all settings."""

    source: Any
    weights: Iterable[float] | None
    tokenizer: Tokenizer
    phrase_model: Phrases | None
    evaluate_on: EvaluateOn | None
    start: Start | None
    configs: Configs
    surroundings: Surroundings


@dataclass(frozen=True)
class Place:
    """The folder of checkpoints, if any, with the seconds and the words between two."""

    folder: str | os.PathLike[str] | None
    every: float | None
    every_words: int | None

    def __post_init__(self) -> None:
        for option, value in (
            ("checkpoint_every", self.every),
            ("checkpoint_every_words", self.every_words),
        ):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (number and value > 0):
                raise ConfigError(f"{option} is {value!r}; it must be a number above 0, or None.")


@dataclass(frozen=True)
class Given:
    """What is given anew when a training goes on; ``None``: as it was."""

    source: Any
    weights: Iterable[float] | None
    tokenizer: Callable[[str], Iterable[str]] | None
    phrase_model: Phrases | None
    evaluate_on: EvaluateOn | None
    start_from: StartFrom | None
    epochs: int | None
    workers: int | None


def tokenizer_of(
    tokenizer: Tokenizer,
) -> tuple[Callable[[str], Iterable[str]] | None, str]:
    """Return the function, if it is one, and the name."""
    if isinstance(tokenizer, str):
        return None, tokenizer
    return tokenizer, getattr(tokenizer, "__name__", repr(tokenizer))


def names_of(source: Any) -> list[str] | None:
    """Return the names of a source's files as they were given; None where they can't be read again."""
    from coterie.corpus import Paths

    if isinstance(source, str | os.PathLike):
        source = [source]
    elif not isinstance(source, Paths) and not (
        isinstance(source, list | tuple) and source and all(isinstance(item, os.PathLike) for item in source)
    ):
        return None
    names = [os.fspath(path) for path in source]
    return None if "-" in names else names
