"""One number for word vectors from one test set, for a training that looks how it is doing."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

from coterie.errors import CorpusError, FormatError
from coterie.evaluation.analogies import evaluate_analogies
from coterie.evaluation.question_sets import AnalogySet, read_analogies
from coterie.evaluation.similarity import evaluate_similarity
from coterie.evaluation.similarity_sets import SimilaritySet, read_similarity
from coterie.vectors import WordVectors

__all__ = ["score_on"]


def score_on(path: str | os.PathLike[str]) -> Callable[[WordVectors], float]:
    """Return what rates word vectors on a file: the part of analogies that is right, or Spearman's ρ.

    Parameters
    ----------
    path
        As :func:`~coterie.evaluation.read_similarity` or :func:`~coterie.evaluation.read_analogies` takes it.

    Raises
    ------
    FormatError
        It is neither. (What is returned raises CorpusError for vectors without any of the file's words.)
    """
    test = _read(path)

    def score(vectors: WordVectors) -> float:
        if isinstance(test, SimilaritySet):
            value = evaluate_similarity(vectors, test).spearman
        else:
            value = evaluate_analogies(vectors, test).total.accuracy
        if math.isnan(value):
            raise CorpusError(
                f"{os.fspath(path)}: the vocabulary has the words of too few of its lines for a score; "
                "choose another file, or leave evaluate_on out."
            )
        return float(value)

    return score


def _read(path: str | os.PathLike[str]) -> SimilaritySet | AnalogySet:
    if not Path(path).is_dir():
        try:
            return read_similarity(path)
        except FormatError:
            pass  # no pairs with a score: questions, or the error of those
    return read_analogies(path)
