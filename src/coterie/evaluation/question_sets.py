"""Analogy questions and the three forms of files that hold them: Google's, MSR's and BATS's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.evaluation.set_files import find_set, lines_of

__all__ = ["AnalogyQuestion", "AnalogySection", "AnalogySet", "Kind", "read_analogies"]

Kind = Literal["semantic", "syntactic"]

# Of a file in BATS's form, which has 50: n lines make n(n − 1) questions, a million and some 100 MB.
_MOST_LINES = 1_000


class AnalogyQuestion(NamedTuple):
    """*a is to b as c is to …*, and the answers that count as right."""

    a: str
    b: str
    c: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class AnalogySection:
    """Questions about one relation; ``kind`` is ``None`` where the file does not tell."""

    name: str
    questions: tuple[AnalogyQuestion, ...]
    kind: Kind | None = None


@dataclass(frozen=True)
class AnalogySet:
    """A file or a folder of questions, in its order.

    Examples
    --------
    >>> questions = (AnalogyQuestion("man", "king", "woman", ("queen",)),)
    >>> len(AnalogySet("royals", (AnalogySection("family", questions, "semantic"),)))
    1
    """

    name: str
    sections: tuple[AnalogySection, ...]

    def __len__(self) -> int:
        return sum(len(section.questions) for section in self.sections)

    def __iter__(self) -> Iterator[AnalogyQuestion]:
        for section in self.sections:
            yield from section.questions

    @cached_property
    def word_pairs(self) -> tuple[NDArray[np.int64], ...]:
        """For each section the two word pairs of every question, as numbers from 0, shape ``(questions, 2)``.

        A question asks whether the pair (c, answer) is related as the pair (a, b) is; most files ask every
        two pairs of a section. A pair has the same number wherever it is.
        """
        numbers: dict[tuple[str, str], int] = {}

        def number(one: str, other: str) -> int:
            return numbers.setdefault((one, other), len(numbers))

        return tuple(
            np.array(
                [(number(q.a, q.b), number(q.c, q.answers[0])) for q in section.questions], dtype=np.int64
            ).reshape(-1, 2)
            for section in self.sections
        )


def read_analogies(path: str | os.PathLike[str]) -> AnalogySet:
    r"""Read analogy questions; the form is seen from the file.

    Parameters
    ----------
    path
        A file with ``: section`` lines and four words a line (Google's form; a section whose name starts with
        ``gram`` is syntactic, any other semantic); a file of four words a line without sections (MSR's
        form; with a tag before the fourth word the tags are the sections; a file ``NAME.questions`` of three
        words a line is read with ``NAME.answers`` beside it, tag and answer a line); or a folder
        of files with a word and its answers a line, ``word<TAB>answer/answer`` (BATS's form: every
        two lines of a file make two questions; the first answer of the one line is given, any of the
        other is right; kinds are told by *morphology* and *semantics* in the names of the folders).
        ``gensim:questions-words.txt`` is the file in an installed gensim's test data.

    Raises
    ------
    FormatError
        Nothing is there, or a line is something else; the message names file and line.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "royals.txt")
    ...     _ = file.write_text(": family\nman king woman queen\n")
    ...     read_analogies(file).sections[0].questions[0]
    AnalogyQuestion(a='man', b='king', c='woman', answers=('queen',))
    """
    place = find_set(path)
    if place.is_dir():
        return AnalogySet(place.name, _bats(place))
    sections = _with_sections(place) if _has_sections(place) else _without_sections(place)
    if not any(section.questions for section in sections):
        raise FormatError(f"{place} holds no questions; a question is a line of four words.")
    return AnalogySet(place.name, sections)


def _has_sections(path: Path) -> bool:
    return any(line.startswith(":") for _, line in lines_of(path))


def _with_sections(path: Path) -> tuple[AnalogySection, ...]:
    """Read Google's form."""
    found: list[tuple[str, list[AnalogyQuestion]]] = []
    for number, line in lines_of(path):
        if line.startswith(":"):
            found.append((line[1:].strip(), []))
            continue
        if not found:
            raise FormatError(
                f"{path}, line {number}: a question before the first section; begin with a line ': name'."
            )
        found[-1][1].append(_question(path, number, line))
    return tuple(
        AnalogySection(name, tuple(questions), "syntactic" if name.startswith("gram") else "semantic")
        for name, questions in found
    )


def _without_sections(path: Path) -> tuple[AnalogySection, ...]:
    """Read MSR's form: a section for each tag, or one."""
    found: dict[str | None, list[AnalogyQuestion]] = {}
    for number, line in _joined(path) if path.suffix == ".questions" else lines_of(path):
        fields = line.split()
        tag = fields.pop(3) if len(fields) == 5 else None
        found.setdefault(tag, []).append(_question(path, number, " ".join(fields)))
    # MSR's tags are parts of speech: its questions are all about grammar.
    return tuple(
        AnalogySection(tag or path.stem, tuple(questions), "syntactic" if tag else None)
        for tag, questions in found.items()
    )


def _joined(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each question with the line of the answers beside it."""
    beside = path.with_suffix(".answers")
    questions, answers = list(lines_of(path)), list(lines_of(beside))
    if len(questions) != len(answers):
        raise FormatError(
            f"{path} has {len(questions):,} questions, but {beside.name} {len(answers):,} answers; "
            f"they belong together line by line."
        )
    for (number, question), (_, answer) in zip(questions, answers, strict=True):
        yield number, f"{question} {answer}"


def _question(path: Path, number: int, line: str) -> AnalogyQuestion:
    words = line.split()
    if len(words) != 4:
        raise FormatError(
            f"{path}, line {number}: expected four words, found {len(words)} in {line[:80]!r}; "
            f"words of several parts are joined, as in New_York."
        )
    a, b, c, answer = words
    return AnalogyQuestion(a, b, c, (answer,))


def _bats(folder: Path) -> tuple[AnalogySection, ...]:
    """Read BATS's form: a file for each relation, in one folder or a folder for each kind."""
    files = sorted(
        path
        for path in folder.rglob("*.txt")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    sections = [_bats_section(folder, path) for path in files]
    if not any(section.questions for section in sections):
        raise FormatError(
            f"the folder {folder} holds no questions; the BATS form is files *.txt "
            f"of two or more lines 'word<TAB>answer/answer'."
        )
    return tuple(sections)


def _bats_section(folder: Path, path: Path) -> AnalogySection:
    lines = []
    for number, line in lines_of(path):
        line = line.strip()
        fields = line.split("\t") if "\t" in line else line.split()
        word, *others = (field.strip() for field in fields)
        answers = tuple(filter(None, (answer.strip() for answer in others[0].split("/")))) if others else ()
        if len(others) != 1 or not word or not answers:
            raise FormatError(
                f"{path}, line {number}: expected a word, a tab and its answers with / between, "
                f"found {line[:80]!r}."
            )
        lines.append((word, answers))
        if len(lines) > _MOST_LINES:
            raise FormatError(
                f"{path} has more than {_MOST_LINES:,} lines; any two make a question. Split the file."
            )
    questions = tuple(
        AnalogyQuestion(a, given[0], c, answers) for (a, given), (c, answers) in permutations(lines, 2)
    )
    place = "/".join(path.relative_to(folder.parent).parts).lower()
    kind: Kind | None = "syntactic" if "morpholog" in place else "semantic" if "semantic" in place else None
    return AnalogySection(path.stem, questions, kind)
