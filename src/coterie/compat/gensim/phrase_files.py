"""The counts that phrases are chosen by, in one safetensors file: words, counts, and the settings as JSON."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.json_text import parse_json
from coterie.formats.replacing import replacing_file
from coterie.formats.safetensors import map_safetensors, write_safetensors
from coterie.formats.words_safetensors import check_uncompressed

__all__ = ["read_counts", "write_counts"]

_ARRAYS = {"counts", "word_ends", "words", "header"}


def write_counts(path: str | os.PathLike[str], counts: Mapping[str, int], header: Mapping[str, Any]) -> None:
    """Write tokens, their counts and a JSON-ready header, in one step.

    Raises
    ------
    FormatError
        A token is not Unicode text, or the name is a compressed file's.
    """
    check_uncompressed(path)
    try:
        encoded = [token.encode() for token in counts]
    except UnicodeEncodeError as error:
        raise FormatError(f"the word {error.object!r} is not Unicode text and can't be written.") from None
    arrays: dict[str, NDArray[Any]] = {
        "counts": np.fromiter(counts.values(), np.int64, len(counts)),
        "word_ends": np.cumsum([len(token) for token in encoded], dtype=np.int64),
        "words": np.frombuffer(b"".join(encoded), np.uint8),
        "header": np.frombuffer(json.dumps(header).encode(), np.uint8),
    }
    with replacing_file(path) as file:
        write_safetensors(file, arrays, {"format": "coterie phrase counts"})


def read_counts(path: Path) -> tuple[dict[str, int], dict[str, Any]]:
    """Return tokens with their counts, and the header.

    Raises
    ------
    FormatError
        The file is something else, or damaged.
    """
    arrays = map_safetensors(path)
    if set(arrays) != _ARRAYS:
        raise FormatError(f"{path} holds no counts of phrases; it has the arrays {', '.join(arrays)}.")
    ends, text = arrays["word_ends"].tolist(), arrays["words"].tobytes()
    try:
        tokens = [text[start:end].decode() for start, end in itertools.pairwise([0, *ends])]
        header = parse_json(arrays["header"].tobytes())
        counts = dict(zip(tokens, arrays["counts"].tolist(), strict=True))
        complete = isinstance(header["settings"], dict) and {"min_reduce", "corpus_word_count"} <= set(
            header["facts"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path} is damaged: {error}.") from error
    if not complete or len(counts) != len(ends):
        raise FormatError(f"{path} is damaged: its settings or tokens are not whole.")
    return counts, header
