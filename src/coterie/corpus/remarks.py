"""What to say of the words that a text turned out to have: an error when none is kept, remarks otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coterie.config import VocabularyConfig
from coterie.corpus.counting import Ranking
from coterie.corpus.reading import Reader
from coterie.errors import CorpusError

__all__ = ["check_words", "shown_words", "tell_missing"]

_SHOWN_WORDS = 5


def check_words(
    reader: Reader,
    tokens: int,
    skipped: int,
    ranking: Ranking,
    config: VocabularyConfig,
    least_option: str = "min_count",
) -> None:
    """Raise if no word is kept, and say why; `least_option` is what the user calls ``config.min_count``."""
    if len(ranking.words):
        return
    if not tokens:
        why = (
            "it is empty, or holds only white space and punctuation; a generator that was gone through "
            "before is empty"
            if reader.files is None
            else "only white space and punctuation"
        )
        nulls = f"; {skipped:,} record(s) hold null" if skipped else ""
        raise CorpusError(f"{reader.name}: there are no words in it ({why}{nulls}).")
    if config.words is not None:
        raise CorpusError(
            f"{reader.name}: none of the {len(config.words):,} words of the vocabulary "
            f"({shown_words(config.words)}) occurs. "
            f"The text's most frequent word is {ranking.best[1]!r}: do the two agree in case and "
            "tokenisation?"
        )
    count, word = ranking.best
    raise CorpusError(
        f"{reader.name}: no word occurs {config.min_count:,} times ({least_option}); the most frequent, "
        f"{word!r}, occurs {count:,} times in {tokens:,} tokens. "
        f"Set {least_option} to {count:,} or less (1 keeps every word), or give more text."
    )


def tell_missing(
    ranking: Ranking, config: VocabularyConfig, skipped: int, warn: Callable[[str], None]
) -> None:
    """Tell which wanted words the text lacks, and how many records held none."""
    if skipped:
        warn(f"{skipped:,} record(s) without text (null) were left out.")
    if config.words is None and not config.keep_words:
        return
    known = set(ranking.words.to_pylist())
    for option in ("words", "keep_words"):
        missing = [word for word in dict.fromkeys(getattr(config, option) or ()) if word not in known]
        if missing:
            limit = (
                " or are beyond max_vocab_size"
                if option == "words" and config.max_vocab_size is not None
                else ""
            )
            warn(
                f"{option} holds {len(missing):,} that do not occur in the text{limit} and are left out: "
                f"{shown_words(missing)}"
            )


def shown_words(words: Sequence[str]) -> str:
    """Return the first few words, quoted, for a message."""
    return ", ".join(map(repr, words[:_SHOWN_WORDS])) + (", …" if len(words) > _SHOWN_WORDS else "")
