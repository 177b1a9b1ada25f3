"""Phrases: which neighbouring words are joined into one; learned from text, kept, applied to new text."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from coterie.errors import ConfigError, FormatError
from coterie.formats.phrases import Row, read_phrases, write_phrases
from coterie.formats.replacing import replacing_file

__all__ = ["Phrase", "PhraseModel"]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that are joined.

    Parameters
    ----------
    words
        Two words or more; those of a later pass may be joined ones themselves.
    count
        How often they stood side by side when the phrase was learned, or how often a known one was joined.
    score
        By which the phrase was chosen; ``None`` for a known one.
    """

    words: tuple[str, ...]
    count: int
    score: float | None = None


class PhraseModel:
    """Phrases in the order in which they are applied, pass by pass.

    Within a pass the leftmost phrase of a sentence is joined first, of those that begin at one word the
    longest, and no word belongs to two.

    Parameters
    ----------
    passes
        ``passes[0]`` are the phrases that were known beforehand, ``passes[n]`` those of the n-th pass.
    delimiter
        Stands between the words of a joined phrase.
    facts
        JSON-ready: what the phrases were learned with. ``undercounts`` holds for each learning pass by how
        much its counts may be too low at most.

    Raises
    ------
    FormatError
        When a phrase is no two words, or stands in a pass twice.

    Examples
    --------
    >>> model = PhraseModel([[Phrase(("new", "york"), 12)], [Phrase(("new_york", "times"), 5, 310.5)]])
    >>> model.join(["the", "new", "york", "times"])
    ['the', 'new_york_times']
    >>> len(model), "new_york" in model
    (2, True)
    """

    def __init__(
        self,
        passes: Sequence[Sequence[Phrase]],
        *,
        delimiter: str = "_",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self.passes: tuple[tuple[Phrase, ...], ...] = tuple(map(tuple, passes)) or ((),)
        self.delimiter = delimiter
        self.facts: dict[str, Any] = dict(facts or {})
        self._tables = [_table(phrases) for phrases in self.passes]

    @property
    def undercount(self) -> int:
        """By how much the counts may be too low at most: 0 where memory sufficed for every pair."""
        return max(self.facts.get("undercounts", ()), default=0)

    def joined(self, phrase: Phrase) -> str:
        """Return the word that a phrase becomes."""
        return self.delimiter.join(phrase.words)

    def best(self, topn: int | None = 10) -> list[Phrase]:
        """Return the phrases of the highest scores, the known ones last."""
        known = -float("inf")
        ranked = sorted(self, key=lambda p: (known if p.score is None else p.score, p.count), reverse=True)
        return ranked[:topn]

    def join(self, tokens: Iterable[str]) -> list[str]:
        """Join the phrases of one sentence, exactly as they were joined when they were learned.

        Parameters
        ----------
        tokens
            The sentence's words, cut and lower-cased as the text was that the phrases come from.

        Raises
        ------
        ConfigError
            On a string, which would be taken for a list of letters.

        Examples
        --------
        >>> PhraseModel([[Phrase(("a", "a"), 3)]], delimiter="-").join("a a a b".split())
        ['a-a', 'a', 'b']
        """
        if isinstance(tokens, str):
            raise ConfigError(f"tokens is the string {tokens[:40]!r}; give a list of words: tokens.split().")
        sentence = list(tokens)
        for table in self._tables:
            if table:
                sentence = _joined(sentence, table, self.delimiter)
        return sentence

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the phrases as JSON lines, in one step; the name may end in ``.gz .bz2 .xz .zst``.

        Raises
        ------
        ResourceError
            The system refuses; an earlier file is as it was.
        """
        with replacing_file(path) as file:
            self.write(file)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PhraseModel:
        """Read what :meth:`save` wrote.

        Raises
        ------
        FormatError
            When the file is something else or damaged; the message tells the line.
        """
        header, rows = read_phrases(path)
        delimiter, facts = header.get("delimiter"), header.get("facts")
        if not isinstance(delimiter, str) or not isinstance(facts, dict):
            raise FormatError(f"{os.fspath(path)}, line 1: delimiter or facts are missing.")
        undercounts = facts.get("undercounts", [])
        if not isinstance(undercounts, list) or not all(isinstance(n, int) and n >= 0 for n in undercounts):
            raise FormatError(
                f"{os.fspath(path)}, line 1: undercounts are {undercounts!r}; expected numbers."
            )
        passes: list[list[Phrase]] = [[] for _ in range(header["passes"])]
        for number, words, count, score in rows:
            passes[number].append(Phrase(words, count, score))
        return cls(passes, delimiter=delimiter, facts=facts)

    def write(self, file: BinaryIO) -> None:
        """Write the phrases to an open binary file, as :meth:`save` does."""
        header = {"passes": len(self.passes), "delimiter": self.delimiter, "facts": self.facts}
        write_phrases(file, header, self._rows())

    @property
    def fingerprint(self) -> str:
        """Hash of all that :meth:`save` would write."""
        content = io.BytesIO()
        self.write(content)
        return hashlib.sha256(content.getvalue()).hexdigest()[:16]

    def _rows(self) -> Iterator[Row]:
        for number, phrases in enumerate(self.passes):
            for phrase in phrases:
                yield number, phrase.words, phrase.count, phrase.score

    def __len__(self) -> int:
        return sum(map(len, self.passes))

    def __iter__(self) -> Iterator[Phrase]:
        return (phrase for phrases in self.passes for phrase in phrases)

    def __contains__(self, word: object) -> bool:
        return any(self.joined(phrase) == word for phrase in self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PhraseModel):
            return NotImplemented
        return (self.passes, self.delimiter, self.facts) == (other.passes, other.delimiter, other.facts)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"PhraseModel({len(self):,} phrases, {len(self.passes) - 1} passes, {self.delimiter!r})"


def _table(phrases: Sequence[Phrase]) -> dict[str, list[tuple[str, ...]]]:
    """Map each first word to its phrases, the longest first."""
    table: dict[str, dict[tuple[str, ...], None]] = {}
    for phrase in phrases:
        if len(phrase.words) < 2:
            raise FormatError(f"the phrase {phrase.words!r} has not two words.")
        alike = table.setdefault(phrase.words[0], {})
        if phrase.words in alike:
            raise FormatError(f"the phrase {' '.join(phrase.words)!r} stands in a pass twice.")
        alike[phrase.words] = None
    return {first: sorted(alike, key=len, reverse=True) for first, alike in table.items()}


def _joined(sentence: list[str], table: Mapping[str, Sequence[tuple[str, ...]]], delimiter: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(sentence):
        for words in table.get(sentence[at], ()):
            if tuple(sentence[at : at + len(words)]) == words:
                found.append(delimiter.join(words))
                at += len(words)
                break
        else:
            found.append(sentence[at])
            at += 1
    return found
