"""Coterie: its default, its deterministic mode, or negatives of its own for each pair (the control)."""

from __future__ import annotations

import time
import warnings
from typing import Any

from benchmarks.memory import PeakMemory
from benchmarks.peers.adapter import Trained, read
from benchmarks.peers.settings import ALPHA, MIN_ALPHA, MIN_COUNT, NS_EXPONENT, SAMPLE, WINDOW

__all__ = ["cold", "ingest", "read", "train"]


def train(job: dict[str, Any], memory: PeakMemory) -> Trained:
    """Train from the file and save."""
    import coterie

    model = coterie.train(
        job["text"],
        tokenizer="whitespace",
        architecture="skip_gram",
        objective="negative_sampling",
        vector_size=job["vector_size"],
        window=WINDOW,
        shrink_windows=True,
        negative=job["negative"],
        negative_sharing="pair" if job["variant"] == "pair" else "window",
        deterministic=job["variant"] == "deterministic",
        ns_exponent=NS_EXPONENT,
        sample=SAMPLE,
        min_count=MIN_COUNT,
        alpha=ALPHA,
        min_alpha=MIN_ALPHA,
        epochs=job["epochs"],
        workers=job["threads"],
        seed=job["seed"],
        cache=False,
    )
    model.vectors.save_word2vec_format(job["output"], binary=True)
    return Trained(model.config["figures"]["training_seconds"], len(model.vectors))


def ingest(job: dict[str, Any]) -> float:
    """Time the encoding: counting, and also the ids on disk, which the peers do not make."""
    from coterie.config import CorpusConfig, VocabularyConfig
    from coterie.corpus import encode

    start = time.perf_counter()
    with encode(
        job["text"],
        CorpusConfig(tokenizer="whitespace"),
        VocabularyConfig(min_count=MIN_COUNT),
        workers=job["threads"],
    ):
        return time.perf_counter() - start


def cold(job: dict[str, Any]) -> float:
    """Time the compilation: the first tiny training in a process, less the second."""
    import coterie

    sentences = [[f"word{(i * j) % 97}" for j in range(1, 21)] for i in range(1, 98)]

    def train() -> float:
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # so little text teaches nothing, which Coterie says
            coterie.train(sentences, min_count=1, workers=1, vector_size=job["vector_size"], epochs=1)
        return time.perf_counter() - start

    first, second = train(), train()
    return first - second
