"""What ``import coterie`` offers: train, load, load_model. Heavy parts are imported when first used."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from coterie.config import CorpusConfig, PhraseConfig, Preset, TrainingConfig, VocabularyConfig
from coterie.config.presets import with_preset
from coterie.errors import ConfigError, TrainingInterrupted
from coterie.model import Model
from coterie.options import Configs, configs_of, refuse_needless, sorted_into
from coterie.phrases import PhraseModel
from coterie.training.progress import Progress
from coterie.vectors import WordVectors

if TYPE_CHECKING:
    from coterie.corpus import CacheConfig, EncodedCorpus, EncodeProgress, Source
    from coterie.formats import EncodingErrors, Format
    from coterie.training.trainer import TrainingResult

__all__ = ["learn_phrases", "load", "load_model", "train"]


def train(
    source: Source | None = None,
    *,
    preset: Preset | None = None,
    tokenizer: str | Callable[[str], Iterable[str]] = "words",
    phrase_model: PhraseModel | str | os.PathLike[str] | None = None,
    cache: bool = True,
    cache_dir: str | os.PathLike[str] | None = None,
    cache_limit: int | None = None,
    memory_limit: int = 512 << 20,
    callback: Callable[[Progress], None] | None = None,
    on_event: Callable[[str], None] | None = None,
    **settings: Any,
) -> Model:
    """Train word vectors on text: Skip-gram with negative sampling unless the settings say otherwise.

    Parameters
    ----------
    source
        A file, folder, glob or ``"-"`` (standard input), a list of ``Path``; or an iterable of strings
        (one text each) or of lists of tokens, gone through once, however many epochs.
    preset
        Other settings than the peers' for what is left open: ``"fast"`` learns nearly as much in less time,
        ``"best"`` more in more time. See docs/presets.md.
    tokenizer
        ``"words"``, ``"whitespace"``, or a function from a sentence to its tokens.
    phrase_model
        Phrases to join in the text, or the file that holds them, instead of learning them from it.
    cache, cache_dir, cache_limit
        Keep the encoded text of files for later runs, where, and at most how many bytes of such texts.
    memory_limit
        Bytes that the dictionary of distinct words may take before it spills to disk, and as many for
        the pairs of words from which phrases are learned.
    callback
        Called some times a second with a :class:`Progress`.
    on_event
        Called with messages for people; without it those that matter become Python warnings.
    **settings
        Any field of :class:`~coterie.config.TrainingConfig` (``objective="negative_sampling",
        architecture="skip_gram", vector_size=100, window=5, negative=5,
        epochs=5, workers=None, seed=1`` …), :class:`~coterie.config.VocabularyConfig` (``min_count=5``,
        ``max_vocab_size``, ``words``, ``keep_words``), :class:`~coterie.config.PhraseConfig` (``phrases=0``,
        ``phrase_threshold``, ``known_phrases`` …) and :class:`~coterie.config.CorpusConfig`
        (``text_field``, ``lowercase``, ``encoding_errors``).

    Returns
    -------
    Model
        ``.vectors`` are the word vectors, ``.save(path)`` keeps it all.

    Raises
    ------
    ConfigError, CorpusError, ResourceError, TrainingError
        With what is wrong, where, and what to do.
    TrainingInterrupted
        On Ctrl-C during training; its ``model`` is what had been learned. (Before anything was learned
        Ctrl-C is the usual ``KeyboardInterrupt``.)

    Examples
    --------
    >>> verses = ["the ship left her sail in the sea", "silver and gold are in the house of the king"] * 200
    >>> train(verses, vector_size=8, workers=1)
    Model(14 words, vector_size=8, objective='negative_sampling')
    """
    started = time.perf_counter()
    refuse_needless(settings)
    if source is None:
        raise ConfigError("train needs a text as its first argument: a path, or strings, or token lists.")
    function, name = _tokenizer(tokenizer)
    configs = configs_of({**with_preset(preset, settings), "tokenizer": name})
    corpus_config, vocabulary_config, phrase_config, config = configs
    known = _phrase_model(phrase_model)

    from coterie.corpus import encode
    from coterie.kernels.cores import available_cores
    from coterie.training.warm_up import warm_up

    warm_up(config)
    with encode(
        source,
        corpus_config,
        vocabulary_config,
        phrases=phrase_config,
        phrase_model=known,
        tokenizer=function,
        cache=_cache(cache_dir, cache_limit) if cache else None,
        memory_limit=memory_limit,
        workers=config.workers or available_cores(),
        progress=None if callback is None else _encode_progress(callback),
        on_event=on_event,
    ) as corpus:
        encoded = time.perf_counter()
        result = _train(corpus, config, callback, on_event)
        if result.interrupted and not result.words:
            raise KeyboardInterrupt("interrupted before the training began")
        statistics = {
            "tokens": corpus.n_tokens,
            "sentences": corpus.n_sentences,
            "words": len(corpus.vocabulary),
            "tokens_before_dropping": corpus.raw_tokens,
            "words_before_dropping": corpus.raw_words,
            "fingerprint": corpus.fingerprint,
        }
        figures = {
            "words_per_second": round(result.words_per_second, 1),
            "training_seconds": round(result.seconds, 3),
            "encoding_seconds": round(encoded - started, 3),
            "total_seconds": round(time.perf_counter() - started, 3),
            "workers": result.workers,
            "final_loss": result.loss,
            "trained_words": result.words,
            "interrupted": result.interrupted,
            "encoded_before": corpus.from_cache,
        }
        model = _model(corpus, result, configs, statistics, figures)
        done = result.words / (corpus.n_tokens * config.epochs)
    if result.interrupted:
        raise TrainingInterrupted(
            f"interrupted after {done:.0%} of the training; its .model is what there is",
            model,
        )
    return model


def learn_phrases(
    source: Source,
    *,
    tokenizer: str | Callable[[str], Iterable[str]] = "words",
    text: str | os.PathLike[str] | None = None,
    memory_limit: int = 512 << 20,
    workers: int | None = None,
    callback: Callable[[Progress], None] | None = None,
    on_event: Callable[[str], None] | None = None,
    **settings: Any,
) -> PhraseModel:
    """Learn which neighbouring words are phrases, without training on them.

    Parameters
    ----------
    source, tokenizer, memory_limit, callback, on_event
        As :func:`train` takes them.
    text
        File for the text with its phrases joined: a sentence a line, blanks between the words; its name may
        end in ``.gz .bz2 .xz .zst``.
    workers
        Threads that tokenise; ``None`` takes one per available core.
    **settings
        Any field of :class:`~coterie.config.PhraseConfig` (``phrases=1``, ``phrase_min_count=5``,
        ``phrase_threshold``, ``phrase_scoring``, ``known_phrases`` …) and of
        :class:`~coterie.config.CorpusConfig`.

    Returns
    -------
    PhraseModel
        ``.join(words)`` joins phrases in new text, ``.save(path)`` keeps them, and ``train`` takes them as
        ``phrase_model``.

    Examples
    --------
    >>> text = ["she likes new york", "new york likes ships", "he likes ships"] * 10
    >>> learn_phrases(text, phrase_threshold=3).join("in new york".split())
    ['in', 'new_york']
    """
    from coterie.corpus import encode, write_text
    from coterie.kernels.cores import available_cores

    function, name = _tokenizer(tokenizer)
    corpus_config, phrase_config = sorted_into(
        (CorpusConfig, PhraseConfig), {"phrases": 1, **settings, "tokenizer": name}
    )
    if not phrase_config:
        raise ConfigError("phrases is 0 and there are no known_phrases; there is nothing to join.")
    # Only a text to write needs words that are too rare to be in a phrase.
    least = 1 if text is not None else phrase_config.phrase_min_count or 1
    with encode(
        source,
        corpus_config,
        VocabularyConfig(min_count=least),
        phrases=phrase_config,
        tokenizer=function,
        memory_limit=memory_limit,
        workers=workers or available_cores(),
        progress=None if callback is None else _encode_progress(callback),
        on_event=on_event,
        least_option="phrase_min_count",  # what the words are counted for here is the phrases
    ) as corpus:
        if text is not None:
            write_text(corpus, text)
        return cast("PhraseModel", corpus.phrases)


def load(
    path: str | os.PathLike[str],
    *,
    format: Format | None = None,
    encoding_errors: EncodingErrors = "strict",
    limit: int | None = None,
) -> WordVectors:
    """Load word vectors: a model folder, or a file in any of the formats that Coterie reads.

    Model folders, ``.safetensors`` and ``.npy`` files are memory-mapped.

    Parameters
    ----------
    path
        File or folder; a file's contents tell its format, its name the compression.
    format
        ``"word2vec"``, ``"word2vec-binary"``, ``"glove"``, ``"fasttext"`` (a model), ``"safetensors"``,
        ``"npy"``, ``"parquet"`` or ``"projector"``, where the contents don't tell.
    encoding_errors
        For words that are not UTF-8: ``"strict"`` raises, ``"replace"`` and ``"ignore"`` read them.
    limit
        Take only so many of the first words.

    Raises
    ------
    FormatError
        When nothing readable is there; the message says what was found.
    """
    from coterie.formats import read
    from coterie.formats.files import is_folder

    if is_folder(path) and limit is None and format is None:
        from coterie.model import load_vectors

        return load_vectors(path)
    table = read(path, format=format, encoding_errors=encoding_errors, limit=limit)
    return WordVectors(table.words, table.matrix, table.counts)


def load_model(path: str | os.PathLike[str]) -> Model:
    """Load a model folder: both matrices (memory-mapped), settings and figures.

    Raises
    ------
    FormatError
        When the folder is no model, is damaged, or was saved by a newer Coterie.
    """
    return Model.load(path)


def _tokenizer(
    tokenizer: str | Callable[[str], Iterable[str]],
) -> tuple[Callable[[str], Iterable[str]] | None, str]:
    """Return the function, if it is one, and the name."""
    if isinstance(tokenizer, str):
        return None, tokenizer
    return tokenizer, getattr(tokenizer, "__name__", repr(tokenizer))


def _phrase_model(given: PhraseModel | str | os.PathLike[str] | None) -> PhraseModel | None:
    return given if given is None or isinstance(given, PhraseModel) else PhraseModel.load(given)


def _cache(directory: str | os.PathLike[str] | None, limit: int | None) -> CacheConfig:
    from coterie.config.places import default_cache_directory
    from coterie.corpus import CacheConfig

    return CacheConfig(Path(directory) if directory is not None else default_cache_directory(), limit)


def _encode_progress(callback: Callable[[Progress], None]) -> Callable[[EncodeProgress], None]:
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


def _train(
    corpus: EncodedCorpus,
    config: TrainingConfig,
    callback: Callable[[Progress], None] | None,
    on_event: Callable[[str], None] | None,
) -> TrainingResult:
    if callback is not None:  # what of the compilation is left, see warm_up, is waited for from now on
        callback(Progress("compile", 0, corpus.n_tokens * config.epochs, 0.0))
    from coterie.sampling.plan import Sentences
    from coterie.training.guarded import guarded_run

    sentences = Sentences(corpus.ids, corpus.offsets)
    return guarded_run(sentences, corpus.vocabulary.counts, config, callback, on_event)


def _model(
    corpus: EncodedCorpus,
    result: TrainingResult,
    configs: Configs,
    statistics: dict[str, Any],
    figures: dict[str, Any],
) -> Model:
    import coterie

    corpus_config, vocabulary_config, phrase_config, config = configs
    matrices = {name: matrix[:, : config.vector_size] for name, matrix in result.weights.matrices()}
    described: dict[str, Any] = {
        "coterie_version": coterie.__version__,
        "objective": config.objective,
        "training": config.to_dict(),
        "corpus": corpus_config.to_dict(),
        "vocabulary": vocabulary_config.to_dict(),
        **({"phrases": phrase_config.to_dict()} if phrase_config else {}),
        "corpus_statistics": statistics,
        "figures": figures,
    }
    words = WordVectors(corpus.vocabulary.words, matrices["input_vectors"], corpus.vocabulary.counts)
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
