"""How good saved vectors are, whoever made them: Google's analogies and two lists of word pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.objectives.analogies import accuracies, ask_analogies
from benchmarks.objectives.similarity import ask_similarities
from benchmarks.peers.adapter import Vectors

__all__ = ["CANDIDATES", "judge"]

CANDIDATES = 30_000  # words that answers are looked for among


def judge(vectors: Vectors, folder: Path) -> dict[str, Any]:
    """Return the shares of right answers and the rank correlations."""
    words, matrix = list(vectors.words), vectors.matrix
    result = accuracies(ask_analogies(folder / "questions-words.txt", words, matrix, CANDIDATES))
    for name in ("wordsim353", "simlex999"):
        if (path := folder / f"{name}.tsv").is_file():
            result[name] = ask_similarities(path, words, matrix)
    return result
