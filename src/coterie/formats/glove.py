"""GloVe's text: ``word number … number`` in every line, and no line of sizes before them.

The vectors' length is how many numbers end the first line. A word of the published files may hold blanks
(``. . .``): it ends before the last so many fields, and does not itself end in a number.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.files import reading
from coterie.formats.number_text import CHUNK, NumberText, is_number, write_numbers
from coterie.formats.replacing import replacing_file
from coterie.formats.rows import RowBuffer, check_size
from coterie.formats.table import WordTable
from coterie.formats.words import EncodingErrors, check_reading, decode_words, encode_words, row_blocks

__all__ = ["read_glove", "write_glove"]


def read_glove(
    path: str | os.PathLike[str], *, encoding_errors: EncodingErrors = "strict", limit: int | None = None
) -> WordTable:
    """Read GloVe's text, decompressed as its name says.

    Parameters
    ----------
    path
        The file.
    encoding_errors, limit
        As in :func:`coterie.formats.read`.

    Raises
    ------
    FormatError
        The file is missing, damaged, or holds something that is no finite number.
    """
    path = Path(path)
    check_reading(encoding_errors, limit)
    words: list[str] = []
    with reading(path) as file:
        head = file.read(CHUNK)
        if not head:
            raise FormatError(f"{path} is empty.")
        size = _vector_size(path, head)
        rows = RowBuffer(path, size)
        for encoded, block in NumberText(path, size, blanks=True).read(file, head, limit):
            words += decode_words(path, encoded, encoding_errors, len(words) + 1)
            rows.append(block)
    return WordTable(words, rows.matrix())


def _vector_size(path: Path, head: bytes) -> int:
    fields = head.split(b"\n", 1)[0].rstrip(b" \r").split(b" ")[1:]
    size = next((i for i, field in enumerate(reversed(fields)) if not is_number(field)), len(fields))
    if not size:
        raise FormatError(f'{path}, line 1: expected "word number … number".')
    check_size(f"{path}, line 1", size)
    return size


def write_glove(
    path: str | os.PathLike[str],
    words: Sequence[str],
    matrix: NDArray[np.float32],
    *,
    replace_spaces: str | None = None,
) -> None:
    """Write GloVe's text, compressed as the name says, in one step.

    Parameters
    ----------
    path
        The file.
    words, matrix
        The words and their float32 vectors, shape ``(len(words), vector_size)``.
    replace_spaces
        What to write for a blank or newline inside a word: few programs read such a word back.
    """
    encoded = encode_words(words, " \n", replace_spaces, "GloVe's text ends a word")
    with replacing_file(path) as file:
        for start, block in row_blocks(Path(path), words, matrix):
            write_numbers(file, block, b" ", encoded[start : start + len(block)])
