"""What is learned: the matrices of a model, one set for each objective."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.kernels.allocate import aligned_matrix

__all__ = ["Weights", "make_weights"]


@dataclass(frozen=True)
class Weights:
    """The learned arrays; ``None`` where the objective has no such array.

    Parameters
    ----------
    input_vectors
        float32, shape (V, padded D): the embedding layer, whose rows are the word vectors.
    output_vectors
        float32, shape (V, padded D): the projection matrix, a row for each output word.
    node_vectors
        float32, shape (V − 1, padded D): hierarchical softmax's, a row for each inner node of the tree.
    log_normaliser
        float64, shape (1,): the logarithm of NCE's partition function, where it is learned.
    """

    input_vectors: NDArray[np.float32]
    output_vectors: NDArray[np.float32] | None = None
    node_vectors: NDArray[np.float32] | None = None
    log_normaliser: NDArray[np.float64] | None = None

    def matrices(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Yield each matrix that there is, with its name."""
        for name in ("input_vectors", "output_vectors", "node_vectors"):
            if (matrix := getattr(self, name)) is not None:
                yield name, matrix


def make_weights(words: int, config: TrainingConfig) -> Weights:
    """Return input vectors uniform in ±1/(2D) and zero output rows, as word2vec starts; log V for NCE."""
    size = config.vector_size
    inputs = aligned_matrix(words, size)
    generator = np.random.Generator(np.random.Philox(key=config.seed))
    rows = max(1, (1 << 22) // size)  # a few MiB at a time, so that no second matrix comes to exist
    for start in range(0, words, rows):
        block = inputs[start : start + rows, :size]
        block[:] = (generator.random(block.shape, dtype=np.float32) - np.float32(0.5)) / np.float32(size)
    return Weights(
        inputs,
        output_vectors=aligned_matrix(words, size) if "output_vectors" in config.matrices else None,
        node_vectors=aligned_matrix(words - 1, size) if "node_vectors" in config.matrices else None,
        log_normaliser=np.array([np.log(words)]) if config.nce_partition == "learned" else None,
    )
