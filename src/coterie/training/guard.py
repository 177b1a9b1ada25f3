"""Learning is guarded: a run that goes wrong stops with what to change, not in a silent bad model."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.errors import ConfigError, CorpusError, TrainingError
from coterie.kernels.bfloat16 import as_floats
from coterie.objectives.weights import Weights

__all__ = ["check_input", "check_loss", "check_outcome", "check_step", "check_weights"]

# Vectors of a healthy run have norms of 1 to 20. σ saturates, so a bad run grows by steps, not to infinity.
_LARGEST_NORM = 1000.0
_ROWS_AT_A_TIME = 65_536
# On a small text of five topics steps of 0.2 learned as well as those of 0.025, and steps of 0.5 diverged.
_LONGEST_STEP = 0.25
# Running text ends at 50 to 60 % of the untrained loss under negative sampling. The others start from about
# the unigram's entropy, of which the context explains a tenth.
_HARDLY_LEARNED = {"negative_sampling": 0.9}
_HARDLY_LEARNED_ELSEWHERE = 0.98


def check_input(offsets: NDArray[np.int64], words: int, config: TrainingConfig) -> list[str]:
    """Return remarks on settings that will not do what their name says on this corpus.

    Raises
    ------
    CorpusError
        When there is nothing to learn: one word, or no sentence of two.
    """
    if words < 2:
        raise CorpusError(
            f"the vocabulary has {words} word; Skip-gram learns words from other words. "
            "Give more text, or keep more words (min_count, max_vocab_size, words)."
        )
    longest = int(np.diff(offsets).max())
    if longest < 2:
        raise CorpusError(
            "every sentence has a single word in the vocabulary, so there are no pairs to train on. One line "
            "is one sentence: is the text one word a line? Or lower min_count."
        )
    remarks = []
    if config.window >= longest:
        remarks.append(
            f"window is {config.window}, but the longest sentence has {longest} words: "
            f"it reaches at most {longest - 1}"
        )
    if config.negative >= words:
        remarks.append(
            f"negative is {config.negative}, but the vocabulary has {words} words: "
            "the same negatives come up repeatedly"
        )
    return remarks


def check_step(weight: float, config: TrainingConfig) -> None:
    """Refuse weights of sentences of which the greatest makes steps that lead past their goal.

    Raises
    ------
    ConfigError
        With what to divide them by.
    """
    if weight * config.alpha > _LONGEST_STEP:
        raise ConfigError(
            f"the greatest weight is {weight:g}: times alpha ({config.alpha:g}) its steps would be "
            f"{weight * config.alpha:g} long, and diverge. Divide all weights by {weight:g}, or by as much "
            f"as makes the usual one 1, and cut them off at {_LONGEST_STEP / config.alpha:g}."
        )


def check_outcome(loss: float | None, untrained: float, config: TrainingConfig) -> str | None:
    """Return a remark on a run that has hardly learned from its `untrained` loss on, or None."""
    if loss is None or loss < untrained * _HARDLY_LEARNED.get(config.objective, _HARDLY_LEARNED_ELSEWHERE):
        return None
    return (
        f"the loss is {loss:.3g} an example, and untrained vectors have {untrained:.3g}: little was learned. "
        f"Train longer (epochs, now {config.epochs}) or give more text."
    )


def check_loss(loss: float, untrained: float, config: TrainingConfig) -> None:
    """Stop a run whose loss is not a number, or twice that of `untrained` vectors.

    Raises
    ------
    TrainingError
        With what to change.
    """
    if not math.isfinite(loss):
        raise TrainingError(f"the loss became {loss}: the vectors hold NaN or infinity. {_advice(config)}")
    if loss > 2 * untrained:
        raise TrainingError(
            f"the loss rose to {loss:.3g} an example, from {untrained:.3g} when untrained: it diverges. "
            f"{_advice(config)}"
        )


def check_weights(weights: Weights, config: TrainingConfig, rows: int | None = None) -> None:
    """Stop a run whose vectors hold NaN or exploding norms, looking at the first `rows` (None: all).

    Raises
    ------
    TrainingError
        With the row's number, its norm and what to change.
    """
    for name, matrix in weights.matrices():
        for start in range(0, len(matrix) if rows is None else min(rows, len(matrix)), _ROWS_AT_A_TIME):
            block = matrix[start : start + _ROWS_AT_A_TIME]
            if block.dtype == np.uint16:
                block = as_floats(block)
            with np.errstate(over="ignore", invalid="ignore"):
                squares = np.einsum("ij,ij->i", block, block)
            bad = np.flatnonzero(~(squares <= _LARGEST_NORM**2))
            if bad.size:
                norm = math.sqrt(squares[bad[0]]) if squares[bad[0]] >= 0 else math.nan
                raise TrainingError(
                    f"row {start + bad[0]} of {name} has norm {norm:.3g}: it diverges. {_advice(config)}"
                )


def _advice(config: TrainingConfig) -> str:
    usual = TrainingConfig(architecture=config.architecture, cbow_gradient=config.cbow_gradient).alpha
    return (
        f"Lower alpha (now {config.alpha:g}; {usual:g} suits most corpora) or epochs (now {config.epochs})."
    )
