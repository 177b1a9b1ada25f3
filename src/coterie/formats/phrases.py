"""Phrases as JSON lines: a header with the settings, then a line for each phrase.

The header tells ``format``, ``format_version``, the number of ``phrases`` that follow, and what a
:class:`~coterie.phrases.PhraseModel` was learned with. A phrase has its ``pass`` (0: known beforehand), its
``words``, ``count`` and ``score`` (null where it was known).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from coterie.config.checks import is_finite
from coterie.errors import FormatError
from coterie.formats.files import reading
from coterie.formats.json_text import parse_json

__all__ = ["FORMAT_VERSION", "Row", "read_phrases", "write_phrases"]

FORMAT_VERSION = 1
"""Goes up when a file can no longer be read by an earlier Coterie."""

Row = tuple[int, tuple[str, ...], int, float | None]
"""Pass, words, count, score."""

_FORMAT = "coterie phrases"
_MOST_PASSES = 1_000  # they are learned in ten at most; a header that announces more is damaged
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def write_phrases(file: BinaryIO, header: Mapping[str, Any], rows: Iterable[Row]) -> None:
    """Write a header and its phrases to an open binary file.

    Parameters
    ----------
    file
        Open for writing.
    header
        JSON-ready settings.
    rows
        The phrases, pass by pass.
    """
    lines = [
        {"pass": number, "words": list(words), "count": count, "score": score}
        for number, words, count, score in rows
    ]
    first = {"format": _FORMAT, "format_version": FORMAT_VERSION, "phrases": len(lines), **header}
    for line in (first, *lines):
        try:
            file.write(_JSON.encode(line).encode() + b"\n")
        except ValueError as error:  # half of a surrogate pair, or infinity among the facts
            raise FormatError(
                f"{line} is not Unicode text with finite numbers and can't be saved."
            ) from error


def read_phrases(path: str | os.PathLike[str]) -> tuple[dict[str, Any], list[Row]]:
    """Read the header and the phrases of a file.

    Raises
    ------
    FormatError
        With the line at which the file is none of these, is damaged or ends too early, or when a newer
        Coterie wrote it.
    ResourceError
        The system refuses.
    """
    name = os.fspath(path)
    with reading(path) as file:
        lines = _objects(file.read(), name)
        header = next(lines, None)
        if header is None or header.get("format") != _FORMAT:
            raise FormatError(
                f"{name}, line 1: no phrases of Coterie's; `coterie phrases` writes such a file."
            )
        _check_header(header, name)
        rows: list[Row] = []
        seen: set[tuple[int, tuple[str, ...]]] = set()
        for number, line in enumerate(lines, 2):
            row = _row(line, rows[-1][0] if rows else 0, header["passes"], f"{name}, line {number:,}")
            if row[:2] in seen:
                raise FormatError(f"{name}, line {number:,}: the phrase {' '.join(row[1])!r} is there twice.")
            seen.add(row[:2])
            rows.append(row)
    if len(rows) != header["phrases"]:
        raise FormatError(
            f"{name}, line {len(rows) + 2:,}: the file ends after {len(rows):,} phrases, and "
            f"{header['phrases']:,} were written. Copy it again."
        )
    return header, rows


def _objects(content: bytes, name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(content.removesuffix(b"\n").split(b"\n") if content else (), 1):
        try:
            value = parse_json(line)
        except ValueError as error:
            raise FormatError(f"{name}, line {number:,}: no JSON ({error}).") from error
        if not isinstance(value, dict):
            raise FormatError(f"{name}, line {number:,}: expected a JSON object, found {str(value)[:60]}.")
        yield value


def _check_header(header: Mapping[str, Any], name: str) -> None:
    version: Any = header.get("format_version")
    if not _whole(version, 1):
        raise FormatError(f"{name}, line 1: format_version is {version!r}, expected {FORMAT_VERSION}.")
    if version > FORMAT_VERSION:
        raise FormatError(
            f"{name} has format version {version}; this Coterie reads up to {FORMAT_VERSION}. "
            "Upgrade it: pip install --upgrade coterie."
        )
    for key in ("phrases", "passes"):
        if not _whole(header.get(key), 0):
            raise FormatError(f"{name}, line 1: {key} is {header.get(key)!r}, expected their number.")
    if header["passes"] > _MOST_PASSES:
        raise FormatError(f"{name}, line 1: passes is {header['passes']:,}, expected a few.")


def _row(line: Mapping[str, Any], before: int, passes: int, where: str) -> Row:
    number: Any = line.get("pass")
    words: Any = line.get("words")
    count: Any = line.get("count")
    score: Any = line.get("score")
    if not _whole(number, before) or number >= passes:
        raise FormatError(f"{where}: pass is {number!r}; expected {before} to {passes - 1}.")
    if not isinstance(words, list) or len(words) < 2 or not all(isinstance(w, str) and w for w in words):
        raise FormatError(f"{where}: words is {words!r}; expected two words or more.")
    if not _whole(count, 0):
        raise FormatError(f"{where}: count is {count!r}; expected a whole number.")
    if score is not None and not is_finite(score):
        raise FormatError(f"{where}: score is {score!r}; expected a number or null.")
    return number, tuple(words), count, None if score is None else float(score)


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
