"""What ``import coterie`` offers: train, resume, load. Heavy parts are imported when first used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from coterie.config import CorpusConfig, PhraseConfig, Preset, VocabularyConfig
from coterie.config.presets import with_preset
from coterie.continuing import StartFrom, inherited, start_of
from coterie.errors import ConfigError
from coterie.jobs import EvaluateOn, Given, Job, Place, Surroundings, tokenizer_of
from coterie.model import Model
from coterie.options import configs_of, refuse_needless, sorted_into
from coterie.phrases import PhraseModel
from coterie.runs import carry_out, encode_progress, go_on
from coterie.training.callbacks import Callback
from coterie.training.progress import Progress
from coterie.vectors import WordVectors

if TYPE_CHECKING:
    from coterie.corpus import Source
    from coterie.formats import EncodingErrors, Format

__all__ = ["learn_phrases", "load", "load_model", "resume", "train"]

_Watcher = Callback | Callable[[Progress], None]
Callbacks = _Watcher | Iterable[_Watcher]


def train(
    source: Source | None = None,
    *,
    preset: Preset | None = None,
    start_from: StartFrom | None = None,
    weights: Iterable[float] | None = None,
    tokenizer: str | Callable[[str], Iterable[str]] | None = None,
    phrase_model: PhraseModel | str | os.PathLike[str] | None = None,
    cache: bool = True,
    cache_dir: str | os.PathLike[str] | None = None,
    cache_limit: int | None = None,
    memory_limit: int | None = None,
    matrices_dir: str | os.PathLike[str] | None = None,
    output: str | os.PathLike[str] | None = None,
    checkpoints: str | os.PathLike[str] | None = None,
    checkpoint_every: float | None = 600,
    checkpoint_every_words: int | None = None,
    evaluate_on: EvaluateOn | None = None,
    callbacks: Callbacks = (),
    on_event: Callable[[str], None] | None = None,
    **settings: Any,
) -> Model:
    """Train word vectors on text: Skip-gram with negative sampling unless the settings say otherwise.

    Parameters
    ----------
    source
        A file, folder, glob or ``"-"`` (standard input), a list of ``Path``; or an iterable of strings
        (one text each) or of lists of tokens, gone through once, however many epochs. With ``pairs=True``
        the examples themselves: (input, output) pairs, with ``weight_field`` (input, output, weight).
    preset
        Other settings than the peers' for what is left open: ``"fast"`` learns as much in little more than
        half the time, ``"best"`` more in about twice the time. See docs/presets.md.
    start_from
        A model, or its folder, whose training this one goes on: its words stay, new ones of the text join,
        and settings that are not given are the model's. See docs/training.md.
    weights
        For an iterable of texts or token lists, a number of 0 or more for each item, by which its gradients
        are multiplied. Files have them in a ``weight_field``.
    tokenizer
        ``"words"`` (the default), ``"whitespace"``, or a function from a sentence to its tokens.
    phrase_model
        Phrases to join in the text, or the file that holds them, instead of learning them from it.
    cache, cache_dir, cache_limit
        Keep the encoded text of files for later runs, where, and at most how many bytes of such texts.
    memory_limit
        Most bytes that the process may hold; a training that needs more is refused when its words are
        counted. ``None``: as many as the machine, or the container, has. A share of it bounds the dictionary
        of distinct words, which then spills to disk, and the pairs from which phrases are learned: 512 MiB,
        less where the limit is below about 1 GiB, an eighth of it above 4 GiB.
    matrices_dir
        A folder in whose disk the matrices are mapped, for those that don't fit in memory: the same vectors,
        but slower, see docs/training.md. Nothing is left there.
    output
        Where the model is going to be saved, if that is known: whether it has the room is found out before
        the training. Nothing is written there.
    checkpoints
        A folder for checkpoints, from which :func:`resume` goes on. The last two are kept, also when the
        training is done; a training that begins in the folder of one that did not end is refused.
    checkpoint_every, checkpoint_every_words
        Seconds, and words of training, after which there is another checkpoint, whichever comes first;
        ``None`` for both writes one only when the training ends early, at Ctrl-C or at an error in the
        callback.
    evaluate_on
        A file of analogies or of word pairs with scores, or a function that rates :class:`WordVectors`: at
        the end, and every ``validation_every`` epochs, the score goes into the reports; ``early_stopping``
        goes by it.
    callbacks
        One or several: a :class:`Callback`, whose hooks are told of the training and may stop it, or a
        function that is called some times a second with a :class:`Progress`, also while the text is read.
        What they raise ends the training.
    on_event
        Called with messages for people; without it those that matter become Python warnings.
    **settings
        Any field of :class:`~coterie.config.TrainingConfig` (``objective="negative_sampling",
        architecture="skip_gram", vector_size=100, window=5, negative=5,
        epochs=5, workers=None, seed=1`` …), :class:`~coterie.config.VocabularyConfig` (``min_count=5``,
        ``max_vocab_size``, ``words``, ``keep_words``), :class:`~coterie.config.PhraseConfig` (``phrases=0``,
        ``phrase_threshold``, ``known_phrases`` …) and :class:`~coterie.config.CorpusConfig`
        (``text_field``, ``weight_field``, ``pairs``, ``lowercase``, ``encoding_errors`` …).

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
    refuse_needless(settings)
    if source is None:
        raise ConfigError("train needs a text as its first argument: a path, or strings, or token lists.")
    if checkpoints is None and (checkpoint_every not in (None, 600) or checkpoint_every_words is not None):
        raise ConfigError("checkpoint_every is given, but no folder for them; name one with checkpoints.")
    given, start = settings, start_of(start_from)
    settings = with_preset(preset, settings)
    if settings.get("pairs") and "sample" not in given:
        settings.pop("sample", None)  # a preset's, for running text
    if start is not None:
        settings = inherited(start.model, settings, own_tokenizer=tokenizer is not None)
    if settings.get("pairs") and (tokenizer not in (None, "words") or phrase_model is not None):
        raise ConfigError("pairs hold their words as they are; leave tokenizer and phrase_model out.")
    tokenizer = settings.pop("tokenizer", "words") if tokenizer is None else tokenizer
    _, name = tokenizer_of(tokenizer)
    job = Job(
        source,
        weights,
        tokenizer,
        phrase_model,
        evaluate_on,
        start,
        configs_of({**settings, "tokenizer": name}),
        Surroundings(
            *(cache, cache_dir, cache_limit, memory_limit, *_sorted(callbacks), on_event),
            output=output,
            matrices_dir=matrices_dir,
        ),
    )
    return carry_out(job, Place(checkpoints, checkpoint_every, checkpoint_every_words))


def resume(
    checkpoints: str | os.PathLike[str],
    source: Source | None = None,
    *,
    weights: Iterable[float] | None = None,
    epochs: int | None = None,
    workers: int | None = None,
    tokenizer: Callable[[str], Iterable[str]] | None = None,
    phrase_model: PhraseModel | str | os.PathLike[str] | None = None,
    checkpoint_every: float | None = 600,
    checkpoint_every_words: int | None = None,
    evaluate_on: EvaluateOn | None = None,
    start_from: StartFrom | None = None,
    cache: bool = True,
    cache_dir: str | os.PathLike[str] | None = None,
    cache_limit: int | None = None,
    memory_limit: int | None = None,
    matrices_dir: str | os.PathLike[str] | None = None,
    output: str | os.PathLike[str] | None = None,
    callbacks: Callbacks = (),
    on_event: Callable[[str], None] | None = None,
) -> Model:
    """Go on with a training that :func:`train` has left checkpoints of, with its settings.

    With one worker, or with ``deterministic``, the result is that of a training that was never stopped, bit
    for bit, on the same machine and version; else as good as it.

    Parameters
    ----------
    checkpoints
        The folder that ``train`` was given. The last whole one is taken.
    source
        The text again; needed where it was no file or folder, and else where that has another place now.
    weights
        Likewise, where they were given.
    epochs
        More epochs than before. The learning rate is then what it would be in a training of so many.
    workers
        Other than before.
    tokenizer, phrase_model, evaluate_on, start_from
        Those that were given, where they were no names and no file.
    checkpoint_every, checkpoint_every_words, cache, cache_dir, cache_limit, callbacks, on_event, output
        As :func:`train` takes them.
    memory_limit, matrices_dir
        Likewise; ``memory_limit`` is otherwise as it was. The matrices may have been elsewhere.

    Raises
    ------
    ConfigError
        A setting that can't be changed.
    CorpusError
        The text is another than that of the checkpoint.
    FormatError
        There is no whole checkpoint.
    """
    return go_on(
        Given(source, weights, tokenizer, phrase_model, evaluate_on, start_from, epochs, workers),
        Surroundings(
            *(cache, cache_dir, cache_limit, memory_limit, *_sorted(callbacks), on_event),
            output=output,
            matrices_dir=matrices_dir,
        ),
        Place(checkpoints, checkpoint_every, checkpoint_every_words),
    )


def _sorted(callbacks: Callbacks) -> tuple[Callable[[Progress], None] | None, tuple[Callback, ...]]:
    """Return one function of all functions among the callbacks, and those that have hooks."""
    given = list(callbacks) if isinstance(callbacks, Iterable) else [callbacks]
    for callback in given:
        if isinstance(callback, type) or not (isinstance(callback, Callback) or callable(callback)):
            raise ConfigError(
                f"callbacks holds {callback!r}; give objects of coterie.Callback, or functions of a Progress."
            )
    hooks = tuple(callback for callback in given if isinstance(callback, Callback))
    functions = [callback for callback in given if not isinstance(callback, Callback)]

    def tell(progress: Progress) -> None:
        for function in functions:
            function(progress)

    return tell if functions else None, hooks


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
    source, tokenizer, on_event
        As :func:`train` takes them.
    callback
        Called some times a second with a :class:`Progress`; what it raises ends the work.
    memory_limit
        Bytes that the dictionary of distinct words may take before it spills to disk, and as many for the
        pairs of words from which phrases are learned.
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

    function, name = tokenizer_of(tokenizer)
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
        progress=None if callback is None else encode_progress(callback),
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
