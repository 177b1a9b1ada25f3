"""Text in, encoded corpus out: one pass that counts and encodes at once, then ranks and rewrites the ids."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coterie.config import CorpusConfig, PhraseConfig, VocabularyConfig
from coterie.corpus.cache import Cache, CacheConfig, CacheKey, building
from coterie.corpus.counting import WordCounter
from coterie.corpus.disk import check_room, disk_faults, estimated_bytes
from coterie.corpus.encoded import IDS, OFFSETS, WEIGHTS, EncodedCorpus, write_meta
from coterie.corpus.pieces import Block
from coterie.corpus.reading import Reader
from coterie.corpus.second_pass import Asked, FirstPass, second_pass
from coterie.corpus.sources import Paths, SourceFile
from coterie.corpus.tokenize import Sentences, Tokenizer, make_tokenizer
from coterie.errors import ConfigError
from coterie.kernels.freed import give_back_freed
from coterie.notices import warn_caller
from coterie.phrases import PhraseModel

__all__ = ["EncodeProgress", "Source", "encode"]

Source = (
    str
    | os.PathLike[str]
    | Paths
    | SourceFile
    | tuple[SourceFile, ...]
    | Iterable[str]
    | Iterable[Sequence[str]]
    | Sequence[os.PathLike[str]]
)

_WORTH_TELLING = 10 << 20  # bytes of disk: a small cache is no news
# Ids that wait for a merge: 32 MB.
_GROUP_TOKENS = 1 << 23


@dataclass(frozen=True, slots=True)
class EncodeProgress:
    """How far encoding has come; ``bytes_total`` is ``None`` where it can't be known."""

    bytes_done: int
    bytes_total: int | None
    tokens: int
    distinct_words: int


def encode(
    source: Source,
    corpus: CorpusConfig = CorpusConfig(),  # noqa: B008 - frozen
    vocabulary: VocabularyConfig = VocabularyConfig(),  # noqa: B008 - frozen
    *,
    phrases: PhraseConfig = PhraseConfig(),  # noqa: B008 - frozen
    phrase_model: PhraseModel | None = None,
    tokenizer: Callable[[str], Iterable[str]] | None = None,
    cache: CacheConfig | None = None,
    memory_limit: int = 512 << 20,
    workers: int = 1,
    progress: Callable[[EncodeProgress], None] | None = None,
    on_event: Callable[[str], None] | None = None,
    least_option: str = "min_count",
    known_words: Sequence[str] = (),
    weights: Iterable[float] | None = None,
    most_words: int | None = None,
) -> EncodedCorpus:
    """Encode text as token ids on disk, with its vocabulary.

    Parameters
    ----------
    source
        A file, folder, glob or ``"-"``; :class:`Paths` or a list of ``Path`` for several; or an iterable
        of strings (texts) or of token lists, gone through once.
    corpus, vocabulary
        Settings.
    phrases
        Which phrases to learn and join; ``phrases`` of the result holds them.
    phrase_model
        Phrases to join instead, as learned before.
    tokenizer
        A function from a sentence to its tokens, instead of a named tokenizer. It runs in this thread.
    cache
        Where to keep the result for later runs; iterables, pipes and texts of a ``tokenizer`` function
        are not kept. ``None``: a temporary folder, gone when the corpus is closed.
    memory_limit
        Bytes that the dictionary of distinct words may take before it spills to disk; the result does
        not depend on it. As many may the table of pairs take from which phrases are learned; when more
        pairs occur than it holds, the rarest are left out.
    workers
        Threads that tokenise. The result does not depend on it.
    progress
        Called after each block of some megabytes.
    on_event
        Called with messages for the user. Without it, those that matter become Python warnings.
    least_option
        The option that the user sets ``vocabulary.min_count`` with, to be named in an error.
    known_words
        Words of a model that goes on with this text: kept whatever their count, if they occur.
    weights
        One for each item of an iterable.
    most_words
        Refuse to gather more words than this, which could not be trained.

    Raises
    ------
    CorpusError
        If the text can't be read, or no word of it is kept.
    ResourceError
        If the disk lacks the room, before the work where that can be foreseen; or more than ``most_words``
        are kept.

    Examples
    --------
    >>> with encode(["the cat", "the dog and the cat"], vocabulary=VocabularyConfig(min_count=2)) as encoded:
    ...     print(encoded.vocabulary.words, encoded.ids.tolist(), encoded.offsets.tolist())
    ['the', 'cat'] [0, 1, 0, 0, 1] [0, 2, 5]
    """
    for option, value in (("memory_limit", memory_limit), ("workers", workers)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ConfigError(f"{option} is {value!r}; it must be a whole number, at least 1.")
    warn = on_event or warn_caller
    asked = Asked(vocabulary, phrases, phrase_model, least_option, most_words, known_words, corpus.pairs)
    made = make_tokenizer(corpus, tokenizer)
    reader = Reader(source, corpus, warn, weights)
    kept: Cache | None = None
    key: CacheKey | None = None
    if (
        cache is not None
        and tokenizer is None
        and reader.files
        and all(file.size is not None for file in reader.files)
    ):
        kept = Cache(cache, on_event or _silence, warn)
        key = CacheKey.of(reader.files, corpus, asked.wanted, asked.ingredients(memory_limit))
        if found := kept.find(key):
            return found
    with building(cache.directory if cache else None) as folder:
        needed = estimated_bytes(reader.files)
        room = check_room(folder, needed)
        if on_event and needed >= _WORTH_TELLING:
            on_event(room)
        counter = WordCounter(folder, memory_limit)
        skipped = _first_pass(reader, made, counter, folder, workers, progress)
        _give_back()
        with disk_faults(folder):
            first = FirstPass(reader, counter, skipped)
            meta, joined = second_pass(folder, first, asked, memory_limit, on_event or _silence, warn)
            write_meta(folder, {**meta, "key": key.ingredients if key else None}, durable=kept is not None)
        if kept is not None and key is not None:
            encoded = kept.publish(folder, key)
        else:
            encoded = EncodedCorpus(folder, verify=False, temporary=True)
        encoded.phrases = joined  # known here, so that nothing has to be read
    _give_back()
    return encoded


def _give_back() -> None:
    """Hand back what is free by now: what follows must find room beside it."""
    pa.default_memory_pool().release_unused()
    give_back_freed()


def _silence(message: str) -> None:
    """Say nothing: without a listener, what is normal needs no words."""


def _first_pass(
    reader: Reader,
    tokenizer: Tokenizer,
    counter: WordCounter,
    folder: Path,
    workers: int,
    progress: Callable[[EncodeProgress], None] | None,
) -> int:
    """Write provisional ids and sentence ends; return the number of records without text."""
    skipped = 0
    with (
        (folder / IDS).open("wb", 0) as ids_file,
        (folder / OFFSETS).open("wb", 0) as ends_file,
        (folder / WEIGHTS).open("wb", 0) if reader.weighted else nullcontext() as weights_file,
        # Closed here, since an error in a tokenizer leaves the reader waiting with its file open.
        closing(reader.blocks(whole_lines=tokenizer.whole_lines)) as blocks,
    ):
        ends = _SentenceEnds(ends_file, weights_file)
        parts = _in_order(blocks, tokenizer, workers if tokenizer.parallel else 1)
        for group in _groups(_watched(parts, reader, counter, progress), counter):
            counted = [(part.words, np.bincount(part.ids, minlength=len(part.words))) for part in group]
            with disk_faults(folder):
                ids = counter.add(counted)
                for part, provisional in zip(group, ids, strict=True):
                    _write(ids_file, provisional[part.ids])
                    ends.add(part)
                    skipped += part.skipped
    if progress:
        progress(EncodeProgress(reader.bytes_done, reader.bytes_total, counter.tokens, counter.distinct))
    return skipped


def _watched(
    parts: Iterator[Sentences],
    reader: Reader,
    counter: WordCounter,
    progress: Callable[[EncodeProgress], None] | None,
) -> Iterator[Sentences]:
    tokens = 0
    for part in parts:
        yield part
        tokens += len(part.ids)
        if progress:
            progress(EncodeProgress(reader.bytes_done, reader.bytes_total, tokens, counter.distinct))


def _groups(parts: Iterator[Sentences], counter: WordCounter) -> Iterator[list[Sentences]]:
    """Gather parts, as many as are worth a merge into the dictionary."""
    group: list[Sentences] = []
    tokens = words = 0
    for part in parts:
        tokens, words = tokens + len(part.ids), words + len(part.words)
        if group and (tokens > _GROUP_TOKENS or words > counter.worth):
            yield group
            group, tokens, words = [], len(part.ids), len(part.words)
        group.append(part)
    if group:
        yield group


class _SentenceEnds:
    """Writes where sentences end, and their weights, empty ones left out; joins those that go on."""

    def __init__(self, file: BinaryIO | Any, weights: BinaryIO | Any | None) -> None:
        self._file, self._weights = file, weights
        self._closed = 0  # tokens in finished sentences
        self._open = 0  # tokens in the one that goes on
        _write(file, np.zeros(1, "<i8"))

    def add(self, sentences: Sentences) -> None:
        lengths = sentences.lengths.copy()
        if not len(lengths):
            return
        lengths[0] += self._open
        self._open = 0
        if sentences.continues:
            self._open, lengths = int(lengths[-1]), lengths[:-1]
        full = lengths > 0
        lengths = lengths[full]
        if len(lengths):
            if self._weights is not None:
                assert sentences.weights is not None
                _write(self._weights, sentences.weights[full].astype("<f4"))
            ends = self._closed + np.cumsum(lengths)
            self._closed = int(ends[-1])
            _write(self._file, ends.astype("<i8"))


def _write(file: Any, array: NDArray[Any]) -> None:
    data = array.view(np.uint8).data
    while len(data):  # an unbuffered file may take less than all
        data = data[file.write(data) :]


def _in_order(blocks: Iterator[Block], tokenizer: Tokenizer, workers: int) -> Iterator[Sentences]:
    """Tokenise the blocks in ``workers`` threads, and yield the results in the order of the text."""

    def work(block: Block) -> list[Sentences]:
        return [tokenizer.sentences(piece) for piece in block.pieces()]

    if workers == 1:
        for block in blocks:
            yield from work(block)
        return
    waiting: deque[Future[list[Sentences]]] = deque()
    with ThreadPoolExecutor(workers, "coterie-encode") as pool:
        try:
            for block in blocks:
                waiting.append(pool.submit(work, block))
                if len(waiting) > workers:  # bounds the memory: one block a thread, and one ready
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
