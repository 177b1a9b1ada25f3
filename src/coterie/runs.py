"""A training from text to model: new, or going on from a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coterie.config import TrainingConfig
from coterie.continuing import Grown, grown
from coterie.errors import ConfigError, TrainingInterrupted
from coterie.jobs import EvaluateOn, Given, Job, Phrases, Place, Surroundings, names_of, tokenizer_of
from coterie.model import Model
from coterie.notices import warn_caller
from coterie.phrases import PhraseModel
from coterie.resuming import about_of, check_same, job_of
from coterie.training.callbacks import Watch
from coterie.training.progress import Progress
from coterie.vectors import WordVectors
from coterie.version import VERSION
from coterie.vocabulary import Vocabulary

if TYPE_CHECKING:
    import os

    import numpy as np
    from numpy.typing import NDArray

    from coterie.corpus import CacheConfig, EncodedCorpus, EncodeProgress
    from coterie.sampling.pairs import Pairs
    from coterie.sampling.plan import Sentences
    from coterie.training.checkpoint import Checkpoint, Checkpoints
    from coterie.training.trainer import TrainingResult

__all__ = ["carry_out", "encode_progress", "go_on"]


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
        job = job_of(checkpoint, given, surroundings)
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
    if known is None and start is not None and not phrase_config and not corpus_config.pairs:
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
            check_same(corpus, job.start, checkpoint)
            before = checkpoint.progress["seconds"]
        if checkpoints is not None:
            checkpoints.about = about_of(job, corpus, counting)
        text, vocabulary = _training_set(corpus, job)
        more = None
        if start is not None:
            more = grown(start, vocabulary)
            if on_event is not None:
                on_event(_told_of_growth(more, len(vocabulary)))
        words = vocabulary.column if more is None else more.words
        if score is not None and not callable(job.evaluate_on):
            _try_score(score, words)
        watch = Watch(around.callbacks, words, score, on_event)
        counts = vocabulary.counts if more is None else more.counts
        result = _train((text, counts), job, watch, more, checkpoints, checkpoint)
        if result.interrupted and not result.words:
            raise KeyboardInterrupt("interrupted before the training began")
        figures = {
            **_figures(result, encoded - started, time.perf_counter() - started + before),
            "encoded_before": corpus.from_cache,
        }
        model = _model(corpus, vocabulary, result, job, more, figures)
        done = result.words / (corpus.n_tokens * config.epochs)
    if checkpoints is not None and not result.interrupted:
        checkpoints.finish()
    if result.interrupted:
        raise TrainingInterrupted(
            f"interrupted after {done:.0%} of the training; its .model is what there is",
            model,
        )
    return model


def _told_of_growth(more: Grown, words: int) -> str:
    return (
        f"of {len(more.model.vectors):,} words that the model has, {words - more.new:,} occur in the text, "
        f"which adds {more.new:,} new ones"
    )


def _phrase_model(given: Phrases | None) -> PhraseModel | None:
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


def _try_score(score: Callable[[WordVectors], float], words: Sequence[str]) -> None:
    """Learn whether the words are those of a test set, before hours of training."""
    import numpy as np

    matrix = np.random.default_rng(0).normal(size=(len(words), 2)).astype(np.float32)
    score(WordVectors(words, matrix))


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
    figures: dict[str, Any],
) -> Model:
    corpus_config, vocabulary_config, phrase_config, config = job.configs
    matrices = {name: matrix[:, : config.vector_size] for name, matrix in result.weights.matrices()}
    if more is not None:
        vocabulary = more.in_order(matrices)
    described: dict[str, Any] = {
        "coterie_version": VERSION,
        "versions": _versions(),
        "source": names_of(job.source),
        **_names_given(job),
        "objective": config.objective,
        "training": config.to_dict(),
        "corpus": corpus_config.to_dict(),
        "vocabulary": vocabulary_config.to_dict(),
        **({"phrases": phrase_config.to_dict()} if phrase_config else {}),
        "corpus_statistics": {
            "tokens": corpus.n_tokens,
            "sentences": corpus.n_sentences,
            "words": len(vocabulary),
            "tokens_before_dropping": corpus.raw_tokens,
            "words_before_dropping": corpus.raw_words,
            "fingerprint": corpus.fingerprint,
        },
        "figures": figures,
    }
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


def _figures(result: TrainingResult, encoding: float, total: float) -> dict[str, Any]:
    """Return figures about a run, of which encoding and all together took so many seconds."""
    return {
        "words_per_second": round(result.words_per_second, 1),
        "training_seconds": round(result.seconds, 3),
        "encoding_seconds": round(encoding, 3),
        "total_seconds": round(total, 3),
        "workers": result.workers,
        "final_loss": result.loss,
        "trained_words": result.words,
        "interrupted": result.interrupted,
        "stopped": result.stopped,
    }


def _names_given(job: Job) -> dict[str, Any]:
    """Return what a model says of what it was trained with, beside settings and text; None: an object."""
    told: dict[str, Any] = {} if job.start is None else {"start_from": job.start.path}
    for name in ("evaluate_on", "phrase_model"):
        if (given := getattr(job, name)) is not None:
            told[name] = str(given) if isinstance(given, str | Path) else None
    return told


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
