"""Known phrases from a file: one phrase a line."""

from __future__ import annotations

import os
from pathlib import Path

from coterie.corpus.line_file import read_lines
from coterie.errors import FormatError

__all__ = ["read_phrase_file"]


def read_phrase_file(path: str | os.PathLike[str]) -> list[tuple[str, ...]]:
    """Read phrases, one a line with blanks between the words.

    Empty lines are passed over; there are no comments (``#`` may be a word).

    Returns
    -------
    list of tuple of str
        The words of each phrase, in the file's order, each phrase once.

    Raises
    ------
    FormatError
        If a line is one word, the file is no UTF-8, or holds no phrase.
    """
    path = Path(path)
    phrases: dict[tuple[str, ...], None] = {}
    for number, line in enumerate(read_lines(path, "the known phrases"), 1):
        words = tuple(line.split())
        if len(words) == 1:
            raise FormatError(
                f"{path}, line {number:,}: {words[0][:60]!r} is one word; a phrase has two or more."
            )
        if words:
            phrases[words] = None
    if not phrases:
        raise FormatError(f"{path}: no phrases in it; write one a line, with blanks between the words.")
    return list(phrases)
