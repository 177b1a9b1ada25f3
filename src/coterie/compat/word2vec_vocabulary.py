"""The C program's vocabulary: ``</s>`` first, for the ends of lines, then the words by falling count.

The program counts every line end as a word ``</s>``, which ends a sentence and is never an input; its row is
the first, untrained. A text may also hold ``</s>`` spelt out. Words of equal count come in the order of their
first appearance. A vocabulary that is read keeps its first line first and is sorted behind it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coterie.corpus import EncodedCorpus
from coterie.corpus.line_file import read_lines
from coterie.errors import FormatError
from coterie.formats.replacing import replacing_file
from coterie.sampling.plan import Sentences

__all__ = [
    "LINE_END",
    "ProgramVocabulary",
    "counted_vocabulary",
    "read_program_vocabulary",
    "split_at_line_ends",
    "write_program_vocabulary",
]

LINE_END = "</s>"


@dataclass(frozen=True)
class ProgramVocabulary:
    """Words and counts in the order of the program's files; ``</s>`` is among them unless a file lacks it."""

    words: list[str]
    counts: NDArray[np.int64]

    @property
    def total(self) -> int:
        """The sum of the counts, line ends included."""
        return int(self.counts.sum())


def counted_vocabulary(corpus: EncodedCorpus, line_ends: int) -> ProgramVocabulary:
    """Return the vocabulary of a text with so many line ends."""
    words, counts = corpus.vocabulary.words, corpus.vocabulary.counts
    spelt = corpus.vocabulary.index.get(LINE_END)
    if spelt is not None:
        line_ends += int(counts[spelt])
        words = [word for word in words if word != LINE_END]
        counts = np.delete(counts, spelt)
    return ProgramVocabulary([LINE_END, *words], np.concatenate(([line_ends], counts)))


def read_program_vocabulary(path: str | os.PathLike[str], min_count: int) -> ProgramVocabulary:
    """Read ``word count`` lines as ``-read-vocab`` does: the first stays first, the others are sorted.

    Raises
    ------
    FormatError
        A line holds anything else, or a word twice.
    """
    path = Path(path)
    counts: dict[str, int] = {}
    for number, line in enumerate(read_lines(path, "the vocabulary"), 1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 2 or not (fields[1].isascii() and fields[1].isdigit() and len(fields[1]) < 19):
            raise FormatError(f'{path}, line {number:,}: expected "word count", found {line.strip()[:60]!r}.')
        if fields[0] in counts:
            raise FormatError(f"{path}, line {number:,}: {fields[0]!r} is listed twice; leave it out once.")
        counts[fields[0]] = int(fields[1])
    first, *others = counts.items() or [("", 0)]
    kept = sorted((pair for pair in others if pair[1] >= min_count), key=lambda pair: -pair[1])
    if not kept:
        raise FormatError(f"{path}: no word with a count of {min_count} (-min-count) or more behind line 1.")
    words, numbers = zip(first, *kept, strict=True)
    return ProgramVocabulary(list(words), np.array(numbers, dtype=np.int64))


def write_program_vocabulary(path: str | os.PathLike[str], vocabulary: ProgramVocabulary) -> None:
    """Write ``word count`` lines, byte for byte as ``-save-vocab`` does."""
    with replacing_file(path) as file:
        pairs = zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)
        file.writelines(b"%s %d\n" % (word.encode(), count) for word, count in pairs)


def split_at_line_ends(corpus: EncodedCorpus) -> Sentences:
    """Return the sentences of a corpus, ended also where ``</s>`` is spelt out, without it.

    Such texts are rare; only then a copy of the ids is made.
    """
    spelt = corpus.vocabulary.index.get(LINE_END)
    if spelt is None:
        return Sentences(corpus.ids, corpus.offsets)
    at = np.flatnonzero(corpus.ids == spelt)
    before = np.searchsorted(at, corpus.offsets)
    bounds = np.unique(np.concatenate((corpus.offsets - before, at - np.arange(len(at)))))
    return Sentences(np.delete(corpus.ids, at), bounds)
