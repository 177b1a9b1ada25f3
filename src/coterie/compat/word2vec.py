"""The flags of the C program ``word2vec``, as settings: a pure function from words to a :class:`Request`.

The program takes flags with a single dash and the value in the next word, in any order. Where a flag comes
twice it takes the first. Unknown flags, and numbers that are none, it ignores; here both are errors.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from coterie.config import TrainingConfig
from coterie.config.checks import check_finite, check_integer
from coterie.errors import ConfigError

__all__ = ["FLAGS", "Flag", "Request", "in_flags", "read_flags"]

# The rate stops to fall at this part of where it began.
_LEAST_ALPHA = 0.0001
_CBOW_ALPHA, _SKIP_GRAM_ALPHA = 0.05, 0.025
_THREADS = 12


class Flag(NamedTuple):
    """A flag: its name after the dash, what its value is (a file, ``int`` or ``float``), what it does."""

    name: str
    kind: str
    told: str


FLAGS = (
    Flag("train", "file", "Text to train on: words between white space, a sentence a line."),
    Flag("output", "file", "Where the vectors go, or the classes of words."),
    Flag("size", "int", "Length of a vector.  [default: 100]"),
    Flag("window", "int", "Greatest distance between two words of a pair.  [default: 5]"),
    Flag("sample", "float", "Words more frequent than this are thinned out; 0 keeps all.  [default: 1e-3]"),
    Flag("hs", "int", "1 trains hierarchical softmax, beside -negative unless that is 0.  [default: 0]"),
    Flag("negative", "int", "Negatives drawn for an example; 0 with -hs 1 draws none.  [default: 5]"),
    Flag("threads", "int", "Threads.  [default: 12, or as many as there are cores]"),
    Flag("iter", "int", "Passes over the text.  [default: 5]"),
    Flag("min-count", "int", "Words seen less often are dropped.  [default: 5]"),
    Flag("alpha", "float", "Learning rate at the start.  [default: 0.025; with -cbow 1 0.05]"),
    Flag("classes", "int", "Write so many classes of words instead of vectors.  [default: 0, vectors]"),
    Flag("debug", "int", "0: silent but for errors; 1: sizes; 2: progress too.  [default: 2]"),
    Flag("binary", "int", "1 writes the binary format.  [default: 0, text]"),
    Flag("save-vocab", "file", "Write the words and their counts here."),
    Flag("read-vocab", "file", "Take the words and their counts from here, not from the text."),
    Flag("cbow", "int", "1: continuous bag of words; 0: Skip-gram.  [default: 1]"),
)
"""Every flag of the C program, in the order of its usage message."""

_KINDS = {flag.name: flag.kind for flag in FLAGS}
_IN_FLAGS = {
    "vector_size": "-size",
    "epochs": "-iter",
    "workers": "-threads",
    "min_count": "-min-count",
    "words": "-read-vocab",
    **{name: f"-{name}" for name in ("window", "sample", "negative", "alpha")},
}


@dataclass(frozen=True)
class Request:
    """What one call of the program asks for.

    Parameters
    ----------
    train
        The text.
    output, save_vocab, read_vocab
        Files, or ``None``; without ``output`` only the vocabulary is saved.
    binary
        The format of the vectors.
    classes
        How many classes of words to write instead of vectors; 0 writes vectors.
    debug
        How much is told: 0 nothing, 1 sizes, 2 progress.
    min_count
        Words seen less often are dropped.
    config
        How to train.
    repeated
        Flags that were given more than once; the first counts.
    """

    train: str
    output: str | None
    save_vocab: str | None
    read_vocab: str | None
    binary: bool
    classes: int
    debug: int
    min_count: int
    config: TrainingConfig
    repeated: tuple[str, ...] = ()


def read_flags(arguments: Sequence[str], cores: int) -> Request:
    """Return what the words of the command line ask for.

    Parameters
    ----------
    arguments
        The words after the program's name.
    cores
        How many there are: where ``-threads`` is left out, no more than these work.

    Raises
    ------
    ConfigError
        A flag that there is not, a value that can't be used; the message names flag and value.

    Examples
    --------
    >>> request = read_flags("-train text8 -output vec.bin -cbow 0 -size 200 -binary 1".split(), cores=2)
    >>> request.config.architecture, request.config.vector_size, request.config.alpha, request.binary
    ('skip_gram', 200, 0.025, True)
    """
    given, repeated = _pairs(arguments)
    if "train" not in given:
        raise ConfigError("-train is missing; name the file with the text.")
    if "output" not in given and "save-vocab" not in given:
        raise ConfigError("-output is missing; name the file for the vectors.")
    numbers = {name: _number(name, given[name]) for name in given if _KINDS[name] != "file"}
    for name, least, default in (("classes", 0, 0), ("debug", 0, 2), ("min-count", 0, 5), ("binary", 0, 0)):
        check_integer(f"-{name}", numbers.setdefault(name, default), least)
    return Request(
        given["train"],
        given.get("output"),
        given.get("save-vocab"),
        given.get("read-vocab"),
        bool(numbers["binary"]),
        numbers["classes"],
        numbers["debug"],
        max(1, numbers["min-count"]),
        _training(numbers, cores),
        repeated,
    )


def in_flags(message: str) -> str:
    """Spell the options in a message of Coterie's as this program's flags.

    Examples
    --------
    >>> in_flags("window is 9, but the longest sentence has 5 words: it reaches at most 4")
    '-window is 9, but the longest sentence has 5 words: it reaches at most 4'
    >>> in_flags("Lower alpha (now 3; 0.025 suits most corpora) or epochs (now 5).")
    'Lower -alpha (now 3; 0.025 suits most corpora) or -iter (now 5).'
    """

    def spell(match: re.Match[str]) -> str:
        return _IN_FLAGS[match[0]]

    names = "|".join(_IN_FLAGS)
    # The program has no such flag: what is left is to convert the file.
    message = re.sub(r"(; to go on [^;,]*,|, or) set encoding_errors to replace or ignore", "", message)
    message = re.sub(rf"^({names})(?= is | holds )", spell, message)
    message = re.sub(rf"(?<![\w./-])({names})(?= \(now|, now \d|\), )", spell, message)
    underscored = "|".join(name for name in _IN_FLAGS if "_" in name)
    return re.sub(rf"(?<![\w./-])({underscored})\b(?!\.\w|/)", spell, message)


def _pairs(arguments: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    given: dict[str, str] = {}
    repeated: dict[str, None] = {}
    words = iter(arguments)
    for word in words:
        name = word.removeprefix("-")
        if not word.startswith("-") or name not in _KINDS:
            raise _no_flag(word)
        value = next(words, None)
        if value is None:
            raise ConfigError(f"{word} is the last word; its value ({_KINDS[name]}) must follow.")
        if name in given:
            repeated[word] = None
        given.setdefault(name, value)
    return given, tuple(repeated)


def _no_flag(word: str) -> ConfigError:
    flags = [f"-{flag.name}" for flag in FLAGS]
    near = difflib.get_close_matches(f"-{word.lstrip('-').replace('_', '-')}", flags, n=1)
    offer = f"; did you mean {near[0]}?" if near else f". Flags: {', '.join(flags)}."
    if not word.startswith("-"):
        raise ConfigError(f"found {word!r} where a flag should be{offer}")
    return ConfigError(f"there is no flag {word!r}{offer}")


def _number(name: str, value: str) -> Any:
    """Return the flag's value; ``int`` and ``float`` take only what Python and C read alike."""
    integer = _KINDS[name] == "int"
    pattern = r"[+-]?\d+" if integer else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
    if not re.fullmatch(pattern, value, re.ASCII):
        raise ConfigError(f"-{name} is {value!r}; it must be a {'whole ' if integer else ''}number.")
    return int(value) if integer else float(value)


def _training(numbers: Mapping[str, Any], cores: int) -> TrainingConfig:
    cbow, hierarchical = bool(numbers.get("cbow", 1)), bool(numbers.get("hs", 0))
    negative, alpha = (
        numbers.get("negative", 5),
        numbers.get("alpha", _CBOW_ALPHA if cbow else _SKIP_GRAM_ALPHA),
    )
    # Checked by the names that the user wrote; the configuration checks what is left.
    for name, least, most, default in (
        ("size", 1, 65_536, 100),
        ("window", 1, 10_000, 5),
        ("iter", 1, None, 5),
        ("threads", 1, None, min(_THREADS, cores)),
        ("negative", 0, 10_000, 5),
    ):
        check_integer(f"-{name}", numbers.get(name, default), least, most)
    check_finite("-alpha", alpha, above=0)
    check_finite("-sample", numbers.get("sample", 1e-3), least=0)
    if not hierarchical and not negative:
        raise ConfigError("-negative is 0 and -hs is 0: nothing would be trained. Set either.")
    return TrainingConfig(
        objective="hierarchical_softmax" if hierarchical else "negative_sampling",
        architecture="cbow" if cbow else "skip_gram",
        cbow_gradient="word2vec" if cbow else None,
        vector_size=numbers.get("size", 100),
        window=numbers.get("window", 5),
        negative=negative,
        sample=numbers.get("sample", 1e-3),
        alpha=alpha,
        min_alpha=alpha * _LEAST_ALPHA,
        epochs=numbers.get("iter", 5),
        workers=numbers.get("threads", min(_THREADS, cores)),
    )
