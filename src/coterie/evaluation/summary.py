"""The results of one or more models as tables, for the terminal, for Markdown and for a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from coterie.evaluation.analogies import AnalogyResult, AnalogyScore
from coterie.evaluation.similarity import SimilarityResult
from coterie.evaluation.tables import Table
from coterie.evaluation.uncertainty import AccuracyIntervals, Interval

__all__ = ["analogy_table", "named_scores", "similarity_table"]

_METHODS = {"3cosadd": "3CosAdd", "3cosmul": "3CosMul"}
_NONE = "–"

Analogies = tuple[AnalogyResult, AccuracyIntervals]
Similarity = tuple[SimilarityResult, Interval]


def named_scores(result: AnalogyResult, intervals: AccuracyIntervals) -> list[tuple[AnalogyScore, Interval]]:
    """Return the scores that there are: of the sections, semantic, syntactic, the total."""
    scores = list(zip(result.sections, intervals.sections, strict=True))
    if len(scores) == 1:
        return [(result.total, intervals.total)]
    kinds = {section.kind for section in result.sections}
    if "semantic" in kinds:
        scores.append((result.semantic, intervals.semantic))
    if "syntactic" in kinds:
        scores.append((result.syntactic, intervals.syntactic))
    return [*scores, (result.total, intervals.total)]


def analogy_table(results: Mapping[str, Analogies]) -> Table:
    """Return the table of one set of questions, by the models' names."""
    first, intervals = next(iter(results.values()))
    words = "all words" if first.restrict_vocab is None else f"the first {first.restrict_vocab:,} words"
    title = f"{first.name}: {_METHODS[first.method]} among {words}"
    note = f"In brackets: {100 * intervals.total.confidence:.4g}% confidence intervals, over word pairs."
    told = {model: named_scores(*both) for model, both in results.items()}
    rows: list[tuple[str, ...]]
    if len(told) == 1:
        (scores,) = told.values()
        header = ("section", "right", "", "of", "unknown")
        rows = [
            (
                score.name,
                _percent(score.accuracy),
                _percents(interval),
                f"{score.asked:,}",
                f"{score.out_of_vocabulary:,}",
            )
            for score, interval in scores
        ]
        return Table(title, header, rows, note)
    rows = [
        (together[0][0].name, *(_with_interval(score, interval) for score, interval in together))
        for together in zip(*told.values(), strict=True)
    ]
    totals = [result.total for result, _ in results.values()]
    rows.append(("questions asked", *(f"{total.asked:,}" for total in totals)))
    rows.append(("with unknown words", *(f"{total.out_of_vocabulary:,}" for total in totals)))
    return Table(title, ("section", *told), rows, note)


def similarity_table(results: Sequence[Mapping[str, Similarity]]) -> Table:
    """Return the table of all sets of word pairs, by the models' names."""
    several = len(results[0]) > 1
    rows: list[tuple[str, ...]] = [
        (
            result.name,
            *([model] if several else []),
            f"{_number(result.spearman)} {_ends(interval)}".strip(),
            _number(result.pearson),
            f"{result.pairs:,} ({result.coverage:.1%})",
            f"{result.out_of_vocabulary:,}",
        )
        for of in results
        for model, (result, interval) in of.items()
    ]
    header = ("set", *(["model"] if several else []), "Spearman", "Pearson", "pairs", "unknown")
    confidence = next(iter(results[0].values()))[1].confidence
    note = f"In brackets: {100 * confidence:.4g}% confidence intervals; the share of known pairs."
    return Table("Similarity of word pairs", header, rows, note)


def _percent(share: float) -> str:
    return _NONE if math.isnan(share) else f"{share:.1%}"


def _percents(interval: Interval) -> str:
    if math.isnan(interval.low):
        return ""
    return f"({100 * interval.low:.1f}–{100 * interval.high:.1f})"


def _ends(interval: Interval) -> str:
    return "" if math.isnan(interval.low) else f"({interval.low:.2f}, {interval.high:.2f})"


def _with_interval(score: AnalogyScore, interval: Interval) -> str:
    return f"{_percent(score.accuracy)} {_percents(interval)}".strip()


def _number(value: float) -> str:
    return _NONE if math.isnan(value) else f"{value:.3f}"
