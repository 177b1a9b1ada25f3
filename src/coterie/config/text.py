"""How text is read, and which of its words are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from coterie.config.checks import Config, check_integer, check_one_of
from coterie.errors import ConfigError

__all__ = ["CorpusConfig", "EncodingErrors", "Lowercase", "VocabularyConfig"]

Lowercase = Literal["unicode", "turkish", "none"]
EncodingErrors = Literal["strict", "replace", "ignore"]


@dataclass(frozen=True, kw_only=True)
class CorpusConfig(Config):
    """How text becomes sentences of tokens.

    Parameters
    ----------
    tokenizer
        ``"words"`` or ``"whitespace"``; a Python callable is passed beside this object, and its
        name stands here.
    lowercase
        Lower-casing before tokenisation: ``"unicode"``, ``"turkish"`` (I → ı, İ → i) or ``"none"``.
        ``None`` takes the tokenizer's own default: ``"unicode"`` for ``words``, ``"none"`` otherwise.
    text_field
        The field or column that holds the text in JSONL, CSV, TSV, Parquet and Arrow.
    weight_field
        The field or column that holds the weight of a record's sentences, or of a pair; ``None``: all are 1.
    pairs
        The records are (input, output) pairs, the examples themselves, instead of text.
    input_field, output_field
        The fields or columns of a pair, by name, or by number from 1 on in a file without a header.
    encoding_errors
        What to do with bytes that are not UTF-8.
    """

    tokenizer: str = "words"
    lowercase: Lowercase | None = None
    text_field: str = "text"
    weight_field: str | None = None
    pairs: bool = False
    input_field: str = "input"
    output_field: str = "output"
    encoding_errors: EncodingErrors = "strict"

    def __post_init__(self) -> None:
        if not isinstance(self.tokenizer, str) or not self.tokenizer:
            raise ConfigError(
                f"tokenizer is {self.tokenizer!r}; name one (words, whitespace) or pass a callable."
            )
        if self.lowercase is not None:
            check_one_of("lowercase", self.lowercase, get_args(Lowercase))
        for option in ("text_field", "weight_field", "input_field", "output_field"):
            if getattr(self, option) == "":
                raise ConfigError(f"{option} is empty; name the field.")
        for option, usual in (("input_field", "input"), ("output_field", "output")):
            if not self.pairs and (given := getattr(self, option)) != usual:
                raise ConfigError(
                    f"{option} is {given!r}, but pairs are not asked for; set pairs, or leave it out."
                )
        if self.pairs and self.input_field == self.output_field:
            raise ConfigError(f"input_field and output_field are both {self.input_field!r}; name two fields.")
        check_one_of("encoding_errors", self.encoding_errors, get_args(EncodingErrors))


@dataclass(frozen=True, kw_only=True)
class VocabularyConfig(Config):
    """Which words are kept.

    Parameters
    ----------
    min_count
        Words seen less often are dropped.
    max_vocab_size
        At most this many words are kept, the most frequent first; ``None`` keeps all.
    words
        An explicit vocabulary: only these are kept, whatever their count (those the text lacks are
        left out, with a warning).
    keep_words
        Words that are kept whatever their count, beside what ``min_count`` and ``max_vocab_size`` keep.
    """

    min_count: int = 5
    max_vocab_size: int | None = None
    words: tuple[str, ...] | None = None
    keep_words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_integer("min_count", self.min_count, 1)
        if self.max_vocab_size is not None:
            check_integer("max_vocab_size", self.max_vocab_size, 1)
        for option in ("words", "keep_words"):
            value = getattr(self, option)
            if isinstance(value, str):
                raise ConfigError(f"{option} is the string {value!r}; give a list of words.")
            if value is not None:
                object.__setattr__(self, option, tuple(value))
                bad = next((w for w in value if not isinstance(w, str) or not w), None)
                if bad is not None:
                    raise ConfigError(f"{option} holds {bad!r}; every entry must be a word.")
        if self.words is not None and not self.words:
            raise ConfigError("words is empty; name at least one word or leave it out.")
