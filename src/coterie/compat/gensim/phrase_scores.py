"""How gensim scores a pair of words as a phrase: functions of six counts, by the names it gives them."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, TypeAlias

from coterie.errors import ConfigError

__all__ = ["SCORERS", "Scorer", "checked_scorer", "npmi_scorer", "original_scorer"]

Scorer: TypeAlias = Callable[..., float]

_ARGUMENTS = ("worda_count", "wordb_count", "bigram_count", "len_vocab", "min_count", "corpus_word_count")


def original_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Return ``(count(ab) − min_count) / (count(a) · count(b)) · len_vocab``: the paper's score, scaled.

    ``len_vocab`` is the number of distinct words and pairs; ``phrase_scoring="paper"`` of
    :func:`coterie.learn_phrases` has the number of tokens in its place.

    Examples
    --------
    >>> original_scorer(2, 3, 4, 60, 1, 0)
    30.0
    """
    product = worda_count * wordb_count
    return (bigram_count - min_count) / product * len_vocab if product else -math.inf


def npmi_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Return ``ln(p(ab) / (p(a) · p(b))) / −ln p(ab)`` (Bouma 2009); −∞ for a pair below ``min_count``.

    Examples
    --------
    >>> round(npmi_scorer(4, 4, 4, 0, 1, 16), 3)
    1.0
    """
    if bigram_count < min_count or not worda_count or not wordb_count or not bigram_count:
        return -math.inf
    first, second, both = (count / corpus_word_count for count in (worda_count, wordb_count, bigram_count))
    return math.log(both / (first * second)) / -math.log(both) if both < 1 else 1.0


SCORERS: dict[str, Scorer] = {"default": original_scorer, "npmi": npmi_scorer}
"""The scorers by gensim's names for them."""


def checked_scorer(scoring: Any, threshold: float) -> Scorer:
    """Return the function that ``scoring`` names or is, if the threshold suits it.

    Raises
    ------
    ConfigError
        There is no such scorer, the function lacks an argument, or the threshold is out of range.
    """
    if isinstance(scoring, str):
        if scoring not in SCORERS:
            raise ConfigError(f"scoring is {scoring!r}; choose one of {', '.join(SCORERS)}, or a function.")
        if scoring == "default" and threshold <= 0:
            raise ConfigError(f"threshold is {threshold}; with scoring 'default' it must be above 0.")
        if scoring == "npmi" and not -1 <= threshold <= 1:
            raise ConfigError(f"threshold is {threshold}; with scoring 'npmi' it must be between -1 and 1.")
        return SCORERS[scoring]
    if not callable(scoring):
        raise ConfigError(f"scoring is {scoring!r}; it must be a name or a function.")
    missing = [name for name in _ARGUMENTS if name not in inspect.signature(scoring).parameters]
    if missing:
        raise ConfigError(f"the scoring function lacks the arguments {', '.join(missing)}.")
    scorer: Scorer = scoring
    return scorer
