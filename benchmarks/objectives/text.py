"""The text of all measurements: encoded once, its sentences in a fixed random order, mapped by every job.

Since the order is random, any beginning of the text is a fair sample of it. Ids are ranks by count, so that
the V most frequent words are the ids below V.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.prepare import prepare
from coterie.config import CorpusConfig, VocabularyConfig
from coterie.corpus import encode
from coterie.sampling.plan import Sentences

__all__ = ["EncodedText", "beginning", "encode_text"]

_SENTENCES_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class EncodedText:
    """A folder with ``ids.npy``, ``offsets.npy``, ``counts.npy`` and ``words.txt``."""

    folder: Path

    @property
    def counts(self) -> NDArray[np.int64]:
        """Occurrences of every word of the whole text, falling."""
        counts: NDArray[np.int64] = np.load(self.folder / "counts.npy")
        return counts

    @property
    def words(self) -> list[str]:
        """The words by rank."""
        return (self.folder / "words.txt").read_text(encoding="utf-8").split("\n")

    def cut(self, vocabulary: int, tokens: int | None = None) -> Sentences:
        """Return the sentences of the text, or of its first `tokens`, without the words of rank ≥ V."""
        ids = np.load(self.folder / "ids.npy", mmap_mode="r")
        offsets = np.load(self.folder / "offsets.npy", mmap_mode="r")
        text = beginning(Sentences(ids, offsets), len(ids) if tokens is None else tokens)
        kept = text.ids < vocabulary
        lengths = np.add.reduceat(kept, text.offsets[:-1], dtype=np.int64)
        return Sentences(np.array(text.ids[kept]), _offsets(lengths[lengths > 0]))


def beginning(text: Sentences, tokens: int) -> Sentences:
    """Return the first sentences with `tokens` tokens or a few more, or all of them."""
    stop = int(np.searchsorted(text.offsets, min(tokens, len(text.ids))))
    offsets = text.offsets[: max(1, stop) + 1]
    return Sentences(text.ids[: offsets[-1]], offsets)


def encode_text(
    corpus: Path | None, words: int | None, folder: Path, threads: int
) -> tuple[EncodedText, dict[str, str | int]]:
    """Encode the first `words` words of a corpus into `folder`; return it and what to say about it."""
    plain = prepare(corpus, words, folder)
    with encode(
        plain.path, CorpusConfig(tokenizer="whitespace"), VocabularyConfig(min_count=1), workers=threads
    ) as encoded:
        vocabulary = encoded.vocabulary
        ids, offsets = _shuffled(encoded.ids, encoded.offsets)
        np.save(folder / "ids.npy", ids)
        np.save(folder / "offsets.npy", offsets)
        np.save(folder / "counts.npy", vocabulary.counts)
        (folder / "words.txt").write_text("\n".join(vocabulary.words), encoding="utf-8")
        about: dict[str, str | int] = {
            "name": plain.name,
            "words": encoded.n_tokens,
            "sentences": encoded.n_sentences,
            "distinct": len(vocabulary),
            "distinct_5": int((vocabulary.counts >= 5).sum()),
        }
    return EncodedText(folder), about


def _shuffled(
    ids: NDArray[np.uint32], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    order = np.random.default_rng(0).permutation(len(offsets) - 1)
    lengths = np.diff(offsets)[order]
    moved, new = np.empty_like(ids), _offsets(lengths)
    for start in range(0, len(order), _SENTENCES_AT_ONCE):  # the places of all tokens would not be small
        some = slice(start, start + _SENTENCES_AT_ONCE)
        first, last = new[start], new[min(start + _SENTENCES_AT_ONCE, len(order))]
        places = np.repeat(offsets[order[some]] - new[:-1][some], lengths[some]) + np.arange(first, last)
        moved[first:last] = ids[places]
    return moved, new


def _offsets(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(lengths)))
