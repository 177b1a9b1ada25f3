"""Known phrases from a file: one phrase a line."""

from __future__ import annotations

import os
from pathlib import Path

from coterie.errors import FormatError, ResourceError

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
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise FormatError(f"{path}: no such file (the known phrases).") from None
    except OSError as error:
        raise ResourceError(f"{path}: cannot be read ({error.strerror}).") from error
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        bad = data.count(b"\n", 0, error.start) + 1
        raise FormatError(f"{path}, line {bad:,}: not UTF-8; save the phrases as UTF-8.") from None
    phrases: dict[tuple[str, ...], None] = {}
    for number, line in enumerate(lines, 1):
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
