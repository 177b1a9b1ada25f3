"""What the methods have in common: the nodes or items, their two matrices, and how they are trained."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import coterie

__all__ = ["Embedding", "by_coterie", "by_coterie_pairs", "by_gensim"]

Lists = Sequence[Sequence[str]]
WeightedPairs = Sequence[tuple[str, str, float]]


@dataclass(frozen=True)
class Embedding:
    """Names with a row of each matrix (V, D), and the seconds that went from the examples to them.

    ``noise`` is log q of each name, the noise distribution of the training.
    """

    index: Mapping[str, int]
    inputs: NDArray[np.float32]
    outputs: NDArray[np.float32]
    noise: NDArray[np.float64]
    seconds: float

    def units(self, names: Iterable[str]) -> NDArray[np.float64]:
        """Return the input vectors of these at length 1; what was never trained is 0."""
        rows = self.inputs[[self.index[name] for name in names]].astype(np.float64)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def by_gensim(lists: Lists, settings: Mapping[str, Any]) -> Embedding:
    """Train gensim's Skip-gram."""
    from gensim.models import Word2Vec

    start = time.perf_counter()
    model = Word2Vec(lists, sg=1, hs=0, **settings)
    seconds = time.perf_counter() - start
    counts = np.array([model.wv.get_vecattr(name, "count") for name in model.wv.index_to_key])
    noise = _log_noise(counts, settings["ns_exponent"])
    return Embedding(model.wv.key_to_index, model.wv.vectors, model.syn1neg, noise, seconds)


def by_coterie(lists: Lists, settings: Mapping[str, Any]) -> Embedding:
    """Train Coterie on the same."""
    coterie.train(lists[:200], **{**settings, "epochs": 1}, on_event=_hushed)  # which compiles the kernels
    start = time.perf_counter()
    model = coterie.train(lists, **settings, on_event=_hushed)
    seconds = time.perf_counter() - start
    return _of_model(model, np.asarray(model.vectors.counts), settings["ns_exponent"], seconds)


def by_coterie_pairs(pairs: WeightedPairs, settings: Mapping[str, Any]) -> Embedding:
    """Train Coterie on weighted pairs: each is drawn in proportion to its weight."""
    options = {"pairs": True, "weight_field": "weight", **settings, "on_event": _hushed}
    coterie.train(pairs[:200], **{**options, "epochs": 1})
    start = time.perf_counter()
    model = coterie.train(pairs, **options)
    seconds = time.perf_counter() - start
    counts = np.zeros(len(model.vectors.words))
    for _, output, weight in pairs:
        counts[model.vectors.index[output]] += weight
    return _of_model(model, counts, settings["ns_exponent"], seconds)


def _of_model(model: coterie.Model, counts: NDArray[Any], exponent: float, seconds: float) -> Embedding:
    vectors = model.vectors
    assert model.output_vectors is not None  # negative sampling has them
    noise = _log_noise(counts, exponent)
    return Embedding(vectors.index, np.asarray(vectors.matrix), model.output_vectors, noise, seconds)


def _log_noise(counts: NDArray[Any], exponent: float) -> NDArray[np.float64]:
    return exponent * np.log(np.maximum(counts, 1e-12))


def _hushed(_: str) -> None:
    """Say nothing: small graphs have fewer names than remarks expect."""
