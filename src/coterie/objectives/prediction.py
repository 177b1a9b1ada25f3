"""What each objective says about the output word: its probabilities, given the input vector.

With h the input vector (CBOW's mean of several) and ``s_j = P_j · h`` the score of word j:

    softmax                p(j) = exp(s_j) / Σ_i exp(s_i)
    nce                    p(j) = exp(s_j) / Σ_i exp(s_i)
    negative_sampling      p(j) = q(j) exp(s_j) / Σ_i q(i) exp(s_i)
    hierarchical_softmax   p(j) = Π_n σ((1 − 2 b_n) s_n)            n on the path of j, b_n its bit

Noise-contrastive estimation has the noise in its loss and so learns ``exp(s_j) = Z p(j)``, with one Z for all
inputs; dividing by the sum makes up for what Z leaves. Negative sampling learns ``exp(s_j) = p(j)/(k q(j))``
(arXiv 1410.8251; Levy and Goldberg 2014), so that q has to be multiplied in again: its scores alone tell how
much more often a word occurs here than elsewhere. This is exact where negatives that equal the positive word
are kept; skipped, they put ``p(j)/(1 − p(j))`` in the place of ``p(j)``, nearly the same for small p.
gensim's ``predict_output_word`` takes the softmax of ``P_j · h`` whatever the objective.

Trained with negatives beside it, hierarchical softmax predicts by its tree, whose probabilities need no
normalising. Nothing here needs a compiler but the building of that tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.errors import FormatError
from coterie.sampling.noise import log_noise_weights

if TYPE_CHECKING:
    from coterie.objectives.huffman import HuffmanTree

__all__ = ["Projection", "most_probable", "output_log_probabilities"]

# Elements of a matrix that are widened to float64 at once: 16 MiB.
_WIDENED = 1 << 21


class Projection(Protocol):
    """Whatever has the matrices that scores are computed from; the one that isn't needed may be ``None``."""

    @property
    def output_vectors(self) -> NDArray[np.float32] | None:
        """Shape (V, at least D): a row for each word."""

    @property
    def node_vectors(self) -> NDArray[np.float32] | None:
        """Shape (V − 1, at least D): a row for each inner node of the Huffman tree."""


def output_log_probabilities(
    hidden: NDArray[np.floating[Any]],
    projection: Projection,
    counts: NDArray[np.int64],
    config: TrainingConfig,
    tree: HuffmanTree | None = None,
) -> NDArray[np.float64]:
    """Return log p of every word as the output, float64, shape (V,), after ``config.objective``.

    Parameters
    ----------
    hidden
        h, shape (D,): the input word's vector, or the mean of several.
    projection
        A model or its weights.
    counts
        int64, shape (V,): the noise distribution and the tree follow from it.
    config
        Its ``objective``, and ``ns_exponent`` with negative sampling.
    tree
        That of the counts, if it has been built before.

    Raises
    ------
    FormatError
        A matrix is missing or gives no finite score, or no word has a count.
    """
    wide = hidden.astype(np.float64)
    if config.objective == "hierarchical_softmax":
        from coterie.objectives.huffman import build_huffman, log_leaf_probabilities

        scores = _scores("node_vectors", projection.node_vectors, wide)
        return log_leaf_probabilities(build_huffman(counts) if tree is None else tree, scores)
    scores = _scores("output_vectors", projection.output_vectors, wide)
    if config.objective == "nce" and counts.any():
        scores[counts == 0] = -np.inf  # never an output, nor drawn: such a score says nothing
    if config.objective == "negative_sampling" and config.ns_exponent is not None:
        if not counts.any():
            raise FormatError("no word of the model has a count above 0, so there is no noise distribution.")
        scores += log_noise_weights(counts, config.ns_exponent)
    scores -= scores.max()
    scores -= np.log(np.exp(scores).sum())
    return scores


def _scores(
    name: str, matrix: NDArray[np.float32] | None, hidden: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the product of the matrix, whose rows may be padded, with `hidden`."""
    if matrix is None:
        raise FormatError(f"the model has no {name}, which its objective predicts with.")
    scores = np.empty(len(matrix))
    step = max(1, _WIDENED // len(hidden))
    for start in range(0, len(matrix), step):
        block = matrix[start : start + step, : len(hidden)].astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            scores[start : start + step] = block @ hidden
    if not np.isfinite(scores).all():
        row = int(np.isfinite(scores).argmin())
        raise FormatError(
            f"row {row:,} of {name} or the input holds NaN or infinity; train or fetch it anew."
        )
    return scores


def most_probable(logs: NDArray[np.float64], topn: int | None) -> list[tuple[int, float]]:
    """Return rows and probabilities, best first: `topn` of them, or all; of equal ones the earlier row first.

    Examples
    --------
    >>> most_probable(np.log([0.25, 0.5, 0.25]), 2)
    [(1, 0.5), (0, 0.25)]
    """
    rows = np.arange(len(logs))
    if topn is not None and topn < len(logs):
        rows = np.flatnonzero(logs >= np.partition(logs, -topn)[-topn])
    best = rows[np.argsort(-logs[rows], kind="stable")[:topn]]
    return list(zip(best.tolist(), np.exp(logs[best]).tolist(), strict=True))
