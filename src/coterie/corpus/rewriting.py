"""From provisional ids to ranks, in place on disk: dropped words and the sentences they empty go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.corpus.counting import Ranking
from coterie.corpus.encoded import IDS, OFFSETS
from coterie.corpus.selection import DROPPED

__all__ = ["rewrite"]

# Tokens at once: some 30 MB of temporaries.
_CHUNK = 1 << 20


def rewrite(folder: Path, ranking: Ranking) -> tuple[int, int]:
    """Rewrite ``ids.u32`` and ``offsets.i64`` by ``ranking``; return the tokens and sentences that are left.

    The files shrink or keep their size, so what is written never overtakes what is still to be read, and a
    full disk can't interrupt it.
    """
    # One array is read through the mapping while its beginning is written: the two share their pages.
    ends = np.memmap(folder / OFFSETS, "<i8", "r")
    next_end, written_ends, last_end, tokens = 1, 1, 0, 0
    with (folder / IDS).open("r+b") as ids_file, (folder / OFFSETS).open("r+b") as ends_file:
        for start, stop, ranks in _chunks(ranking):
            raw = np.frombuffer(os.pread(ids_file.fileno(), 4 * (stop - start), 4 * start), "<u4")
            ids = ranks[raw]
            dropped = np.flatnonzero(ids == DROPPED)
            _write(ids_file.fileno(), np.delete(ids, dropped), 4 * tokens)
            last = next_end + int(np.searchsorted(ends[next_end:], stop, side="right"))
            raw_ends = np.asarray(ends[next_end:last]) - start
            moved = tokens + raw_ends - np.searchsorted(dropped, raw_ends)
            full = moved[moved > np.concatenate(([last_end], moved[:-1]))]
            last_end = int(full[-1]) if len(full) else last_end
            _write(ends_file.fileno(), full.astype("<i8"), 8 * written_ends)
            next_end, written_ends = last, written_ends + len(full)
            tokens += len(ids) - len(dropped)
        del ends
        os.ftruncate(ids_file.fileno(), 4 * tokens)
        os.ftruncate(ends_file.fileno(), 8 * written_ends)
    return tokens, written_ends - 1


def _chunks(ranking: Ranking) -> Iterator[tuple[int, int, NDArray[np.uint32]]]:
    start = 0
    for token_end, ranks in ranking.maps:
        while start < token_end:
            stop = min(start + _CHUNK, token_end)
            yield start, stop, ranks
            start = stop


def _write(descriptor: int, array: NDArray[Any], at: int) -> None:
    data = np.ascontiguousarray(array).view(np.uint8).data
    while len(data):
        done = os.pwrite(descriptor, data, at)
        data, at = data[done:], at + done
