"""The vocabulary: words ranked by count; a word's id is its rank."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coterie.errors import WordNotFoundError
from coterie.word_column import WordColumn

__all__ = ["Vocabulary", "missing_word", "nearest_spellings"]

# Rows sketched at once: some MiB of temporaries, whatever the vocabulary's size.
_BLOCK = 1 << 16
# Words compared letter by letter: about 30 ms, and enough that a slip of two letters is among them.
_CANDIDATES = 2_000
_CUTOFF = 0.6
_LONGEST = 100
_MARKS = (0x300, 0x36F)


class Vocabulary:
    """Words and their counts, most frequent first.

    Parameters
    ----------
    words
        Distinct words; the position is the id. Those of a :class:`~coterie.word_column.WordColumn` are taken
        to be distinct, and no list of them is made before it is asked for.
    counts
        int64, shape ``(len(words),)``: occurrences in the corpus.

    Examples
    --------
    >>> vocabulary = Vocabulary(["the", "cat"], [2, 1])
    >>> vocabulary["cat"], "dog" in vocabulary, len(vocabulary), vocabulary.total
    (1, False, 2, 3)
    """

    def __init__(self, words: Sequence[str], counts: Sequence[int] | NDArray[np.int64]) -> None:
        self.column: Sequence[str] = words if isinstance(words, WordColumn) else list(words)
        self.counts: NDArray[np.int64] = np.asarray(counts, dtype=np.int64)
        if self.counts.shape != (len(words),):
            raise ValueError(f"{len(words)} words but counts of shape {self.counts.shape}")
        if self.column is not words and len(self.index) != len(words):
            raise ValueError("a word is listed twice")

    @cached_property
    def words(self) -> list[str]:
        """The words as a list."""
        return self.column if isinstance(self.column, list) else list(self.column)

    @cached_property
    def index(self) -> dict[str, int]:
        """Map each word to its id."""
        return {word: i for i, word in enumerate(self.words)}

    @property
    def total(self) -> int:
        """Occurrences of all words together."""
        return int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.column)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __iter__(self) -> Iterator[str]:
        return iter(self.column)

    def __getitem__(self, word: str) -> int:
        try:
            return self.index[word]
        except KeyError:
            raise missing_word(word, self.words) from None

    def __repr__(self) -> str:
        return f"Vocabulary({len(self):,} words, {self.total:,} occurrences)"


def missing_word(word: object, words: Sequence[str]) -> WordNotFoundError:
    """Build the error for a word that is not among ``words``, with the nearest spellings.

    Examples
    --------
    >>> print(missing_word("Cafe", ["the", "café"]))
    the word 'Cafe' is not in the vocabulary of 2 words; did you mean 'café'?
    """
    near = nearest_spellings(word, words) if isinstance(word, str) else []
    offer = f"; did you mean {', '.join(map(repr, near))}?" if near else "."
    shown = repr(word) if len(repr(word)) <= _LONGEST else repr(word)[:_LONGEST] + "…"
    return WordNotFoundError(f"the word {shown} is not in the vocabulary of {len(words):,} words{offer}")


def nearest_spellings(word: str, words: Sequence[str], n: int = 3) -> list[str]:
    """Return up to ``n`` of ``words`` that are spelt most like ``word``.

    Words that differ only in case or accents come first, then the others by their share of common
    letters in order (difflib's ratio, at least 0.6); ties go to the word that is listed first.
    A million words take some tenths of a second: a sketch of each word's letters picks the candidates.

    Examples
    --------
    >>> nearest_spellings("zurich", ["rich", "Zürich", "zebra"])
    ['Zürich', 'rich']
    """
    folded = _fold(word)
    if not words or not folded or len(word) > _LONGEST:
        return []
    gaps = np.concatenate([_sketch_gaps(folded, words[i : i + _BLOCK]) for i in range(0, len(words), _BLOCK)])
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(folded)
    found: list[tuple[float, int]] = []
    for rank in np.argsort(gaps, kind="stable")[:_CANDIDATES].tolist():
        ratio = _ratio(matcher, _fold(words[rank]))
        if ratio >= _CUTOFF:
            found.append((-ratio, rank))
    return [words[rank] for _, rank in sorted(found)[:n]]


def _ratio(matcher: difflib.SequenceMatcher[str], candidate: str) -> float:
    """Return difflib's ratio, 0 where an upper bound already falls below the cutoff."""
    matcher.set_seq1(candidate)
    if matcher.real_quick_ratio() < _CUTOFF or matcher.quick_ratio() < _CUTOFF:
        return 0.0
    return matcher.ratio()


def _fold(text: str) -> str:
    """Drop case and accents."""
    if text.isascii():
        return text.lower()
    low, high = _MARKS
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not low <= ord(c) <= high)


def _sketch_gaps(folded: str, block: Sequence[str]) -> NDArray[np.uint8]:
    """Bound the edits between ``folded`` and each word: letters in one only, and the lengths' difference.

    The block is folded as one text with a line for each word, since a million calls would take seconds.
    """
    text = "\n".join(block) + "\n"
    if text.count("\n") != len(block):
        text = "\n".join(word.replace("\n", " ") for word in block) + "\n"
    text = unicodedata.normalize("NFKD", text.casefold())
    lengths, letters = _sketch(text)
    length, wanted = _sketch(folded.replace("\n", " ") + "\n")
    gaps = np.bitwise_count(letters ^ wanted).astype(np.int64) + np.abs(lengths - length)
    capped: NDArray[np.uint8] = np.minimum(gaps, 255).astype(np.uint8)
    return capped


def _sketch(lines: str) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return each line's length and a 64-bit set of its letters (code point modulo 64)."""
    codes = np.frombuffer(lines.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    low, high = _MARKS
    codes = codes[(codes < low) | (codes > high)]
    ends = np.flatnonzero(codes == ord("\n"))
    starts = np.concatenate(([0], ends[:-1] + 1))
    bits = np.uint64(1) << (codes & 63).astype(np.uint64)
    bits[ends] = 0
    return ends - starts, np.bitwise_or.reduceat(bits, starts)
