"""Phrases found in sentences of words, with connector words inside them: gensim's way through a sentence."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from coterie.compat.gensim.lifecycle import Lifecycle
from coterie.compat.gensim.refusals import NotSentencesError
from coterie.errors import ConfigError

__all__ = ["ENGLISH_CONNECTOR_WORDS", "PhraseFinder", "PhrasedSentences", "words_of"]

_ARTICLES, _CONJUNCTIONS = "a an the", "and or"
_PREPOSITIONS = "at by for from in of on to with without"
ENGLISH_CONNECTOR_WORDS = frozenset(f"{_ARTICLES} {_CONJUNCTIONS} {_PREPOSITIONS}".split())
"""Articles, conjunctions and some prepositions: what may stand inside an English phrase (bank_of_america)."""


class PhraseFinder(Lifecycle):
    """Goes through sentences; what a phrase is tells :meth:`score_candidate`.

    Parameters
    ----------
    connector_words
        Words that may stand inside a phrase, any number of them, but not at its ends.
    """

    def __init__(self, connector_words: Iterable[str]) -> None:
        if isinstance(connector_words, str):
            raise ConfigError(f"connector_words is the string {connector_words!r}; give a set of words.")
        self.connector_words = frozenset(connector_words)
        self.lifecycle_events = None

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """Return the joined phrase and its score, or (None, None) if the words are no phrase."""
        raise NotImplementedError("a subclass says what a phrase is")

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield each phrase with its score, and each word that is in none with None, from the left."""
        held: list[str] = []  # a word that may begin a phrase, and the connectors after it
        for word in sentence:
            if word in self.connector_words:
                if held:
                    held.append(word)
                else:
                    yield word, None
                continue
            if held:
                phrase, score = self.score_candidate(held[0], word, held[1:])
                if phrase is not None and score is not None:
                    yield phrase, score
                    held = []
                    continue
                yield from ((word, None) for word in held)
            held = [word]
        yield from ((word, None) for word in held)

    def _join(self, sentence: Iterable[str]) -> list[str]:
        return [token for token, _ in self.analyze_sentence(sentence)]

    def __getitem__(self, sentence: Any) -> Any:
        """Join the phrases of a sentence of words, or of each of many sentences.

        Parameters
        ----------
        sentence
            Words; or sentences, which are joined when they are gone through, as often as the given ones can
            be.
        """
        if isinstance(sentence, str):
            raise ConfigError(f"the sentence is the string {sentence[:40]!r}; give a list of words.")
        items = iter(sentence)
        first = next(items, None)
        if first is None:
            return []
        if isinstance(first, str):
            return self._join(itertools.chain([first], items))
        return PhrasedSentences(self, itertools.chain([first], items) if items is sentence else sentence)

    def find_phrases(self, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
        """Return the phrases that occur in the sentences, with their scores."""
        return {
            token: score
            for sentence in sentences
            for token, score in self.analyze_sentence(words_of(sentence))
            if score is not None
        }


class PhrasedSentences:
    """Sentences whose phrases are joined as they are gone through."""

    def __init__(self, finder: PhraseFinder, sentences: Any) -> None:
        self._finder, self._sentences = finder, sentences

    def __iter__(self) -> Iterator[list[str]]:
        return (self._finder._join(words_of(sentence)) for sentence in self._sentences)

    def __len__(self) -> int:
        return len(self._sentences)


def words_of(sentence: Iterable[str]) -> Iterable[str]:
    """Return the sentence, if it is not a string, which would be taken for a list of letters."""
    if isinstance(sentence, str):
        raise NotSentencesError(f"a sentence is the string {sentence[:40]!r}; give lists of words.")
    return sentence
