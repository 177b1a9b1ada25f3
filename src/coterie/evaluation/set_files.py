"""Files of test sets: their lines with numbers, and those that an installed gensim brings along."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from coterie.errors import FormatError
from coterie.formats.files import reading

__all__ = ["find_set", "lines_of"]

_GENSIM = "gensim:"


def find_set(name: str | os.PathLike[str]) -> Path:
    """Return the path of a test set: ``gensim:NAME`` is a file of the installed gensim's test data.

    Raises
    ------
    FormatError
        gensim is not installed, or has no such file.

    Examples
    --------
    >>> find_set("sets/questions-words.txt").name
    'questions-words.txt'
    """
    text = os.fspath(name)
    if not text.startswith(_GENSIM):
        return Path(text)
    found = importlib.util.find_spec("gensim")
    if found is None or found.origin is None:
        raise FormatError(f"{text}: gensim is not installed here; give the path of a file instead.")
    return Path(found.origin).parent / "test" / "test_data" / text.removeprefix(_GENSIM)


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers; ``.gz`` and the like are opened.

    Raises
    ------
    FormatError
        Nothing is there, a folder is there, or a line is not UTF-8.
    """
    if path.is_dir():
        raise FormatError(f"{path} is a folder; name a file in it.")
    with reading(path) as file:
        for number, raw in enumerate(file, 1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip(" \r\n")
            except UnicodeDecodeError as error:
                raise FormatError(
                    f"{path}, line {number}: not UTF-8 (byte {error.object[error.start]:#04x}); "
                    f"convert the file, as with iconv -t UTF-8."
                ) from None
            if line.strip():
                yield number, line
