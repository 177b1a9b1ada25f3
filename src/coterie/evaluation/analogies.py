"""Analogy questions asked of word vectors: what is right, wrong, or cannot be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError
from coterie.evaluation.names import Names
from coterie.evaluation.question_sets import AnalogySet, Kind
from coterie.evaluation.solving import Method, best_answers
from coterie.vectors import WordVectors

__all__ = ["AnalogyResult", "AnalogyScore", "evaluate_analogies"]


@dataclass(frozen=True)
class AnalogyScore:
    """How many questions were asked and answered right.

    ``out_of_vocabulary`` counts those with an unknown word: they are not asked, or with
    ``dummy4unknown`` asked and wrong.
    """

    name: str
    kind: Kind | None
    correct: int
    asked: int
    out_of_vocabulary: int

    @property
    def accuracy(self) -> float:
        """The share of right answers, NaN when nothing was asked."""
        return self.correct / self.asked if self.asked else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "accuracy": self.accuracy if self.asked else None,
            "correct": self.correct,
            "asked": self.asked,
            "out_of_vocabulary": self.out_of_vocabulary,
        }


@dataclass(frozen=True)
class AnalogyResult:
    """What :func:`evaluate_analogies` found.

    ``outcomes`` has a number for each question in the order of ``questions``: 1 right, 0 wrong, −1 not asked.
    """

    method: Method
    restrict_vocab: int | None
    case_insensitive: bool
    dummy4unknown: bool
    sections: tuple[AnalogyScore, ...]
    questions: AnalogySet = field(repr=False, compare=False)
    outcomes: NDArray[np.int8] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The name of the set of questions."""
        return self.questions.name

    @cached_property
    def total(self) -> AnalogyScore:
        """All questions; every question counts the same, so large sections count more."""
        return _together("total", None, self.sections)

    @cached_property
    def semantic(self) -> AnalogyScore:
        """The questions of the semantic sections."""
        return _together("semantic", "semantic", self.sections)

    @cached_property
    def syntactic(self) -> AnalogyScore:
        """The questions of the syntactic sections."""
        return _together("syntactic", "syntactic", self.sections)

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON, without the single outcomes."""
        return {
            "name": self.name,
            "method": self.method,
            "restrict_vocab": self.restrict_vocab,
            "case_insensitive": self.case_insensitive,
            "dummy4unknown": self.dummy4unknown,
            "total": self.total.to_dict(),
            "semantic": self.semantic.to_dict(),
            "syntactic": self.syntactic.to_dict(),
            "sections": [section.to_dict() for section in self.sections],
        }


def _together(name: str, kind: Kind | None, sections: Sequence[AnalogyScore]) -> AnalogyScore:
    chosen = [section for section in sections if kind is None or section.kind == kind]
    return AnalogyScore(
        name,
        kind,
        sum(section.correct for section in chosen),
        sum(section.asked for section in chosen),
        sum(section.out_of_vocabulary for section in chosen),
    )


def evaluate_analogies(
    vectors: WordVectors,
    questions: AnalogySet,
    *,
    method: Method = "3cosadd",
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> AnalogyResult:
    """Ask analogy questions: which word is to c as b is to a.

    The answers are those of gensim's ``evaluate_word_analogies``; whole sets take seconds, because they are
    asked as a few large matrix products.

    Parameters
    ----------
    vectors
        Words, the most frequent first, and their vectors.
    questions
        As :func:`read_analogies` gives them.
    method
        ``"3cosadd"``, the nearest word to b − a + c by cosine, or ``"3cosmul"``, the best product of
        cosines (Levy and Goldberg 2014, https://aclanthology.org/W14-1618).
    restrict_vocab
        Only so many of the first words are known, as words of questions and as answers; ``None`` is all.
    case_insensitive
        Compare words in capitals; of several words that are then the same, the first is meant.
    dummy4unknown
        Count questions with unknown words as wrong, instead of not asking them.

    Returns
    -------
    AnalogyResult
        Per section, semantic, syntactic and in total.

    Raises
    ------
    ConfigError
        An option out of range, or questions that were not read.

    Examples
    --------
    >>> from coterie.evaluation import AnalogyQuestion, AnalogySection, AnalogySet
    >>> matrix = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1], [-1, 0, 0]], dtype=np.float32)
    >>> vectors = WordVectors(["king", "queen", "man", "woman", "ship"], matrix)
    >>> asked = AnalogyQuestion("man", "king", "woman", ("queen",))
    >>> unknown = AnalogyQuestion("ox", "oxen", "ship", ("ships",))
    >>> result = evaluate_analogies(vectors, AnalogySet("two", (AnalogySection("all", (asked, unknown)),)))
    >>> result.total
    AnalogyScore(name='total', kind=None, correct=1, asked=1, out_of_vocabulary=1)
    """
    if not isinstance(questions, AnalogySet):
        raise ConfigError(f"questions is {questions!r}; read the file first: read_analogies({questions!r}).")
    if method not in get_args(Method):
        raise ConfigError(f"method is {method!r}; it must be one of {', '.join(get_args(Method))}.")
    names = Names(vectors, restrict_vocab, case_insensitive=case_insensitive)
    known, wanted, asked = _rows(names, questions)
    answers = best_answers(vectors, names, known, method).tolist()
    outcomes = np.full(len(asked), 0 if dummy4unknown else -1, dtype=np.int8)
    outcomes[asked] = [answer in right for answer, right in zip(answers, wanted, strict=True)]
    ends = np.cumsum([len(section.questions) for section in questions.sections]).tolist()
    scores = tuple(
        AnalogyScore(
            section.name,
            section.kind,
            int((outcomes[start:end] == 1).sum()),
            int((outcomes[start:end] >= 0).sum()),
            int((~asked[start:end]).sum()),
        )
        for section, (start, end) in zip(questions.sections, pairwise([0, *ends]), strict=True)
    )
    return AnalogyResult(method, restrict_vocab, case_insensitive, dummy4unknown, scores, questions, outcomes)


def _rows(
    names: Names, questions: AnalogySet
) -> tuple[NDArray[np.int64], list[tuple[int, ...]], NDArray[np.bool_]]:
    """Return the rows a, b, c of the questions that can be asked, their answers' rows, and which they are."""
    known, wanted = [], []
    asked = np.zeros(len(questions), dtype=np.bool_)
    for number, (a, b, c, answers) in enumerate(questions):
        rows = [names.row(word) for word in (a, b, c)]
        right = tuple(row for row in map(names.row, answers) if row is not None)
        if right and None not in rows:
            asked[number] = True
            known.append(rows)
            wanted.append(right)
    return np.array(known, dtype=np.int64).reshape(-1, 3), wanted, asked
