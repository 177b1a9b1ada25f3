"""Training that goes on from a model, on new text: which settings and words it has, and where their rows are.

The vocabulary grows: all words of the model stay, those of the new text that are frequent enough join. Counts
are added up, and all that follows from counts (the noise distribution, subsampling, the tree of hierarchical
softmax) is that of all text that the model has seen, as in gensim. So a word that the new text lacks keeps
its word vector to the last bit, while its row of the projection may be drawn as a negative.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.errors import ConfigError
from coterie.model import Model
from coterie.options import OF_RUNNING_TEXT
from coterie.vocabulary import Vocabulary

if TYPE_CHECKING:
    from coterie.objectives.weights import Weights
    from coterie.training.means import Allocate

__all__ = ["Grown", "Start", "StartFrom", "fingerprint_of", "grown", "inherited", "start_of"]

StartFrom = Model | str | os.PathLike[str]
"""A model, or its folder."""

# What the model's rows were made for.
_FIXED = ("objective", "vector_size", "nce_partition")
# What is about one training and its text, and not about the vectors.
_OF_ONE_TRAINING = ("workers", "validation", "validation_every", "early_stopping")
_OF_ONE_TEXT = ("tokenizer", "lowercase")
# The columns of a matrix that are put in order at once: a matrix is not to be there twice.
_COLUMNS = 16


@dataclass(frozen=True)
class Start:
    """A model to go on from, and its folder if it was given so."""

    model: Model
    path: str | None


def start_of(start_from: StartFrom | None) -> Start | None:
    """Return the model that is given, loaded if it is its folder.

    Raises
    ------
    FormatError
        There is no model.
    """
    if start_from is None:
        return None
    if isinstance(start_from, Model):
        return Start(start_from, None)
    return Start(Model.load(start_from), os.fspath(start_from))


def inherited(model: Model, settings: Mapping[str, Any], *, own_tokenizer: bool) -> dict[str, Any]:
    """Return the settings of a training that goes on from `model`: its own where none are given.

    Parameters
    ----------
    model
        To be gone on from.
    settings
        Those that are given.
    own_tokenizer
        Whether a tokenizer is given beside them, which need not be the model's.

    Raises
    ------
    ConfigError
        One that its rows were made for is given and another.
    """
    kept = {field.name for field in fields(TrainingConfig)} - set(_OF_ONE_TRAINING)
    other_kind = bool(settings.get("pairs")) != bool(model.config.get("corpus", {}).get("pairs"))
    if other_kind:  # a text that follows pairs, or pairs that follow a text, begin with the defaults
        kept -= OF_RUNNING_TEXT
    before = {name: value for name, value in model.config.get("training", {}).items() if name in kept}
    for option in _FIXED:
        if option in settings and settings[option] != before.get(option):
            raise ConfigError(
                f"{option} is {settings[option]!r}, but the model to go on from has {before.get(option)!r}; "
                f"leave {option} out."
            )
    corpus = {name: model.config.get("corpus", {}).get(name) for name in _OF_ONE_TEXT}
    if not own_tokenizer and corpus["tokenizer"] not in (None, "words", "whitespace"):
        raise ConfigError(
            f"the model's tokenizer was a function in Python, {corpus['tokenizer']}; give it again."
        )
    least = None if other_kind else model.config.get("vocabulary", {}).get("min_count")
    about = {**corpus, "min_count": least}
    return {**before, **{name: value for name, value in about.items() if value is not None}, **settings}


@dataclass(frozen=True)
class Grown:
    """A model's vocabulary and rows, with those of a new text.

    Parameters
    ----------
    words
        The text's first, by its ranks, then those of the model that it lacks.
    counts
        int64, shape (V,): in all text.
    model, rows
        What is gone on from, and int64, shape (V,): the row there of each word, or −1.
    """

    words: list[str]
    counts: NDArray[np.int64]
    model: Model
    rows: NDArray[np.int64]

    @property
    def new(self) -> int:
        """How many words the model did not have."""
        return int((self.rows < 0).sum())

    def weights(self, config: TrainingConfig, allocate: Allocate) -> Weights:
        """Return the rows that are trained, in matrices that `allocate` makes; the model is not changed.

        Raises
        ------
        ConfigError
            The model lacks a matrix that the settings need.
        """
        from coterie.objectives.growth import grow_weights
        from coterie.objectives.weights import Weights

        model, c = self.model, self.model.log_normaliser
        weights = Weights(
            model.vectors.matrix,
            model.output_vectors,
            model.node_vectors,
            None if c is None else np.array([c]),
        )
        return grow_weights(
            weights, self.rows, config, (np.asarray(model.vectors.counts), self.counts), allocate
        )

    def in_order(self, matrices: Mapping[str, NDArray[np.float32]]) -> Vocabulary:
        """Put the rows of trained matrices into the order of counts, in place; return words and counts so.

        Words of equal counts keep their order, so that the tree of the same counts stays the same tree.
        """
        order = np.argsort(-self.counts, kind="stable")
        for name, matrix in matrices.items():
            if name != "node_vectors":  # nodes are numbered as the tree is made, from counts in any order
                for start in range(0, matrix.shape[1], _COLUMNS):
                    part = matrix[:, start : start + _COLUMNS]
                    part[:] = part[order]
        return Vocabulary([self.words[i] for i in order.tolist()], self.counts[order])


def grown(model: Model, text: Vocabulary) -> Grown:
    """Return what a training on a text with this vocabulary goes on with."""
    old = model.vectors.index
    assert model.vectors.counts is not None
    rows = [old.get(word, -1) for word in text]
    missing = np.ones(len(model.vectors), bool)
    missing[[row for row in rows if row >= 0]] = False
    absent = np.flatnonzero(missing)
    places = np.concatenate([np.array(rows, np.int64), absent])
    counts = np.concatenate([text.counts, np.zeros(len(absent), np.int64)])
    counts[places >= 0] += model.vectors.counts[places[places >= 0]]
    words = [*text, *(model.vectors.words[row] for row in absent.tolist())]
    return Grown(words, counts, model, places)


def fingerprint_of(model: Model) -> str:
    """Return a hash of the model's words and counts: rows of a checkpoint belong to these."""
    told = hashlib.sha256("\n".join(model.vectors.words).encode())
    told.update(np.asarray(model.vectors.counts).tobytes())
    return told.hexdigest()[:16]
