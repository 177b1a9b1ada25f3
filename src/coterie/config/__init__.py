"""Settings as frozen dataclasses, checked once where they are made; nothing else validates.

An option is named in an error as the user wrote it in Python (``min_count``); the command line's
spelling is the same with dashes (``--min-count``).
"""

from __future__ import annotations

from coterie.config.index import IndexConfig, IndexDtype
from coterie.config.phrases import PhraseConfig, PhraseScoring
from coterie.config.presets import PRESETS, Preset
from coterie.config.text import CorpusConfig, EncodingErrors, Lowercase, VocabularyConfig
from coterie.config.training import (
    Architecture,
    CbowGradient,
    Collisions,
    Kernel,
    NcePartition,
    NegativeSharing,
    ObjectiveName,
    OutputDtype,
    Subsampling,
    TrainingConfig,
)

__all__ = [
    "PRESETS",
    "Architecture",
    "CbowGradient",
    "Collisions",
    "CorpusConfig",
    "EncodingErrors",
    "IndexConfig",
    "IndexDtype",
    "Kernel",
    "Lowercase",
    "NcePartition",
    "NegativeSharing",
    "ObjectiveName",
    "OutputDtype",
    "PhraseConfig",
    "PhraseScoring",
    "Preset",
    "Subsampling",
    "TrainingConfig",
    "VocabularyConfig",
]
