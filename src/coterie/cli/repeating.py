"""The command that makes a model again, from the settings that it holds."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from coterie.config import CorpusConfig, PhraseConfig, TrainingConfig, VocabularyConfig
from coterie.errors import FormatError

__all__ = ["command_of"]

# Lists that came from files: the model has them, but no longer the files.
_FILES = {"words": "--vocabulary", "keep_words": "--keep-words", "known_phrases": "--known-phrases"}


def command_of(name: str, config: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the command line that repeats the training of a model, and what there is to say of it.

    Parameters
    ----------
    name
        What the model is to be called.
    config
        The model's ``config.json``.

    Examples
    --------
    >>> command_of("m", {"source": ["a b.txt"], "training": {"epochs": 7}})[0]
    "coterie train 'a b.txt' -o m --epochs 7 --workers 1"
    """
    remarks = []
    source = config.get("source")
    if not source:
        remarks.append("the text was an object in Python; put a file in the place of TEXT")
    words = ["coterie", "train", *_sources(source or ["TEXT"]), "-o", name]
    goes_on = "start_from" in config
    if goes_on:
        if config["start_from"] is None:
            remarks.append("it goes on from a model that was an object in Python; name its folder for MODEL")
        words += ["--from", *_sources([config["start_from"] or "MODEL"])]
    for kind, part in (
        (TrainingConfig, "training"),
        (VocabularyConfig, "vocabulary"),
        (PhraseConfig, "phrases"),
        (CorpusConfig, "corpus"),
    ):
        every = goes_on or (part == "vocabulary" and bool(_settings(config, "corpus").get("pairs")))
        for option, value in _changed(kind, _settings(config, part), every=every):
            if option in _FILES:
                remarks.append(
                    f"{_FILES[option]} had {len(value):,} entries; config.json has them, as {option}"
                )
                words += [_FILES[option], f"{option.upper()}.txt"]
            else:
                words += _written(option, value)
    for option in ("evaluate_on", "phrase_model"):
        if option in config:
            flag = f"--{option.replace('_', '-')}"
            if config[option] is None:
                remarks.append(f"{option} was an object in Python; {flag} takes a file")
            words += [flag, *_sources([config[option] or option.upper()])]
    training = _settings(config, "training")
    if not training.get("deterministic") and training.get("workers") != 1:
        # What several threads that ran free did cannot be repeated.
        if "--workers" not in words:
            workers = _settings(config, "figures").get("workers")
            words += ["--workers", str(workers or 1)]
        if words[words.index("--workers") + 1] != "1":
            remarks.append("several threads ran free: the vectors will be as good, but not the same")
    return shlex.join(words), remarks


def _settings(config: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    found = config.get(part, {})
    if not isinstance(found, Mapping):
        raise FormatError(f"the model's settings can't be read ({part} is {found!r}).")
    return found


def _sources(named: Any) -> list[str]:
    """Return the files as a command line may name them: none is an option."""
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise FormatError(f"the model's settings can't be read (source is {named!r}).")
    return [f"./{name}" if name.startswith("-") and name != "-" else name for name in named]


def _changed(kind: Any, settings: Mapping[str, Any], *, every: bool) -> Iterator[tuple[str, Any]]:
    """Yield the settings that are not what they are where nothing is given, or every one that is set."""
    known = {field.name for field in dataclasses.fields(kind)}
    chosen = {option: value for option, value in settings.items() if option in known}
    # What depends on others has the default that goes with those.
    names = ("objective", "architecture", "cbow_gradient", "phrases", "phrase_scoring", "phrase_min_count")
    deciding = {name: chosen[name] for name in names if name in chosen}
    try:
        given, usual = kind(**chosen), kind(**deciding)
    except (ValueError, TypeError, AttributeError) as error:
        raise FormatError(f"the model's settings can't be read ({error}).") from error
    for field in dataclasses.fields(kind):
        value = getattr(given, field.name)
        differs = value != getattr(usual, field.name)
        if every and (kind in (TrainingConfig, CorpusConfig) or field.name == "min_count"):
            differs = value is not None
        if differs or (field.name in deciding and value != field.default):
            yield field.name, value


def _written(option: str, value: Any) -> list[str]:
    flag = option.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    if isinstance(value, tuple | list):
        return [f"--{flag}", ",".join(map(str, value))]
    return [f"--{flag}", str(value)]
