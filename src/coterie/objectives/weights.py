"""What is learned: the matrices of a model, one set for each objective."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.errors import ConfigError
from coterie.kernels.allocate import aligned_matrix, padded_columns
from coterie.kernels.bfloat16 import kept_narrow, narrow_view

__all__ = ["Weights", "as_trained", "check_fit", "in_training", "make_weights"]

_ALIGNMENT = 64


@dataclass(frozen=True)
class Weights:
    """The learned arrays; ``None`` where the objective has no such array.

    Parameters
    ----------
    input_vectors
        float32, shape (V, padded D): the embedding layer, whose rows are the word vectors.
    output_vectors
        float32, shape (V, padded D): the projection matrix, a row for each output word. While it is trained
        it may be the bits of bfloat16, uint16: see :func:`as_trained`.
    node_vectors
        float32, shape (V − 1, padded D): hierarchical softmax's, a row for each inner node of the tree.
    log_normaliser
        float64, shape (1,): the logarithm of NCE's partition function, where it is learned.
    """

    input_vectors: NDArray[np.float32]
    output_vectors: NDArray[np.float32] | None = None
    node_vectors: NDArray[np.float32] | None = None
    log_normaliser: NDArray[np.float64] | None = None

    def matrices(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield each matrix that there is, with its name."""
        for name in ("input_vectors", "output_vectors", "node_vectors"):
            if (matrix := getattr(self, name)) is not None:
                yield name, matrix


def make_weights(
    words: int,
    config: TrainingConfig,
    allocate: Callable[[int, int], NDArray[np.float32]] = aligned_matrix,
) -> Weights:
    """Return input vectors uniform in ±1/(2D) and zero output rows, as word2vec starts; log V for NCE.

    `allocate` makes a zero matrix of so many rows and columns.
    """
    size = config.vector_size
    inputs = allocate(words, size)
    generator = np.random.Generator(np.random.Philox(key=config.seed))
    rows = max(1, (1 << 22) // size)  # a few MiB at a time, so that no second matrix comes to exist
    for start in range(0, words, rows):
        block = inputs[start : start + rows, :size]
        block[:] = (generator.random(block.shape, dtype=np.float32) - np.float32(0.5)) / np.float32(size)
    return Weights(
        inputs,
        output_vectors=allocate(words, size) if "output_vectors" in config.matrices else None,
        node_vectors=allocate(words - 1, size) if "node_vectors" in config.matrices else None,
        log_normaliser=np.array([np.log(words)]) if config.nce_partition == "learned" else None,
    )


def as_trained(weights: Weights, config: TrainingConfig) -> Weights:
    """Return the weights as they are within :func:`in_training`."""
    if config.output_dtype != "bfloat16" or weights.output_vectors is None:
        return weights
    narrow: Any = narrow_view(weights.output_vectors)  # the one place where it is no float32
    return replace(weights, output_vectors=narrow)


def in_training(weights: Weights, config: TrainingConfig) -> AbstractContextManager[object]:
    """Return what must be entered while the weights are trained: they are kept as the settings say."""
    if config.output_dtype != "bfloat16" or weights.output_vectors is None:
        return nullcontext()
    return kept_narrow(weights.output_vectors)


def check_fit(weights: Weights, words: int, config: TrainingConfig) -> None:
    """Check that a training of these settings over `words` words can go on in `weights`, in place.

    Raises
    ------
    ConfigError
        A matrix is missing or needless, or has another shape or layout than :func:`make_weights` gives it.
    """
    rows = {"input_vectors": words, "output_vectors": words, "node_vectors": words - 1}
    given = dict(weights.matrices())
    for name, expected in rows.items():
        matrix = given.get(name)
        if (matrix is not None) != (name in config.matrices):
            verb, has = ("None", "needs it") if matrix is None else ("given", "has none")
            raise ConfigError(f"weights.{name} is {verb}, but objective {config.objective!r} {has}.")
        if matrix is None:
            continue
        shape = (expected, padded_columns(config.vector_size))
        if matrix.shape != shape or matrix.dtype != np.float32:
            raise ConfigError(
                f"weights.{name} is {matrix.dtype} of shape {matrix.shape}; {words:,} words and vector_size "
                f"{config.vector_size} need float32 of shape {shape} (rows padded): copy with grow_weights."
            )
        if not (matrix.flags.c_contiguous and matrix.flags.writeable) or matrix.ctypes.data % _ALIGNMENT:
            raise ConfigError(
                f"weights.{name} is read-only, or not laid out as the kernels want it (whole rows, "
                f"{_ALIGNMENT}-byte aligned): copy with grow_weights."
            )
    learned = config.nce_partition == "learned"
    if (weights.log_normaliser is not None) != learned:
        raise ConfigError(
            f"weights.log_normaliser is {weights.log_normaliser}, but nce_partition is "
            f"{config.nce_partition!r}."
        )
