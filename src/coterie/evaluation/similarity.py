"""Word similarity: do vectors find alike what people find alike."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError
from coterie.evaluation.names import Names
from coterie.evaluation.similarity_sets import SimilaritySet
from coterie.neighbours import unit
from coterie.vectors import WordVectors

__all__ = ["SimilarityResult", "evaluate_similarity"]


@dataclass(frozen=True)
class SimilarityResult:
    """What :func:`evaluate_similarity` found; correlations are NaN where they don't exist.

    ``pairs`` counts the pairs that the correlations are over, ``out_of_vocabulary`` those with an unknown
    word. ``cosines`` has a number for each pair of ``judgements``, NaN where a word is unknown.
    """

    spearman: float
    spearman_p: float
    pearson: float
    pearson_p: float
    pairs: int
    out_of_vocabulary: int
    restrict_vocab: int | None
    case_insensitive: bool
    dummy4unknown: bool
    judgements: SimilaritySet = field(repr=False, compare=False)
    cosines: NDArray[np.float64] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The name of the set."""
        return self.judgements.name

    @property
    def coverage(self) -> float:
        """The share of the set's pairs whose words are both known; NaN of an empty set."""
        pairs = len(self.judgements)
        return 1 - self.out_of_vocabulary / pairs if pairs else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON, without the single cosines."""
        names = ("spearman", "spearman_p", "pearson", "pearson_p", "pairs", "out_of_vocabulary")
        settings = ("coverage", "restrict_vocab", "case_insensitive", "dummy4unknown")
        values = {name: getattr(self, name) for name in ("name", *names, *settings)}
        return {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in values.items()
        }


def evaluate_similarity(
    vectors: WordVectors,
    judgements: SimilaritySet,
    *,
    restrict_vocab: int | None = None,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> SimilarityResult:
    """Correlate cosines with people's scores.

    Parameters
    ----------
    vectors
        Words, the most frequent first, and their vectors.
    judgements
        As :func:`read_similarity` gives them.
    restrict_vocab
        Only so many of the first words are known; ``None`` is all.
    case_insensitive
        Compare words in capitals; of several words that are then the same, the first is meant.
    dummy4unknown
        Count pairs with unknown words, with a cosine of 0, instead of leaving them out.

    Returns
    -------
    SimilarityResult
        Spearman's ρ (equal values share their mean rank) and Pearson's r with two-sided p-values, and how
        many pairs could be compared.

    Raises
    ------
    ConfigError
        An option out of range, or judgements that were not read.

    Examples
    --------
    >>> from coterie.evaluation import SimilaritySet
    >>> matrix = np.array([[4, 1], [4, 2], [3, 3], [-1, 2]], dtype=np.float32)
    >>> vectors = WordVectors(["ship", "boat", "sea", "gold"], matrix)
    >>> pairs = (("ship", "boat"), ("ship", "sea"), ("sea", "gold"), ("ship", "silver"))
    >>> result = evaluate_similarity(vectors, SimilaritySet("some", pairs, (9.0, 7.0, 1.0, 1.0)))
    >>> round(result.spearman, 2), result.pairs, result.out_of_vocabulary, result.coverage
    (1.0, 3, 1, 0.75)
    """
    if not isinstance(judgements, SimilaritySet):
        raise ConfigError(
            f"judgements is {judgements!r}; read the file first: read_similarity({judgements!r})."
        )
    names = Names(vectors, restrict_vocab, case_insensitive=case_insensitive)
    known = np.zeros(len(judgements), dtype=np.bool_)
    cosines = np.full(len(judgements), np.nan)
    for number, pair in enumerate(judgements.pairs):
        one, other = map(names.row, pair)
        if one is not None and other is not None:
            known[number] = True
            cosines[number] = _cosine(vectors, one, other)
    if dummy4unknown:
        cosines[~known] = 0
    used = ~np.isnan(cosines)
    gold = np.array(judgements.scores)[used]
    return SimilarityResult(
        *_correlations(gold, cosines[used]),
        pairs=int(used.sum()),
        out_of_vocabulary=int((~known).sum()),
        restrict_vocab=restrict_vocab,
        case_insensitive=case_insensitive,
        dummy4unknown=dummy4unknown,
        judgements=judgements,
        cosines=cosines,
    )


def _cosine(vectors: WordVectors, one: int, other: int) -> float:
    x, y = (unit(vectors.matrix[row], repr(vectors.words[row])) for row in (one, other))
    return float(x @ y)


def _correlations(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return Spearman's ρ, its p-value, Pearson's r and its p-value."""
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return (math.nan,) * 4
    from scipy import stats

    with warnings.catch_warnings():
        # Nearly constant cosines: the numbers are then as uncertain as their interval tells.
        warnings.simplefilter("ignore", stats.NearConstantInputWarning)
        spearman, pearson = stats.spearmanr(x, y), stats.pearsonr(x, y)
    return tuple(float(value) for value in (*spearman, *pearson))  # type: ignore[return-value]
