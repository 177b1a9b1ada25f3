"""A vocabulary from a file: one word a line, with or without its count."""

from __future__ import annotations

import os
from pathlib import Path

from coterie.corpus.line_file import read_lines
from coterie.errors import FormatError

__all__ = ["read_vocabulary_file"]


def read_vocabulary_file(path: str | os.PathLike[str]) -> list[str]:
    """Read words, one a line; a count may follow after a tab or spaces, and is not used.

    Empty lines are passed over; there are no comments (``#`` may be a word). This reads the output of
    word2vec.c's ``-save-vocab`` and of ``sort | uniq -c`` turned around.

    Returns
    -------
    list of str
        The words in the file's order, each once.

    Raises
    ------
    FormatError
        If a line holds more than a word and a count, the file is no UTF-8, or holds no word.
    """
    path = Path(path)
    words: dict[str, None] = {}
    for number, line in enumerate(read_lines(path, "the vocabulary"), 1):
        fields = line.split("\t") if "\t" in line else line.split()
        fields = [field.strip() for field in fields]
        if len(fields) > 2 or (len(fields) == 2 and not fields[1].isdecimal()):
            shown = line.strip()[:60]
            raise FormatError(
                f"{path}, line {number:,}: {shown!r}; expected a word, or a word and its count."
            )
        if fields and fields[0]:
            words[fields[0]] = None
    if not words:
        raise FormatError(f"{path}: no words in it; write one word a line.")
    return list(words)
