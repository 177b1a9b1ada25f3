"""Changes of the encoded text in place on disk: words dropped or renamed, neighbours joined.

The files shrink or keep their size, so what is written never overtakes what is still to be read, and a full
disk can't interrupt it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.corpus.counting import Ranking
from coterie.corpus.encoded import IDS, OFFSETS, WEIGHTS
from coterie.corpus.selection import DROPPED

__all__ = ["CHUNK", "Change", "TextOnDisk", "by_rank", "marking_gaps", "rewrite"]

# Tokens at once: some 30 MB of temporaries.
CHUNK = 1 << 20


class TextOnDisk:
    """The ids and sentences of a folder, to be read in stretches."""

    def __init__(self, folder: Path) -> None:
        self._ids = (folder / IDS).open("rb")
        self.n_tokens = os.fstat(self._ids.fileno()).st_size // 4
        # int64: where sentences end, with a 0 before the first.
        self.ends: NDArray[np.int64] = np.memmap(folder / OFFSETS, "<i8", "r")

    def read(self, start: int, stop: int) -> NDArray[np.uint32]:
        """Return ``ids[start:stop]``, or what there is of it."""
        stop = min(stop, self.n_tokens)
        data = os.pread(self._ids.fileno(), 4 * (stop - start), 4 * start)
        return np.frombuffer(data, "<u4")

    def starts(self, start: int, stop: int) -> NDArray[np.int64]:
        """Return where in ``ids[start:stop]`` sentences begin, after its first token."""
        low, high = np.searchsorted(self.ends, (start + 1, stop))
        return np.asarray(self.ends[low:high]) - start

    def close(self) -> None:
        """Close the file."""
        self._ids.close()

    def __enter__(self) -> TextOnDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one stretch of the text.

    Attributes
    ----------
    stop
        Where the stretch ends; it begins where the one before ended.
    ids
        The new ids, without the dropped tokens.
    dropped
        int64, ascending: positions in the stretch of the tokens that go.
    """

    stop: int
    ids: NDArray[np.uint32]
    dropped: NDArray[np.int64]


def rewrite(folder: Path, changes: Callable[[TextOnDisk], Iterator[Change]]) -> tuple[int, int]:
    """Rewrite ``ids.u32``, ``offsets.i64`` and, if there is one, ``weights.f32``.

    Returns the tokens and sentences that are left.

    Parameters
    ----------
    folder
        Holds the files.
    changes
        Reads the text and yields what becomes of it, in its order. Ends of sentences at or before the
        stretch's begin are overwritten already.
    """
    next_end, written_ends, last_end, start, tokens = 1, 1, 0, 0, 0
    with (
        TextOnDisk(folder) as text,
        (folder / IDS).open("r+b") as ids_file,
        (folder / OFFSETS).open("r+b") as ends_file,
        _weights_of(folder) as weights_file,
    ):
        ends = text.ends
        for change in changes(text):
            _write(ids_file.fileno(), change.ids, 4 * tokens)
            last = next_end + int(np.searchsorted(ends[next_end:], change.stop, side="right"))
            raw_ends = np.asarray(ends[next_end:last]) - start
            moved = tokens + raw_ends - np.searchsorted(change.dropped, raw_ends)
            left = moved > np.concatenate(([last_end], moved[:-1]))
            full = moved[left]
            last_end = int(full[-1]) if len(full) else last_end
            if weights_file is not None:
                weights = os.pread(weights_file.fileno(), 4 * len(left), 4 * (next_end - 1))
                kept = np.frombuffer(weights, "<f4")[left]
                _write(weights_file.fileno(), kept, 4 * (written_ends - 1))
            _write(ends_file.fileno(), full.astype("<i8"), 8 * written_ends)
            next_end, written_ends = last, written_ends + len(full)
            tokens, start = tokens + len(change.ids), change.stop
        del ends, text.ends
        os.ftruncate(ids_file.fileno(), 4 * tokens)
        os.ftruncate(ends_file.fileno(), 8 * written_ends)
        if weights_file is not None:
            os.ftruncate(weights_file.fileno(), 4 * (written_ends - 1))
    return tokens, written_ends - 1


def _weights_of(folder: Path) -> AbstractContextManager[Any]:
    path = folder / WEIGHTS
    return path.open("r+b") if path.exists() else nullcontext()


def by_rank(ranking: Ranking, *, pairs: bool = False) -> Callable[[TextOnDisk], Iterator[Change]]:
    """Make ids ranks, and drop the words that have none; of a pair that lacks one word drop the other."""

    def changes(text: TextOnDisk) -> Iterator[Change]:
        for start, stop, ranks in _chunks(ranking):
            ids = ranks[text.read(start, stop)]
            gone = ids == DROPPED
            if pairs:  # whole ones: chunks and segments are of even length
                gone = np.repeat(gone.reshape(-1, 2).any(axis=1), 2)
            dropped = np.flatnonzero(gone)
            yield Change(stop, np.delete(ids, dropped), dropped)

    return changes


def marking_gaps(ranking: Ranking) -> Callable[[TextOnDisk], Iterator[Change]]:
    """Make ids ranks from 1 on, and 0 what has no rank: its neighbours don't become each other's."""

    def changes(text: TextOnDisk) -> Iterator[Change]:
        nothing = np.zeros(0, np.int64)
        for start, stop, ranks in _chunks(ranking):
            # DROPPED is the greatest uint32: one more is 0.
            yield Change(stop, ranks[text.read(start, stop)] + np.uint32(1), nothing)

    return changes


def _chunks(ranking: Ranking) -> Iterator[tuple[int, int, NDArray[np.uint32]]]:
    start = 0
    for token_end, ranks in ranking.maps:
        while start < token_end:
            stop = min(start + CHUNK, token_end)
            yield start, stop, ranks
            start = stop


def _write(descriptor: int, array: NDArray[Any], at: int) -> None:
    data = np.ascontiguousarray(array).view(np.uint8).data
    while len(data):
        done = os.pwrite(descriptor, data, at)
        data, at = data[done:], at + done
