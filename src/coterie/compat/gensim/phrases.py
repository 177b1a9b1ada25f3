"""Phrases, with gensim's arguments and gensim's scores."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from coterie.compat.gensim.lifecycle import LOGGER
from coterie.compat.gensim.phrase_files import read_counts, write_counts
from coterie.compat.gensim.phrase_finding import words_of
from coterie.compat.gensim.phrase_scores import checked_scorer
from coterie.compat.gensim.saved_phrases import SavedPhrases, check_saving, scorer_name
from coterie.errors import ConfigError, FormatError
from coterie.phrases import Phrase

if TYPE_CHECKING:
    from coterie.compat.gensim.frozen_phrases import FrozenPhrases

__all__ = ["Phrases"]


class Phrases(SavedPhrases):
    """Pairs of words that stand together more often than chance has it, counted and scored as in gensim.

    Parameters
    ----------
    sentences
        Lists of words, gone through once.
    min_count
        What the default scorer takes off a pair's count; with ``"npmi"`` rarer pairs are no phrases.
    threshold
        Pairs with a greater score are phrases.
    max_vocab_size
        When more distinct words and pairs are counted, the rarest are dropped.
    delimiter
        Stands between the words of a phrase.
    progress_per
        Sentences between two lines of the log.
    scoring
        ``"default"``, ``"npmi"``, or a function of the six counts that
        :func:`~coterie.compat.gensim.phrase_scores.original_scorer` takes.
    connector_words
        Words that may stand inside a phrase, but not at its ends.

    Examples
    --------
    >>> text = [["she", "likes", "new", "york"], ["new", "york", "likes", "ships"]] * 10
    >>> phrases = Phrases(text, min_count=1, threshold=0.4)
    >>> phrases[["ships", "of", "new", "york"]], round(phrases.export_phrases()["new_york"], 3)
    (['ships', 'of', 'new_york'], 0.475)
    """

    def __init__(
        self,
        sentences: Iterable[Iterable[str]] | None = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: int = 40_000_000,
        delimiter: str = "_",
        progress_per: int = 10_000,
        scoring: str | Callable[..., float] = "default",
        connector_words: Iterable[str] = frozenset(),
    ) -> None:
        super().__init__(connector_words)
        if min_count <= 0:
            raise ConfigError(f"min_count is {min_count}; it must be above 0.")
        if max_vocab_size < 1 or progress_per < 1:
            raise ConfigError(f"max_vocab_size is {max_vocab_size}, progress_per {progress_per}; at least 1.")
        if not isinstance(delimiter, str) or not delimiter:
            raise ConfigError(f"delimiter is {delimiter!r}; it must be one or more characters.")
        self.scoring = checked_scorer(scoring, threshold)
        self.min_count, self.threshold, self.delimiter = min_count, threshold, delimiter
        self.max_vocab_size, self.progress_per = max_vocab_size, progress_per
        self.vocab: Counter[str] = Counter()
        self.min_reduce = 1
        self.corpus_word_count = 0
        if sentences is not None:
            self.add_vocab(sentences)
            self.add_lifecycle_event("created", msg=str(self))

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{len(self.vocab)} vocab, min_count={self.min_count}, "
            f"threshold={self.threshold}, max_vocab_size={self.max_vocab_size}>"
        )

    def add_vocab(self, sentences: Iterable[Iterable[str]]) -> None:
        """Count the words and pairs of more sentences."""
        if isinstance(sentences, str):
            raise ConfigError("sentences is a string; give lists of words.")
        counts: Counter[str] = Counter()
        least = 1
        for number, sentence in enumerate(sentences):
            words = list(words_of(sentence))
            self.corpus_word_count += len(words)
            counts.update(self._plain(words))
            counts.update(self._pairs(words))
            if number % self.progress_per == 0:
                LOGGER.info("%d sentences, %d distinct words and pairs", number, len(counts))
            least = _prune(counts, self.max_vocab_size, least)
        if self.vocab:
            self.vocab.update(counts)
        else:
            self.vocab = counts
        self.min_reduce = _prune(self.vocab, self.max_vocab_size, max(self.min_reduce, least))

    def _plain(self, words: list[str]) -> Iterable[str]:
        connectors = self.connector_words
        return [word for word in words if word not in connectors] if connectors else words

    def _pairs(self, words: list[str]) -> Iterator[str]:
        """Return the joined pairs of neighbours, and the connectors between them."""
        if not self.connector_words:
            return map(self.delimiter.join, itertools.pairwise(words))
        ends = [place for place, word in enumerate(words) if word not in self.connector_words]
        return (self.delimiter.join(words[start : end + 1]) for start, end in itertools.pairwise(ends))

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """Return the joined phrase and its score, or (None, None) if it is not above the threshold."""
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        first, second, both = (self.vocab.get(token, 0) for token in (word_a, word_b, phrase))
        if first <= 0 or second <= 0 or both <= 0:
            return None, None
        score = self.scoring(
            worda_count=first,
            wordb_count=second,
            bigram_count=both,
            len_vocab=len(self.vocab),
            min_count=self.min_count,
            corpus_word_count=self.corpus_word_count,
        )
        return (phrase, score) if score > self.threshold else (None, None)

    def found(self) -> Iterator[Phrase]:
        """Yield every pair that is a phrase.

        A joined token may have come about in several ways (``new_york_times``); the best score counts.
        """
        for token, count in self.vocab.items():
            parts = token.split(self.delimiter)
            best: tuple[float, tuple[str, ...]] | None = None
            for words in _ways(parts, self.delimiter, self.connector_words) if len(parts) > 1 else ():
                _, score = self.score_candidate(words[0], words[-1], list(words[1:-1]))
                if score is not None and (best is None or score > best[0]):
                    best = (score, words)
            if best is not None:
                yield Phrase(best[1], count, best[0])

    def export_phrases(self) -> dict[str, float]:
        """Return all phrases, with their scores."""
        return {self.delimiter.join(phrase.words): float(phrase.score or 0) for phrase in self.found()}

    def freeze(self) -> FrozenPhrases:
        """Return the phrases alone, without the counts that they come from."""
        from coterie.compat.gensim.frozen_phrases import FrozenPhrases

        return FrozenPhrases(self)

    def save(self, fname: str | os.PathLike[str], **layout: Any) -> None:
        """Write counts and settings to one file.

        Parameters
        ----------
        fname
            The file; an earlier one is replaced when the new one is complete.
        **layout
            ``separately``, ``sep_limit`` and ``pickle_protocol`` are without effect.

        Raises
        ------
        FormatError
            The scorer is a function of the user's: only code could bring it back.
        """
        check_saving(layout)
        name = scorer_name(self.scoring)
        if name is None:
            raise FormatError(
                "phrases scored by a function of your own can't be saved; save what they found: .freeze()."
            )
        settings = {
            "min_count": self.min_count,
            "threshold": self.threshold,
            "max_vocab_size": self.max_vocab_size,
            "delimiter": self.delimiter,
            "progress_per": self.progress_per,
            "scoring": name,
            "connector_words": sorted(self.connector_words),
        }
        facts = {"min_reduce": self.min_reduce, "corpus_word_count": self.corpus_word_count}
        write_counts(fname, self.vocab, {"settings": settings, "facts": facts})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that :meth:`save` wrote."""
        vocab, header = read_counts(path)
        try:
            made = cls(**header["settings"])
        except (TypeError, ValueError) as error:
            raise FormatError(f"{path} is damaged: its settings can't be used ({error}).") from error
        made.vocab = Counter(vocab)
        made.min_reduce = header["facts"]["min_reduce"]
        made.corpus_word_count = header["facts"]["corpus_word_count"]
        return made


def _prune(counts: Counter[str], most: int, least: int) -> int:
    """Drop the rarest until no more than `most` are left; return the count from which all are there."""
    while len(counts) > most:
        for token in [token for token, count in counts.items() if count <= least]:
            del counts[token]
        least += 1
    return least


def _ways(parts: list[str], delimiter: str, connectors: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """Yield the words that a joined token may have been made of: two, with connectors between them."""
    for end in range(1, len(parts)):
        for start in range(end, len(parts)):
            between = parts[end:start]
            if all(word in connectors for word in between):
                yield (delimiter.join(parts[:end]), *between, delimiter.join(parts[start:]))
