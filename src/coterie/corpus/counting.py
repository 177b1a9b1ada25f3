"""One dictionary for the whole text, which spills to disk when it outgrows its memory.

The dictionary is an Arrow array of words: joined with the words of some blocks and encoded anew, it keeps
its order and gets the new words at its end, several times as fast as a Python dictionary looks them up and
in a fraction of its memory. Words get provisional ids in the order of their first appearance.

When the dictionary takes more than its limit it is written out as a *segment* and a new one begins, with ids
from 0 again. At the end the segments are merged: each was written in parts by a hash of the word, so that
part p of all segments holds all occurrences of its words and fits in memory.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coterie.config import VocabularyConfig
from coterie.corpus.selection import DROPPED, Selection

__all__ = ["Ranking", "WordCounter"]

# Memory of a word at the peak of a merge: the hash table and its doubling, ids, counts 200, and each of its
# bytes in three places; measured 235 with words of 11 letters.
_WORD_BYTES = 200
_BYTE_BYTES = 3
# A merge takes some 100 ns a word: one for every million words is a tenth of the whole time on ordinary text.
_LEAST_MERGED = 1 << 20
_MOST_MERGED = 1 << 21
# Parts of a segment: a hundred million distinct words make parts of 400 thousand.
_PARTS = 256
_SLICE = 1 << 16
# First appearance as one number: the segment, then the id within it.
_SEGMENT_SHIFT = 32


@dataclass(frozen=True, slots=True)
class Ranking:
    """The kept words by rank, and how provisional ids become ranks.

    Attributes
    ----------
    words
        Arrow's large strings: a list of them would take several times as much memory.
    maps
        For each segment the tokens of the text before its end, and uint32 ranks (or ``DROPPED``) by
        provisional id.
    """

    words: pa.Array
    counts: NDArray[np.int64]
    maps: list[tuple[int, NDArray[np.uint32]]]
    raw_words: int
    best: tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Segment:
    path: Path
    n_words: int
    token_end: int


class WordCounter:
    """Counts words and numbers them.

    Parameters
    ----------
    folder
        Where segments are spilled.
    memory_limit
        Bytes that the dictionary may take, as estimated.
    """

    def __init__(self, folder: Path, memory_limit: int) -> None:
        self._folder, self._memory_limit = folder, memory_limit
        self._segments: list[_Segment] = []
        self._begin()
        self.tokens = 0
        self._spilled_words = 0

    def _begin(self) -> None:
        self._words = pa.array([], pa.large_string())
        self._counts = np.zeros(0, np.int64)

    @property
    def distinct(self) -> int:
        """Distinct words so far (after a spill a word may be counted once a segment)."""
        return self._spilled_words + len(self._words)

    @property
    def worth(self) -> int:
        """How many words of blocks are worth a merge: each costs as much as there are words by now."""
        wanted = max(_LEAST_MERGED, min(len(self._words), _MOST_MERGED))
        return min(wanted, self._memory_limit // (2 * _WORD_BYTES))

    def add(self, batches: Sequence[tuple[pa.Array, NDArray[np.int64]]]) -> list[NDArray[np.uint32]]:
        """Count batches of distinct words and return their provisional ids."""
        if len(self._words) and _memory([self._words, *(words for words, _ in batches)]) > self._memory_limit:
            self._spill()
        # Arrow numbers values by first appearance: the words that have an id keep it, new ones follow.
        known = len(self._words)
        united = pa.concat_arrays([self._words, *(words.cast(pa.large_string()) for words, _ in batches)])
        encoded = united.dictionary_encode()
        ids = np.asarray(encoded.indices)[known:].astype(np.uint32)
        added = np.concatenate([counts for _, counts in batches])
        counts = np.bincount(ids, added, len(encoded.dictionary)).astype(np.int64)  # exact to 2**53
        counts[:known] += self._counts
        self._words, self._counts = encoded.dictionary, counts
        self.tokens += int(added.sum())
        del united, encoded
        pa.default_memory_pool().release_unused()  # else it keeps what the merge used
        return np.split(ids, np.cumsum([len(words) for words, _ in batches])[:-1])

    def _spill(self) -> None:
        """Write the dictionary as a segment, in parts by hash, and begin a new one."""
        words, counts = self._words, self._counts
        part = np.empty(len(words), np.uint8)
        for start in range(0, len(words), _SLICE):
            some = words[start : start + _SLICE].to_pylist()
            part[start : start + len(some)] = [crc32(word.encode()) % _PARTS for word in some]
        order = np.argsort(part, kind="stable")
        bounds = np.searchsorted(part[order], np.arange(_PARTS + 1))
        path = self._folder / f"segment-{len(self._segments):06}.arrow"
        schema = pa.schema([("word", pa.large_string()), ("count", pa.int64()), ("id", pa.uint32())])
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for start, end in pairwise(bounds.tolist()):
                ids = order[start:end].astype(np.uint32)
                columns = [words.take(pa.array(ids)), pa.array(counts[ids]), pa.array(ids)]
                writer.write_batch(pa.record_batch(columns, schema=schema))
        self._segments.append(_Segment(path, len(words), self.tokens))
        self._spilled_words += len(words)
        self._begin()

    def finish(
        self, config: VocabularyConfig, containing: str | None = None, most_words: int | None = None
    ) -> Ranking:
        """Decide which words are kept and rank them; the counter is empty afterwards.

        Words with ``containing`` in them are kept whatever their count.
        """
        selection = Selection(config, containing, most_words)
        if self._segments:
            self._spill()
            numbers = self._merge(selection)
        else:
            admitted = selection.admit(self._words, self._counts, np.arange(len(self._words)))
            self._begin()  # the dictionary goes before its words are ranked
            numbers = [(self.tokens, admitted)]
        kept, kept_counts, ranks = selection.finish()
        for _, number in numbers:
            chosen = number != DROPPED
            number[chosen] = ranks[number[chosen]]
        return Ranking(kept, kept_counts, numbers, selection.seen, selection.best)

    def _merge(self, selection: Selection) -> list[tuple[int, NDArray[np.uint32]]]:
        """Sum the counts of the segments, part by part; return each segment's numbers by provisional id."""
        segments = self._segments
        ends = np.concatenate(([0], np.cumsum([segment.n_words for segment in segments])))
        # Four bytes for each word of each segment: on disk, so that memory stays bounded.
        with (self._folder / "numbers.u32").open("wb+") as reserved:
            # Reserved first: a write to a mapped file on a full disk kills the process.
            os.posix_fallocate(reserved.fileno(), 0, 4 * int(ends[-1]))
            numbers = np.memmap(reserved, np.uint32, "r+", shape=(int(ends[-1]),))
        files = [pa.OSFile(str(segment.path)) for segment in segments]
        readers = [pa.ipc.open_file(file) for file in files]
        for part in range(_PARTS):
            _merge_part([reader.get_batch(part) for reader in readers], ends, numbers, selection)
        for file, segment in zip(files, segments, strict=True):
            file.close()
            segment.path.unlink()
        (self._folder / "numbers.u32").unlink()  # the mapping stays until it is let go
        return [(segment.token_end, numbers[ends[i] : ends[i + 1]]) for i, segment in enumerate(segments)]


def _memory(arrays: Sequence[pa.Array]) -> int:
    """Estimate the memory of uniting arrays of words, as if all were distinct."""
    return sum(_WORD_BYTES * len(words) + _BYTE_BYTES * words.nbytes for words in arrays)


def _merge_part(
    batches: Sequence[pa.RecordBatch],
    ends: NDArray[np.int64],
    numbers: NDArray[np.uint32],
    selection: Selection,
) -> None:
    encoded = pa.concat_arrays([batch.column("word") for batch in batches]).dictionary_encode()
    which = np.asarray(encoded.indices)
    ids = [np.asarray(batch.column("id")).astype(np.int64) for batch in batches]
    first_seen = np.concatenate([(i << _SEGMENT_SHIFT) + part for i, part in enumerate(ids)])
    counts = np.zeros(len(encoded.dictionary), np.int64)
    np.add.at(counts, which, np.concatenate([np.asarray(batch.column("count")) for batch in batches]))
    earliest = np.zeros(len(counts), np.int64)
    earliest[which[::-1]] = first_seen[::-1]  # segments stand in the order of the text: the first wins
    admitted = selection.admit(encoded.dictionary, counts, earliest)
    places = np.concatenate([ends[i] + part for i, part in enumerate(ids)])
    numbers[places] = admitted[which]
