"""Texts that are tokenised already, a sentence a line: gensim's LineSentence, PathLineSentences, Text8Corpus.

Given to :class:`~coterie.compat.gensim.Word2Vec` they are not gone through in Python: it reads their files.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from coterie.compat.gensim.refusals import NotSentencesError
from coterie.errors import ConfigError
from coterie.formats.files import reading

__all__ = ["LineSentence", "PathLineSentences", "Text8Corpus", "files_of"]

_LONGEST = 10_000
_CHUNK = 1 << 16


class LineSentence:
    r"""Sentences of a text: one a line, words separated by white space.

    Parameters
    ----------
    source
        A path, whose name may end in ``.gz .bz2 .xz .zst``, or an open file that can seek.
    max_sentence_length
        Longer lines are handed out in pieces. (A training on the file takes every line whole.)
    limit
        So many of the first lines, all by default.

    Examples
    --------
    >>> import io
    >>> list(LineSentence(io.BytesIO(b"a ship in the sea\ngold\n"), max_sentence_length=3))
    [['a', 'ship', 'in'], ['the', 'sea'], ['gold']]
    """

    def __init__(self, source: Any, max_sentence_length: int = _LONGEST, limit: int | None = None) -> None:
        if max_sentence_length < 1:
            raise ConfigError(f"max_sentence_length is {max_sentence_length}; it must be at least 1.")
        self.source = source
        self.max_sentence_length = max_sentence_length
        self.limit = limit

    def __iter__(self) -> Iterator[list[str]]:
        if isinstance(self.source, str | os.PathLike):
            with reading(self.source) as file:
                yield from self._pieces(file)
        elif hasattr(self.source, "seek"):
            self.source.seek(0)
            yield from self._pieces(self.source)
        else:
            raise NotSentencesError(
                f"source is {type(self.source).__name__}; give a path, or an open file that can seek."
            )

    def _pieces(self, lines: Iterable[Any]) -> Iterator[list[str]]:
        for line in itertools.islice(lines, self.limit):
            words = (line.decode() if isinstance(line, bytes) else line).split()
            for start in range(0, len(words), self.max_sentence_length):
                yield words[start : start + self.max_sentence_length]


class PathLineSentences:
    """The sentences of all files of a folder, by name, each as :class:`LineSentence` has them.

    Parameters
    ----------
    source
        A folder, not searched deeper, or a file.
    max_sentence_length, limit
        As for :class:`LineSentence`; ``limit`` holds for each file.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        max_sentence_length: int = _LONGEST,
        limit: int | None = None,
    ) -> None:
        self.source, self.max_sentence_length, self.limit = source, max_sentence_length, limit
        path = Path(source)
        if path.is_dir():
            self.input_files = sorted(str(entry) for entry in path.iterdir() if entry.is_file())
        elif path.is_file():
            self.input_files = [str(path)]
        else:
            raise ConfigError(f"source is {os.fspath(source)!r}, where there is neither a file nor a folder.")

    def __iter__(self) -> Iterator[list[str]]:
        for file in self.input_files:
            yield from LineSentence(file, self.max_sentence_length, self.limit)


class Text8Corpus:
    """A text without line ends, such as text8, in pieces.

    Parameters
    ----------
    fname
        The file.
    max_sentence_length
        The words of a piece.
    """

    def __init__(self, fname: str | os.PathLike[str], max_sentence_length: int = _LONGEST) -> None:
        if max_sentence_length < 1:
            raise ConfigError(f"max_sentence_length is {max_sentence_length}; it must be at least 1.")
        self.fname, self.max_sentence_length = fname, max_sentence_length

    def __iter__(self) -> Iterator[list[str]]:
        with reading(self.fname) as file:
            held: list[str] = []
            for words in _words(file):
                held += words
                while len(held) >= self.max_sentence_length:
                    yield held[: self.max_sentence_length]
                    held = held[self.max_sentence_length :]
            if held:
                yield held


def _words(file: BinaryIO) -> Iterator[list[str]]:
    """Yield the words of a stretch of the file; the last of each may go on in the next."""
    rest = b""
    while chunk := file.read(_CHUNK):
        *whole, rest = (rest + chunk).replace(b"\n", b" ").split(b" ")
        yield b" ".join(whole).decode().split()
    yield rest.decode().split()


def files_of(sentences: Any) -> list[Path] | None:
    """Return the files whose lines, whole, are these sentences; None if there are no such files."""
    kind = type(sentences)  # a subclass may have its own __iter__
    if kind not in (LineSentence, PathLineSentences):
        return None
    if sentences.limit is not None or sentences.max_sentence_length != _LONGEST:
        return None
    if kind is PathLineSentences:
        return [Path(file) for file in sentences.input_files]
    return [Path(sentences.source)] if isinstance(sentences.source, str | os.PathLike) else None
