"""How good are vectors: test sets, uncertainty, and checks that need none."""

from __future__ import annotations

from coterie.evaluation.analogies import AnalogyResult, AnalogyScore, evaluate_analogies
from coterie.evaluation.question_sets import AnalogyQuestion, AnalogySection, AnalogySet, read_analogies
from coterie.evaluation.similarity import SimilarityResult, evaluate_similarity
from coterie.evaluation.similarity_sets import SimilaritySet, read_similarity
from coterie.evaluation.tables import Table

__all__ = [
    "AnalogyQuestion",
    "AnalogyResult",
    "AnalogyScore",
    "AnalogySection",
    "AnalogySet",
    "SimilarityResult",
    "SimilaritySet",
    "Table",
    "evaluate_analogies",
    "evaluate_similarity",
    "read_analogies",
    "read_similarity",
]
