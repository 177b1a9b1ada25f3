"""fastText without subwords (``minn=0, maxn=0``), which makes it Skip-gram on words.

What its source fixes: the negatives follow count^0.5, the learning rate falls to 0, and a line's end is a
word. It counts the words of its vocabulary while it trains and goes on until it has seen as many as the text
has words, rare ones included: somewhat more than the epochs that it was asked for. Training alone is
therefore taken from the speed that it prints (words of the vocabulary a second) for the epochs asked for,
while the time from text to vectors is what one waits. Its Python interface fixes the seed at 0, but takes it
from a table of defaults, which is changed here.

Each of its threads initialises a tenth of the input matrix, so that with fewer than ten the rest holds what
the memory held: zeros, or, where memory is used again, numbers that end in "Encountered NaN". The C library
is therefore told to fill what it gives with zeros; words that begin at zero are trained all the same.
"""

from __future__ import annotations

import ctypes
import os
import re
import threading
import time
from typing import Any

from benchmarks.memory import PeakMemory
from benchmarks.peers.adapter import Trained, Vectors
from benchmarks.peers.settings import ALPHA, MIN_COUNT, SAMPLE, WINDOW

__all__ = ["ingest", "read", "train", "words_per_second"]

_M_PERTURB, _ZEROS = -6, 0xFF  # what is given is filled with the complement
_SPEED = re.compile(r"words/sec/thread:\s*(\d+)")


def train(job: dict[str, Any], memory: PeakMemory) -> Trained:
    """Train from the file and save as fastText does: both matrices, in its own format."""
    with _Messages() as messages:
        model = _fit(job, job["vector_size"], job["negative"], job["epochs"], WINDOW)
    _, counts = model.get_words(include_freq=True)
    model.save_model(job["output"])
    speed = words_per_second("".join(text for _, text in messages.received), job["threads"])
    return Trained(job["epochs"] * int(sum(counts)) / speed if speed else None, len(counts))


def _fit(job: dict[str, Any], vector_size: int, negative: int, epochs: int, window: int) -> Any:
    import fasttext.FastText

    _fill_new_memory_with_zeros()
    fasttext.FastText.unsupervised_default["seed"] = job["seed"]
    return fasttext.FastText.train_unsupervised(
        job["text"],
        model="skipgram",
        loss="ns",
        dim=vector_size,
        ws=window,
        neg=negative,
        t=SAMPLE,
        minCount=MIN_COUNT,
        lr=ALPHA,
        lrUpdateRate=100,
        epoch=epochs,
        thread=job["threads"],
        minn=0,
        maxn=0,
        wordNgrams=1,
        bucket=0,
        verbose=2,
    )


def _fill_new_memory_with_zeros() -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's; elsewhere the memory is left as it comes
    if mallopt is not None:
        mallopt(_M_PERTURB, _ZEROS)


def read(job: dict[str, Any]) -> Vectors:
    """Read the saved vectors: without subwords they are the rows of the input matrix."""
    import fasttext

    model = fasttext.load_model(job["output"])
    return Vectors(model.get_words(), model.get_input_matrix())


def ingest(job: dict[str, Any]) -> float:
    """Time the dictionary: up to what fastText says when it has it, before the least training."""
    with _Messages() as messages:
        start = time.perf_counter()
        _fit(job, 100, 1, 1, 1)
    return next(when for when, text in messages.received if "Number of labels" in text) - start


def words_per_second(printed: str, threads: int) -> float | None:
    r"""Return the words of the vocabulary that were trained a second, by the last line that was printed.

    Examples
    --------
    >>> line = "Progress: {}% words/sec/thread: {:7d} lr:  0.0 avg.loss:  2.8 ETA:   0h 0m 0s".format
    >>> words_per_second("\r".join([line(50.0, 9), line(100.0, 122001)]), 2)
    244002.0
    """
    found = _SPEED.findall(printed)
    return float(found[-1]) * threads if found else None


class _Messages:
    """What is written to standard error by whatever language, with the time of each piece."""

    def __enter__(self) -> _Messages:
        self.received: list[tuple[float, str]] = []
        reading, writing = os.pipe()
        self._kept = os.dup(2)
        os.dup2(writing, 2)
        os.close(writing)
        self._reader = threading.Thread(target=self._receive, args=(reading,))
        self._reader.start()
        return self

    def _receive(self, reading: int) -> None:
        while some := os.read(reading, 1 << 16):
            self.received.append((time.perf_counter(), some.decode("utf-8", "replace")))
        os.close(reading)

    def __exit__(self, *failure: object) -> None:
        os.dup2(self._kept, 2)  # closes the last end that writes, so that the reader ends
        os.close(self._kept)
        self._reader.join()
        if failure[0] is not None:
            print("".join(text for _, text in self.received)[-2000:], flush=True)
