"""The full softmax (arXiv 1310.4546, equation 2): what the other objectives are there to avoid.

    p(j | I) = exp(s_j) / Σ_w exp(s_w)          s_j = P_j · v_I
    L        = −s_O + log Σ_j exp(s_j)
    ∂L/∂P_j  = (p(j | I) − [j = O]) v_I          for every word j
    ∂L/∂v_I  = Σ_j (p(j | I) − [j = O]) P_j

Each example reads all V rows of ``output_vectors`` (P) and changes all of them. So that this costs no more
than it must, a chunk is a batch: with X the distinct input rows (U × D), n_i the number of examples with
input i, and T_ij the number of those whose output is j,

    S = X Pᵀ     G = η (T − n ⊙ softmax(S))     X += G P     P += Gᵀ X

the right-hand sides from the values before: three products of U × V × D multiplications on the BLAS, and the
sum of the examples' gradients. The logarithm of the sum is taken with the greatest score taken out first.

Where it deviates from the source: examples are summed over 32 words of the text before a step.
Threads compute batches each on one core's BLAS, and add to the weights one after another, since all write to
every row.
"""

from __future__ import annotations

import math
import threading
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.kernels.compile import kernel
from coterie.objectives.objective import Learner
from coterie.objectives.weights import Weights
from coterie.sampling.plan import ChunkPlan

__all__ = ["FullSoftmax"]

# Scores held at once: 128 MiB. More inputs than fit go in several batches.
_MOST_SCORES = 1 << 25
# Rows of P that are changed at once, so that the change of all of them need not be held.
_CHANGED_ROWS = 16_384


class _Examples(NamedTuple):
    """The examples of a chunk: context words, the window that each belongs to, and each window's centre."""

    contexts: NDArray[np.int64]
    windows: NDArray[np.int64]
    centres: NDArray[np.int64]


@kernel
def _list_examples(plan: ChunkPlan, contexts: NDArray[np.int64], windows: NDArray[np.int64]) -> int:
    """Fill in each context word and its window's centre (as a place in the plan); return their number."""
    count = 0
    for centre in range(plan.extent[1], plan.extent[2]):
        for context in range(plan.low[centre], plan.high[centre]):
            if context != centre:
                contexts[count] = plan.tokens[context]
                windows[count] = centre
                count += 1
    return count


class FullSoftmax:
    """The objective over all V output rows.

    Parameters
    ----------
    weights
        Its ``input_vectors`` and ``output_vectors`` are trained.
    config
        The settings.
    """

    def __init__(self, weights: Weights, config: TrainingConfig) -> None:
        assert weights.output_vectors is not None
        size = config.vector_size
        self._inputs, self._outputs = weights.input_vectors[:, :size], weights.output_vectors[:, :size]
        self._cbow, self._divided = config.architecture == "cbow", config.cbow_gradient == "mean"
        self._batch = max(1, _MOST_SCORES // len(self._outputs))
        self._adding = threading.Lock()
        self.untrained_loss = math.log(len(self._outputs))

    def session(self) -> AbstractContextManager[object]:
        """Return a limit of one thread on the BLAS: the learners are the threads."""
        from threadpoolctl import threadpool_limits

        limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
        return limits

    def learner(self) -> Learner:
        """Return a learner with room for the scores of a batch."""
        words = len(self._outputs)
        scores = np.empty((0, words), np.float32)
        room = np.empty((2, 0), np.int64)

        def train(plan: ChunkPlan, rate: float, record: bool) -> tuple[float, float]:
            nonlocal scores, room
            capacity = int((plan.high - plan.low).sum())
            if capacity > room.shape[1]:
                room = np.empty((2, capacity), np.int64)
            count = _list_examples(plan, room[0], room[1])
            contexts, windows = room[:, :count]
            step = self._cbow_steps if self._cbow else self._skip_gram_steps
            rows = min(self._batch, count)
            if rows > len(scores):
                scores = np.empty((rows, words), np.float32)
            # Vectors that diverge give NaN, which the trainer finds; NumPy need not say it as well.
            with np.errstate(over="ignore", invalid="ignore"):
                return step(_examples(plan, contexts, windows), np.float32(rate), scores)

        return train

    def _skip_gram_steps(
        self, examples: _Examples, rate: np.float32, scores: NDArray[np.float32]
    ) -> tuple[float, float]:
        """Train the pairs, those of an input word together: they share its row of scores."""
        words, of = np.unique(examples.contexts, return_inverse=True)
        outputs, loss = examples.centres[examples.windows], 0.0
        order = np.argsort(of, kind="stable")
        of, outputs = of[order], outputs[order]
        for start in range(0, len(words), self._batch):
            batch = words[start : start + self._batch]
            first, last = np.searchsorted(of, (start, start + len(batch)))
            pairs = of[first:last] - start, outputs[first:last]
            part, change = self._step(self._inputs[batch], pairs, rate, scores[: len(batch)])
            with self._adding:
                self._inputs[batch] += change
            loss += part
        return loss, float(len(of))

    def _cbow_steps(
        self, examples: _Examples, rate: np.float32, scores: NDArray[np.float32]
    ) -> tuple[float, float]:
        """Train the windows, each with the mean of its context rows as its input."""
        contexts, windows, centres = examples
        starts = np.searchsorted(windows, np.arange(len(centres) + 1))
        loss = 0.0
        for start in range(0, len(centres), self._batch):
            stop = min(start + self._batch, len(centres))
            bags = starts[start : stop + 1] - starts[start]
            lengths = np.diff(bags)[:, None].astype(np.float32)
            words = contexts[starts[start] : starts[stop]]
            means = np.add.reduceat(self._inputs[words], bags[:-1], axis=0) / lengths
            pairs = np.arange(stop - start), centres[start:stop]
            part, change = self._step(means, pairs, rate, scores[: stop - start])
            if self._divided:
                change /= lengths
            with self._adding:
                np.add.at(self._inputs, words, np.repeat(change, np.diff(bags), axis=0))
            loss += part
        return loss, float(len(centres))

    def _step(
        self,
        inputs: NDArray[np.float32],
        pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
        rate: np.float32,
        scores: NDArray[np.float32],
    ) -> tuple[float, NDArray[np.float32]]:
        """Change P by a step on `pairs` (row of inputs, output word); return loss and change of inputs."""
        outputs = self._outputs
        np.matmul(inputs, outputs.T, out=scores)
        of_outputs = scores[pairs]
        examples = np.bincount(pairs[0], minlength=len(inputs))
        loss = _softmax_rows(scores, examples, rate) - float(of_outputs.sum(dtype=np.float64))
        np.add.at(scores, pairs, rate)
        change = scores @ outputs
        for start in range(0, len(outputs), _CHANGED_ROWS):
            tile = slice(start, start + _CHANGED_ROWS)
            changed = scores[:, tile].T @ inputs
            with self._adding:
                outputs[tile] += changed
        return loss, change


def _examples(plan: ChunkPlan, contexts: NDArray[np.int64], windows: NDArray[np.int64]) -> _Examples:
    """Number the windows that have a context from 0."""
    places, numbers = np.unique(windows, return_inverse=True)
    return _Examples(contexts, numbers, plan.tokens[places].astype(np.int64))


def _softmax_rows(scores: NDArray[np.float32], examples: NDArray[Any], rate: np.float32) -> float:
    """Turn each row of scores into ``−rate·examples·softmax`` in place; return Σ examples·log Σ exp."""
    total = 0.0
    # A row at a time: it stays in the cache through all four passes.
    for row, count in zip(scores, examples.tolist(), strict=True):
        greatest = row.max()
        row -= greatest
        np.exp(row, out=row)
        summed = row.sum()
        row *= -rate * np.float32(count) / summed
        total += count * (float(greatest) + math.log(summed) if summed > 0 else math.nan)
    return total
