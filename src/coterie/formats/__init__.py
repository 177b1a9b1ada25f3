"""Other people's formats and our own: each exchanges words, a matrix and counts (:class:`WordTable`)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError, FormatError
from coterie.formats.detect import detect
from coterie.formats.files import COMPRESSIONS
from coterie.formats.folder import read_table
from coterie.formats.table import WordTable
from coterie.formats.word2vec import EncodingErrors, read_word2vec, write_word2vec
from coterie.formats.words_safetensors import read_words_safetensors, write_words_safetensors

__all__ = ["WRITABLE", "WordTable", "check_writable", "read", "write"]

WRITABLE = (".bin", ".txt", ".vec", ".safetensors")
"""Endings that :func:`write` knows; all but the last may be followed by one of a compression."""


def read(
    path: str | os.PathLike[str],
    *,
    encoding_errors: EncodingErrors = "strict",
    limit: int | None = None,
    no_header: bool = False,
) -> WordTable:
    """Read a model folder, a safetensors file of words, or word2vec's text or binary format.

    A file's contents tell its format, whatever its name; the name tells the compression.

    Parameters
    ----------
    path
        File or folder.
    encoding_errors, limit, no_header
        As in :func:`~coterie.formats.word2vec.read_word2vec`; ``limit`` holds for every format.

    Raises
    ------
    FormatError
        Nothing that can be read is there.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/v.txt.gz", ["cat", "dog"], np.eye(2, dtype=np.float32))
    ...     read(f"{folder}/v.txt.gz").words
    ['cat', 'dog']
    """
    path = Path(path)
    if path.is_dir():
        return _first(read_table(path), limit)
    kind = "text" if no_header else detect(path)
    if kind == "safetensors":
        return _first(read_words_safetensors(path), limit)
    return read_word2vec(
        path, binary=kind == "binary", encoding_errors=encoding_errors, limit=limit, no_header=no_header
    )


def _first(table: WordTable, limit: int | None) -> WordTable:
    if limit is None:
        return table
    if limit < 1:
        raise ConfigError(f"limit is {limit}; it must be at least 1.")
    counts = None if table.counts is None else table.counts[:limit]
    return WordTable(table.words[:limit], table.matrix[:limit], counts)


def check_writable(path: str | os.PathLike[str]) -> str:
    """Return the ending by which :func:`write` knows the format, before any work is done for it.

    Raises
    ------
    FormatError
        The name ends in something else.

    Examples
    --------
    >>> check_writable("vectors.txt.gz")
    '.txt'
    """
    name = Path(path)
    ending = Path(name.stem).suffix if name.suffix in COMPRESSIONS else name.suffix
    if ending not in WRITABLE:
        raise FormatError(
            f"{path}: the name tells the format to write; end it in {', '.join(WRITABLE)} "
            f"(the first three may be followed by {', '.join(COMPRESSIONS)})."
        )
    return ending


def write(
    path: str | os.PathLike[str],
    words: Sequence[str],
    matrix: NDArray[np.float32],
    counts: NDArray[np.int64] | None = None,
    *,
    replace_spaces: str | None = None,
) -> None:
    """Write vectors in the format that the name tells: ``.bin``, ``.txt``, ``.vec`` or ``.safetensors``.

    Parameters
    ----------
    path
        The file; an earlier one is replaced when the new one is complete.
    words, matrix, counts
        The words, their float32 vectors, shape ``(len(words), vector_size)``, and int64 counts, which
        only safetensors holds.
    replace_spaces
        For word2vec's formats: what to write for a blank or newline inside a word; by default an error.

    Raises
    ------
    FormatError
        Name, word or number that the format can't hold.
    ResourceError
        The system refuses.
    """
    ending = check_writable(path)
    if ending == ".safetensors":
        write_words_safetensors(path, words, matrix, counts)
    else:
        write_word2vec(path, words, matrix, binary=ending == ".bin", replace_spaces=replace_spaces)
