"""Checks of vectors that need no test set: stability, isotropy, hubness, norms, and words to look at."""

from __future__ import annotations

from coterie.evaluation.intrinsic.checks import IntrinsicChecks, intrinsic_checks
from coterie.evaluation.intrinsic.hubness import Hub, Hubness, hubness
from coterie.evaluation.intrinsic.isotropy import Isotropy, isotropy
from coterie.evaluation.intrinsic.norms import NormBand, NormsAgainstFrequency, norms_against_frequency
from coterie.evaluation.intrinsic.odd import OddPair, OddWord, OddWords, odd_words
from coterie.evaluation.intrinsic.stability import Stability, StabilityBand, UnstableWord, neighbour_stability
from coterie.evaluation.intrinsic.tokens import OddTokens

__all__ = [
    "Hub",
    "Hubness",
    "IntrinsicChecks",
    "Isotropy",
    "NormBand",
    "NormsAgainstFrequency",
    "OddPair",
    "OddTokens",
    "OddWord",
    "OddWords",
    "Stability",
    "StabilityBand",
    "UnstableWord",
    "hubness",
    "intrinsic_checks",
    "isotropy",
    "neighbour_stability",
    "norms_against_frequency",
    "odd_words",
]
