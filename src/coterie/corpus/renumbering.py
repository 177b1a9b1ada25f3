"""Encoded text in the numbers of another vocabulary: that of a model which is to go on learning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie.corpus.counting import Ranking
from coterie.corpus.encoded import IDS, OFFSETS, EncodedCorpus
from coterie.corpus.rewriting import by_rank, rewrite
from coterie.corpus.selection import DROPPED

__all__ = ["DROPPED", "renumber"]


def renumber(
    corpus: EncodedCorpus, numbers: NDArray[np.uint32]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the ids and offsets of a temporary corpus with another number for each of its words.

    Parameters
    ----------
    corpus
        A temporary one, whose files are rewritten in place: its own arrays are empty afterwards.
    numbers
        uint32, shape ``(len(corpus.vocabulary),)``: the new number of each word, or ``DROPPED``: the word
        goes from the text, and so does a sentence of such words alone.

    Returns
    -------
    ids, offsets
        Mapped from disk, gone when the corpus is closed.

    Examples
    --------
    >>> from coterie.config import VocabularyConfig
    >>> from coterie.corpus import encode
    >>> with encode([["a", "b"], ["b"], ["a"]], vocabulary=VocabularyConfig(min_count=1)) as corpus:
    ...     ids, offsets = renumber(corpus, np.array([7, DROPPED], np.uint32))
    ...     ids.tolist(), offsets.tolist()
    ([7, 7], [0, 1, 2])
    """
    if not corpus.temporary:
        raise ValueError("the corpus is kept for later runs; its files are not to be changed")
    if np.array_equal(numbers, np.arange(len(numbers), dtype=np.uint32)):
        return corpus.ids, corpus.offsets
    corpus.ids, corpus.offsets = np.zeros(0, np.uint32), np.zeros(1, np.int64)
    ranking = Ranking(None, np.zeros(0, np.int64), [(corpus.n_tokens, numbers)], 0, (0, ""))
    tokens, sentences = rewrite(corpus.path, by_rank(ranking))
    if not tokens:
        return corpus.ids, corpus.offsets
    ids = np.memmap(corpus.path / IDS, "<u4", "r", shape=(tokens,))
    return ids, np.memmap(corpus.path / OFFSETS, "<i8", "r", shape=(sentences + 1,))
