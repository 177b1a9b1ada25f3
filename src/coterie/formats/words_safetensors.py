"""Words and vectors in one safetensors file, mapped on load: what ``convert`` makes for other programs.

Arrays: ``vectors`` (float32, one row a word), ``words`` (uint8, the words' UTF-8 end to end),
``word_ends`` (int64, where each ends in ``words``) and, where known, ``counts`` (int64).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.files import COMPRESSIONS
from coterie.formats.replacing import replacing_file
from coterie.formats.safetensors import map_safetensors, write_safetensors
from coterie.formats.table import WordTable
from coterie.formats.words import check_finite

__all__ = ["check_uncompressed", "read_words_safetensors", "write_words_safetensors"]


def check_uncompressed(path: str | os.PathLike[str]) -> None:
    """Raise for a name by which the file would be compressed, and could not be mapped."""
    if Path(path).suffix in COMPRESSIONS:
        raise FormatError(f"{path}: safetensors files are mapped, so they can't be compressed.")


def read_words_safetensors(path: str | os.PathLike[str]) -> WordTable:
    """Read the words and map the vectors of a file that :func:`write_words_safetensors` wrote."""
    arrays = map_safetensors(path)
    if "input_vectors" in arrays and "words" not in arrays:
        raise FormatError(f"{path} is a part of a Coterie model; give the folder, {Path(path).parent}.")
    if {"vectors", "words", "word_ends"} - set(arrays):
        raise FormatError(
            f"{path} has arrays {', '.join(arrays) or '(none)'}; expected vectors, words and word_ends."
        )
    vectors, ends, text = arrays["vectors"], arrays["word_ends"], arrays["words"].tobytes()
    counts = arrays.get("counts")
    if (
        vectors.ndim != 2
        or vectors.dtype.kind != "f"
        or ends.shape != vectors.shape[:1]
        or ends.dtype.kind != "i"
    ):
        raise FormatError(
            f"{path} is damaged: vectors of shape {vectors.shape} ({vectors.dtype}), but word_ends of shape "
            f"{ends.shape} ({ends.dtype})."
        )
    bounds = np.concatenate(([0], ends))
    if (bounds[1:] < bounds[:-1]).any() or bounds[-1] != len(text):
        raise FormatError(
            f"{path} is damaged: its word_ends do not divide the {len(text):,} bytes of its words."
        )
    if counts is not None and (counts.shape != vectors.shape[:1] or counts.dtype.kind != "i"):
        raise FormatError(
            f"{path} is damaged: {len(vectors):,} words, but counts of shape {counts.shape} ({counts.dtype})."
        )
    try:
        words = [text[start:end].decode() for start, end in itertools.pairwise(bounds.tolist())]
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is damaged: its words are not UTF-8 ({error.reason}).") from error
    if vectors.dtype != np.float32:
        with np.errstate(over="ignore", invalid="ignore"):  # it becomes infinite, and is found as that
            vectors = vectors.astype(np.float32)
        check_finite(Path(path), words, vectors)
    return WordTable(words, vectors, None if counts is None else counts.astype(np.int64, copy=False))


def write_words_safetensors(
    path: str | os.PathLike[str],
    words: Sequence[str],
    matrix: NDArray[np.float32],
    counts: NDArray[np.int64] | None = None,
) -> None:
    """Write words, vectors and counts in one step; any word will do, blanks and newlines included.

    Parameters
    ----------
    path
        The file; not compressed, since it is mapped on load.
    words, matrix, counts
        The words, their float32 vectors, shape ``(len(words), vector_size)``, and int64 counts.
    """
    path = Path(path)
    check_uncompressed(path)
    check_finite(path, words, matrix)
    try:
        encoded = [word.encode() for word in words]
    except UnicodeEncodeError as error:
        raise FormatError(f"the word {error.object!r} is not Unicode text and can't be written.") from None
    # The widest numbers first: every array then starts at a multiple of its numbers' size.
    arrays: dict[str, NDArray[Any]] = {} if counts is None else {"counts": counts}
    arrays["word_ends"] = np.cumsum([len(word) for word in encoded], dtype=np.int64)
    arrays["vectors"] = matrix
    arrays["words"] = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    with replacing_file(path) as file:
        write_safetensors(file, arrays, {"format": "coterie words"})
