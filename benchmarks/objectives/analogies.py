"""The Google analogies (arXiv 1301.3781), asked in blocks: which word is to c as b is to a.

3CosAdd: the word whose vector has the highest cosine with b − a + c (unit vectors), the three words of the
question excepted, among the first words of the vocabulary. Letter case is ignored. gensim's evaluator counts
the same and takes minutes, because it asks one question at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Section", "accuracies", "ask_analogies"]

_BLOCK = 512  # questions whose scores are held at once: 60 MB with 30,000 words


@dataclass(frozen=True)
class Section:
    """One kind of question: how many were asked, because their words are known, and answered right."""

    name: str
    correct: int
    asked: int

    @property
    def syntactic(self) -> bool:
        """Whether the questions are about grammar, as the file's names of sections tell."""
        return self.name.startswith("gram")


def ask_analogies(
    path: Path, words: Sequence[str], matrix: NDArray[np.float32], most: int = 30_000
) -> list[Section]:
    """Ask the questions of a file among the first `most` words.

    Parameters
    ----------
    path
        Lines of four words; a line ``: name`` begins a section.
    words, matrix
        The words by falling frequency and their vectors, shape (V, D).
    most
        Candidates; questions with a word that is not among them are not asked.
    """
    names = [word.upper() for word in words[:most]]
    rows: dict[str, int] = {}
    first = np.array([rows.setdefault(name, row) for row, name in enumerate(names)])
    unit = _unit(np.asarray(matrix[:most], np.float32))
    sections = []
    for name, lines in _questions(path):
        known = [[rows[word] for word in line] for line in lines if all(word in rows for word in line)]
        asked = np.array(known, np.int64).reshape(-1, 4)
        right = sum(
            int((_answers(asked[i : i + _BLOCK, :3], unit, first) == asked[i : i + _BLOCK, 3]).sum())
            for i in range(0, len(asked), _BLOCK)
        )
        sections.append(Section(name, right, len(asked)))
    return sections


def accuracies(sections: Sequence[Section]) -> dict[str, Any]:
    """Return the share of right answers to semantic, syntactic and all questions, and how many were asked."""
    result: dict[str, Any] = {}
    for kind, chosen in (
        ("semantic", [section for section in sections if not section.syntactic]),
        ("syntactic", [section for section in sections if section.syntactic]),
        ("total", sections),
    ):
        asked = sum(section.asked for section in chosen)
        result[f"{kind}_asked"] = asked
        result[kind] = sum(section.correct for section in chosen) / asked if asked else None
    return result


def _questions(path: Path) -> list[tuple[str, list[list[str]]]]:
    sections: list[tuple[str, list[list[str]]]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith(":"):
            sections.append((line[1:].strip(), []))
        elif len(fields := line.upper().split()) == 4 and sections:
            sections[-1][1].append(fields)
        elif fields:
            raise ValueError(
                f"{path.name}, line {number}: expected four words below a line ': section', found {line!r}."
            )
    return sections


def _answers(
    questions: NDArray[np.int64], unit: NDArray[np.float32], first: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the answer to each question (a, b, c), as the first row of its name."""
    a, b, c = questions.T
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    every = np.arange(len(questions))
    scores[every[:, None], questions] = -np.inf
    while True:
        best = scores.argmax(axis=1)
        answers = first[best]
        # The same word in other letters.
        again = (answers[:, None] == questions).any(axis=1)
        if not again.any():
            return np.asarray(answers)
        scores[every[again], best[again]] = -np.inf


def _unit(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.maximum(lengths, np.finfo(np.float32).tiny))
