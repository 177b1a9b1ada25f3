"""gensim's arguments for Word2Vec: checked, kept as attributes, and told to Coterie's trainer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.compat.gensim.lifecycle import LOGGER, Lifecycle
from coterie.compat.gensim.refusals import refuse_unless
from coterie.compat.gensim.vocabulary import sample_share
from coterie.config import TrainingConfig
from coterie.config.checks import check_integer
from coterie.errors import ConfigError

__all__ = ["DEFAULTS", "Settings"]

# What a thread takes at once in gensim; a text below this keeps one thread busy there, and has one here.
_WORDS_OF_A_THREAD = 10_000
# Odd, and far from small numbers: successive trainings of one model draw independently of other models'.
_SEED_STEP = 0x9E3779B97F4A7C15
_SEEDS = 2**63

DEFAULTS: dict[str, Any] = {
    "vector_size": 100,
    "alpha": 0.025,
    "window": 5,
    "min_count": 5,
    "max_vocab_size": None,
    "sample": 1e-3,
    "seed": 1,
    "workers": 3,
    "min_alpha": 0.0001,
    "sg": 0,
    "hs": 0,
    "negative": 5,
    "ns_exponent": 0.75,
    "cbow_mean": 1,
    "epochs": 5,
    "null_word": 0,
    "sorted_vocab": 1,
    "batch_words": _WORDS_OF_A_THREAD,
    "compute_loss": False,
    "comment": None,
    "max_final_vocab": None,
    "shrink_windows": True,
}
"""gensim's arguments that are kept with a model, and their defaults."""


class Settings(Lifecycle):
    """The arguments, as attributes that may be changed between trainings."""

    vector_size: int
    alpha: float
    window: int
    min_count: int
    max_vocab_size: int | None
    sample: float
    seed: int
    workers: int
    min_alpha: float
    sg: int
    hs: int
    negative: int
    ns_exponent: float
    cbow_mean: int
    epochs: int
    null_word: int
    sorted_vocab: int
    batch_words: int
    compute_loss: bool
    comment: str | None
    max_final_vocab: int | None
    shrink_windows: bool

    def _settle(self, values: dict[str, Any], hashfxn: Callable[[str], int]) -> None:
        """Keep the arguments, and refuse what Coterie does not have."""
        refuse_unless("hashfxn", hashfxn, hash, "Vectors begin at random by the seed, not by their words.")
        for name, value in values.items():
            setattr(self, name, value)
        refuse_unless("null_word", bool(self.null_word), False, "There is no null word.")
        refuse_unless("sorted_vocab", bool(self.sorted_vocab), True, "Words are always sorted by count.")
        if not self.sg:
            refuse_unless("cbow_mean", bool(self.cbow_mean), True, "CBOW takes the mean of its words.")
        check_integer("min_count", self.min_count, 0)
        check_integer("workers", self.workers, 1)
        for option in ("max_vocab_size", "max_final_vocab"):
            if (value := getattr(self, option)) is not None:
                check_integer(option, value, 1)
        if not self.hs and not self.negative:
            raise ConfigError("hs and negative are both 0, so there is nothing to train; set one of them.")
        if self.hs and self.negative:
            LOGGER.warning(
                "Both hierarchical softmax and negative sampling are activated. If you want one, set hs=0 or "
                "negative=0."
            )
        if not isinstance(self.sample, int | float) or isinstance(self.sample, bool) or self.sample < 0:
            raise ConfigError(f"sample is {self.sample!r}; it must be a number, at least 0.")
        self._config()  # checks the rest

    def _config(
        self, counts: NDArray[np.int64] | None = None, tokens: int = 0, trainings: int = 0
    ) -> TrainingConfig:
        """Return the trainer's settings.

        Parameters
        ----------
        counts
            Of the vocabulary, once there is one.
        tokens
            Of the text.
        trainings
            How many the model has had: each draws from other random numbers.
        """
        from coterie.kernels.cores import available_cores

        total = 0 if counts is None else int(counts.sum())
        threads = min(self.workers, available_cores(), 1 + tokens // _WORDS_OF_A_THREAD)
        return TrainingConfig(
            objective="hierarchical_softmax" if self.hs else "negative_sampling",
            architecture="skip_gram" if self.sg else "cbow",
            cbow_gradient=None if self.sg else "word2vec",
            vector_size=self.vector_size,
            window=self.window,
            shrink_windows=bool(self.shrink_windows),
            negative=self.negative,
            ns_exponent=self.ns_exponent if self.negative else None,
            sample=sample_share(self.sample, total),
            alpha=self.alpha,
            min_alpha=self.min_alpha,
            epochs=self.epochs,
            workers=threads,
            seed=(self.seed + trainings * _SEED_STEP) % _SEEDS if trainings else self.seed,
        )
