"""Word pairs with people's scores, from the many forms of files in which they are passed around."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coterie.errors import ConfigError, FormatError
from coterie.evaluation.set_files import find_set, lines_of

__all__ = ["SimilaritySet", "read_similarity"]

_Line = tuple[int, list[str]]


@dataclass(frozen=True)
class SimilaritySet:
    """Pairs of words and how alike people find them, in any unit."""

    name: str
    pairs: tuple[tuple[str, str], ...]
    scores: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.pairs)


def read_similarity(path: str | os.PathLike[str], *, score_column: int | str | None = None) -> SimilaritySet:
    r"""Read word pairs and their scores.

    Parameters
    ----------
    path
        Lines of two words and a score, and perhaps more: separated by tabs, commas, semicolons or
        blanks; quoted fields are understood; a header is seen from its missing number; lines that begin
        with ``#`` are comments. ``gensim:wordsim353.tsv`` is the file in an installed gensim's test data.
    score_column
        The score's place, counted from 1, or its name in the header; by default the first column of
        numbers after the two words.

    Raises
    ------
    FormatError
        Nothing is there, or a line has no score; the message names file and line.
    ConfigError
        There is no such column.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "pairs.csv")
    ...     _ = file.write_text("word1,word2,tag,mean\nold,new,A,1.58\n")
    ...     read_similarity(file)
    SimilaritySet(name='pairs.csv', pairs=(('old', 'new'),), scores=(1.58,))
    """
    place = find_set(path)
    lines = _fields(place)
    column = _column(place, lines, score_column)
    first = lines[0][1]
    if len(first) <= column or _number(first[column]) is None:
        lines = lines[1:]  # the header
    pairs, scores = [], []
    for number, fields in lines:
        score = _number(fields[column]) if len(fields) > column else None
        if score is None or not fields[0] or not fields[1]:
            raise FormatError(
                f"{place}, line {number}: expected two words and, in column {column + 1}, a finite number; "
                f"found {fields}."
            )
        pairs.append((fields[0], fields[1]))
        scores.append(score)
    if not pairs:
        raise FormatError(f"{place} holds no pairs; a line is two words and a score.")
    return SimilaritySet(place.name, tuple(pairs), tuple(scores))


def _fields(path: Path) -> list[_Line]:
    """Return the fields of every line that is no comment."""
    lines = [(number, line) for number, line in lines_of(path) if not line.startswith("#")]
    if not lines:
        raise FormatError(f"{path} holds no pairs; a line is two words and a score.")
    number, line = lines[0]
    for split in (_by_tabs, _quoted(","), _quoted(";"), str.split):
        try:
            if len(split(line)) >= 3:
                return [(number, _split(path, number, line, split)) for number, line in lines]
        except csv.Error:
            continue
    raise FormatError(
        f"{path}, line {number}: expected two words and a score, with tabs, commas, semicolons or blanks "
        f"between, found {line[:80]!r}."
    )


def _split(path: Path, number: int, line: str, split: Callable[[str], list[str]]) -> list[str]:
    try:
        fields = split(line)
    except csv.Error as error:
        raise FormatError(f"{path}, line {number}: broken quotes ({error}) in {line[:80]!r}.") from None
    if len(fields) < 3:
        raise FormatError(f"{path}, line {number}: expected two words and a score, found {line[:80]!r}.")
    return [field.strip() for field in fields]


def _by_tabs(line: str) -> list[str]:
    # A tab never stands inside a field, so a lone quotation mark is a word.
    fields = line.split("\t")
    return [f[1:-1] if len(f) > 2 and f[0] == f[-1] == '"' else f for f in fields]


def _quoted(delimiter: str) -> Callable[[str], list[str]]:
    def split(line: str) -> list[str]:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))

    return split


def _column(path: Path, lines: list[_Line], wanted: int | str | None) -> int:
    header = lines[0][1]
    if isinstance(wanted, str):
        if wanted not in header[2:]:
            raise ConfigError(f"score_column is {wanted!r}; the first line of {path} has {header[2:]}.")
        return header.index(wanted, 2)
    if wanted is not None:
        if not 3 <= wanted <= len(header):
            raise ConfigError(
                f"score_column is {wanted}; after the two words {path} has the columns 3 to {len(header)}."
            )
        return wanted - 1
    # The first line may be a header, so the second tells.
    number, fields = lines[min(1, len(lines) - 1)]
    for column in range(2, len(fields)):
        if _number(fields[column]) is not None:
            return column
    raise FormatError(
        f"{path}, line {number}: expected two words and a score, found no number in {fields[2:]}."
    )


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
