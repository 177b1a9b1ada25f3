"""Errors that are Coterie's and also the built-in ones that scripts written for gensim expect."""

from __future__ import annotations

from typing import Any

from coterie.errors import ConfigError, CorpusError

__all__ = ["AbsentError", "EmptyListError", "NoVocabularyError", "NotSentencesError", "refuse_unless"]


class NoVocabularyError(CorpusError, RuntimeError):
    """There are no words to train: no vocabulary was built, or no word of the text was kept."""


class NotSentencesError(CorpusError, TypeError):
    """What was given as sentences is no iterable of lists of words, or both or none was given."""


class AbsentError(ConfigError, RuntimeError):
    """A model of these settings does not have what was asked for."""


class EmptyListError(ConfigError, ZeroDivisionError):
    """A list of words holds none."""


def refuse_unless(option: str, value: Any, accepted: Any, why: str) -> None:
    """Raise for an option of gensim that has one accepted value here."""
    if value is not accepted and value != accepted:
        raise ConfigError(f"{option} is {value!r}; here it must be left at {accepted!r}. {why}")
