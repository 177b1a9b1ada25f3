r"""Classes of words, as ``-classes`` writes them: k-means of the vectors' directions.

Spherical k-means (Dhillon and Modha 2001): a word belongs to the centroid of greatest cosine, and a centroid
is the mean direction of its words. The C program starts from the words in turn, which makes all its centroids
the mean at first; here it starts from words drawn at random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coterie.compat.document_vectors import unit_rows

__all__ = ["word_classes"]

_ROUNDS = 20
_SCORES = 1 << 22  # of words with centroids at a time: 16 MB


def word_classes(matrix: NDArray[np.float32], classes: int, seed: int = 1) -> NDArray[np.int64]:
    """Return the class of each row, int64, shape ``(rows,)``.

    Parameters
    ----------
    matrix
        float32, shape ``(rows, vector_size)``.
    classes
        How many; more than there are rows leaves some empty.
    seed
        Of the words that it starts from.

    Examples
    --------
    >>> word_classes(np.array([[1, 0], [2, 0.1], [0, 1], [0, 3]], dtype=np.float32), 2).tolist()[0::2]
    [0, 1]
    """
    units = unit_rows(matrix)
    draw = np.random.default_rng(seed)
    centroids = units[np.sort(draw.permutation(len(units))[:classes])]
    labels = np.full(len(units), -1, dtype=np.int64)
    for _ in range(_ROUNDS):
        found, cosines = _nearest(units, centroids)
        if np.array_equal(found, labels):
            break
        labels = found
        centroids = _mean_directions(units, labels, cosines, len(centroids))
    return labels


def _nearest(
    units: NDArray[np.float32], centroids: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    labels, cosines = np.empty(len(units), np.int64), np.empty(len(units), np.float32)
    step = max(1, _SCORES // len(centroids))
    for start in range(0, len(units), step):
        scores = units[start : start + step] @ centroids.T
        labels[start : start + step] = scores.argmax(axis=1)
        cosines[start : start + step] = scores.max(axis=1)
    return labels, cosines


def _mean_directions(
    units: NDArray[np.float32], labels: NDArray[np.int64], cosines: NDArray[np.float32], classes: int
) -> NDArray[np.float32]:
    """Return unit means; a class without words begins anew at one of the words that fit worst."""
    order = np.argsort(labels, kind="stable")
    present, starts = np.unique(labels[order], return_index=True)
    means = np.zeros((classes, units.shape[1]), np.float32)
    means[present] = np.add.reduceat(units[order], starts, axis=0)
    empty = np.setdiff1d(np.arange(classes), present)
    means[empty] = units[np.argsort(cosines, kind="stable")[: len(empty)]]
    return unit_rows(means)
