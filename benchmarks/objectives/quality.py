"""What the vectors are worth: trained for a time, or for some epochs, and asked analogies."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.judging import judge
from benchmarks.objectives.text import EncodedText, beginning
from coterie.config import TrainingConfig
from coterie.sampling.plan import Sentences
from coterie.training.schedule import chunk_tokens
from coterie.training.trainer import Trainer, TrainingResult

__all__ = ["timed", "trained"]

# Two runs tell the speed: one of some chunks for each thread, and one that is long enough to be believed.
_FIRST_CHUNKS = 2
_TRIAL_SECONDS, _TRIAL_SHARE = 4.0, 0.1


def timed(job: dict[str, Any]) -> dict[str, Any]:
    """Train as much of the text as fits into some minutes, at a rate that falls over them; judge."""
    text, seconds = EncodedText(job["text"]), 60 * job["minutes"]
    counts = text.counts[: job["words"]]
    sentences = text.cut(job["words"])
    config = TrainingConfig(**job["settings"])
    chunk = chunk_tokens(len(sentences.ids), len(counts), config.window, config)
    first = beginning(sentences, _FIRST_CHUNKS * job["threads"] * chunk)
    speed = _train(job, first, counts, 1).words_per_second
    trial = speed * min(_TRIAL_SECONDS, _TRIAL_SHARE * seconds)
    speed = _train(job, beginning(sentences, math.ceil(trial)), counts, 1).words_per_second
    needed = math.ceil(speed * seconds)
    epochs = math.ceil(needed / len(sentences.ids))
    part = beginning(sentences, math.ceil(needed / epochs))
    result = _train(job, part, counts, epochs)
    return _judged(job, text, result, len(counts)) | {"epochs": epochs, "text": len(sentences.ids)}


def trained(job: dict[str, Any]) -> dict[str, Any]:
    """Train some epochs on the whole text; judge."""
    text = EncodedText(job["text"])
    counts = text.counts
    counts = counts[: max(2, int((counts >= job["min_count"]).sum()))]
    sentences = text.cut(len(counts))
    return _judged(job, text, _train(job, sentences, counts, job["epochs"]), len(counts))


def _train(
    job: dict[str, Any], sentences: Sentences, counts: NDArray[np.int64], epochs: int
) -> TrainingResult:
    config = TrainingConfig(epochs=epochs, workers=job["threads"], seed=job["seed"], **job["settings"])
    return Trainer(sentences, counts, config).run()


def _judged(
    job: dict[str, Any], text: EncodedText, result: TrainingResult, vocabulary: int
) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "seconds": result.seconds,
        "words": result.words,
        "vocabulary": vocabulary,
        "loss": result.loss,
    }
    folder, words = Path(job["eval_dir"]), text.words[:vocabulary]
    matrix = result.weights.input_vectors[:, : job["settings"]["vector_size"]]
    start = time.perf_counter()
    figures |= judge(folder, words, matrix)
    return figures | {"judging_seconds": time.perf_counter() - start}
