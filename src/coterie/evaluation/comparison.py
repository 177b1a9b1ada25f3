"""Is one model better than another: paired tests over the questions that both were asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from coterie.errors import ConfigError
from coterie.evaluation.analogies import AnalogyResult
from coterie.evaluation.resampling import Unit, weighted_spearman, weights
from coterie.evaluation.similarity import SimilarityResult
from coterie.evaluation.uncertainty import Interval, check_bootstrap, quantiles, sums_over

__all__ = ["AnalogyComparison", "SimilarityComparison", "Verdict", "compare_analogies", "compare_similarity"]

Verdict = Literal["better", "worse", "not distinguishable"]


@dataclass(frozen=True)
class AnalogyComparison:
    """What :func:`compare_analogies` found; ``difference`` is B's accuracy less A's.

    ``common`` counts the questions that both were asked, which all else is about; ``left_out`` the others.
    """

    name: str
    common: int
    left_out: int
    a_accuracy: float
    b_accuracy: float
    difference: float
    interval: Interval
    only_a: int
    only_b: int
    mcnemar_p: float
    verdict: Verdict

    def sentence(self, a: str = "A", b: str = "B") -> str:
        """Say it in words, with the models' names."""
        if not self.common:
            return f"{self.name}: {a} and {b} know no question in common."
        return (
            f"{self.name}: {_judgement(self.verdict, a, b, self.interval.confidence)}: {self.b_accuracy:.1%} "
            f"against {self.a_accuracy:.1%} of the {self.common:,} questions that both were asked; "
            f"difference {100 * self.difference:+.1f} points "
            f"({100 * self.interval.low:+.1f} to {100 * self.interval.high:+.1f}), "
            f"McNemar p {_told(self.mcnemar_p)}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return _ready(self.__dict__)


@dataclass(frozen=True)
class SimilarityComparison:
    """What :func:`compare_similarity` found; ``difference`` is B's ρ less A's.

    ``common`` counts the pairs that both know, which all else is about; ``left_out`` the others.
    """

    name: str
    common: int
    left_out: int
    a_spearman: float
    b_spearman: float
    difference: float
    interval: Interval
    williams_p: float
    verdict: Verdict

    def sentence(self, a: str = "A", b: str = "B") -> str:
        """Say it in words, with the models' names."""
        if math.isnan(self.difference):
            return f"{self.name}: {a} and {b} know too few pairs in common ({self.common})."
        return (
            f"{self.name}: {_judgement(self.verdict, a, b, self.interval.confidence)}: "
            f"ρ {self.b_spearman:.3f} against {self.a_spearman:.3f} over the {self.common:,} pairs "
            f"that both were asked; difference {self.difference:+.3f} "
            f"({self.interval.low:+.3f} to {self.interval.high:+.3f}), Williams p {_told(self.williams_p)}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return _ready(self.__dict__)


def _judgement(verdict: Verdict, a: str, b: str, confidence: float) -> str:
    if verdict == "not distinguishable":
        return f"{a} and {b} are not distinguishable at the {100 * confidence:.4g}% level"
    return f"{b} is {verdict} than {a}"


def _told(p: float) -> str:
    return f"= {p:.2g}" if p >= 1e-6 else "< 1e-6"


def _ready(fields: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, Interval):
            told[name] = value.to_dict()
        else:
            told[name] = None if isinstance(value, float) and math.isnan(value) else value
    return told


def compare_analogies(
    a: AnalogyResult,
    b: AnalogyResult,
    *,
    confidence: float = 0.95,
    resamples: int = 5000,
    seed: int = 0,
    unit: Unit = "pairs",
) -> AnalogyComparison:
    """Say whether model B answers the same questions better than model A.

    Parameters
    ----------
    a, b
        What :func:`evaluate_analogies` found with the two models, on the same questions.
    confidence, resamples, seed, unit
        As in :func:`bootstrap_accuracy`.

    Returns
    -------
    AnalogyComparison
        Over the questions that were asked of both. B is better, or worse, when two tests agree at this
        level: the bootstrap interval of the difference leaves out 0 (it heeds that questions share words),
        and McNemar's exact test of the questions that only one answers (it holds for any number of them).

    Raises
    ------
    ConfigError
        The results are of different questions, or an option is out of range.
    """
    check_bootstrap(confidence, resamples, seed)
    if a.questions is not b.questions and a.questions != b.questions:
        raise ConfigError(f"a is about {a.name}, b about other questions, {b.name}; ask both the same.")
    _check_alike(a, b)
    both = (a.outcomes >= 0) & (b.outcomes >= 0)
    right_a, right_b = (both & (result.outcomes == 1) for result in (a, b))
    asked = int(both.sum())
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    if asked:
        values = np.stack((both, right_b.astype(np.int8) - right_a), axis=1).astype(np.float64)
        weight, gain = sums_over(a, both, values, resamples, seed, unit).sum(axis=0).T
        interval = quantiles(gain / weight, confidence)
    else:
        interval = Interval(math.nan, math.nan, confidence)
    p = _mcnemar(only_a, only_b)
    difference = (only_b - only_a) / asked if asked else math.nan
    return AnalogyComparison(
        name=a.name,
        common=asked,
        left_out=len(both) - asked,
        a_accuracy=int(right_a.sum()) / asked if asked else math.nan,
        b_accuracy=int(right_b.sum()) / asked if asked else math.nan,
        difference=difference,
        interval=interval,
        only_a=only_a,
        only_b=only_b,
        mcnemar_p=p,
        verdict=_verdict(difference, interval, p),
    )


def _check_alike(a: AnalogyResult | SimilarityResult, b: AnalogyResult | SimilarityResult) -> None:
    """Raise where unknown words count as wrong for one model only: the other would win by it."""
    if a.dummy4unknown != b.dummy4unknown:
        raise ConfigError(
            f"dummy4unknown is {a.dummy4unknown} for a and {b.dummy4unknown} for b; judge both alike."
        )


def _mcnemar(only_a: int, only_b: int) -> float:
    """Return the probability of so uneven a split if both models were as good (binomial, exact)."""
    from scipy.stats import binomtest

    if not only_a + only_b:
        return 1.0
    return float(binomtest(only_a, only_a + only_b).pvalue)


def _verdict(difference: float, interval: Interval, p: float) -> Verdict:
    if math.isnan(difference) or 0 in interval or not p < 1 - interval.confidence:
        return "not distinguishable"
    return "better" if difference > 0 else "worse"


def compare_similarity(
    a: SimilarityResult,
    b: SimilarityResult,
    *,
    confidence: float = 0.95,
    resamples: int = 5000,
    seed: int = 0,
) -> SimilarityComparison:
    """Say whether model B's cosines agree with people's scores better than model A's.

    Parameters
    ----------
    a, b
        What :func:`evaluate_similarity` found with the two models, on the same pairs.
    confidence, resamples, seed
        As in :func:`bootstrap_accuracy`.

    Returns
    -------
    SimilarityComparison
        Over the pairs that both know. B is better, or worse, when two tests agree at this level: the paired
        bootstrap interval of the difference leaves out 0, and Williams's test rejects equality: two
        correlations, here of ranks, with one variable in common
        (Steiger 1980, https://doi.org/10.1037/0033-2909.87.2.245).

    Raises
    ------
    ConfigError
        The results are of different pairs, or an option is out of range.
    """
    check_bootstrap(confidence, resamples, seed)
    if a.judgements is not b.judgements and a.judgements != b.judgements:
        raise ConfigError(f"a is about {a.name}, b about other pairs, {b.name}; give both the same.")
    _check_alike(a, b)
    both = ~np.isnan(a.cosines) & ~np.isnan(b.cosines)
    gold, one, other = np.array(a.judgements.scores)[both], a.cosines[both], b.cosines[both]
    pairs, interval, p = len(gold), Interval(math.nan, math.nan, confidence), math.nan
    rho = [math.nan, math.nan]
    if pairs > 3 and all(np.ptp(values) > 0 for values in (gold, one, other)):
        rho = [float(weighted_spearman(gold, x, np.ones((1, pairs)))[0]) for x in (one, other)]
        found = np.empty(resamples)
        for part, drawn in weights(np.random.default_rng(seed), resamples, pairs):
            found[part] = weighted_spearman(gold, other, drawn) - weighted_spearman(gold, one, drawn)
        interval = quantiles(found, confidence)
        p = _williams(rho[0], rho[1], float(weighted_spearman(one, other, np.ones((1, pairs)))[0]), pairs)
    difference = rho[1] - rho[0]
    return SimilarityComparison(
        name=a.name,
        common=pairs,
        left_out=len(both) - pairs,
        a_spearman=rho[0],
        b_spearman=rho[1],
        difference=difference,
        interval=interval,
        williams_p=p,
        verdict=_verdict(difference, interval, p),
    )


def _williams(a: float, b: float, between: float, pairs: int) -> float:
    """Return the two-sided p-value of Williams's T2: are two correlations with the same variable equal."""
    from scipy.stats import t

    determinant = 1 - a * a - b * b - between * between + 2 * a * b * between
    spread = 2 * determinant * (pairs - 1) / (pairs - 3) + ((a + b) / 2) ** 2 * (1 - between) ** 3
    if spread <= 0:  # the two models rank alike
        return 1.0
    value = (b - a) * math.sqrt((pairs - 1) * (1 + between) / spread)
    return float(2 * t.sf(abs(value), pairs - 3))
