"""Every error that Coterie raises on purpose: what is wrong, where, what was found, what to do.

All of them are :class:`CoterieError`, so one ``except`` catches them; each kind also is the built-in
exception that a Python programmer would expect (``ValueError``, ``KeyError``, ``OSError``).
"""

from __future__ import annotations

import re

__all__ = [
    "ConfigError",
    "CorpusError",
    "CoterieError",
    "FormatError",
    "MissingFileError",
    "ResourceError",
    "TrainingError",
    "TrainingInterrupted",
    "WordNotFoundError",
    "spelt_out",
]


# What a terminal would obey rather than show: control characters, line ends of all kinds, marks that turn the
# direction of writing, and halves of surrogate pairs, which can't even be written.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST, _HEAD = 2_000, 1_500


def spelt_out(text: str) -> str:
    r"""Return text that a terminal shows and does not obey: what it would not show is spelt out.

    Examples
    --------
    >>> spelt_out("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return _UNSHOWN.sub(lambda found: ascii(found[0])[1:-1], text)


def _shown(message: str) -> str:
    """Return a message as it may be shown; what a file holds comes into it as it is."""
    message = spelt_out(message)
    if len(message) <= _LONGEST:
        return message
    return f"{message[:_HEAD]} … {message[_HEAD - _LONGEST :]}"  # where it is comes first, what to do last


class CoterieError(Exception):
    r"""Base of all errors raised by Coterie; the message is written for the user.

    Examples
    --------
    >>> print(FormatError("line 1: no field \x1b[2J"))
    line 1: no field \x1b[2J
    """

    def __init__(self, message: object = "", *more: object) -> None:
        super().__init__(_shown(message) if isinstance(message, str) else message, *more)


class ConfigError(CoterieError, ValueError):
    """An option has a value that cannot be used; the message names the option as the user wrote it."""


class CorpusError(CoterieError, ValueError):
    """The text cannot be read or yields nothing to train on; the message names file and line or byte."""


class FormatError(CoterieError, ValueError):
    """A file of vectors, a model folder or a cache is not what its name says, or is damaged."""


class MissingFileError(CorpusError, FormatError, FileNotFoundError):
    """There is no file or folder of that name; the message says what there is instead."""


class ResourceError(CoterieError, OSError):
    """The machine refuses or lacks what the work needs: disk, memory, permission."""


class TrainingError(CoterieError, ArithmeticError):
    """Training went wrong numerically (NaN, exploding norms); the message says what to change."""


class TrainingInterrupted(CoterieError, KeyboardInterrupt):  # noqa: N818 - named after KeyboardInterrupt
    """Ctrl-C during training; ``model`` is what had been learned by then, usable and saveable."""

    def __init__(self, message: str, model: object) -> None:
        super().__init__(message)
        self.model = model


class WordNotFoundError(CoterieError, KeyError):
    """A word is not in the vocabulary; the message offers the nearest spellings."""

    def __str__(self) -> str:
        # KeyError prints the repr of its argument, which would quote the sentence.
        return str(self.args[0]) if self.args else ""
