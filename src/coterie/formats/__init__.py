"""Other people's formats and our own: each exchanges words, a matrix and counts (:class:`WordTable`)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError, FormatError
from coterie.formats.detect import Format, detect
from coterie.formats.fasttext_model import read_fasttext
from coterie.formats.files import COMPRESSIONS, is_folder
from coterie.formats.folder import read_table
from coterie.formats.glove import read_glove, write_glove
from coterie.formats.numpy_array import read_npy, words_beside, write_npy
from coterie.formats.projector import new_metadata_beside, read_projector, write_projector
from coterie.formats.table import WordTable
from coterie.formats.word2vec import read_word2vec, write_word2vec
from coterie.formats.words import EncodingErrors, check_reading, distinct
from coterie.formats.words_parquet import read_words_parquet, write_words_parquet
from coterie.formats.words_safetensors import read_words_safetensors, write_words_safetensors

__all__ = [
    "FORMATS",
    "WRITABLE",
    "EncodingErrors",
    "Format",
    "WordTable",
    "check_writable",
    "files_written",
    "read",
    "write",
]

FORMATS: tuple[Format, ...] = (
    "word2vec",
    "word2vec-binary",
    "glove",
    "fasttext",
    "safetensors",
    "npy",
    "parquet",
    "projector",
)
"""Names of the formats, for where contents or name do not tell; ``fasttext`` is only read."""

_ENDINGS: dict[str, Format] = {
    ".bin": "word2vec-binary",
    ".txt": "word2vec",
    ".vec": "word2vec",
    ".glove": "glove",
    ".safetensors": "safetensors",
    ".npy": "npy",
    ".parquet": "parquet",
    ".tsv": "projector",
}
_COMPRESSIBLE = (".bin", ".txt", ".vec", ".glove")

WRITABLE = tuple(_ENDINGS)
"""Endings that :func:`write` knows; the first four may be followed by one of a compression."""


def read(
    path: str | os.PathLike[str],
    *,
    format: Format | None = None,
    encoding_errors: EncodingErrors = "strict",
    limit: int | None = None,
    no_header: bool = False,
) -> WordTable:
    """Read a model folder or a file of vectors in any of the formats.

    A file's contents tell its format, whatever its name; the name tells the compression.

    Parameters
    ----------
    path
        File or folder.
    format
        One of :data:`FORMATS`, where the contents don't tell.
    encoding_errors
        For words that are not UTF-8 (word2vec.c cuts long words in the middle of a letter):
        ``"strict"`` raises, ``"replace"`` and ``"ignore"`` are those of :meth:`bytes.decode`.
    limit
        Take only so many of the first words.
    no_header
        The same as ``format="glove"``, by gensim's name.

    Returns
    -------
    WordTable
        Where a word is listed twice its first vector is kept, with a warning.

    Raises
    ------
    FormatError
        Nothing that can be read is there.
    ResourceError
        The system refuses.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/v.txt.gz", ["cat", "dog"], np.eye(2, dtype=np.float32))
    ...     read(f"{folder}/v.txt.gz").words
    ['cat', 'dog']
    """
    path = Path(path)
    check_reading(encoding_errors, limit)
    if no_header and format not in (None, "glove"):
        raise ConfigError(f"no_header means format 'glove', but format is {format!r}. Leave one out.")
    if format is not None and format not in FORMATS:
        raise ConfigError(f"format is {format!r}; choose one of {', '.join(FORMATS)}.")
    if is_folder(path):
        if format is not None or no_header:
            raise ConfigError(f"format is for files, and {path} is a folder. Leave it out.")
        return _first(read_table(path), limit)
    return distinct(
        path, _read(path, "glove" if no_header else format or detect(path), encoding_errors, limit)
    )


def _read(path: Path, kind: Format, errors: EncodingErrors, limit: int | None) -> WordTable:
    if kind == "safetensors":
        return _first(read_words_safetensors(path), limit)
    if kind in ("word2vec", "word2vec-binary"):
        return read_word2vec(path, binary=kind == "word2vec-binary", encoding_errors=errors, limit=limit)
    readers = {
        "glove": read_glove,
        "fasttext": read_fasttext,
        "npy": read_npy,
        "parquet": read_words_parquet,
        "projector": read_projector,
    }
    return readers[kind](path, encoding_errors=errors, limit=limit)


def _first(table: WordTable, limit: int | None) -> WordTable:
    if limit is None:
        return table
    counts = None if table.counts is None else table.counts[:limit]
    return WordTable(table.words[:limit], table.matrix[:limit], counts)


def check_writable(path: str | os.PathLike[str], format: Format | None = None) -> Format:
    """Return the format that :func:`write` will write, before any work is done for it.

    Raises
    ------
    FormatError
        The name tells none, or the format can't be compressed or written.

    Examples
    --------
    >>> check_writable("vectors.txt.gz")
    'word2vec'
    >>> check_writable("vectors.glove.txt")
    'glove'
    """
    name = Path(path)
    compressed = name.suffix in COMPRESSIONS
    endings = (name.with_suffix("") if compressed else name).suffixes
    if format is not None and format not in FORMATS:
        raise ConfigError(f"format is {format!r}; choose one of {', '.join(FORMATS)}.")
    kind = format or ("glove" if endings[-2:] == [".glove", ".txt"] else _ENDINGS.get("".join(endings[-1:])))
    if kind is None:
        raise FormatError(
            f"{path}: the name tells the format to write; end it in {', '.join(WRITABLE)} "
            f"(the first four may be followed by {', '.join(COMPRESSIONS)}), or name the format."
        )
    if kind == "fasttext":
        raise FormatError(
            "fastText's own format is only read. End the name in .vec, which fastText takes as pretrained."
        )
    if compressed and kind not in {_ENDINGS[ending] for ending in _COMPRESSIBLE}:
        raise FormatError(f"{path}: {kind} files can't be compressed: {_UNCOMPRESSED[kind]}.")
    return kind


def files_written(path: str | os.PathLike[str], kind: Format) -> list[Path]:
    """Return the files that :func:`write` replaces: one, or a pair.

    Examples
    --------
    >>> [file.name for file in files_written("v.npy", "npy")]
    ['v.npy', 'v.words.txt']
    """
    path = Path(path)
    beside = {"npy": words_beside, "projector": new_metadata_beside}
    return [path, beside[kind](path)] if kind in beside else [path]


_UNCOMPRESSED = {
    "safetensors": "they are mapped on load",
    "npy": "they are mapped on load",
    "parquet": "they are compressed inside",
    "projector": "two files belong together",
}


def write(
    path: str | os.PathLike[str],
    words: Sequence[str],
    matrix: NDArray[np.float32],
    counts: NDArray[np.int64] | None = None,
    *,
    format: Format | None = None,
    replace_spaces: str | None = None,
) -> None:
    """Write vectors in the format that the name tells, or that ``format`` names.

    Parameters
    ----------
    path
        The file, ending in one of :data:`WRITABLE`; an earlier one is replaced when the new one is complete.
    words, matrix, counts
        The words, their float32 vectors, shape ``(len(words), vector_size)``, and int64 counts, which
        word2vec's and GloVe's formats don't hold.
    format
        One of :data:`FORMATS` but ``"fasttext"``, whatever the name.
    replace_spaces
        What to write for a character inside a word that the format can't hold (word2vec's and GloVe's: blank
        and newline; lists of words, beside ``.npy`` and ``.tsv``: tab and line ends); by default an error.

    Raises
    ------
    FormatError
        Name, word or number that the format can't hold.
    ResourceError
        The system refuses.
    """
    kind = check_writable(path, format)
    if kind in ("word2vec", "word2vec-binary"):
        binary = kind == "word2vec-binary"
        write_word2vec(path, words, matrix, binary=binary, replace_spaces=replace_spaces)
    elif kind == "glove":
        write_glove(path, words, matrix, replace_spaces=replace_spaces)
    elif kind == "safetensors":
        write_words_safetensors(path, words, matrix, counts)
    elif kind == "parquet":
        write_words_parquet(path, words, matrix, counts)
    elif kind == "npy":
        write_npy(path, words, matrix, counts, replace_spaces=replace_spaces)
    else:
        write_projector(path, words, matrix, counts, replace_spaces=replace_spaces)
