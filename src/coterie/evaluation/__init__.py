"""How good are vectors: test sets, uncertainty, and checks that need none."""

from __future__ import annotations

from coterie.evaluation.analogies import AnalogyResult, AnalogyScore, evaluate_analogies
from coterie.evaluation.bias import WeatResult, weat
from coterie.evaluation.comparison import (
    AnalogyComparison,
    SimilarityComparison,
    compare_analogies,
    compare_similarity,
)
from coterie.evaluation.intrinsic import (
    Hubness,
    IntrinsicChecks,
    Isotropy,
    NormsAgainstFrequency,
    OddWords,
    Stability,
    hubness,
    intrinsic_checks,
    isotropy,
    neighbour_stability,
    norms_against_frequency,
    odd_words,
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
from coterie.evaluation.word_lists import WordLists, evaluate_weat, read_word_lists

__all__ = [
    "AccuracyIntervals",
    "AnalogyComparison",
    "AnalogyQuestion",
    "AnalogyResult",
    "AnalogyScore",
    "AnalogySection",
    "AnalogySet",
    "Hubness",
    "Interval",
    "IntrinsicChecks",
    "Isotropy",
    "NormsAgainstFrequency",
    "OddWords",
    "SimilarityComparison",
    "SimilarityResult",
    "SimilaritySet",
    "Stability",
    "Table",
    "WeatResult",
    "WordLists",
    "bootstrap_accuracy",
    "bootstrap_spearman",
    "compare_analogies",
    "compare_similarity",
    "evaluate_analogies",
    "evaluate_similarity",
    "evaluate_weat",
    "hubness",
    "intrinsic_checks",
    "isotropy",
    "neighbour_stability",
    "norms_against_frequency",
    "odd_words",
    "read_analogies",
    "read_similarity",
    "read_word_lists",
    "weat",
]
