"""Word vectors out of a fastText model (``.bin``), which are sums over the pieces of a word.

A model holds a dictionary and the input matrix: a row for each word, then one for each bucket of character
n-grams. The vector of a word is the mean of its own row and those of its n-grams (of ``minn`` to ``maxn``
characters of ``<word>``), an n-gram's bucket being its FNV-1a hash modulo ``bucket`` (Bojanowski et al. 2017,
arXiv 1607.04606). Bytes are taken with their sign before they are hashed, as fastText does. The
matrix is mapped, so that its buckets, often most of the file, take no memory.

Not read: quantised models (``.ftz``), whose rows are codes; models whose dictionary was pruned, which
happens with these only; and vectors of words that are not in the dictionary.
"""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.files import COMPRESSIONS, reading
from coterie.formats.ngrams import ngram_buckets
from coterie.formats.rows import RowBuffer, check_size
from coterie.formats.table import WordTable
from coterie.formats.words import EncodingErrors, check_finite, check_reading, decode_words

__all__ = ["MAGIC", "read_fasttext"]

MAGIC = struct.pack("<i", 793712314)
_VERSIONS = (11, 12)
_SUPERVISED = 3
_HEADER = struct.Struct("<4s i 12i d")
_SIZES = struct.Struct("<i i i q q")
_ENTRY = struct.Struct("<q b")
_SHAPE = struct.Struct("<q q")
# Nobody's words and n-grams are longer; a damaged file's would take hours.
_LONGEST_WORD, _LONGEST_NGRAM = 1 << 16, 100
_WORD, _LABEL = 0, 1
_BLOCK_BYTES = 1 << 14  # of words whose n-grams are looked up together
_GATHERED_NUMBERS = 1 << 20


@dataclass(frozen=True)
class _Model:
    """What is needed of a model; ``rows`` is the input matrix, mapped."""

    words: list[bytes]
    counts: NDArray[np.int64]
    rows: NDArray[np.float32]
    minn: int
    maxn: int
    bucket: int


def read_fasttext(
    path: str | os.PathLike[str], *, encoding_errors: EncodingErrors = "strict", limit: int | None = None
) -> WordTable:
    """Read the vectors of a fastText model's words, as fastText's ``get_word_vector`` gives them.

    Parameters
    ----------
    path
        The model, of skipgram, cbow or supervised training.
    encoding_errors, limit
        As in :func:`coterie.formats.read`.

    Returns
    -------
    WordTable
        With the counts of the training; labels of a supervised model are left out.

    Raises
    ------
    FormatError
        The file is missing, damaged, cut short, quantised or pruned.
    """
    path = Path(path)
    check_reading(encoding_errors, limit)
    if path.suffix in COMPRESSIONS:
        raise FormatError(
            f"{path}: fastText models are mapped, so they can't be read compressed. Unpack it first."
        )
    with reading(path) as file:
        if not path.stat().st_size:
            raise FormatError(f"{path} is empty.")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            model = _read_model(path, data)
    kept = len(model.words) if limit is None else min(limit, len(model.words))
    words = decode_words(path, model.words[:kept], encoding_errors)
    matrix = _word_vectors(path, model, kept)
    check_finite(path, words, matrix)
    return WordTable(words, matrix, model.counts[:kept])


class _Cursor:
    """Takes numbers from the front of the file, and never more than it holds."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self.path, self.data, self.position = path, data, 0

    def take(self, layout: struct.Struct, what: str) -> tuple[Any, ...]:
        end = self.position + layout.size
        if end > len(self.data):
            raise self.cut_short(what)
        values: tuple[Any, ...] = layout.unpack_from(self.data, self.position)
        self.position = end
        return values

    def cut_short(self, what: str) -> FormatError:
        return FormatError(
            f"{self.path} is cut short: it ends at byte {len(self.data):,}, in {what}. Fetch it again."
        )

    def damaged(self, what: str) -> FormatError:
        return FormatError(f"{self.path} is damaged: {what} (before byte {self.position:,}).")


def _read_model(path: Path, data: mmap.mmap) -> _Model:
    cursor = _Cursor(path, data)
    magic, version, size, *rest = cursor.take(_HEADER, "its header")
    if magic != MAGIC:
        raise FormatError(f"{path} is no fastText model: it begins with {magic!r}.")
    if version not in _VERSIONS:
        raise FormatError(f"{path}: fastText's format version {version} is unknown; 11 and 12 can be read.")
    kind, bucket, minn, maxn = rest[6], rest[7], rest[8], rest[9]
    check_size(str(path), size)
    # The early supervised models had n-grams in their settings and none in their vectors.
    if version == 11 and kind == _SUPERVISED:
        maxn = 0
    words, counts = _read_dictionary(cursor)
    if maxn > 0 and (bucket < 1 or minn > maxn or maxn > _LONGEST_NGRAM):
        raise cursor.damaged(f"character n-grams of {minn} to {maxn} in {bucket:,} buckets")
    (quantised,) = cursor.take(struct.Struct("<b"), "the input matrix")
    if quantised:
        raise FormatError(f"{path} is a quantised fastText model (.ftz), which can't be read; give the .bin.")
    offset, shape = _matrix(cursor, "the input matrix")
    if shape != (len(words) + bucket, size):
        raise cursor.damaged(
            f"an input matrix of {shape[0]:,} × {shape[1]:,}, where {len(words):,} words, {bucket:,} buckets "
            f"and {size} dimensions were announced"
        )
    cursor.take(struct.Struct("<b"), "the output matrix")
    _matrix(cursor, "the output matrix")
    if cursor.position != len(data):
        raise cursor.damaged(f"{len(data) - cursor.position:,} bytes follow its end")
    rows = np.asarray(np.memmap(path, dtype="<f4", mode="r", offset=offset, shape=shape))
    return _Model(words, counts, rows, minn, max(0, maxn), bucket)


def _matrix(cursor: _Cursor, what: str) -> tuple[int, tuple[int, int]]:
    """Pass over a matrix and return where its numbers begin, and its shape."""
    rows, size = cursor.take(_SHAPE, what)
    offset = cursor.position
    if rows < 0 or size < 0:
        raise cursor.damaged(f"{what} is of {rows:,} × {size:,}")
    if offset + 4 * rows * size > len(cursor.data):
        raise cursor.cut_short(what)
    cursor.position = offset + 4 * rows * size
    return offset, (rows, size)


def _read_dictionary(cursor: _Cursor) -> tuple[list[bytes], NDArray[np.int64]]:
    """Return the words and their counts, and pass over the labels."""
    entries, n_words, n_labels, _, pruned = cursor.take(_SIZES, "its header")
    if entries < 1 or min(n_words, n_labels) < 0 or n_words + n_labels != entries:
        raise cursor.damaged(
            f"a dictionary of {entries:,} entries, {n_words:,} words and {n_labels:,} labels"
        )
    if pruned >= 0:
        raise FormatError(
            f"{cursor.path}: its dictionary was pruned, which can't be read; give the full model."
        )
    if entries * (_ENTRY.size + 2) > len(cursor.data):
        raise cursor.cut_short("the dictionary")
    words: list[bytes] = []
    counts: list[int] = []
    data, position = cursor.data, cursor.position
    for entry in range(entries):
        end = data.find(b"\0", position, position + _LONGEST_WORD)
        if end < 0 or end + 1 + _ENTRY.size > len(data):
            raise cursor.cut_short(f"entry {entry + 1:,} of the dictionary")
        count, kind = _ENTRY.unpack_from(data, end + 1)
        if end == position or count < 0 or kind != (_WORD if entry < n_words else _LABEL):
            raise cursor.damaged(f"entry {entry + 1:,} of the dictionary has count {count:,} and type {kind}")
        if kind == _WORD:
            words.append(data[position:end])
            counts.append(count)
        position = cursor.position = end + 1 + _ENTRY.size
    return words, np.array(counts, dtype=np.int64)


def _word_vectors(path: Path, model: _Model, kept: int) -> NDArray[np.float32]:
    """Return the mean over the pieces of each of the first ``kept`` words."""
    rows = RowBuffer(path, model.rows.shape[1], kept)
    ends = np.cumsum([len(word) for word in model.words[:kept]])
    start = 0
    while start < kept:
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _BLOCK_BYTES, side="right")))
        owners, buckets = ngram_buckets(model.words[start:stop], model.minn, model.maxn, model.bucket)
        owners = np.concatenate((np.arange(stop - start), owners))
        ids = np.concatenate((np.arange(start, stop), len(model.words) + buckets))
        order = np.argsort(owners, kind="stable")
        sums = rows.room(stop - start)
        sums[:] = 0
        _add_rows(sums, owners[order], model.rows, ids[order])
        sums /= np.bincount(owners).astype(np.float32)[:, np.newaxis]
        start = stop
    return rows.matrix()


def _add_rows(
    sums: NDArray[np.float32], owners: NDArray[np.int64], rows: NDArray[np.float32], ids: NDArray[np.int64]
) -> None:
    """Add ``rows[ids]`` to the sums of their owners, which ascend; some MiB at a time."""
    step = max(1, _GATHERED_NUMBERS // rows.shape[1])
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is found at the end
        for start in range(0, len(ids), step):
            here = owners[start : start + step]
            first = np.flatnonzero(np.diff(here, prepend=-1))
            sums[here[first]] += np.add.reduceat(rows[ids[start : start + step]], first, axis=0)
