"""How far a score may be from what other questions of the same kind would have given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError
from coterie.evaluation.analogies import AnalogyResult
from coterie.evaluation.question_sets import Kind
from coterie.evaluation.resampling import Unit, section_sums, weighted_spearman, weights
from coterie.evaluation.similarity import SimilarityResult
from coterie.queries import check_whole

__all__ = [
    "AccuracyIntervals",
    "Interval",
    "bootstrap_accuracy",
    "bootstrap_spearman",
    "check_bootstrap",
    "quantiles",
    "sums_over",
]


@dataclass(frozen=True)
class Interval:
    """A confidence interval; both ends are NaN where there is nothing to tell it from."""

    low: float
    high: float
    confidence: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        low, high = (None if math.isnan(end) else end for end in (self.low, self.high))
        return {"low": low, "high": high, "confidence": self.confidence}


@dataclass(frozen=True)
class AccuracyIntervals:
    """An interval for each accuracy of an :class:`AnalogyResult`."""

    total: Interval
    semantic: Interval
    syntactic: Interval
    sections: tuple[Interval, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {
            "total": self.total.to_dict(),
            "semantic": self.semantic.to_dict(),
            "syntactic": self.syntactic.to_dict(),
            "sections": [section.to_dict() for section in self.sections],
        }


def check_bootstrap(confidence: object, resamples: int, seed: object) -> None:
    """Check what every function here takes.

    Raises
    ------
    ConfigError
        A number out of range.
    """
    if not isinstance(confidence, (float, np.floating)) or not 0 < confidence < 1:
        raise ConfigError(f"confidence is {confidence!r}; it must be between 0 and 1, such as 0.95.")
    check_whole("resamples", resamples)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ConfigError(f"seed is {seed!r}; it must be a whole number, 0 or more.")


def bootstrap_accuracy(
    result: AnalogyResult,
    *,
    confidence: float = 0.95,
    resamples: int = 5000,
    seed: int = 0,
    unit: Unit = "pairs",
) -> AccuracyIntervals:
    """Return bootstrap confidence intervals of the accuracies.

    Parameters
    ----------
    result
        What :func:`evaluate_analogies` found.
    confidence
        The share of such intervals that hold the accuracy which other words of the same relations
        would give on average.
    resamples
        Replicates; the ends of an interval are quantiles over them.
    seed
        Of the weights.
    unit
        ``"pairs"`` draws the word pairs of each section, because the questions that share a pair are right or
        wrong together; ``"questions"`` takes questions as independent, as is often done, and gives
        intervals that are much too narrow where a file asks every two pairs.

    Returns
    -------
    AccuracyIntervals
        Never narrower than Wilson's interval for independent questions, so that
        nothing right, or everything, still has an interval.

    Examples
    --------
    >>> from coterie.evaluation import AnalogyQuestion, AnalogySection, AnalogySet, evaluate_analogies
    >>> from coterie.vectors import WordVectors
    >>> matrix = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1], [-1, 0, 0]], dtype=np.float32)
    >>> vectors = WordVectors(["king", "queen", "man", "woman", "ship"], matrix)
    >>> question = AnalogyQuestion("man", "king", "woman", ("queen",))
    >>> result = evaluate_analogies(vectors, AnalogySet("one", (AnalogySection("all", (question,)),)))
    >>> interval = bootstrap_accuracy(result).total
    >>> round(interval.low, 2), round(interval.high, 2)
    (0.21, 1.0)
    """
    check_bootstrap(confidence, resamples, seed)
    outcomes = result.outcomes
    values = np.stack((outcomes >= 0, outcomes == 1), axis=1).astype(np.float64)
    sums = sums_over(result, outcomes >= 0, values, resamples, seed, unit)

    sections = result.sections

    def interval(chosen: Sequence[int]) -> Interval:
        asked, correct = sums[list(chosen)].sum(axis=0).T
        right = sum(sections[i].correct for i in chosen)
        return _widened(correct, asked, right, sum(sections[i].asked for i in chosen), confidence)

    def of_kind(kind: Kind) -> Interval:
        return interval([i for i, section in enumerate(sections) if section.kind == kind])

    return AccuracyIntervals(
        total=interval(range(len(sections))),
        semantic=of_kind("semantic"),
        syntactic=of_kind("syntactic"),
        sections=tuple(interval([i]) for i in range(len(sections))),
    )


def sums_over(
    result: AnalogyResult,
    asked: NDArray[np.bool_],
    values: NDArray[np.float64],
    resamples: int,
    seed: int,
    unit: Unit,
) -> NDArray[np.float64]:
    """Return the weighted sums of the asked questions' values, shape ``(sections, resamples, columns)``."""
    if unit not in get_args(Unit):
        raise ConfigError(f"unit is {unit!r}; it must be one of {', '.join(get_args(Unit))}.")
    pairs = result.questions.word_pairs
    borders = np.cumsum([len(of) for of in pairs])[:-1]
    used = np.split(asked, borders)
    return section_sums(
        np.random.default_rng(seed),
        resamples,
        [of[which] for of, which in zip(pairs, used, strict=True)],
        [of[which] for of, which in zip(np.split(values, borders), used, strict=True)],
        unit,
    )


def _widened(
    correct: NDArray[np.float64], asked: NDArray[np.float64], right: int, questions: int, confidence: float
) -> Interval:
    """Return the interval of the replicates' accuracies, or Wilson's end where that is further out."""
    if not questions:
        return Interval(math.nan, math.nan, confidence)
    low, high = np.quantile(correct / asked, _ends(confidence))
    at_least, at_most = _wilson(right, questions, confidence)
    return Interval(min(float(low), at_least), max(float(high), at_most), confidence)


def _ends(confidence: float) -> tuple[float, float]:
    return (1 - confidence) / 2, (1 + confidence) / 2


def _wilson(right: int, questions: int, confidence: float) -> tuple[float, float]:
    from scipy.special import ndtri

    z = float(ndtri((1 + confidence) / 2))
    share = right / questions
    centre = share + z * z / (2 * questions)
    reach = z * math.sqrt(share * (1 - share) / questions + z * z / (4 * questions * questions))
    scale = 1 + z * z / questions
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)


def bootstrap_spearman(
    result: SimilarityResult, *, confidence: float = 0.95, resamples: int = 5000, seed: int = 0
) -> Interval:
    """Return a bootstrap confidence interval of Spearman's ρ, over the pairs that are known.

    Parameters
    ----------
    result
        What :func:`evaluate_similarity` found.
    confidence, resamples, seed
        As in :func:`bootstrap_accuracy`.

    Examples
    --------
    >>> from coterie.evaluation import SimilaritySet, evaluate_similarity
    >>> from coterie.vectors import WordVectors
    >>> matrix = np.random.default_rng(1).normal(size=(40, 5)).astype(np.float32)
    >>> words = [f"w{i}" for i in range(40)]
    >>> pairs = tuple(zip(words[:20], words[20:]))
    >>> judged = SimilaritySet("random", pairs, tuple(range(20)))
    >>> 0 in bootstrap_spearman(evaluate_similarity(WordVectors(words, matrix), judged))
    True
    """
    check_bootstrap(confidence, resamples, seed)
    if math.isnan(result.spearman):
        return Interval(math.nan, math.nan, confidence)
    used = ~np.isnan(result.cosines)
    gold, cosines = np.array(result.judgements.scores)[used], result.cosines[used]
    found = np.empty(resamples)
    for part, drawn in weights(np.random.default_rng(seed), resamples, len(gold)):
        found[part] = weighted_spearman(gold, cosines, drawn)
    return quantiles(found, confidence)


def quantiles(found: NDArray[np.float64], confidence: float) -> Interval:
    """Return the interval that holds the middle of the replicates."""
    low, high = np.quantile(found, _ends(confidence))
    return Interval(float(low), float(high), confidence)
