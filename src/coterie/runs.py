"""A training from text to model: new, or going on from a checkpoint."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coterie.config import CorpusConfig, PhraseConfig, TrainingConfig, VocabularyConfig
from coterie.continuing import Grown, Start, StartFrom, fingerprint_of, grown, start_of
from coterie.errors import ConfigError, CorpusError, FormatError, TrainingInterrupted
from coterie.model import Model
from coterie.notices import warn_caller
from coterie.options import Configs
from coterie.phrases import PhraseModel
from coterie.training.callbacks import Callback, Watch
from coterie.training.means import Means, counting_share
from coterie.training.progress import Progress
from coterie.vectors import WordVectors
from coterie.version import VERSION
from coterie.vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coterie.corpus import CacheConfig, EncodedCorpus, EncodeProgress
    from coterie.sampling.pairs import Pairs
    from coterie.sampling.plan import Sentences
    from coterie.training.checkpoint import Checkpoint, Checkpoints
    from coterie.training.trainer import TrainingResult

__all__ = [
    "EvaluateOn",
    "Given",
    "Job",
    "Place",
    "Surroundings",
    "carry_out",
    "encode_progress",
    "go_on",
    "tokenizer_of",
]

_Tokenizer = str | Callable[[str], Iterable[str]]
_Phrases = PhraseModel | str | os.PathLike[str]
EvaluateOn = str | os.PathLike[str] | Callable[[WordVectors], float]
"""A file of analogies or of word pairs, or a function that rates word vectors."""


@dataclass(frozen=True)
class Surroundings:
    """Caches, what of the machine may be taken, and who is told.

    ``counting_limit`` is what words are counted in: ``None``, a share of ``memory_limit``.
    """

    cache: bool
    cache_dir: str | os.PathLike[str] | None
    cache_limit: int | None
    memory_limit: int | None
    callback: Callable[[Progress], None] | None
    callbacks: tuple[Callback, ...]
    on_event: Callable[[str], None] | None
    output: str | os.PathLike[str] | None = None
    matrices_dir: str | os.PathLike[str] | None = None
    counting_limit: int | None = None

    def __post_init__(self) -> None:
        _ = self.means  # refuses what is no limit before there is work

    @property
    def means(self) -> Means:
        """What of the machine may be taken."""
        return Means(self.memory_limit, self.output, self.matrices_dir)

    def counting_share(self, workers: int) -> tuple[int, int]:
        """Return what counting words may take, and the threads that tokenise."""
        share, threads = counting_share(self.memory_limit, workers)
        # Where phrases were learned in bounded memory, another bound may give other phrases.
        return min(share, self.counting_limit) if self.counting_limit else share, threads


@dataclass(frozen=True)
class Job:
    """A text and all settings."""

    source: Any
    weights: Iterable[float] | None
    tokenizer: _Tokenizer
    phrase_model: _Phrases | None
    evaluate_on: EvaluateOn | None
    start: Start | None
    configs: Configs
    surroundings: Surroundings


@dataclass(frozen=True)
class Place:
    """The folder of checkpoints, if any, with the seconds and the words between two."""

    folder: str | os.PathLike[str] | None
    every: float | None
    every_words: int | None

    def __post_init__(self) -> None:
        for option, value in (
            ("checkpoint_every", self.every),
            ("checkpoint_every_words", self.every_words),
        ):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (number and value > 0):
                raise ConfigError(f"{option} is {value!r}; it must be a number above 0, or None.")


@dataclass(frozen=True)
class Given:
    """What is given anew when a training goes on; ``None``: as it was."""

    source: Any
    weights: Iterable[float] | None
    tokenizer: Callable[[str], Iterable[str]] | None
    phrase_model: _Phrases | None
    evaluate_on: EvaluateOn | None
    start_from: StartFrom | None
    epochs: int | None
    workers: int | None


def carry_out(job: Job, place: Place) -> Model:
    """Encode, train from the beginning, and return the model.

    Raises
    ------
    ConfigError
        In the folder of checkpoints is a training that did not end.
    TrainingInterrupted
        On Ctrl-C, with what had been learned.
    """
    if place.folder is None:
        return _carried_out(job, None, None)
    with _checkpoints(place, job.surroundings) as checkpoints:
        checkpoints.refuse_others()
        return _carried_out(job, checkpoints, None)


def go_on(given: Given, surroundings: Surroundings, place: Place) -> Model:
    """Go on from the last whole checkpoint of a place, which has a folder.

    Raises
    ------
    ConfigError, FormatError
        What can't be changed was given, or something has to be; there is no whole checkpoint.
    TrainingInterrupted
        On Ctrl-C, with what had been learned.
    """
    from coterie.training.checkpoint import latest_checkpoint

    with _checkpoints(place, surroundings) as checkpoints:
        checkpoint = latest_checkpoint(checkpoints.place, surroundings.on_event or warn_caller)
        job = _job_of(checkpoint, given, surroundings)
        checkpoints.go_on(checkpoint)
        return _carried_out(job, checkpoints, checkpoint)


def _checkpoints(place: Place, surroundings: Surroundings) -> Checkpoints:
    from coterie.training.checkpoint import Checkpoints

    assert place.folder is not None
    return Checkpoints(place.folder, place.every, place.every_words, surroundings.on_event or warn_caller)


def _carried_out(job: Job, checkpoints: Checkpoints | None, checkpoint: Checkpoint | None) -> Model:
    started = time.perf_counter()
    function, _ = tokenizer_of(job.tokenizer)
    corpus_config, vocabulary_config, phrase_config, config = job.configs
    around, callback, on_event = job.surroundings, job.surroundings.callback, job.surroundings.on_event
    start = None if job.start is None else job.start.model
    known, score = _phrase_model(job.phrase_model), _score(job.evaluate_on)
    if known is None and start is not None and not phrase_config:
        known = start.phrases
    _check_stopping(config, score)

    from coterie.corpus import encode
    from coterie.kernels.cores import available_cores
    from coterie.kernels.mapped import check_mapping
    from coterie.training.resources import most_words
    from coterie.training.warm_up import warm_up

    if around.matrices_dir is not None:
        check_mapping(around.matrices_dir)
    counting, threads = around.counting_share(config.workers or available_cores())
    warm_up(config)
    with encode(
        job.source,
        corpus_config,
        vocabulary_config,
        phrases=phrase_config,
        phrase_model=known,
        tokenizer=function,
        cache=_cache(around.cache_dir, around.cache_limit) if around.cache else None,
        memory_limit=counting,
        workers=threads,
        progress=None if callback is None else encode_progress(callback),
        on_event=on_event,
        known_words=() if start is None else start.vectors.words,
        weights=job.weights,
        most_words=most_words(config, around.memory_limit, on_disk=around.matrices_dir is not None),
    ) as corpus:
        encoded = time.perf_counter()
        before = 0.0
        if checkpoint is not None:
            _check_text(corpus, checkpoint)
            _check_start(job.start, checkpoint)
            before = checkpoint.progress["seconds"]
        if checkpoints is not None:
            checkpoints.about = _about(job, corpus, counting)
        text, vocabulary = _training_set(corpus, job)
        more = None
        if start is not None:
            more = grown(start, vocabulary)
            if on_event is not None:
                on_event(_told_of_growth(more, len(vocabulary)))
        words = vocabulary.column if more is None else more.words
        watch = Watch(around.callbacks, words, score, on_event)
        counts = vocabulary.counts if more is None else more.counts
        result = _train((text, counts), job, watch, more, checkpoints, checkpoint)
        if result.interrupted and not result.words:
            raise KeyboardInterrupt("interrupted before the training began")
        statistics = {
            "tokens": corpus.n_tokens,
            "sentences": corpus.n_sentences,
            "words": len(words),
            "tokens_before_dropping": corpus.raw_tokens,
            "words_before_dropping": corpus.raw_words,
            "fingerprint": corpus.fingerprint,
        }
        figures = {
            "words_per_second": round(result.words_per_second, 1),
            "training_seconds": round(result.seconds, 3),
            "encoding_seconds": round(encoded - started, 3),
            "total_seconds": round(time.perf_counter() - started + before, 3),
            "workers": result.workers,
            "final_loss": result.loss,
            "trained_words": result.words,
            "interrupted": result.interrupted,
            "stopped": result.stopped,
            "encoded_before": corpus.from_cache,
        }
        model = _model(corpus, vocabulary, result, job, more, (statistics, figures))
        done = result.words / (corpus.n_tokens * config.epochs)
    if checkpoints is not None and not result.interrupted:
        checkpoints.finish()
    if result.interrupted:
        raise TrainingInterrupted(
            f"interrupted after {done:.0%} of the training; its .model is what there is",
            model,
        )
    return model


def _job_of(checkpoint: Checkpoint, given: Given, surroundings: Surroundings) -> Job:
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
        given.weights,
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
    **dict.fromkeys(("own_tokenizer", "own_phrases", "own_score", "own_start"), bool),
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


def _versions() -> dict[str, str]:
    """Return what a model's bits depend on beside settings and text, for people."""
    import platform
    from importlib.metadata import version

    import llvmlite.binding

    from coterie.kernels.emitter import LANES

    names = {"Numba": "numba", "llvmlite": "llvmlite", "NumPy": "numpy", "PyArrow": "pyarrow"}
    return {
        "Python": platform.python_version(),
        **{name: version(distribution) for name, distribution in names.items()},
        "CPU": f"{llvmlite.binding.get_host_cpu_name()}, vectors of {LANES} float32",
    }


def _names_of(source: Any) -> list[str] | None:
    """Return the names of a source's files as they were given; None where they can't be read again."""
    from coterie.corpus import Paths

    if isinstance(source, str | os.PathLike):
        source = [source]
    elif not isinstance(source, Paths) and not (
        isinstance(source, list | tuple) and source and all(isinstance(item, os.PathLike) for item in source)
    ):
        return None
    names = [os.fspath(path) for path in source]
    return None if "-" in names else names


def _about(job: Job, corpus: EncodedCorpus, counting: int) -> dict[str, Any]:
    """Return what a checkpoint holds of its training."""
    corpus_config, vocabulary_config, phrase_config, config = job.configs
    names = _names_of(job.source)
    named = None if isinstance(job.phrase_model, PhraseModel) else job.phrase_model
    return {
        "source": None if names is None else list(map(_whole_path, names)),
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
    if path is None or (str(path).startswith("gensim:") and not Path(path).exists()):
        return None if path is None else str(path)
    return str(Path(path).absolute())


def _whole_path(path: str) -> str:
    """Return a path or a pattern from the root on; the folder that we are in is no part of a pattern."""
    pattern = glob.has_magic(path) and not Path(path).exists()
    here = glob.escape(str(Path.cwd())) if pattern else str(Path.cwd())
    return str(Path(here) / path)


def _made_by() -> dict[str, Any]:
    """Return what the bits of a result depend on beside settings and text."""
    from coterie.kernels.machine_code import surroundings

    return surroundings()


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


def _told_of_growth(more: Grown, words: int) -> str:
    return (
        f"of {len(more.model.vectors):,} words that the model has, {words - more.new:,} occur in the text, "
        f"which adds {more.new:,} new ones"
    )


def tokenizer_of(
    tokenizer: _Tokenizer,
) -> tuple[Callable[[str], Iterable[str]] | None, str]:
    """Return the function, if it is one, and the name."""
    if isinstance(tokenizer, str):
        return None, tokenizer
    return tokenizer, getattr(tokenizer, "__name__", repr(tokenizer))


def _phrase_model(given: _Phrases | None) -> PhraseModel | None:
    return given if given is None or isinstance(given, PhraseModel) else PhraseModel.load(given)


def _cache(directory: str | os.PathLike[str] | None, limit: int | None) -> CacheConfig:
    from coterie.config.places import default_cache_directory
    from coterie.corpus import CacheConfig

    return CacheConfig(Path(directory) if directory is not None else default_cache_directory(), limit)


def encode_progress(callback: Callable[[Progress], None]) -> Callable[[EncodeProgress], None]:
    """Return what tells the callback how far encoding has come."""
    started = time.perf_counter()

    def report(progress: EncodeProgress) -> None:
        total = progress.bytes_total
        callback(
            Progress(
                stage="encode",
                words_done=progress.tokens,
                words_total=None,
                seconds=time.perf_counter() - started,
                fraction=progress.bytes_done / total if total else None,
            )
        )

    return report


def _score(evaluate_on: EvaluateOn | None) -> Callable[[WordVectors], float] | None:
    if evaluate_on is None or callable(evaluate_on):
        return evaluate_on
    from coterie.evaluation.scoring import score_on

    return score_on(evaluate_on)


def _check_stopping(config: TrainingConfig, score: Callable[[WordVectors], float] | None) -> None:
    if config.early_stopping is not None and not config.validation and score is None:
        raise ConfigError(
            f"early_stopping is {config.early_stopping}, but nothing is measured that it could go by; hold "
            "sentences out with validation (such as 0.001), or name a test set with evaluate_on."
        )


def _train(
    training_set: tuple[Sentences | Pairs, NDArray[np.int64]],
    job: Job,
    watch: Watch,
    more: Grown | None,
    checkpoints: Checkpoints | None,
    checkpoint: Checkpoint | None,
) -> TrainingResult:
    config, around = job.configs[3], job.surroundings
    if around.callback is not None:  # what of the compilation is left, see warm_up, is waited for from now on
        around.callback(Progress("compile", 0, len(training_set[0].ids) * config.epochs, 0.0))
    from coterie.training.guarded import guarded_run
    from coterie.training.resources import check_memory

    weights = None
    if checkpoint is not None or more is not None:  # before their matrices are read
        on_disk = around.matrices_dir is not None
        check_memory(len(training_set[1]), config, limit=around.memory_limit, on_disk=on_disk)
        if more is not None and checkpoint is None:
            weights = more.weights(config, around.means.allocate)
    return guarded_run(
        *training_set,
        config,
        around.callback,
        around.on_event,
        checkpoints,
        checkpoint.state(around.means.allocate) if checkpoint else None,
        around.means,
        watch,
        weights,
    )


def _training_set(corpus: EncodedCorpus, job: Job) -> tuple[Sentences | Pairs, Vocabulary]:
    """Return what is trained, and its words with their counts as outputs, which noise and tree follow from.

    These are the model's counts, since it predicts with them: a word that is only an input has 0.
    """
    from coterie.sampling.pairs import Pairs, output_counts
    from coterie.sampling.plan import Sentences
    from coterie.training.guard import check_step

    if job.configs[0].pairs:
        pairs = Pairs(corpus.ids, corpus.weights)
        return pairs, Vocabulary(corpus.vocabulary.column, output_counts(pairs, len(corpus.vocabulary)))
    if len(corpus.weights):
        check_step(float(corpus.weights.max()), job.configs[3])
    return Sentences(corpus.ids, corpus.offsets, corpus.weights), corpus.vocabulary


def _model(
    corpus: EncodedCorpus,
    vocabulary: Vocabulary,
    result: TrainingResult,
    job: Job,
    more: Grown | None,
    about: tuple[dict[str, Any], dict[str, Any]],
) -> Model:
    corpus_config, vocabulary_config, phrase_config, config = job.configs
    matrices = {name: matrix[:, : config.vector_size] for name, matrix in result.weights.matrices()}
    described: dict[str, Any] = {
        "coterie_version": VERSION,
        "versions": _versions(),
        "source": _names_of(job.source),
        **_start_of(job),
        "objective": config.objective,
        "training": config.to_dict(),
        "corpus": corpus_config.to_dict(),
        "vocabulary": vocabulary_config.to_dict(),
        **({"phrases": phrase_config.to_dict()} if phrase_config else {}),
        "corpus_statistics": about[0],
        "figures": about[1],
    }
    if more is not None:
        vocabulary = more.in_order(matrices)
    words = WordVectors(vocabulary.column, matrices["input_vectors"], vocabulary.counts)
    if result.weights.log_normaliser is not None:
        described["log_normaliser"] = float(result.weights.log_normaliser[0])
    return Model(
        words,
        matrices.get("output_vectors"),
        described,
        result.metrics,
        corpus.phrases,
        node_vectors=matrices.get("node_vectors"),
    )


def _start_of(job: Job) -> dict[str, Any]:
    """Return what a model says of the one that it goes on from."""
    return {} if job.start is None else {"start_from": job.start.path}
