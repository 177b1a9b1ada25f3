"""Options as people write them, sorted into the settings objects; what to say of those that are none."""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any

from coterie.config import CorpusConfig, PhraseConfig, TrainingConfig, VocabularyConfig
from coterie.errors import ConfigError

__all__ = ["OF_RUNNING_TEXT", "Configs", "configs_of", "refuse_needless", "sorted_into"]

# Options of gensim that have no counterpart.
_NEEDLESS = {
    "sg": "It is architecture='skip_gram' (gensim's sg=1, the default here) or architecture='cbow' (sg=0).",
    "hs": "It is objective='hierarchical_softmax' (hs=1) or 'negative_sampling' (hs=0, the default).",
    "cbow_mean": "architecture='cbow' always takes the mean; cbow_gradient is about its gradient.",
    "sentences": "The text is the first argument, without a name.",
    "corpus_file": "The text is the first argument, without a name.",
}

# What people write from habit, and what it is here.
_OTHER_NAMES = {
    "size": "vector_size",
    "iter": "epochs",
    "n_epochs": "epochs",
    "lr": "alpha",
    "dim": "vector_size",
    "ws": "window",
    "neg": "negative",
    "threads": "workers",
    "max_final_vocab": "max_vocab_size",
    "callback": "callbacks",
    "patience": "early_stopping",
    "delimiter": "phrase_delimiter",
    "scoring": "phrase_scoring",
    "threshold": "phrase_threshold",
}

Configs = tuple[CorpusConfig, VocabularyConfig, PhraseConfig, TrainingConfig]


# What pairs have, which are no windows of a text.
_OF_PAIRS = {"window": 1, "shrink_windows": False, "sample": 0.0, "architecture": "skip_gram"}
_WITHOUT_TEXT = {"text_field": "text", "subsampling": "word2vec", "phrases": 0, "known_phrases": ()}

OF_RUNNING_TEXT = frozenset({*_OF_PAIRS, *_WITHOUT_TEXT, "cbow_gradient", "negative_sharing"})
"""Options that pairs have no use for."""


def configs_of(settings: dict[str, Any]) -> Configs:
    """Sort the settings into the objects that know them."""
    if settings.get("pairs"):
        settings = _of_pairs(settings)
    sorted_settings: Configs = sorted_into(
        (CorpusConfig, VocabularyConfig, PhraseConfig, TrainingConfig), settings
    )
    return sorted_settings


def _of_pairs(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a training on pairs; options of running text are refused."""
    for option, value in settings.items():
        if {**_OF_PAIRS, **_WITHOUT_TEXT}.get(option, value) != value:
            raise ConfigError(
                f"{option} is {value!r}, but pairs are the examples themselves, without windows, sentences "
                f"or phrases; leave {option} out."
            )
    return {"min_count": 1, **settings, **_OF_PAIRS}


def sorted_into(kinds: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """Return an object of each kind, made of those settings that it has; an option of none is an error."""
    fields = [{field.name for field in dataclasses.fields(kind)} for kind in kinds]
    for option in settings:
        if not any(option in names for names in fields):
            raise ConfigError(f"there is no option {option!r}{_nearest_option(option, set().union(*fields))}")
    return tuple(
        kind(**{name: value for name, value in settings.items() if name in names})
        for kind, names in zip(kinds, fields, strict=True)
    )


def _nearest_option(option: str, known: set[str]) -> str:
    if option in _OTHER_NAMES:
        return f"; here it is {_OTHER_NAMES[option]}."
    near = difflib.get_close_matches(option, sorted(known), n=1)
    return f"; did you mean {near[0]}?" if near else f". Options: {', '.join(sorted(known))}."


def refuse_needless(settings: dict[str, Any]) -> None:
    """Raise for an option of gensim that has no counterpart, and say what there is instead."""
    for option, reason in _NEEDLESS.items():
        if option in settings:
            raise ConfigError(f"there is no option {option!r}. {reason}")
