"""Readers of files of vectors."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from coterie.formats import WordTable, read, write
from coterie.formats.word2vec import read_word2vec
from fuzzing.mutations import Files
from fuzzing.reader import Reader
from reference.fasttext_model import model_bytes

__all__ = ["VECTORS", "check_table"]

_WORDS = ["the", "naïve", "日本語", "a", "don't"]
_MATRIX = np.random.default_rng(1).standard_normal((5, 3)).astype(np.float32)
_COUNTS = np.array([50, 40, 30, 20, 10])
_NAMES = {
    "word2vec": "v.txt",
    "word2vec-binary": "v.bin",
    "glove": "v.glove",
    "safetensors": "v.safetensors",
    "npy": "v.npy",
    "parquet": "v.parquet",
    "projector": "v.tsv",
}


def check_table(table: WordTable) -> WordTable:
    """Check what a reader gave."""
    assert len(table.words) == len(set(table.words)) == len(table.matrix)
    assert table.matrix.dtype == np.float32
    assert table.matrix.ndim == 2
    assert table.counts is None or (
        table.counts.shape == (len(table.words),) and table.counts.dtype == np.int64
    )
    "".join(table.words).encode()
    table.matrix.tobytes()  # every page of it can be read
    return table


def _written(kind: Any) -> Callable[[], Sequence[Files]]:
    def seeds() -> Sequence[Files]:
        cases = []
        for counts in (_COUNTS, None):
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder, _NAMES[kind]), _WORDS, _MATRIX, counts)
                cases.append({path.name: path.read_bytes() for path in Path(folder).iterdir()})
        return cases

    return seeds


def _reading(name: str, kind: Any) -> Callable[[Path], WordTable]:
    def read_one(folder: Path) -> WordTable:
        path = folder / name
        choice = crc32(path.read_bytes()[-64:]) if path.exists() else 0
        errors: Any = ("strict", "strict", "replace", "ignore")[choice % 4]
        limit = (None, None, 2)[choice // 4 % 3]
        found = None if choice // 12 % 4 == 0 else kind
        return check_table(read(path, format=found, encoding_errors=errors, limit=limit))

    return read_one


def _fasttext() -> Sequence[Files]:
    return [
        {"m.bin": model_bytes(_WORDS, labels=["__label__x"], bucket=4)[0]},
        {"m.bin": model_bytes(_WORDS, labels=["__label__x"], bucket=4, kind=3, version=11)[0]},
    ]


def _packed_words(files: Files) -> Files:
    return {"v.bin.gz": gzip.compress(next(iter(files.values())), mtime=0)}


def _counted(folder: Path) -> WordTable:
    return check_table(read_word2vec(folder / "v.txt", binary=False, fvocab=folder / "v.vocab"))


def _with_counts() -> Sequence[Files]:
    lines = "".join(f"{word} {count}\n" for word, count in zip(_WORDS, _COUNTS, strict=True))
    return [{**_written("word2vec")()[0], "v.vocab": lines.encode()}]


VECTORS = [
    *(Reader(f"vectors {kind}", _written(kind), _reading(name, kind)) for kind, name in _NAMES.items()),
    Reader("vectors fasttext", _fasttext, _reading("m.bin", "fasttext")),
    Reader(
        "vectors word2vec-binary.gz",
        _written("word2vec-binary"),
        _reading("v.bin.gz", "word2vec-binary"),
        _packed_words,
    ),
    Reader("vectors with counts beside", _with_counts, _counted),
]
