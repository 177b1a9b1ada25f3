"""Word vectors judged as the tables need it: Google's analogies and Spearman's ρ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.evaluation import evaluate_analogies, evaluate_similarity, read_analogies, read_similarity
from coterie.vectors import WordVectors

__all__ = ["ask_analogies", "ask_similarity", "judge"]

_CANDIDATES = 30_000  # the first words, as word2vec's own script has it


def judge(folder: Path, words: Sequence[str], matrix: NDArray[np.float32]) -> dict[str, Any]:
    """Return the shares of right answers and the rank correlations, by the files that the folder has."""
    figures = ask_analogies(folder / "questions-words.txt", words, matrix)
    for name in ("wordsim353", "simlex999"):
        if (path := folder / f"{name}.tsv").is_file():
            figures[name] = ask_similarity(path, words, matrix)
    return figures


def ask_analogies(path: Path, words: Sequence[str], matrix: NDArray[np.float32]) -> dict[str, Any]:
    """Return the share of right answers to semantic, syntactic and all questions, and how many were asked."""
    result = evaluate_analogies(WordVectors(words, matrix), read_analogies(path), restrict_vocab=_CANDIDATES)
    figures: dict[str, Any] = {}
    for score in (result.semantic, result.syntactic, result.total):
        figures[f"{score.name}_asked"] = score.asked
        figures[score.name] = score.accuracy if score.asked else None
    return figures


def ask_similarity(path: Path, words: Sequence[str], matrix: NDArray[np.float32]) -> float | None:
    """Return ρ over the pairs whose words are known, if there is one."""
    told = evaluate_similarity(WordVectors(words, matrix), read_similarity(path)).to_dict()["spearman"]
    return None if told is None else float(told)
