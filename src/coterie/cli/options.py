"""The settings of training as options: every field of the three configurations, with its default.

The options carry the field's name with dashes; values are checked where the configurations are made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from coterie.cli.console import Option
from coterie.config import (
    PRESETS,
    Architecture,
    CbowGradient,
    Collisions,
    CorpusConfig,
    EncodingErrors,
    Kernel,
    Lowercase,
    NcePartition,
    NegativeSharing,
    ObjectiveName,
    OutputDtype,
    PhraseConfig,
    PhraseScoring,
    Preset,
    Subsampling,
    TrainingConfig,
    VocabularyConfig,
)
from coterie.options import OF_RUNNING_TEXT

__all__ = [
    "checkpoint_options",
    "from_option",
    "phrase_options",
    "preset_option",
    "report_options",
    "settings_options",
    "size",
    "storage_options",
    "text_options",
    "without_defaults",
]

_AnyFunction = TypeVar("_AnyFunction", bound=Callable[..., object])

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_BINARY_UNITS = {"KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}


def size(written: str) -> int:
    """Return a number of bytes from how one writes it.

    Examples
    --------
    >>> size("1.5GB"), size("512 MiB"), size("1000000")
    (1500000000, 536870912, 1000000)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?I?)B?\s*", written.upper())
    factor = (_UNITS | _BINARY_UNITS).get(match[2]) if match else None
    if match is None or factor is None:
        raise click.BadParameter(f"{written!r} is no size; write for example 20GB or 512MiB.")
    return int(float(match[1]) * factor)


def _option(
    section: str, name: str, help_text: str, **settings: Any
) -> Callable[[_AnyFunction], _AnyFunction]:
    """Make the option of a configuration's field; its default is the field's."""
    for config in (TrainingConfig, VocabularyConfig, PhraseConfig, CorpusConfig):
        if name in config.__dataclass_fields__:
            default = config.__dataclass_fields__[name].default
            settings.setdefault("default", default)
            settings.setdefault("show_default", default is not None)
            if "choices" in settings:
                settings["type"] = settings.pop("choices")
            elif default is not None and not isinstance(default, bool):
                settings.setdefault("type", type(default))
    flags = f"--{name.replace('_', '-')}"
    if isinstance(settings["default"], bool):
        flags += f"/--no-{name.replace('_', '-')}"
    return click.option(flags, name, cls=Option, section=section, help=help_text, **settings)


def interval(written: str) -> tuple[float | None, int | None]:
    """Return seconds or words between two checkpoints from how one writes it; neither for ``off``.

    Examples
    --------
    >>> interval("10m"), interval("90s"), interval("200M words"), interval("off")
    ((600.0, None), (90.0, None), (None, 200000000), (None, None))
    """
    if written.strip().lower() == "off":
        return None, None
    if match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh])\s*", written.lower()):
        seconds = float(match[1]) * _SECONDS[match[2]]
        if seconds > 0:
            return seconds, None
    if match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)\s*WORDS?\s*", written.upper()):
        words = int(float(match[1]) * _UNITS[match[2]])
        if words > 0:
            return None, words
    raise click.BadParameter(f"{written!r} is no interval; write for example 10m, 90s, 200M words, or off.")


class _Numbers(click.ParamType):  # type: ignore[type-arg]
    """Numbers with commas between; one stays a number."""

    name = "number[,number...]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            numbers = [float(part) for part in str(value).split(",")]
        except ValueError:
            self.fail(f"{value!r} is no number; write for example 100, or 200,100.", param, ctx)
        return numbers[0] if len(numbers) == 1 else numbers


def _choice(literal: Any) -> click.Choice[str]:
    return click.Choice(get_args(literal))


_TRAINING, _WORDS, _PHRASES, _TEXT, _STORAGE = "Training", "Vocabulary", "Phrases", "Text", "Memory and disk"
_CHECKPOINTS, _VALIDATION, _REPORTS = "Checkpoints", "Validation", "Reports while it runs"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_SETTINGS: tuple[Callable[[Any], Any], ...] = (
    _option(_TRAINING, "objective", "The loss that is trained.", choices=_choice(ObjectiveName)),
    _option(
        _TRAINING,
        "architecture",
        "Each word of a window predicts its centre, or their mean does.",
        choices=_choice(Architecture),
    ),
    _option(_TRAINING, "vector_size", "Length of the vectors."),
    _option(_TRAINING, "window", "Greatest distance between a word and its context words."),
    _option(
        _TRAINING,
        "negative",
        "Random words that each window is told apart from; beside hierarchical softmax, more than 0 trains "
        "negative sampling too.  [default: 5; hierarchical softmax: 0; softmax has none]",
        type=int,
    ),
    _option(_TRAINING, "epochs", "Passes over the text; small corpora need more."),
    _option(_TRAINING, "workers", "Threads.  [default: one per core]", type=int),
    _option(
        _TRAINING,
        "seed",
        "Of all randomness; with --workers 1, or --deterministic, the same seed gives the same vectors.",
    ),
    _option(
        _TRAINING,
        "deterministic",
        "Give the same vectors with any number of --workers; takes a third to a half more time with one, up "
        "to twice the time with several.",
    ),
    _option(
        _TRAINING,
        "alpha",
        "Learning rate at the start.  [default: 0.025; CBOW with the gradient of the mean: 0.075]",
        type=float,
    ),
    _option(_TRAINING, "min_alpha", "Learning rate at the end."),
    _option(_TRAINING, "sample", "Words more frequent than this are thinned out; 0 keeps them all."),
    _option(_TRAINING, "subsampling", "Formula by which they are thinned out.", choices=_choice(Subsampling)),
    _option(
        _TRAINING, "shrink_windows", "Draw each window's size from 1 to --window, or always take the whole."
    ),
    _option(
        _TRAINING,
        "ns_exponent",
        "Negatives are drawn in proportion to count to this power.  [default: 0.75]",
        type=float,
    ),
    _option(
        _TRAINING,
        "collisions",
        "A negative that is the word itself.  [default: skip; nce always keeps it]",
        choices=_choice(Collisions),
    ),
    _option(
        _TRAINING,
        "negative_sharing",
        "Draw negatives for each window (fast) or for each pair of words; Skip-gram only.  [default: window]",
        choices=_choice(NegativeSharing),
    ),
    _option(
        _TRAINING,
        "output_dtype",
        "How the projection's rows are kept in training: bfloat16 takes less time and memory with a million "
        "words or more.  [default: float32]",
        choices=_choice(OutputDtype),
    ),
    _option(
        _TRAINING,
        "nce_partition",
        "The partition function of nce: learned from log V on, or fixed at one.  [default: learned]",
        choices=_choice(NcePartition),
    ),
    _option(
        _TRAINING,
        "cbow_gradient",
        "Gradient of cbow's mean: divided by its words, as the mean has it, or whole to each, as word2vec "
        "does.  [default: mean]",
        choices=_choice(CbowGradient),
    ),
    _option(
        _VALIDATION,
        "validation",
        "Part of the sentences, such as 0.001, that is held out and on which the loss is measured.",
        type=float,
    ),
    _option(_VALIDATION, "validation_every", "Epochs between two measurements; 0.25: four in each."),
    _option(
        _VALIDATION,
        "early_stopping",
        "End when so many measurements in turn are no better than the best: of --evaluate-on's score, or "
        "else of the loss on what is held out.",
        type=int,
    ),
    click.option(
        "--evaluate-on",
        cls=Option,
        section=_VALIDATION,
        metavar="FILE",
        help="Analogies, or pairs of words with scores, that the vectors are scored on at each measurement.",
    ),
    _option(
        _TRAINING, "kernel", "Vector instructions, plain code, or what the CPU can.", choices=_choice(Kernel)
    ),
    _option(_WORDS, "min_count", "Words seen less often are dropped."),
    _option(_WORDS, "max_vocab_size", "Keep at most this many words, the most frequent.", type=int),
    click.option(
        "--vocabulary",
        cls=Option,
        section=_WORDS,
        type=_FILE,
        help="Keep exactly the words of this file: one a line, a count behind it or not.",
    ),
    click.option(
        "--keep-word",
        cls=Option,
        section=_WORDS,
        multiple=True,
        help="Keep this word whatever its count (repeatable).",
    ),
    click.option(
        "--keep-words",
        cls=Option,
        section=_WORDS,
        type=_FILE,
        help="Keep the words of this file whatever their count.",
    ),
)

_TEXT_SETTINGS: tuple[Callable[[Any], Any], ...] = (
    _option(
        _TEXT,
        "tokenizer",
        "words: runs of letters and digits, lower-cased. whitespace: the text as it comes, cut at blanks.",
        choices=click.Choice(["words", "whitespace"]),
    ),
    _option(
        _TEXT,
        "lowercase",
        "How to lower-case.  [default: unicode for words, none for whitespace]",
        type=_choice(Lowercase),
    ),
    _option(_TEXT, "text_field", "Field or column with the text in JSONL, CSV, TSV, Parquet, Arrow."),
    _option(
        _TEXT, "encoding_errors", "What to do with bytes that are not UTF-8.", choices=_choice(EncodingErrors)
    ),
)


_PAIR_SETTINGS: tuple[Callable[[Any], Any], ...] = (
    _option(
        _TEXT,
        "weight_field",
        "Field or column with the weight of a record's sentences, or of a pair.  [default: all weigh 1]",
        type=str,
    ),
    _option(
        _TEXT,
        "pairs",
        "SOURCE holds (input, output) pairs, the examples themselves: edges, clicks. It may also be plain "
        "text with blanks between the columns.",
    ),
    _option(
        _TEXT,
        "input_field",
        "With --pairs: the input's field or column, or its number in a file without a header.",
    ),
    _option(_TEXT, "output_field", "With --pairs: likewise for the output."),
)


_PHRASE_SETTINGS: tuple[Callable[[Any], Any], ...] = (
    _option(
        _PHRASES,
        "phrase_threshold",
        "Least score, or one for each pass with commas between.  [default: paper 100, npmi 0.5]",
        type=_Numbers(),
    ),
    _option(_PHRASES, "phrase_min_count", "Rarer pairs of words are no phrases.  [default: 5]", type=int),
    _option(
        _PHRASES,
        "phrase_scoring",
        "Count beyond chance (paper), or normalised mutual information.  [default: paper]",
        type=_choice(PhraseScoring),
    ),
    _option(
        _PHRASES,
        "phrase_discount",
        "Taken off each count in the paper's score.  [default: --phrase-min-count]",
        type=float,
    ),
    _option(_PHRASES, "phrase_delimiter", "Joins the words of a phrase.  [default: _]", type=str),
    click.option(
        "--known-phrases",
        cls=Option,
        section=_PHRASES,
        type=_FILE,
        help="Always join the phrases of this file, one a line.",
    ),
)

_PHRASE_USES: tuple[Callable[[Any], Any], ...] = (
    _option(_PHRASES, "phrases", "Passes that learn phrases and join their words; 0 learns none."),
    click.option(
        "--phrase-model",
        cls=Option,
        section=_PHRASES,
        type=_FILE,
        help="Join the phrases that `coterie phrases` saved in this file; none are learned.",
    ),
)


preset_option = click.option(
    "--preset",
    cls=Option,
    section=_TRAINING,
    type=_choice(Preset),
    help="Other settings than the peers' for what is left open: fast learns as much in little more than half "
    "the time, best more in about twice the time.",
)
"""The option that names a preset."""


from_option = click.option(
    "--from",
    "start_from",
    cls=Option,
    section=_TRAINING,
    metavar="MODEL",
    type=click.Path(path_type=Path),
    help="Go on from a model on other text: its words stay, new ones join, and options that are not given "
    "are those that it was trained with.",
)
"""The option that names a model to go on from."""


def without_defaults(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the running command's options but for those that nobody has given and something else settles.

    A preset settles some, a model to go on from all that it was trained with; pairs have none of a text's.
    """
    settled: set[str] = set()
    if settings.get("preset"):
        settled |= {option for preset in PRESETS.values() for option in preset}
    if settings.get("start_from"):
        settled |= {*TrainingConfig.__dataclass_fields__, "tokenizer", "lowercase", "min_count"}
    if settings.get("pairs"):
        settled |= OF_RUNNING_TEXT | {"min_count", "tokenizer"}
    source, default = click.get_current_context().get_parameter_source, click.core.ParameterSource.DEFAULT
    return {
        name: value for name, value in settings.items() if name not in settled or source(name) is not default
    }


def settings_options(function: _AnyFunction) -> _AnyFunction:
    """Add the options of training, vocabulary, phrases and text; they arrive under their Python names."""
    return _with(
        function,
        (
            *(*_SETTINGS, *_PHRASE_USES[:1], *_PHRASE_SETTINGS, *_PHRASE_USES[1:]),
            *(*_TEXT_SETTINGS, *_PAIR_SETTINGS),
        ),
    )


def phrase_options(function: _AnyFunction) -> _AnyFunction:
    """Add the options of learning phrases, but for the number of passes."""
    return _with(function, _PHRASE_SETTINGS)


def text_options(function: _AnyFunction) -> _AnyFunction:
    """Add the options of text."""
    return _with(function, _TEXT_SETTINGS)


def _with(function: _AnyFunction, options: Sequence[Callable[[Any], Any]]) -> _AnyFunction:
    for add in reversed(options):
        function = add(function)
    return function


def checkpoint_options(function: _AnyFunction) -> _AnyFunction:
    """Add the options of checkpoints."""
    options = (
        click.option(
            "--checkpoint-every",
            cls=Option,
            section=_CHECKPOINTS,
            type=interval,
            default="10m",
            show_default=True,
            help="Time (90s, 10m, 2h) or training (200M words) between two checkpoints; one more is written "
            "at Ctrl-C and SIGTERM. off: none (with --resume: only that one).",
        ),
        click.option(
            "--resume",
            cls=Option,
            section=_CHECKPOINTS,
            metavar="MODEL",
            type=click.Path(path_type=Path),
            help="Go on with the training that was to become MODEL, from its last checkpoint, with its text "
            "and settings; --epochs may be raised and --workers changed.",
        ),
    )
    return _with(function, options)


def report_options(function: _AnyFunction) -> _AnyFunction:
    """Add the options of where a training's reports go."""
    options = (
        click.option(
            "--metrics",
            cls=Option,
            section=_REPORTS,
            metavar="FILE",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Write each report as a line of JSON, as the model's metrics.jsonl has them at the end.",
        ),
        click.option(
            "--tensorboard",
            cls=Option,
            section=_REPORTS,
            metavar="FOLDER",
            type=click.Path(path_type=Path),
            help="Write TensorBoard's event files; needs coterie[tensorboard].",
        ),
        click.option(
            "--wandb",
            cls=Option,
            section=_REPORTS,
            metavar="PROJECT",
            help="Log to Weights & Biases, offline with WANDB_MODE=offline; needs coterie[wandb].",
        ),
    )
    return _with(function, options)


def storage_options(function: _AnyFunction) -> _AnyFunction:
    """Add the options of the cache of encoded text and of memory."""
    options = (
        click.option(
            "--cache-dir",
            cls=Option,
            section=_STORAGE,
            type=click.Path(file_okay=False, path_type=Path),
            help="Where encoded text is kept.  [default: $COTERIE_CACHE or ~/.cache/coterie]",
        ),
        click.option(
            "--cache-limit",
            cls=Option,
            section=_STORAGE,
            type=size,
            help="Most that the cache may take, such as 20GB; the longest unused goes first.",
        ),
        click.option("--no-cache", cls=Option, section=_STORAGE, is_flag=True, help="Keep no encoded text."),
        click.option(
            "--memory-limit",
            cls=Option,
            section=_STORAGE,
            type=size,
            help="Most memory that the program may take, such as 4GB: a training that needs more is refused "
            "once its words are counted. A share, 512MiB or less (above 4GiB an eighth), is for counting "
            "words, which then spill to disk, and pairs.  [default: what the machine has]",
        ),
        click.option(
            "--matrices-dir",
            cls=Option,
            section=_STORAGE,
            type=click.Path(file_okay=False, path_type=Path),
            help="Map the matrices from files in this folder instead of holding them in memory: for those "
            "that don't fit. The same vectors, but slower. Nothing is left there.",
        ),
    )
    return _with(function, options)
