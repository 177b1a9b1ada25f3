"""How good are vectors: test sets, uncertainty, and checks that need none."""

from __future__ import annotations

from coterie.evaluation.analogies import AnalogyResult, AnalogyScore, evaluate_analogies
from coterie.evaluation.comparison import (
    AnalogyComparison,
    SimilarityComparison,
    compare_analogies,
    compare_similarity,
)
from coterie.evaluation.question_sets import AnalogyQuestion, AnalogySection, AnalogySet, read_analogies
from coterie.evaluation.similarity import SimilarityResult, evaluate_similarity
from coterie.evaluation.similarity_sets import SimilaritySet, read_similarity
from coterie.evaluation.tables import Table
from coterie.evaluation.uncertainty import (
    AccuracyIntervals,
    Interval,
    bootstrap_accuracy,
    bootstrap_spearman,
)

__all__ = [
    "AccuracyIntervals",
    "AnalogyComparison",
    "AnalogyQuestion",
    "AnalogyResult",
    "AnalogyScore",
    "AnalogySection",
    "AnalogySet",
    "Interval",
    "SimilarityComparison",
    "SimilarityResult",
    "SimilaritySet",
    "Table",
    "bootstrap_accuracy",
    "bootstrap_spearman",
    "compare_analogies",
    "compare_similarity",
    "evaluate_analogies",
    "evaluate_similarity",
    "read_analogies",
    "read_similarity",
]
