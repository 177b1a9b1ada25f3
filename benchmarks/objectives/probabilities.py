"""What the scores mean: how near real models come to what the theory says of them.

``optimum`` trains negative sampling and compares its scores with the counts of the text. ``prediction``
trains an objective on a part of the text and asks for the probabilities of the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.judging import ask_analogies
from benchmarks.objectives.text import EncodedText, beginning
from coterie.config import TrainingConfig
from coterie.objectives.prediction import output_log_probabilities
from coterie.sampling.noise import noise_distribution
from coterie.sampling.plan import Sentences
from coterie.training.trainer import Trainer, TrainingResult

__all__ = ["optimum", "prediction"]

_WINDOW = 5
_INPUTS = 300  # words whose contexts are counted
_SEEN = 20  # a pair's frequency in fewer contexts tells little of its probability
_HELD_OUT_PAIRS, _INPUTS_ASKED = 5_000, 300


def optimum(job: dict[str, Any]) -> dict[str, Any]:
    """Compare ``s_j`` with ``log p(j | I) − log(k·q(j))`` over the pairs of the text, for random inputs I."""
    text = EncodedText(job["text"])
    counts, sentences = text.counts[: job["words"]], text.cut(job["words"])
    result = _train(job, sentences, counts)
    size = job["settings"]["vector_size"]
    V, P = (result.weights.input_vectors[:, :size], result.weights.output_vectors)
    assert P is not None
    inputs = random_inputs(sentences, job["seed"])
    contexts = contexts_of(inputs, sentences, len(counts))
    q = noise_distribution(counts, 0.75)
    scores = (V[inputs] @ P[:, :size].T).astype(np.float64)
    p = contexts / contexts.sum(axis=1, keepdims=True)
    seen = contexts >= _SEEN
    theory = np.log(p[seen]) - np.log(job["settings"]["negative"] * np.broadcast_to(q, p.shape)[seen])
    likely = 1 / (1 + np.exp(-scores))
    figures: dict[str, Any] = {
        "words": result.words,
        "seconds": result.seconds,
        "vocabulary": len(counts),
        "inputs": len(inputs),
        "pairs": int(seen.sum()),
        "correlation": float(np.corrcoef(theory, scores[seen])[0, 1]),
        "slope": float(np.polyfit(theory, scores[seen], 1)[0]),
        "sum_of_estimates": np.quantile(likely.sum(axis=1), (0.1, 0.5, 0.9)).tolist(),
        "negatives_the_output": float((p * q).sum(axis=1).mean()),
        "negatives_seen": float(((contexts > 0) * q).sum(axis=1).mean()),
    }
    if job["eval_dir"]:
        questions = Path(job["eval_dir"]) / "questions-words.txt"
        figures |= ask_analogies(questions, text.words[: len(counts)], V)
    return figures


def random_inputs(sentences: Sentences, seed: int) -> NDArray[np.int64]:
    """Return the distinct words at random places of the text: frequent words are there, and rare ones."""
    places = np.random.default_rng(seed).integers(0, len(sentences.ids), _INPUTS)
    return np.unique(sentences.ids[places]).astype(np.int64)


def contexts_of(inputs: NDArray[np.int64], sentences: Sentences, words: int) -> NDArray[np.float64]:
    """Return how often each word is a window's centre with each input in it, shape (inputs, V).

    As the windows are of random size, a distance d counts for the share of windows that reach as far.
    """
    ids, numbers = sentences.ids, np.full(words, -1)
    numbers[inputs] = np.arange(len(inputs))
    sentence = np.repeat(np.arange(len(sentences.offsets) - 1), np.diff(sentences.offsets))
    counts = np.zeros(len(inputs) * words)
    places = np.flatnonzero(numbers[ids] >= 0)
    for distance in range(1, _WINDOW + 1):
        for shift in (-distance, distance):
            inside = places[(places + shift >= 0) & (places + shift < len(ids))]
            inside = inside[sentence[inside] == sentence[inside + shift]]
            pairs = numbers[ids[inside]] * words + ids[inside + shift]
            counts += np.bincount(pairs, minlength=len(counts)) * ((_WINDOW + 1 - distance) / _WINDOW)
    return counts.reshape(len(inputs), words)


def prediction(job: dict[str, Any]) -> dict[str, Any]:
    """Train on the beginning of the text, and give the mean −log p(output | input) of what comes after it."""
    text = EncodedText(job["text"])
    counts = text.counts[: job["words"]]
    sentences = text.cut(job["words"])
    seen = beginning(sentences, min(job["tokens"], len(sentences.ids) * 9 // 10))
    held_out = pairs_after(sentences, len(seen.ids), job["seed"])
    known = np.bincount(seen.ids, minlength=len(counts)) + 1  # a held-out word may be new
    result = _train(job, seen, known)
    config = TrainingConfig(**job["settings"])
    size = config.vector_size
    losses = []
    for word in np.unique(held_out[:, 0]):
        hidden = result.weights.input_vectors[word, :size]
        logs = output_log_probabilities(hidden, result.weights, known, config)
        losses.append(-logs[held_out[held_out[:, 0] == word, 1]])
    unigram = np.log(known.sum()) - np.log(known[held_out[:, 1]])
    return {
        "words": result.words,
        "seconds": result.seconds,
        "vocabulary": len(counts),
        "pairs": len(held_out),
        "loss": float(np.concatenate(losses).mean()),
        "unigram_loss": float(unigram.mean()),
        "partition": _partition(result, config, held_out[:_INPUTS_ASKED, 0]),
    }


def pairs_after(sentences: Sentences, start: int, seed: int) -> NDArray[np.int64]:
    """Return random pairs (input, output) of neighbours within the window, after token `start`."""
    generator = np.random.default_rng(seed)
    sentence = np.repeat(np.arange(len(sentences.offsets) - 1), np.diff(sentences.offsets))[start:]
    ids = sentences.ids[start:].astype(np.int64)
    places = generator.integers(_WINDOW, len(ids) - _WINDOW, 2 * _HELD_OUT_PAIRS)
    # The distances as often as windows of random size have them.
    shares = np.arange(_WINDOW, 0, -1) / np.arange(1, _WINDOW + 1).sum()
    distances = generator.choice(np.arange(1, _WINDOW + 1), len(places), p=shares)
    others = places + distances * generator.choice((-1, 1), len(places))
    inside = sentence[places] == sentence[others]
    return np.stack((ids[places[inside]], ids[others[inside]]), axis=1)[:_HELD_OUT_PAIRS]


def _partition(
    result: TrainingResult, config: TrainingConfig, inputs: NDArray[np.int64]
) -> list[float] | None:
    """Return the 10th, 50th and 90th percentile of Σ_j exp(s_j − c) over the inputs, for NCE."""
    if config.objective != "nce":
        return None
    weights, size = result.weights, config.vector_size
    assert weights.output_vectors is not None
    scores = (weights.input_vectors[inputs, :size] @ weights.output_vectors[:, :size].T).astype(np.float64)
    c = 0.0 if weights.log_normaliser is None else float(weights.log_normaliser[0])
    return [float(value) for value in np.quantile(np.exp(scores - c).sum(axis=1), (0.1, 0.5, 0.9))]


def _train(job: dict[str, Any], sentences: Sentences, counts: NDArray[np.int64]) -> TrainingResult:
    config = TrainingConfig(epochs=job["epochs"], workers=job["threads"], seed=job["seed"], **job["settings"])
    return Trainer(sentences, counts, config).run()
