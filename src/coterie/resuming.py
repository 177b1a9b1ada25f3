"""What a checkpoint keeps of its training, and the training that goes on from it."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coterie.config import CorpusConfig, PhraseConfig, TrainingConfig, VocabularyConfig
from coterie.continuing import Start, fingerprint_of, start_of
from coterie.errors import ConfigError, CorpusError, FormatError
from coterie.jobs import Given, Job, Surroundings, names_of
from coterie.notices import warn_caller
from coterie.phrases import PhraseModel

if TYPE_CHECKING:
    from coterie.corpus import EncodedCorpus
    from coterie.training.checkpoint import Checkpoint

__all__ = ["about_of", "check_same", "job_of"]


def job_of(checkpoint: Checkpoint, given: Given, surroundings: Surroundings) -> Job:
    """Return the job that a checkpoint is a part of, with what was given anew."""
    tell = surroundings.on_event or warn_caller
    about = checkpoint.about
    try:
        _check_about(about)
        corpus, vocabulary = CorpusConfig(**about["corpus"]), VocabularyConfig(**about["vocabulary"])
        phrases, config = PhraseConfig(**about["phrases"]), TrainingConfig(**about["training"])
    except (KeyError, TypeError, ConfigError) as error:
        raise FormatError(f"{checkpoint.path}: its settings can't be read ({error}).") from error
    config = _changed(config, given, tell)
    if about["made_by"] != _made_by():
        tell(
            "another version of Coterie or of its libraries, or another CPU, wrote the checkpoint: the "
            "training goes on, but not with the same bits as if it had never stopped"
        )
    return Job(
        _source_again(given.source, about["source"]),
        _again("weights", given.weights, None, about["own_weights"]),
        _again("tokenizer", given.tokenizer, corpus.tokenizer, about["own_tokenizer"]),
        _again("phrase_model", given.phrase_model, about["phrase_model"], about["own_phrases"]),
        _again("evaluate_on", given.evaluate_on, about["evaluate_on"], about["own_score"]),
        start_of(_again("start_from", given.start_from, about["start_from"], about["own_start"])),
        (corpus, vocabulary, phrases, config),
        replace(
            surroundings,
            memory_limit=surroundings.memory_limit or about["process_limit"],
            counting_limit=about["memory_limit"],
        ),
    )


# What a checkpoint says of its training; a stranger's may say anything.
_ABOUT: dict[str, Any] = {
    **dict.fromkeys(("corpus", "vocabulary", "phrases", "training", "made_by"), dict),
    **dict.fromkeys(("own_tokenizer", "own_phrases", "own_score", "own_start", "own_weights"), bool),
    **dict.fromkeys(("phrase_model", "evaluate_on", "start_from", "start"), str | None),
    "source": list | None,
    "fingerprint": str,
    "memory_limit": int,
    "process_limit": int | None,
}


def _check_about(about: dict[str, Any]) -> None:
    for name, kind in _ABOUT.items():
        if not isinstance(about[name], kind):
            raise TypeError(f"{name} is {about[name]!r}")
    if not all(isinstance(path, str) for path in about["source"] or ()) or about["memory_limit"] < 1:
        raise TypeError("source or memory_limit are none")


def _changed(config: TrainingConfig, given: Given, tell: Callable[[str], None]) -> TrainingConfig:
    """Return the settings with what may be changed."""
    if given.workers is not None and given.workers != config.workers:
        if not config.deterministic:
            before = "every core" if config.workers is None else config.workers
            tell(
                f"workers is {given.workers} and was {before}: the vectors will be as good, but not the same "
                "bits"
            )
        config = replace(config, workers=given.workers)
    if given.epochs is not None and given.epochs != config.epochs:
        if given.epochs < config.epochs:
            raise ConfigError(
                f"epochs is {given.epochs}, but the checkpoint is of a training of {config.epochs}; it may "
                "become more, not fewer."
            )
        tell(
            f"epochs is {given.epochs} and was {config.epochs}: the learning rate goes on from where it "
            "would be in a training of so many, which is higher than where it was"
        )
        config = replace(config, epochs=given.epochs)
    return config


def _source_again(given: Any, kept: list[str] | None) -> Any:
    from coterie.corpus import Paths

    if given is not None:
        return given
    if kept is None:
        raise ConfigError("the checkpoint's text was no file or folder; give it again.")
    return kept[0] if len(kept) == 1 else Paths(kept)


def _again(option: str, given: Any, kept: Any, own: bool) -> Any:
    """Return what was given again, or what was kept; what was an object of Python's must be given."""
    if given is None and own:
        raise ConfigError(f"{option} was an object in Python, which a checkpoint can't hold; give it again.")
    return kept if given is None else given


def about_of(job: Job, corpus: EncodedCorpus, counting: int) -> dict[str, Any]:
    """Return what a checkpoint holds of its training."""
    corpus_config, vocabulary_config, phrase_config, config = job.configs
    names = names_of(job.source)
    named = None if isinstance(job.phrase_model, PhraseModel) else job.phrase_model
    return {
        "source": None if names is None else list(map(_whole_path, names)),
        "own_weights": job.weights is not None,
        "own_tokenizer": not isinstance(job.tokenizer, str),
        "own_phrases": isinstance(job.phrase_model, PhraseModel),
        "phrase_model": _absolute(named),
        "start_from": None if job.start is None else _absolute(job.start.path),
        "own_start": job.start is not None and job.start.path is None,
        "start": None if job.start is None else fingerprint_of(job.start.model),
        "own_score": callable(job.evaluate_on),
        "evaluate_on": None if callable(job.evaluate_on) else _absolute(job.evaluate_on),
        "fingerprint": corpus.fingerprint,
        "memory_limit": counting,
        "process_limit": job.surroundings.memory_limit,
        "corpus": corpus_config.to_dict(),
        "vocabulary": vocabulary_config.to_dict(),
        "phrases": phrase_config.to_dict(),
        "training": config.to_dict(),
        "made_by": _made_by(),
    }


def _absolute(path: str | os.PathLike[str] | None) -> str | None:
    """Return a file's name from the root on; a name of an installed package's file (``gensim:…``) is none."""
    if path is None:
        return None
    packaged = str(path).startswith("gensim:") and not Path(path).exists()
    return str(path) if packaged else str(Path(path).absolute())


def _whole_path(path: str) -> str:
    """Return a path or a pattern from the root on; the folder that we are in is no part of a pattern."""
    pattern = glob.has_magic(path) and not Path(path).exists()
    here = glob.escape(str(Path.cwd())) if pattern else str(Path.cwd())
    return str(Path(here) / path)


def _made_by() -> dict[str, Any]:
    """Return what the bits of a result depend on beside settings and text."""
    from coterie.kernels.machine_code import surroundings

    return surroundings()


def check_same(corpus: EncodedCorpus, start: Start | None, checkpoint: Checkpoint) -> None:
    """Refuse to go on with another text, or from another model, than the checkpoint's.

    Raises
    ------
    CorpusError, ConfigError
        With what is another.
    """
    _check_text(corpus, checkpoint)
    _check_start(start, checkpoint)


def _check_text(corpus: EncodedCorpus, checkpoint: Checkpoint) -> None:
    expected = checkpoint.about["fingerprint"]
    if corpus.fingerprint != expected:
        raise CorpusError(
            f"the text is another than that of {checkpoint.path}: encoded its fingerprint is "
            f"{corpus.fingerprint}, and was {expected}. Has a file changed? Give the text as it was, or "
            "train anew."
        )


def _check_start(start: Start | None, checkpoint: Checkpoint) -> None:
    if start is not None and fingerprint_of(start.model) != checkpoint.about.get("start"):
        raise ConfigError(
            f"the model that the training of {checkpoint.path} goes on from has other words or counts now; "
            "give it as it was (start_from), or train anew."
        )
