"""What every format asks of words and rows: bytes to text and back, no word twice, finite numbers."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError, FormatError
from coterie.formats.table import WordTable

__all__ = [
    "EncodingErrors",
    "check_finite",
    "check_reading",
    "decode_words",
    "distinct",
    "encode_words",
    "row_blocks",
    "shown",
]

EncodingErrors = Literal["strict", "replace", "ignore"]

_SHOWN = 60
_CHECKED_NUMBERS = 1 << 18  # checked while they are in the processor's cache
_NAMES = {" ": "blank", "\t": "tab", "\n": "newline", "\r": "carriage return"}


def check_reading(encoding_errors: str, limit: int | None) -> None:
    """Refuse values of the options that all readers share."""
    if encoding_errors not in ("strict", "replace", "ignore"):
        raise ConfigError(f"encoding_errors is {encoding_errors!r}; choose one of strict, replace, ignore.")
    if limit is not None and limit < 1:
        raise ConfigError(f"limit is {limit}; it must be at least 1.")


def shown(found: bytes, length: int = _SHOWN) -> str:
    """Return the beginning of some bytes as text for a message."""
    return found[:length].decode("utf-8", "backslashreplace")


def decode_words(path: Path, encoded: list[bytes], errors: EncodingErrors, first: int = 1) -> list[str]:
    """Decode a block of words; ``first`` is the number of its first word, for the message."""
    with contextlib.suppress(UnicodeDecodeError):
        words = b"\n".join(encoded).decode("utf-8").split("\n")  # ten times as fast as one by one
        if len(words) == len(encoded):
            return words
    words = []
    for i, word in enumerate(encoded, first):
        try:
            words.append(word.decode("utf-8", errors))
        except UnicodeDecodeError as error:
            raise FormatError(
                f"{path}: word {i:,} is not UTF-8: {word[:_SHOWN]!r} ({error.reason}). "
                "Pass encoding_errors='replace' to read it all the same."
            ) from None
    return words


def encode_words(
    words: Sequence[str], forbidden: str, replacement: str | None, why: str, *, empty: bool = False
) -> list[bytes]:
    """Encode words for a format in which some characters end a word.

    Parameters
    ----------
    words
        All words.
    forbidden
        The characters that the format can't hold inside a word.
    replacement
        What is written for each of them; ``None`` makes such a word an error.
    why
        For the message: what the format does with them.
    empty
        Whether the format can hold the empty word.

    Raises
    ------
    FormatError
        A word can't be held, or two become the same.
    """
    if replacement is not None:
        if not replacement or any(character in replacement for character in forbidden):
            raise ConfigError(
                f"replace_spaces is {replacement!r}; give something without blanks, such as '_'."
            )
        words = [word.translate(dict.fromkeys(map(ord, forbidden), replacement)) for word in words]
        if len(set(words)) != len(words):
            raise FormatError(f"with {replacement!r} for blanks two words become the same; choose another.")
    unfit = set(forbidden)
    bad = next((word for word in words if (not word and not empty) or not unfit.isdisjoint(word)), None)
    if bad == "":
        raise FormatError("a word is empty, which this format can't hold. Write a .safetensors file.")
    if bad is not None:
        names = " or ".join(_NAMES[character] for character in forbidden)
        raise FormatError(
            f"the word {bad!r} can't be written: {why} at a {names}. "
            "Pass replace_spaces='_', or write a .safetensors file."
        )
    try:
        return [word.encode("utf-8") for word in words]
    except UnicodeEncodeError as error:
        raise FormatError(
            f"the word {error.object!r} is not Unicode text and can't be written as UTF-8."
        ) from None


def check_finite(path: Path, words: Sequence[str], matrix: NDArray[np.float32]) -> None:
    """Name the first word whose vector holds NaN or infinity."""
    step = max(1, _CHECKED_NUMBERS // max(1, matrix.shape[1]))
    for start in range(0, len(matrix), step):
        finite = np.isfinite(matrix[start : start + step])
        if not finite.all():
            row = start + int(finite.all(axis=1).argmin())
            raise FormatError(f"{path}: the vector of {words[row]!r} holds NaN or infinity; it is of no use.")


def row_blocks(
    path: Path, words: Sequence[str], matrix: NDArray[np.float32], numbers: int = 1 << 18
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield row number and contiguous little-endian rows, ``numbers`` at a time, checked to be finite."""
    step = max(1, numbers // max(1, matrix.shape[1]))
    for start in range(0, len(words), step):
        block = np.ascontiguousarray(matrix[start : start + step], dtype="<f4")
        check_finite(path, words[start : start + step], block)
        yield start, block


def distinct(path: Path, table: WordTable) -> WordTable:
    """Keep the first vector of every word; where a word comes twice, with a warning."""
    words, matrix, counts = table.words, table.matrix, table.counts
    if len(set(words)) == len(words):
        return table
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    twice = next(word for row, word in enumerate(words) if first[word] != row)
    warnings.warn(
        f"{path}: {len(words) - len(first):,} rows repeat a word (the first is {twice!r}); "
        "the first vector of each word is kept.",
        stacklevel=4,
    )
    rows = np.fromiter(first.values(), dtype=np.int64, count=len(first))
    return WordTable(list(first), _kept(matrix, rows), None if counts is None else counts[rows])


def _kept(matrix: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Take ascending rows; in place, if the matrix is ours, so that there are never two of it."""
    if not matrix.flags.writeable:
        return matrix[rows]
    step = max(1, _CHECKED_NUMBERS // max(1, matrix.shape[1]))
    for start in range(0, len(rows), step):
        taken = rows[start : start + step]
        matrix[start : start + len(taken)] = matrix[taken]
    return matrix[: len(rows)]
