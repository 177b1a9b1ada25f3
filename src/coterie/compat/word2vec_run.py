"""From a request of the C program's flags to its files: vocabulary, then vectors or classes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from coterie.compat.word2vec import Request
from coterie.compat.word2vec_classes import word_classes
from coterie.compat.word2vec_vocabulary import (
    LINE_END,
    ProgramVocabulary,
    counted_vocabulary,
    read_program_vocabulary,
    split_at_line_ends,
    write_program_vocabulary,
)
from coterie.config import CorpusConfig, VocabularyConfig
from coterie.corpus import EncodedCorpus, EncodeProgress, encode, plain_text
from coterie.corpus.sources import SourceFile
from coterie.corpus.streams import ByteStream
from coterie.errors import CorpusError, FormatError, ResourceError
from coterie.formats import word2vec_binary
from coterie.formats.replacing import check_file_place, replacing_file
from coterie.sampling.plan import Sentences
from coterie.training.guarded import guarded_run
from coterie.training.progress import Progress
from coterie.training.trainer import TrainingResult
from coterie.training.warm_up import warm_up

__all__ = [
    "Prepared",
    "Trained",
    "check_places",
    "prepared",
    "save_vocabulary",
    "train_prepared",
    "write_output",
]

_CHUNK = 4 << 20
_ROWS = 4096
_FEWEST = 3  # two words and </s>


@dataclass(frozen=True)
class Prepared:
    """A text that is ready: sentences of ids, the words and counts of the ids, the program's vocabulary.

    ``words`` begin as the corpus ranks them; behind them come those that only a vocabulary file has, and
    ``</s>``, whose count is 0 here: it is neither an input nor an output nor a negative.
    """

    sentences: Sentences
    words: list[str]
    counts: NDArray[np.int64]
    vocabulary: ProgramVocabulary


@dataclass(frozen=True)
class Trained:
    """Words in the order of the program's files, the row of each in ``matrix``, and figures of the run."""

    words: list[str]
    rows: NDArray[np.int64]
    matrix: NDArray[np.float32]
    result: TrainingResult


def check_places(request: Request) -> None:
    """Raise for an output that could not be written, before hours are spent on it."""
    for flag, name in (("-output", request.output), ("-save-vocab", request.save_vocab)):
        if name is None:
            continue
        folder = Path(os.path.realpath(name)).parent
        if Path(name).is_dir():
            raise FormatError(f"{flag} is {name}, a folder; name a file.")
        check_file_place(name)
        if not folder.is_dir():
            raise ResourceError(f"{flag} is {name}, but there is no folder {folder}; make it first.")
        if not os.access(folder, os.W_OK):
            raise ResourceError(f"{flag} is {name}, but {folder} can't be written; choose another folder.")


def count_line_ends(file: SourceFile) -> int:
    """Return how many newlines a text holds."""
    found = 0
    with ByteStream(file) as stream:
        while chunk := stream.read(_CHUNK):
            found += chunk.count(b"\n")
    return found


@contextmanager
def prepared(
    request: Request,
    progress: Callable[[Progress], None] | None,
    on_event: Callable[[str], None],
) -> Iterator[Prepared]:
    """Read text and vocabulary, and yield what is trained on; it is gone afterwards.

    Raises
    ------
    CorpusError, FormatError, ResourceError
        A file is missing or not what it should be, or holds no words to keep.
    """
    file = plain_text(request.train)
    given = None
    if request.read_vocab is not None:
        given = read_program_vocabulary(request.read_vocab, request.min_count)
    if request.output is not None:  # else nothing is trained
        warm_up(request.config)
    line_ends = 0 if given is not None else count_line_ends(file)
    with _encoded(file, request, given, progress, on_event) as corpus:
        sentences = split_at_line_ends(corpus)
        vocabulary = counted_vocabulary(corpus, line_ends) if given is None else given
        counts = dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) | {LINE_END: 0}
        known = corpus.vocabulary.index
        words = [*corpus.vocabulary.words, *(word for word in counts if word not in known)]
        if len(words) < _FEWEST or len(sentences.offsets) < _FEWEST - 1:
            raise CorpusError(
                f"{request.train}: fewer than two words are kept, and words are learned from other words. "
                "Lower min_count or give more text."
            )
        numbers = np.array([counts[word] for word in words], dtype=np.int64)
        yield Prepared(sentences, words, numbers, vocabulary)


def _encoded(
    file: SourceFile,
    request: Request,
    given: ProgramVocabulary | None,
    progress: Callable[[Progress], None] | None,
    on_event: Callable[[str], None],
) -> EncodedCorpus:
    """Encode the text as the program splits it, with ``</s>`` kept where it is spelt out."""
    started = time.perf_counter()

    def tell(message: str) -> None:
        if not message.startswith("keep_words holds"):  # that no </s> is spelt out is no news
            on_event(message)

    def report(done: EncodeProgress) -> None:
        if progress is not None:
            fraction = done.bytes_done / done.bytes_total if done.bytes_total else None
            seconds = time.perf_counter() - started
            progress(Progress("encode", done.tokens, None, seconds, fraction=fraction))

    kept = None if given is None else tuple(word for word in given.words if word != LINE_END)
    return encode(
        file,
        CorpusConfig(tokenizer="whitespace"),
        VocabularyConfig(min_count=request.min_count, words=kept, keep_words=(LINE_END,)),
        workers=request.config.workers or 1,
        progress=report,
        on_event=tell,
        least_option="-min-count",
    )


def train_prepared(
    text: Prepared,
    request: Request,
    callback: Callable[[Progress], None] | None,
    on_event: Callable[[str], None],
) -> Trained:
    """Train, and find the rows in the order of the program's files."""
    if callback is not None:  # what of the compilation is left is waited for from now on
        callback(Progress("compile", 0, len(text.sentences.ids) * request.config.epochs, 0.0))
    result = guarded_run(text.sentences, text.counts, request.config, callback, on_event)
    if result.interrupted and not result.words:
        raise KeyboardInterrupt("interrupted before the training began")
    words = text.vocabulary.words
    place = {word: row for row, word in enumerate(text.words)}
    rows = np.fromiter((place[word] for word in words), dtype=np.int64, count=len(words))
    return Trained(words, rows, result.weights.input_vectors[:, : request.config.vector_size], result)


def save_vocabulary(path: str | os.PathLike[str], text: Prepared) -> None:
    """Write the file of ``-save-vocab``."""
    write_program_vocabulary(path, text.vocabulary)


def write_output(path: str | os.PathLike[str], trained: Trained, request: Request) -> None:
    """Write vectors in the program's text or binary layout, or a class for each word."""
    encoded_words = [word.encode() for word in trained.words]
    with replacing_file(path) as file:
        if request.classes:
            labels = word_classes(trained.matrix[trained.rows], request.classes, request.config.seed).tolist()
            file.writelines(b"%s %d\n" % pair for pair in zip(encoded_words, labels, strict=True))
            return
        file.write(b"%d %d\n" % (len(encoded_words), request.config.vector_size))
        for start in range(0, len(encoded_words), _ROWS):
            block = np.ascontiguousarray(trained.matrix[trained.rows[start : start + _ROWS]], dtype="<f4")
            words = encoded_words[start : start + _ROWS]
            (word2vec_binary.write_rows if request.binary else write_text_rows)(file, words, block)


def write_text_rows(file: BinaryIO, words: Sequence[bytes], block: NDArray[np.float32]) -> None:
    """Write rows as the program does: six decimals, and a blank behind every number."""
    row = b"%s " + b"%.6f " * block.shape[1] + b"\n"
    file.writelines(row % (word, *numbers) for word, numbers in zip(words, block.tolist(), strict=True))
