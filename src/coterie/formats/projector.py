"""The TensorFlow projector's pair: ``NAME.tsv``, a line of numbers a word, and ``NAME.metadata.tsv``.

Both are what https://projector.tensorflow.org loads. Pairs of other programs, named ``…_tensor.tsv`` and
``…_metadata.tsv`` or having ``metadata.tsv`` in the same folder, are read too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.files import COMPRESSIONS, reading
from coterie.formats.number_text import CHUNK, NumberText, is_number, write_numbers
from coterie.formats.replacing import replacing_files
from coterie.formats.rows import RowBuffer, check_size
from coterie.formats.table import WordTable
from coterie.formats.word_lines import encode_lines, read_word_lines, write_word_lines
from coterie.formats.words import EncodingErrors, check_reading, row_blocks

__all__ = ["metadata_beside", "new_metadata_beside", "read_projector", "write_projector"]


def new_metadata_beside(path: Path) -> Path:
    """Return where the words of a file of vectors will be written."""
    return path.with_name(path.name.removesuffix(".tsv") + ".metadata.tsv")


def metadata_beside(path: Path) -> Path:
    """Return where the words of a file of vectors are, or should be.

    Examples
    --------
    >>> metadata_beside(Path("vectors.tsv")).name
    'vectors.metadata.tsv'
    """
    ours, stem = new_metadata_beside(path), path.name.removesuffix(".tsv")
    gensims = path.with_name(f"{stem.removesuffix('_tensor')}_metadata.tsv")
    for candidate in (ours, gensims, path.with_name("metadata.tsv")):
        if candidate != path and candidate.is_file():
            return candidate
    return ours


def read_projector(
    path: str | os.PathLike[str], *, encoding_errors: EncodingErrors = "strict", limit: int | None = None
) -> WordTable:
    """Read the vectors and their words.

    Parameters
    ----------
    path
        The file of vectors.
    encoding_errors, limit
        As in :func:`coterie.formats.read`.

    Raises
    ------
    FormatError
        A file is missing or damaged, or they have not as many lines.
    """
    path = Path(path)
    check_reading(encoding_errors, limit)
    if path.suffix in COMPRESSIONS:
        raise FormatError(f"{path}: unpack it and its metadata first; the pair is read uncompressed.")
    with reading(path) as file:
        head = file.read(CHUNK)
        if not head:
            raise FormatError(f"{path} is empty.")
        fields = head.split(b"\n", 1)[0].rstrip(b"\t\r").split(b"\t")
        if not all(map(is_number, fields)):
            raise FormatError(
                f'{path}, line 1: expected "number<TAB>number …". The words are in another file.'
            )
        check_size(f"{path}, line 1", len(fields))
        rows = RowBuffer(path, len(fields))
        text = NumberText(path, len(fields), delimiter=b"\t", words=False)
        for _, block in text.read(file, head, limit):
            rows.append(block)
    complete = limit is None or len(rows) < limit
    words, counts = read_word_lines(
        metadata_beside(path), path, len(rows), named=True, complete=complete, errors=encoding_errors
    )
    return WordTable(words, rows.matrix(), counts)


def write_projector(
    path: str | os.PathLike[str],
    words: Sequence[str],
    matrix: NDArray[np.float32],
    counts: NDArray[np.int64] | None = None,
    *,
    replace_spaces: str | None = None,
) -> None:
    """Write the vectors, and words and counts beside them; the words take their place first.

    Parameters
    ----------
    path
        The file of vectors; not compressed.
    words, matrix, counts
        The words, their float32 vectors, shape ``(len(words), vector_size)``, and int64 counts.
    replace_spaces
        What to write for a tab or line end inside a word.
    """
    path = Path(path)
    encoded = encode_lines(words, replace_spaces)
    with replacing_files(new_metadata_beside(path), path) as (metadata, file):
        write_word_lines(metadata, encoded, counts, named=True)
        for _, block in row_blocks(path, words, matrix):
            write_numbers(file, block, b"\t", [])
