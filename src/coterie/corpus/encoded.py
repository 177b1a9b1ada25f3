"""The encoded corpus: a folder of memory-mapped arrays that training reads.

====================  ==========================================================================
``ids.u32``           little-endian uint32: each token's rank in the vocabulary
``offsets.i64``       little-endian int64: sentence i is ``ids[offsets[i]:offsets[i + 1]]``
``weights.f32``       little-endian float32: each sentence's weight, where the text has weights
``vocabulary.arrow``  Arrow IPC: columns ``word`` and ``count``, by rank
``phrases.jsonl``     the phrases that were joined in the text, where any were asked for
``meta.json``         format version, sizes and CRC-32 of these, and what they were made from
====================  ==========================================================================
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import weakref
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zlib import crc32

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coterie.errors import FormatError, ResourceError
from coterie.formats.json_text import parse_json
from coterie.phrases import PhraseModel
from coterie.vocabulary import Vocabulary
from coterie.word_column import WordColumn

__all__ = [
    "FORMAT_VERSION",
    "IDS",
    "META",
    "OFFSETS",
    "PHRASES",
    "WEIGHTS",
    "EncodedCorpus",
    "remove_folder",
    "write_meta",
    "write_vocabulary",
]

FORMAT_VERSION = 1
IDS, OFFSETS, VOCABULARY, META = "ids.u32", "offsets.i64", "vocabulary.arrow", "meta.json"
ARRAYS = (IDS, OFFSETS, VOCABULARY)
PHRASES, WEIGHTS = "phrases.jsonl", "weights.f32"
_CHUNK = 1 << 22
_REMEDY = "Remove the folder and encode the corpus again."


class EncodedCorpus:
    """Sentences of token ids on disk, memory-mapped, with their vocabulary.

    A context manager: :meth:`close` lets the arrays go and removes the folder if it is a temporary one.

    Parameters
    ----------
    path
        The folder.
    verify
        Compare the checksums, at about a second a gigabyte (sizes always are).
    temporary
        Remove the folder on :meth:`close`, or when the object goes.
    from_cache
        Whether an earlier run made it.

    Attributes
    ----------
    vocabulary
        Words by rank: count descending, ties by first appearance in the text. The counts are those of
        the encoded ids.
    ids
        uint32, shape ``(n_tokens,)``, memory-mapped: ranks in the vocabulary.
    offsets
        int64, shape ``(n_sentences + 1,)``, memory-mapped: sentence i is
        ``ids[offsets[i]:offsets[i + 1]]``; none is empty. A pair has two: output, then input.
    weights
        float32, shape ``(n_sentences,)``, memory-mapped; empty where the text has none.
    raw_tokens, raw_words
        Tokens and distinct words of the text, after phrases were joined and before words were dropped.
    fingerprint
        Hash of the contents: equal for equal ids, sentences and vocabularies.

    Raises
    ------
    FormatError
        If the folder is no encoded corpus, of another version, or damaged.
    """

    def __init__(
        self, path: Path, *, verify: bool = True, temporary: bool = False, from_cache: bool = False
    ) -> None:
        self.path, self.from_cache, self.temporary = path, from_cache, temporary
        self._finalizer = weakref.finalize(self, _let_go, path, _shared_lock(path / META), temporary)
        self.meta = _verified(path, checksums=verify)
        self.n_tokens: int = self.meta["n_tokens"]
        self.n_sentences: int = self.meta["n_sentences"]
        self.raw_tokens: int = self.meta["raw_tokens"]
        self.raw_words: int = self.meta["raw_words"]
        self.ids: NDArray[np.uint32] = np.memmap(path / IDS, "<u4", "r", shape=(self.n_tokens,))
        self.offsets: NDArray[np.int64] = np.memmap(path / OFFSETS, "<i8", "r", shape=(self.n_sentences + 1,))
        self.weights: NDArray[np.float32] = np.zeros(0, np.float32)
        self.weights.setflags(write=False)
        if WEIGHTS in self.meta["files"]:
            self.weights = np.memmap(path / WEIGHTS, "<f4", "r", shape=(self.n_sentences,))
        self.vocabulary = _vocabulary(path / VOCABULARY)
        if verify:
            self._check_bounds()

    def _check_bounds(self) -> None:
        """Refuse what checksums can't tell: ids and sentences that lead out of the arrays."""
        words, offsets = len(self.vocabulary), self.offsets
        if int(self.ids.max()) >= words:
            raise FormatError(f"{self.path / IDS}: an id is not among the {words:,} words. {_REMEDY}")
        bounds = [offsets[start : start + _CHUNK + 1] for start in range(0, self.n_sentences, _CHUNK)]
        ascend = all((np.diff(some) > 0).all() for some in bounds)
        if offsets[0] or offsets[-1] != self.n_tokens or not ascend:
            raise FormatError(f"{self.path / OFFSETS}: the sentences contradict the ids. {_REMEDY}")

    @cached_property
    def phrases(self) -> PhraseModel | None:
        """What was joined in the text; ``None`` where nothing was asked for."""
        return PhraseModel.load(self.path / PHRASES) if PHRASES in self.meta["files"] else None

    @property
    def size(self) -> int:
        """Bytes on disk."""
        arrays: int = sum(stamp["bytes"] for stamp in self.meta["files"].values())
        return arrays + (self.path / META).stat().st_size

    @property
    def fingerprint(self) -> str:
        """Hash of ids, sentences and vocabulary."""
        return hashlib.sha256(json.dumps(self.meta["files"], sort_keys=True).encode()).hexdigest()[:16]

    def close(self) -> None:
        """Let the arrays go, and remove the folder if it is temporary."""
        self.ids, self.offsets = np.zeros(0, np.uint32), np.zeros(1, np.int64)
        self.weights = np.zeros(0, np.float32)
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"EncodedCorpus({self.n_tokens:,} tokens, {self.n_sentences:,} sentences, "
            f"{len(self.vocabulary):,} words, {str(self.path)!r})"
        )


def _column(words: pa.ChunkedArray) -> WordColumn:
    """Return words that stay where they are: mapped, if they were read so."""
    array = words.combine_chunks() if words.num_chunks != 1 else words.chunk(0)
    _, offsets, data = array.buffers()
    starts = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    return WordColumn(starts, np.frombuffer(data or b"", np.uint8))


def _shared_lock(path: Path) -> int | None:
    """Tell other processes that the folder is in use; return the lock's file descriptor."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None  # the check that follows says what is missing
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return descriptor


def _let_go(path: Path, descriptor: int | None, temporary: bool) -> None:
    if descriptor is not None:
        os.close(descriptor)
    if temporary:
        remove_folder(path)


def write_vocabulary(folder: Path, words: pa.Array, counts: NDArray[np.int64]) -> None:
    """Write ``vocabulary.arrow``."""
    batch = pa.record_batch({"word": words.cast(pa.large_string()), "count": pa.array(counts, pa.int64())})
    with (folder / VOCABULARY).open("wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def write_meta(folder: Path, meta: dict[str, Any], *, durable: bool) -> None:
    """Add the files' sizes and checksums to ``meta`` and write it; ``durable``: wait for the disk."""
    names = [*ARRAYS, *(name for name in (WEIGHTS, PHRASES) if (folder / name).exists())]
    files = {name: _stamp(folder / name) for name in names}
    text = json.dumps({"format_version": FORMAT_VERSION, **meta, "files": files}, indent=1)
    (folder / META).write_text(text + "\n", encoding="utf-8")
    for name in (*names, META) if durable else ():
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())


def _stamp(path: Path) -> dict[str, int]:
    checksum, size = 0, 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            checksum, size = crc32(chunk, checksum), size + len(chunk)
    return {"bytes": size, "crc32": checksum}


def _verified(path: Path, *, checksums: bool) -> dict[str, Any]:
    """Return the folder's meta data if everything is as it says."""
    try:
        meta: dict[str, Any] = parse_json((path / META).read_bytes())
        fault = _fault(path, meta, checksums=checksums)
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise FormatError(f"{path}: no encoded corpus; {missing} is missing. {_REMEDY}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path / META}: not readable ({error!r}). {_REMEDY}") from error
    except OSError as error:
        raise ResourceError(f"{path}: cannot be read ({error.strerror or error}).") from error
    if fault:
        raise FormatError(f"{fault} {_REMEDY}")
    return meta


def _vocabulary(path: Path) -> Vocabulary:
    """Read the vocabulary, and look whether it is one."""
    try:
        with pa.memory_map(str(path)) as file:
            table = pa.ipc.open_file(file).read_all()
            table.validate(full=True)
            words, counts = table["word"], np.array(table["count"].cast(pa.int64()))
            if words.type != pa.large_string() or words.null_count or (counts < 0).any():
                raise ValueError("a word is missing or none, or a count is negative")  # noqa: TRY301
            return Vocabulary(_column(words), counts)
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise FormatError(f"{path}: no vocabulary ({error}). {_REMEDY}") from error


def _fault(path: Path, meta: dict[str, Any], *, checksums: bool) -> str | None:
    if meta["format_version"] != FORMAT_VERSION:
        return f"{path}: format version {meta['format_version']}; this program reads {FORMAT_VERSION}."
    files = meta["files"]
    for name in (*ARRAYS, *(name for name in (WEIGHTS, PHRASES) if name in files)):
        size, expected = (path / name).stat().st_size, files[name]
        if size != expected["bytes"]:
            return f"{path / name}: {size:,} bytes where {expected['bytes']:,} were written."
        if checksums and _stamp(path / name) != expected:
            return f"{path / name}: damaged (the checksum differs)."
    numbers = ("n_tokens", "n_sentences", "raw_tokens", "raw_words")
    wrong = [key for key in numbers if not isinstance(meta[key], int) or meta[key] < 1]
    if wrong:
        return f"{path / META}: {wrong[0]} is no number."
    sizes = (4 * meta["n_tokens"], 8 * (meta["n_sentences"] + 1))
    weights = files[WEIGHTS]["bytes"] if WEIGHTS in files else 4 * meta["n_sentences"]
    found = (files[IDS]["bytes"], files[OFFSETS]["bytes"], weights)
    contradict = found != (*sizes, 4 * meta["n_sentences"])
    return f"{path / META}: the sizes contradict each other." if contradict else None


def remove_folder(path: Path) -> None:
    """Remove a folder with all in it; what is already gone is fine."""
    shutil.rmtree(path, ignore_errors=True)
