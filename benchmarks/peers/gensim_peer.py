"""gensim: its fastest path, which reads a file in C (``corpus_file``), and Python's sentences."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from benchmarks.memory import PeakMemory
from benchmarks.peers.adapter import Trained, read
from benchmarks.peers.settings import ALPHA, MIN_ALPHA, MIN_COUNT, NS_EXPONENT, SAMPLE, WINDOW

__all__ = ["ingest", "read", "reading", "train"]


def _model(job: dict[str, Any], vector_size: int) -> Any:
    from gensim.models import Word2Vec

    return Word2Vec(
        sg=1,
        hs=0,
        vector_size=vector_size,
        window=WINDOW,
        shrink_windows=True,
        negative=job["negative"],
        ns_exponent=NS_EXPONENT,
        sample=SAMPLE,
        min_count=MIN_COUNT,
        alpha=ALPHA,
        min_alpha=MIN_ALPHA,
        epochs=job["epochs"],
        workers=job["threads"],
        seed=job["seed"],
        sorted_vocab=1,
    )


def train(job: dict[str, Any], memory: PeakMemory) -> Trained:
    """Train from the file, from an iterable that reads the file every epoch, or from lists in memory."""
    model = _model(job, job["vector_size"])
    source = {"file": _file, "lines": _lines, "lists": _lists}[job["variant"]](job["text"])
    model.build_vocab(**source)
    start = time.perf_counter()
    model.train(
        **source,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=job["epochs"],
    )
    seconds = time.perf_counter() - start
    model.wv.save_word2vec_format(job["output"], binary=True)
    return Trained(seconds, len(model.wv))


def _file(text: str) -> dict[str, Any]:
    return {"corpus_file": text}


def _lines(text: str) -> dict[str, Any]:
    return {"corpus_iterable": _sentences(text)}


def _lists(text: str) -> dict[str, Any]:
    return {"corpus_iterable": list(_sentences(text))}


def _sentences(text: str) -> Iterable[list[str]]:
    from gensim.models.word2vec import LineSentence

    sentences: Iterable[list[str]] = LineSentence(text)
    return sentences


def ingest(job: dict[str, Any]) -> float:
    """Time the vocabulary's scan; a vector size of 1 keeps the making of the matrices out of it."""
    model = _model(job, vector_size=1)
    start = time.perf_counter()
    model.build_vocab(corpus_file=job["text"])
    return time.perf_counter() - start


def reading(job: dict[str, Any]) -> float:
    """Time the reading alone: ``LineSentence`` from its first to its last sentence."""
    sentences = _sentences(job["text"])
    start = time.perf_counter()
    for _ in sentences:
        pass
    return time.perf_counter() - start
