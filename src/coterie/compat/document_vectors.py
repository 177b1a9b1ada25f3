r"""A vector for a document: the mean of its words' vectors, plain or by smooth inverse frequency.

Smooth inverse frequency (SIF; Arora, Liang and Ma 2017, "A simple but tough-to-beat baseline for sentence
embeddings"): with p(w) the word's share of the text,

    v_s = 1/|s| Σ_{w ∈ s} a / (a + p(w)) v_w,      then  v_s ← v_s − u uᵀ v_s,

where u is the first right singular vector of the matrix whose rows are the v_s of the documents that one
learns from. As in the authors' program nothing is centred first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.neighbours import row_norms

__all__ = ["KnownWords", "first_component", "known_words", "mean_vectors", "sif_weights", "unit_rows"]


class KnownWords(NamedTuple):
    """The known words of documents: document i has the rows ``rows[starts[i]:starts[i + 1]]``.

    ``rows`` is int64 of shape (N,), ``starts`` int64 of shape (documents + 1,).
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]


def known_words(documents: Iterable[Sequence[str]], index: Mapping[str, int]) -> KnownWords:
    """Return the rows of the documents' words; words that have none are left out.

    Examples
    --------
    >>> found = known_words([["a", "b", "a"], [], ["c", "b"]], {"a": 0, "b": 1})
    >>> found.rows.tolist(), found.starts.tolist()
    ([0, 1, 0, 1], [0, 3, 3, 4])
    """
    rows: list[int] = []
    starts = [0]
    for document in documents:
        rows += [index[word] for word in document if word in index]
        starts.append(len(rows))
    return KnownWords(np.array(rows, dtype=np.int64), np.array(starts, dtype=np.int64))


def sif_weights(counts: NDArray[Any], a: float) -> NDArray[np.float32]:
    """Return a / (a + p(w)) from the words' counts, float32; 1 for a word that was not counted.

    Examples
    --------
    >>> sif_weights(np.array([3, 1, 0]), a=0.25).tolist()
    [0.25, 0.5, 1.0]
    """
    shares = counts / max(1, counts.sum())
    weights: NDArray[np.float32] = (a / (a + shares)).astype(np.float32)
    return weights


def mean_vectors(
    words: KnownWords, matrix: NDArray[np.float32], weights: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Return the documents' weighted sums divided by their numbers of known words; zeros where there is none.

    Parameters
    ----------
    words
        The documents.
    matrix
        float32, shape ``(V, D)``.
    weights
        float32, shape ``(V,)``; 1 each by default.

    Examples
    --------
    >>> mean_vectors(KnownWords(np.array([0, 1]), np.array([0, 2, 2])), np.eye(2, dtype=np.float32)).tolist()
    [[0.5, 0.5], [0.0, 0.0]]
    """
    from scipy.sparse import csr_matrix

    lengths = np.diff(words.starts)
    parts = np.repeat((1 / np.maximum(lengths, 1)).astype(np.float32), lengths)
    if weights is not None:
        parts = parts * weights[words.rows]
    shape = (len(lengths), len(matrix))
    means: NDArray[np.float32] = csr_matrix((parts, words.rows, words.starts), shape=shape) @ matrix
    return means


def first_component(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first right singular vector, shape ``(D,)``; its largest entry is positive.

    Examples
    --------
    >>> first_component(np.array([[-3, 0], [3, 0], [0, 1]], dtype=np.float32)).tolist()
    [1.0, 0.0]
    """
    wide = rows.astype(np.float64)
    vector = np.linalg.eigh(wide.T @ wide).eigenvectors[:, -1]
    vector = vector * np.sign(vector[np.abs(vector).argmax()])
    component: NDArray[np.float32] = vector.astype(np.float32)
    return component


def unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows with length 1; zero rows stay zero."""
    norms = row_norms(rows)
    norms[norms == 0] = 1
    unit: NDArray[np.float32] = rows / norms[:, np.newaxis]
    return unit
