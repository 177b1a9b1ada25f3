"""Vectors to files and back: what ``save`` and ``load`` of gensim's KeyedVectors become without pickle.

``save`` writes one safetensors file: the arrays of :mod:`coterie.formats.words_safetensors`, so that
:func:`coterie.load` reads it as well, and each further numeric attribute as ``attribute.NAME``.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from coterie.compat.gensim.refusals import refuse_unless
from coterie.errors import ConfigError, FormatError
from coterie.formats.folder import foreign_entries, is_model_folder
from coterie.formats.replacing import replacing_file, replacing_folder_by_file
from coterie.formats.safetensors import map_safetensors, write_safetensors
from coterie.formats.words_safetensors import check_uncompressed, read_words_safetensors

__all__ = [
    "check_layout",
    "check_mmap",
    "read_attributes",
    "refuse_pickle",
    "write_keyed",
    "write_without_header",
]

_ATTRIBUTE = "attribute."
# Made from the counts, and made again when they are needed.
_DERIVED = ("code", "point", "count")
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))


def refuse_pickle(path: Path, what: str) -> None:
    """Raise for gensim's own files, with the way out of them; nothing is ever unpickled.

    Raises
    ------
    FormatError
        The file is a pickle.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        head = file.read(2)
    if head in _PICKLES:
        raise FormatError(
            f"{path} is a pickle, as gensim saves its objects; Coterie reads none, since reading them runs "
            f"code. {what}"
        )


def check_mmap(mmap: str | None) -> None:
    """Check the way a file is to be mapped."""
    if mmap not in (None, "r"):
        raise ConfigError(f"mmap is {mmap!r}; it must be None, or 'r' to map the vectors, read-only.")


def check_layout(ignore: Any) -> None:
    """Check the options of ``save`` that change more than how a pickle is laid out."""
    refuse_unless("ignore", frozenset(ignore), frozenset(), "Everything is saved.")


def write_keyed(
    path: str | os.PathLike[str],
    keys: list[Any],
    matrix: NDArray[Any],
    attributes: Mapping[str, NDArray[Any]],
) -> None:
    """Write keys, vectors and attributes to one file, in one step.

    Raises
    ------
    FormatError
        A key is no string, an attribute is no number, the name is a compressed file's, or something else is
        in the way.
    """
    check_uncompressed(path)
    strange = next((key for key in keys if not isinstance(key, str)), None)
    if strange is not None or any(key is None for key in keys):
        raise FormatError(f"the key {strange!r} is no string and can't be saved; name keys by strings.")
    arrays: dict[str, NDArray[Any]] = {}
    if "count" in attributes:
        arrays["counts"] = attributes["count"].astype(np.int64)
    try:
        encoded = [key.encode() for key in keys]
    except UnicodeEncodeError as error:
        raise FormatError(f"the word {error.object!r} is not Unicode text and can't be written.") from None
    arrays["word_ends"] = np.cumsum([len(word) for word in encoded], dtype=np.int64)
    for name, values in attributes.items():
        if name in _DERIVED:
            continue
        if values.dtype == object:
            raise FormatError(f"the attribute {name!r} holds objects, and only numbers can be saved.")
        arrays[_ATTRIBUTE + name] = values
    arrays["vectors"] = matrix
    arrays["words"] = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    # The widest numbers first: every array then starts at a multiple of its numbers' size.
    ordered = dict(sorted(arrays.items(), key=lambda item: -item[1].itemsize))
    with _in_place_of(path) as file:
        write_safetensors(file, ordered, {"format": "coterie words"})


@contextmanager
def _in_place_of(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file to be written at ``path``; a model folder there, with nothing else in it, gives way."""
    real = Path(os.path.realpath(path))
    gives_way = real.is_dir() and is_model_folder(real) and not foreign_entries(real)
    with (replacing_folder_by_file if gives_way else replacing_file)(path) as file:
        yield file


def read_attributes(path: Path) -> tuple[list[str], NDArray[Any], dict[str, NDArray[Any]]]:
    """Return words, mapped vectors of their own type, and attributes, as :func:`write_keyed` wrote."""
    table = read_words_safetensors(path)
    arrays = map_safetensors(path)
    attributes = {} if table.counts is None else {"count": np.array(table.counts)}
    for name, values in arrays.items():
        if name.startswith(_ATTRIBUTE):
            if len(values) != len(table.words):
                raise FormatError(
                    f"{path} is damaged: {len(table.words):,} words, but {len(values):,} {name}."
                )
            attributes[name.removeprefix(_ATTRIBUTE)] = np.array(values)
    return table.words, arrays["vectors"], attributes


def write_without_header(path: str | os.PathLike[str], words: list[str], matrix: NDArray[Any]) -> None:
    """Write word2vec's text format without its first line, as GloVe does."""
    bad = next((word for word in words if not word or any(c in word for c in " \n")), None)
    if bad is not None:
        raise FormatError(f"the word {bad!r} can't be written: it would end at its blank.")
    with replacing_file(path) as file:
        for start in range(0, len(words), 1024):
            rows = matrix[start : start + 1024].astype(np.float32).astype(str).tolist()
            lines = zip(itertools.islice(words, start, start + 1024), rows, strict=True)
            file.writelines(f"{word} {' '.join(row)}\n".encode() for word, row in lines)
