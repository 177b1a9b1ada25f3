"""Analogies and word similarity, asked as gensim's KeyedVectors asks them and answered by Coterie."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np

from coterie.compat.gensim.lifecycle import LOGGER
from coterie.compat.gensim.refusals import refuse_unless
from coterie.compat.gensim.similarities import Similarities
from coterie.errors import ConfigError
from coterie.vectors import WordVectors

__all__ = ["Correlation", "Judgement"]

_METHODS = {"most_similar": "3cosadd", "most_similar_cosmul": "3cosmul"}
_DELIMITERS = ("\t", ",", ";", " ", None)


class Correlation(NamedTuple):
    """A correlation and its two-sided p-value."""

    statistic: float
    pvalue: float

    @property
    def correlation(self) -> float:
        """The statistic, by the name that SciPy's Spearman has for it."""
        return self.statistic


class Judgement(Similarities):
    """Evaluation against test sets."""

    def as_word_vectors(self) -> WordVectors:
        """Return the same words as :class:`coterie.WordVectors`; the matrix is shared where it is float32.

        Raises
        ------
        FormatError, ConfigError
            A key is no string, or rows are reserved and not filled.
        """
        if not all(isinstance(key, str) for key in self.index_to_key):
            raise ConfigError(
                "some keys are no strings, or rows are not filled yet; WordVectors needs words."
            )
        counts = self.expandos.get("count")
        return WordVectors(list(self.index_to_key), self._float32(), counts)

    def evaluate_word_analogies(
        self,
        analogies: str | os.PathLike[str],
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[dict[str, Any]]]:
        """Ask analogy questions, as blocked matrix products.

        Parameters
        ----------
        analogies
            A file that :func:`coterie.evaluation.read_analogies` reads; Google's form is one.
        restrict_vocab
            Only so many of the first words are known.
        case_insensitive
            Compare words in capitals.
        dummy4unknown
            Count questions with unknown words as wrong, instead of not asking them.
        similarity_function
            ``"most_similar"`` or ``"most_similar_cosmul"`` (gensim takes the first whatever is given).

        Returns
        -------
        score, sections
            The share of right answers, and for each section and ``"Total accuracy"`` a dictionary with its
            name as ``section`` and the questions as tuples of four words in ``correct`` and ``incorrect``.
        """
        from coterie.evaluation import evaluate_analogies, read_analogies

        if similarity_function not in _METHODS:
            raise ConfigError(
                f"similarity_function is {similarity_function!r}; choose one of {', '.join(_METHODS)}."
            )
        questions = read_analogies(analogies)
        result = evaluate_analogies(
            self.as_word_vectors(),
            questions,
            method="3cosmul" if _METHODS[similarity_function] == "3cosmul" else "3cosadd",
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
        )
        outcomes = iter(result.outcomes.tolist())
        sections = []
        for section in questions.sections:
            told: dict[str, Any] = {"section": section.name, "correct": [], "incorrect": []}
            for a, b, c, answers in section.questions:
                words = tuple(word.upper() if case_insensitive else word for word in (a, b, c, answers[0]))
                outcome = next(outcomes)
                if outcome >= 0:
                    told["correct" if outcome else "incorrect"].append(words)
            sections.append(told)
        sections.append(_together(sections))
        for told in sections:
            asked = len(told["correct"]) + len(told["incorrect"])
            LOGGER.info("%s: %d of %d right", told["section"], len(told["correct"]), asked)
        total = result.total
        return (total.correct / total.asked if total.asked else 0.0), sections

    def evaluate_word_pairs(
        self,
        pairs: str | os.PathLike[str],
        delimiter: str | None = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Correlation, Correlation, float]:
        """Correlate cosines with people's scores.

        Parameters
        ----------
        pairs
            A file that :func:`coterie.evaluation.read_similarity` reads: two words and a score a line.
        delimiter
            Tab, comma, semicolon or blank; which of them it is is seen from the file.
        encoding
            UTF-8.
        restrict_vocab
            Only so many of the first words are known.
        case_insensitive
            Compare words in capitals.
        dummy4unknown
            Count pairs with unknown words, with a cosine of 0, instead of leaving them out.

        Returns
        -------
        pearson, spearman, oov_ratio
            Both as (statistic, p-value), and the percentage of pairs with an unknown word.

        Raises
        ------
        ConfigError
            No pair of the file is known (a ``ValueError``).
        """
        from coterie.evaluation import evaluate_similarity, read_similarity

        if delimiter not in _DELIMITERS:
            raise ConfigError(f"delimiter is {delimiter!r}; it must be a tab, comma, semicolon or blank.")
        refuse_unless("encoding", encoding.lower().replace("-", ""), "utf8", "Files are read as UTF-8.")
        judgements = read_similarity(pairs)
        result = evaluate_similarity(
            self.as_word_vectors(),
            judgements,
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
        )
        if not result.pairs:
            raise ConfigError(f"no pair of {os.fspath(pairs)} has both its words in the vocabulary.")
        unknown = 100 * result.out_of_vocabulary / len(judgements)
        LOGGER.info(
            "%s: Pearson %.4f, Spearman %.4f, %.1f%% of the pairs unknown",
            os.fspath(pairs),
            result.pearson,
            result.spearman,
            unknown,
        )
        pearson = Correlation(result.pearson, result.pearson_p)
        return pearson, Correlation(result.spearman, result.spearman_p), float(np.float64(unknown))


def _together(sections: list[dict[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {"section": "Total accuracy"}
    for kind in ("correct", "incorrect"):
        total[kind] = [words for section in sections for words in section[kind]]
    return total
