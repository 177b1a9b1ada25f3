"""Which words are kept, and their ranks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from coterie.config import VocabularyConfig
from coterie.errors import ResourceError

__all__ = ["DROPPED", "Selection"]

# Stands for "no word" among the uint32 ids.
DROPPED = np.uint32(0xFFFFFFFF)
# With max_vocab_size, candidates are pruned when they are this many times what can stay.
_SLACK = 4
_LEAST_PRUNED = 100_000
# Fewer take at most 200 MB to gather, and the training's own check has more to say about them.
_LEAST_REFUSED = 1 << 21


@dataclass(frozen=True, slots=True)
class _Candidates:
    words: pa.Array
    counts: NDArray[np.int64]
    first_seen: NDArray[np.int64]
    forced: NDArray[np.bool_]
    eligible: NDArray[np.bool_]
    number: NDArray[np.int64]

    def take(self, chosen: NDArray[np.int64]) -> _Candidates:
        return _Candidates(
            self.words.take(pa.array(chosen)),
            self.counts[chosen],
            self.first_seen[chosen],
            self.forced[chosen],
            self.eligible[chosen],
            self.number[chosen],
        )


def _united(held: list[_Candidates]) -> _Candidates:
    return _Candidates(
        pa.concat_arrays([part.words for part in held]),
        np.concatenate([part.counts for part in held]),
        np.concatenate([part.first_seen for part in held]),
        np.concatenate([part.forced for part in held]),
        np.concatenate([part.eligible for part in held]),
        np.concatenate([part.number for part in held]),
    )


class Selection:
    """Collects candidates in any order and batch size, and ranks those that stay.

    Parameters
    ----------
    config
        Which words stay.
    containing
        Words with this in them stay as well, whatever their count.
    most_words
        Refuse to gather more, of which no training could make use.

    Attributes
    ----------
    seen
        Distinct words so far, kept or not.
    best
        The highest count so far and its word, for the message when nothing stays.
    """

    def __init__(
        self, config: VocabularyConfig, containing: str | None = None, most_words: int | None = None
    ) -> None:
        self._config, self._containing, self._most = config, containing, most_words
        self._forced = _value_set(config.keep_words)
        self._explicit = None if config.words is None else _value_set(config.words)
        self._held: list[_Candidates] = []
        self._size = 0
        self._numbers = 0
        self.seen = 0
        self.best: tuple[int, str] = (0, "")

    def admit(
        self, words: pa.Array, counts: NDArray[np.int64], first_seen: NDArray[np.int64]
    ) -> NDArray[np.uint32]:
        """Take distinct words with their whole counts; return a number for each candidate, else ``DROPPED``.

        ``first_seen`` orders words by their first appearance in the text.

        Raises
        ------
        ResourceError
            More words stay than were allowed.
        """
        self.seen += len(words)
        if len(words) and counts.max() > self.best[0]:
            self.best = (int(counts.max()), words[int(counts.argmax())].as_py())
        forced = _is_in(words, self._forced)
        if self._containing is not None:
            forced = forced | np.asarray(pc.match_substring(words, self._containing))
        eligible = (
            counts >= self._config.min_count if self._explicit is None else _is_in(words, self._explicit)
        )
        chosen = np.flatnonzero(eligible | forced)
        numbers = np.full(len(words), DROPPED)
        numbers[chosen] = np.arange(self._numbers, self._numbers + len(chosen), dtype=np.uint32)
        everything = _Candidates(words, counts, first_seen, forced, eligible, numbers.astype(np.int64))
        self._held.append(everything.take(chosen))
        self._numbers += len(chosen)
        self._size += len(chosen)
        limit = self._config.max_vocab_size
        if limit is None and self._most is not None and self._size > max(self._most, _LEAST_REFUSED):
            raise ResourceError(
                f"not enough memory: of the words that were counted {self._size:,} and more are kept, and at "
                f"most {self._most:,} can be trained. Set max_vocab_size, raise min_count, lower vector_size."
            )
        if limit is not None and self._size > max(_SLACK * limit, _LEAST_PRUNED):
            self._held = [self._ranked()]
            self._size = len(self._held[0].counts)
        return numbers

    def _ranked(self) -> _Candidates:
        """Order the candidates by count, then by first appearance; leave out what ``max_vocab_size`` does."""
        held, self._held = self._held, []
        merged = held[0] if len(held) == 1 else _united(held)
        del held
        order = np.lexsort((merged.first_seen, -merged.counts))
        if self._config.max_vocab_size is not None:
            place = np.cumsum(merged.eligible[order])
            inside = merged.eligible[order] & (place <= self._config.max_vocab_size)
            order = order[inside | merged.forced[order]]
        return merged.take(order)

    def finish(self) -> tuple[pa.Array, NDArray[np.int64], NDArray[np.uint32]]:
        """Return the kept words and counts in rank order, and the rank (or ``DROPPED``) of each number."""
        if not self._held:
            return pa.array([], pa.large_string()), np.zeros(0, np.int64), np.zeros(0, np.uint32)
        kept = self._ranked()
        ranks = np.full(self._numbers, DROPPED)
        ranks[kept.number] = np.arange(len(kept.number), dtype=np.uint32)
        return kept.words, kept.counts, ranks


def _value_set(words: Iterable[str]) -> pa.Array:
    return pa.array(dict.fromkeys(words), pa.large_string())


def _is_in(words: pa.Array, wanted: pa.Array) -> NDArray[np.bool_]:
    if not len(wanted):
        return np.zeros(len(words), np.bool_)
    return np.asarray(pc.is_in(words.cast(pa.large_string()), value_set=wanted))
