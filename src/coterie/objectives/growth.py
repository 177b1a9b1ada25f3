"""Weights for another vocabulary: what was learned goes on, new words begin as in any training.

The rows of words are copied. An inner node of hierarchical softmax has no word of its own: its row says how
its words divide between its two sides, and another vocabulary, or other counts, make another tree. So a node
of the new tree takes over the row of the old node that divides the old words in the same two sets (with its
sign turned where the sides have changed places), and begins at zero where there is none. Rows that were kept
by number, as gensim keeps them, would speak of other words.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.errors import ConfigError
from coterie.kernels.allocate import aligned_matrix
from coterie.kernels.stored import stored_kernel
from coterie.objectives.huffman import HuffmanTree, build_huffman
from coterie.objectives.weights import Weights, check_fit, make_weights

__all__ = ["grow_weights"]


def grow_weights(
    weights: Weights,
    rows: NDArray[np.int64],
    config: TrainingConfig,
    counts: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
    allocate: Callable[[int, int], NDArray[np.float32]] = aligned_matrix,
) -> Weights:
    """Return new weights for a vocabulary in which the words have other places and new ones came.

    Parameters
    ----------
    weights
        What was learned; rows padded or not, writable or mapped from disk. It is not changed.
    rows
        int64, shape (V,): for each word of the new vocabulary its row in `weights`, or −1 for a new word.
    config
        The settings of the training that follows; new rows begin as :func:`make_weights` makes them.
    counts
        The counts of the old and of the new vocabulary, which the trees of hierarchical softmax follow from.
    allocate
        Makes a zero matrix of so many rows and columns.

    Returns
    -------
    Weights
        Aligned and padded, with the old rows bit for bit.

    Raises
    ------
    ConfigError
        `weights` have another vector size or other matrices than `config` asks for, a row is out of range or
        taken twice, or ``counts`` are missing.

    Examples
    --------
    >>> config = TrainingConfig(vector_size=2)
    >>> old = make_weights(2, config)
    >>> new = grow_weights(old, np.array([1, -1, 0]), config)
    >>> bool((new.input_vectors[[2, 0]] == old.input_vectors).all()), new.output_vectors.shape
    (True, (3, 16))
    """
    rows = _checked_rows(rows, len(weights.input_vectors))
    grown = make_weights(len(rows), config, allocate)
    kept = np.flatnonzero(rows >= 0)
    new, old = dict(grown.matrices()), dict(weights.matrices())
    _check_names(old, new, config)
    for name, matrix in new.items():
        size = config.vector_size
        if name == "node_vectors":
            _carry_nodes(old[name][:, :size], matrix[:, :size], rows, _both_counts(counts, rows, weights))
        else:
            matrix[kept, :size] = old[name][rows[kept], :size]
    if grown.log_normaliser is not None and weights.log_normaliser is not None:
        grown.log_normaliser[:] = weights.log_normaliser
    check_fit(grown, len(rows), config)
    return grown


def _checked_rows(rows: NDArray[np.int64], old: int) -> NDArray[np.int64]:
    rows = np.asarray(rows, dtype=np.int64)
    kept = rows[rows >= 0]
    if rows.ndim != 1 or (kept >= old).any() or len(np.unique(kept)) != len(kept):
        raise ConfigError(f"rows must name each of the {old:,} old rows at most once, and −1 for new words.")
    return rows


def _check_names(
    old: dict[str, NDArray[np.float32]], new: dict[str, NDArray[np.float32]], config: TrainingConfig
) -> None:
    for name, matrix in new.items():
        if name not in old:
            raise ConfigError(f"the weights have no {name}, which objective {config.objective!r} needs.")
        if old[name].shape[1] not in (config.vector_size, matrix.shape[1]):
            raise ConfigError(
                f"vector_size is {config.vector_size}, but {name} has rows of {old[name].shape[1]} numbers."
            )


def _both_counts(
    counts: tuple[NDArray[np.int64], NDArray[np.int64]] | None, rows: NDArray[np.int64], weights: Weights
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if counts is None or len(counts[0]) != len(weights.input_vectors) or len(counts[1]) != len(rows):
        raise ConfigError("the tree of hierarchical softmax needs counts of the old and the new vocabulary.")
    return counts


def _carry_nodes(
    old: NDArray[np.float32],
    new: NDArray[np.float32],
    rows: NDArray[np.int64],
    counts: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> None:
    """Copy the rows of nodes that divide the old words as before."""
    signs = np.random.Generator(np.random.Philox(key=0)).integers(2**64, size=len(counts[0]), dtype=np.uint64)
    before = _sides(build_huffman(counts[0]), signs)
    after = _sides(build_huffman(counts[1]), np.where(rows >= 0, signs[rows], np.uint64(0)))
    known = {sides: node for node, sides in enumerate(map(tuple, before.tolist()))}
    for node, (left, right) in enumerate(after.tolist()):
        if (same := known.get((left, right))) is not None:
            new[node] = old[same]
        elif (turned := known.get((right, left))) is not None:
            new[node] = -old[turned]


def _sides(tree: HuffmanTree, signs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return for each inner node what stands for the words on its left and on its right, shape (V − 1, 2)."""
    sides = np.zeros((len(tree.children), 2), np.uint64)
    _gather_signs(tree.children, signs, sides)
    return sides


@stored_kernel
def _gather_signs(children: NDArray[np.int32], signs: NDArray[np.uint64], sides: NDArray[np.uint64]) -> None:
    """Combine, by exclusive or, the random numbers of the words below each side; 0 is no word."""
    for node in range(children.shape[0]):  # a node is made after its children
        for side in range(2):
            child = children[node, side]
            sides[node, side] = signs[-1 - child] if child < 0 else sides[child, 0] ^ sides[child, 1]
