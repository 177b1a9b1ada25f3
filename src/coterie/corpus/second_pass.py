"""The second pass over a text: phrases joined, words ranked, provisional ids made ranks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from coterie.config import PhraseConfig, VocabularyConfig
from coterie.corpus.counting import Ranking, WordCounter
from coterie.corpus.encoded import PHRASES, write_vocabulary
from coterie.corpus.phrase_learning import PhraseJoiner, wanted_words
from coterie.corpus.reading import Reader
from coterie.corpus.remarks import check_words, tell_missing
from coterie.corpus.rewriting import by_rank, rewrite
from coterie.errors import ConfigError, CorpusError
from coterie.phrases import PhraseModel

__all__ = ["Asked", "FirstPass", "second_pass"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to become of the text's words.

    Attributes
    ----------
    least_option
        What the user calls ``vocabulary.min_count``.
    most_words
        More are of no use.
    known_words
        Kept if they occur, whatever their count; that they don't is no news.
    pairs
        Whether each two tokens are a pair.
    """

    vocabulary: VocabularyConfig
    phrases: PhraseConfig
    model: PhraseModel | None
    least_option: str = "min_count"
    most_words: int | None = None
    known_words: Sequence[str] = ()
    pairs: bool = False

    def __post_init__(self) -> None:
        if self.pairs and (self.model is not None or self.phrases):
            raise ConfigError("pairs hold no phrases; leave phrases, known_phrases and phrase_model out.")
        if self.model is None:
            return
        for option in ("phrases", "known_phrases"):
            if value := getattr(self.phrases, option):
                raise ConfigError(
                    f"{option} is {value!r}, but phrase_model is given, whose phrases are joined as they "
                    f"are; leave {option} or phrase_model out."
                )

    @property
    def wanted(self) -> VocabularyConfig:
        """Which words are kept."""
        keep = (*self.vocabulary.keep_words, *self.known_words)
        return replace(self.vocabulary, keep_words=keep) if self.known_words else self.vocabulary

    @property
    def delimiter(self) -> str | None:
        """What joins phrases, ``None`` where there are none to join."""
        return self.phrases.phrase_delimiter if self.model is None else self.model.delimiter

    def ingredients(self, memory_limit: int) -> dict[str, Any] | None:
        """Return what of this, beside the vocabulary's settings, decides about the encoded text."""
        if self.model is not None:
            return {"model": self.model.fingerprint}
        if not self.phrases:
            return None
        return {**self.phrases.to_dict(), "memory_limit": memory_limit if self.phrases.phrases else None}


@dataclass(frozen=True, slots=True)
class FirstPass:
    """What the first pass found."""

    reader: Reader
    counter: WordCounter
    skipped: int


def second_pass(
    folder: Path,
    first: FirstPass,
    asked: Asked,
    memory_limit: int,
    tell: Callable[[str], None],
    warn: Callable[[str], None],
) -> tuple[dict[str, Any], PhraseModel | None]:
    """Join phrases, rank the words, rewrite ids, write the vocabulary; return the sizes and the phrases."""
    vocabulary, counter = asked.vocabulary, first.counter
    tokens, model = counter.tokens, None
    if asked.delimiter is None:
        ranking = counter.finish(asked.wanted, most_words=asked.most_words)
    else:
        wanted = wanted_words(asked.wanted, asked.phrases, asked.model)
        ranking = counter.finish(wanted, containing=asked.delimiter)
        if len(ranking.words):
            ranking, tokens, model = _join_phrases(folder, ranking, asked, memory_limit, tell, warn)
    check_words(first.reader, tokens, first.skipped, ranking, vocabulary, asked.least_option)
    tell_missing(ranking, vocabulary, first.skipped, warn)
    n_tokens, n_sentences = rewrite(folder, by_rank(ranking, pairs=asked.pairs))
    if not n_tokens:
        raise CorpusError(
            f"{first.reader.name}: no pair has two words that occur {vocabulary.min_count:,} times. Lower "
            f"{asked.least_option}."
        )
    write_vocabulary(folder, ranking.words, ranking.counts)
    sizes = {
        "n_tokens": n_tokens,
        "n_sentences": n_sentences,
        "n_words": len(ranking.words),
        "raw_tokens": tokens,
        "raw_words": ranking.raw_words,
    }
    return sizes, model


def _join_phrases(
    folder: Path,
    ranking: Ranking,
    asked: Asked,
    memory_limit: int,
    tell: Callable[[str], None],
    warn: Callable[[str], None],
) -> tuple[Ranking, int, PhraseModel]:
    """Join phrases in the text and keep them beside it; return its words and tokens after that."""
    joiner = PhraseJoiner(folder, ranking, asked.delimiter or "", tell, warn)
    if asked.model is None:
        model = joiner.learn(asked.phrases, memory_limit)
    else:
        model = asked.model
        joiner.apply(model)
    with (folder / PHRASES).open("wb") as file:
        model.write(file)
    return joiner.finish(asked.wanted), joiner.tokens, model
