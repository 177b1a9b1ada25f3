"""The full softmax (arXiv 1310.4546, equation 2): what the other objectives are there to avoid.

    p(j | I) = exp(s_j) / Σ_w exp(s_w)          s_j = P_j · v_I
    L        = −s_O + log Σ_j exp(s_j)
    ∂L/∂P_j  = (p(j | I) − [j = O]) v_I          for every word j
    ∂L/∂v_I  = Σ_j (p(j | I) − [j = O]) P_j

Each example reads all V rows of ``output_vectors`` (P) and changes all of them. So that this costs no more
than it must, a chunk is a batch (or several, where its scores take more than 128 MiB): with X the distinct
input rows (U × D), n_i the number of examples with input i, and T_ij the number of those whose output is j
(each counted by the weight of its sentence),

    S = X Pᵀ     G = T − n ⊙ softmax(S)     X_i += η/(1 + η h_i) (G P)_i     P_j += η/(1 + η c_j) (Gᵀ X)_j
    h_i = n_i Σ_j p(j | i) |P_j|²            c_j = Σ_i n_i p(j | i) |X_i|²

the right-hand sides from the values before: three products of U × V × D multiplications on the BLAS, and the
sum of the examples' gradients. The logarithm of the sum is taken with the greatest score taken out first.

Where it deviates from the source: examples are summed over some hundreds of words of the text before a step,
since a BLAS needs that many rows to run at its speed. Summed, the gradients of a frequent word would carry it
past its goal, further each time. h and c bound the curvature of the batch's loss along each row (the
softmax's diag(p) − ppᵀ is at most diag(p), a sum of outer products at most its trace), and a step divided by
1 + ηh stops short of the goal, as an implicit step does (arXiv 1408.2923). A row's direction stays the
gradient's, and where few gradients are summed hardly anything changes.

Learners take turns, and the threads are the BLAS's: every batch writes to every row, so that batches computed
side by side from the same values would overshoot together, each of them damped for itself alone.
"""

from __future__ import annotations

import math
import threading
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.kernels.softmax import add_damped, add_weighted_rows, exponentiate
from coterie.kernels.stored import stored_kernel
from coterie.objectives.objective import Crew, Learner
from coterie.objectives.weights import Weights
from coterie.sampling.plan import ChunkPlan

__all__ = ["MOST_SCORES", "FullSoftmax"]

# Scores held at once: 128 MiB. More inputs than fit go in several batches.
MOST_SCORES = 1 << 25
# Rows of P that are changed at once: their change stays in the cache until it is added.
_CHANGED_ROWS = 2_048
# Scores that are turned into probabilities at once: they stay in the cache through all sweeps.
_SWEPT_SCORES = 65_536


class _Examples(NamedTuple):
    """The examples of a chunk: context words, each one's window; each window's centre and weight."""

    contexts: NDArray[np.int64]
    windows: NDArray[np.int64]
    centres: NDArray[np.int64]
    weights: NDArray[np.float32]


class _Pairs(NamedTuple):
    """The examples of a step: each one's row of the inputs, output word and weight."""

    rows: NDArray[np.int64]
    outputs: NDArray[np.int64]
    weights: NDArray[np.float32]


@stored_kernel
def _list_examples(
    plan: ChunkPlan, contexts: NDArray[np.int64], windows: NDArray[np.int64], found: NDArray[np.int64]
) -> None:
    """Fill in each context word and its window's centre (as a place in the plan), and their number."""
    count = 0
    for centre in range(plan.extent[1], plan.extent[2]):
        for context in range(plan.low[centre], plan.high[centre]):
            if context != centre:
                contexts[count] = plan.tokens[context]
                windows[count] = centre
                count += 1
    found[0] = count


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
        self._batch = max(1, MOST_SCORES // len(self._outputs))
        self._padded = weights.output_vectors
        self._squares = np.empty(len(self._outputs), np.float32)  # |P_j|², kept up to date
        self._summed = False
        self._threads = 1 if config.deterministic else config.workers
        self._turn = threading.Lock()
        self._scores = np.empty((0, len(self._outputs)), np.float32)
        self.untrained_loss = math.log(len(self._outputs))

    def session(self) -> AbstractContextManager[object]:
        """Return a limit on the BLAS: as many threads as there are workers, or what it takes by itself.

        One if the result must not depend on it.
        """
        from threadpoolctl import threadpool_limits

        limits: AbstractContextManager[object] = threadpool_limits(limits=self._threads, user_api="blas")
        return limits

    def crew(self, threads: int) -> Crew:
        """Return a crew of one: a BLAS rounds by the number of its threads."""
        assert threads == 1
        return Crew([self.learner()], lambda: None)

    def learner(self) -> Learner:
        """Return a learner with room for the examples of a chunk; the scores' room all share, in turns."""
        room, found = np.empty((2, 0), np.int64), np.zeros(1, np.int64)
        self._compile()

        def train(plan: ChunkPlan, rate: float, record: bool) -> tuple[float, float]:
            nonlocal room
            capacity = int((plan.high - plan.low).sum())
            if capacity > room.shape[1]:
                room = np.empty((2, capacity), np.int64)
            _list_examples(plan, room[0], room[1], found)
            count = int(found[0])
            contexts, windows = room[:, :count]
            step = self._cbow_steps if self._cbow else self._skip_gram_steps
            examples = _examples(plan, contexts, windows)
            # A chunk has no more distinct inputs than words, and no more windows.
            rows = min(self._batch, count, int(plan.extent[0]))
            # Vectors that diverge give NaN, which the trainer finds; NumPy need not say it as well.
            with np.errstate(over="ignore", invalid="ignore"), self._turn:
                if not self._summed:
                    self._sum_squares()
                if rows > len(self._scores):
                    self._scores = np.empty((rows, len(self._outputs)), np.float32)
                return step(examples, np.float32(rate))

        return train

    def _compile(self) -> None:
        """Have the kernels compiled by calls that do nothing, since an empty chunk does not reach them."""
        scores, columns = self._scores[:0], np.empty(len(self._outputs), np.float32)
        rows, sums = np.empty(0, np.float32), np.empty(0)
        exponentiate(scores, rows, self._squares, sums, sums)
        add_weighted_rows(scores, rows, columns)
        change = np.empty((0, self._outputs.shape[1]), np.float32)
        add_damped(self._padded, 0, change, columns, self._squares)

    def _sum_squares(self) -> None:
        """Find |P_j|² as steps do, bit for bit, so that a training may go on from where another stopped."""
        nothing = np.zeros((_CHANGED_ROWS, self._outputs.shape[1]), np.float32)
        undamped = np.zeros(len(self._outputs), np.float32)
        for start in range(0, len(self._outputs), _CHANGED_ROWS):
            change = nothing[: len(self._outputs) - start]
            add_damped(self._padded, start, change, undamped, self._squares)
        self._summed = True

    def _skip_gram_steps(self, examples: _Examples, rate: np.float32) -> tuple[float, float]:
        """Train the pairs, those of an input word together: they share its row of scores."""
        words, of = np.unique(examples.contexts, return_inverse=True)
        order, loss = np.argsort(of, kind="stable"), 0.0
        of, windows = of[order], examples.windows[order]
        outputs, weights = examples.centres[windows], examples.weights[windows]
        for start in range(0, len(words), self._batch):
            batch = words[start : start + self._batch]
            first, last = np.searchsorted(of, (start, start + len(batch)))
            pairs = _Pairs(of[first:last] - start, outputs[first:last], weights[first:last])
            part, change, curvature = self._step(self._inputs[batch], pairs, rate)
            self._inputs[batch] += change / (1 + curvature)[:, None]
            loss += part
        return loss, float(len(of))

    def _cbow_steps(self, examples: _Examples, rate: np.float32) -> tuple[float, float]:
        """Train the windows, each with the mean of its context rows as its input."""
        contexts, windows, centres, weights = examples
        starts = np.searchsorted(windows, np.arange(len(centres) + 1))
        loss = 0.0
        for start in range(0, len(centres), self._batch):
            stop = min(start + self._batch, len(centres))
            bags = starts[start : stop + 1] - starts[start]
            lengths = np.diff(bags)[:, None].astype(np.float32)
            words = contexts[starts[start] : starts[stop]]
            means = np.add.reduceat(self._inputs[words], bags[:-1], axis=0) / lengths
            pairs = _Pairs(np.arange(stop - start), centres[start:stop], weights[start:stop])
            part, change, curvature = self._step(means, pairs, rate)
            if self._divided:
                change, curvature = change / lengths, curvature / lengths[:, 0]
            self._change_bags(words, np.diff(bags), change, curvature)
            loss += part
        return loss, float(len(centres))

    def _change_bags(
        self,
        words: NDArray[np.int64],
        lengths: NDArray[np.int64],
        change: NDArray[np.float32],
        curvature: NDArray[np.float32],
    ) -> None:
        """Give each of a window's words the window's change and curvature; a word in many has their sums."""
        distinct, of = np.unique(words, return_inverse=True)
        changes = np.zeros((len(distinct), change.shape[1]), np.float32)
        np.add.at(changes, of, np.repeat(change, lengths, axis=0))
        curvatures = np.bincount(of, np.repeat(curvature, lengths)).astype(np.float32)
        self._inputs[distinct] += changes / (1 + curvatures)[:, None]

    def _step(
        self,
        inputs: NDArray[np.float32],
        pairs: _Pairs,
        rate: np.float32,
    ) -> tuple[float, NDArray[np.float32], NDArray[np.float32]]:
        """Change P by a step on `pairs`.

        Returns the loss, ηGP and ηh.
        """
        outputs, scores = self._outputs, self._scores[: len(inputs)]
        np.matmul(inputs, outputs.T, out=scores)
        of_outputs = scores[pairs.rows, pairs.outputs]
        examples = np.bincount(pairs.rows, pairs.weights, minlength=len(inputs))
        lengths = np.einsum("id,id->i", inputs, inputs)
        logs, sums, spreads, curvature = _exponentiate(scores, self._squares, rate * examples * lengths)
        loss = float(logs[pairs.rows].sum()) - float(of_outputs.sum(dtype=np.float64))
        # The rows of scores are e = exp(S − greatest), softmax(S) = e / sums: the division is left to the
        # right-hand sides. An example's own output, [j = O], is 1 / n of its row's n examples.
        shares = np.divide(sums, examples, out=np.zeros_like(sums), where=examples > 0)
        own = (shares[pairs.rows] * pairs.weights).astype(np.float32)
        np.subtract.at(scores, (pairs.rows, pairs.outputs), own)
        factors = (-rate * examples / sums).astype(np.float32)
        change = (scores @ outputs) * factors[:, None]
        scaled = inputs * factors[:, None]
        changed = np.empty((_CHANGED_ROWS, inputs.shape[1]), np.float32)
        for start in range(0, len(outputs), _CHANGED_ROWS):
            rows = slice(start, start + _CHANGED_ROWS)
            tile = changed[: len(outputs[rows])]
            np.matmul(scores[:, rows].T, scaled, out=tile)
            add_damped(self._padded, start, tile, curvature, self._squares)
        return loss, change, (rate * examples * spreads / sums).astype(np.float32)


def _examples(plan: ChunkPlan, contexts: NDArray[np.int64], windows: NDArray[np.int64]) -> _Examples:
    """Number the windows that have a context from 0."""
    places, numbers = np.unique(windows, return_inverse=True)
    return _Examples(contexts, numbers, plan.tokens[places].astype(np.int64), plan.weights[places])


def _exponentiate(
    scores: NDArray[np.float32], squares: NDArray[np.float32], weights: NDArray[np.float64]
) -> tuple[NDArray[np.floating], NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]:
    """Turn scores into ``e = exp(s − the row's greatest)``, in place.

    Returns for each row log Σ exp(s), Σ e and Σ e·squares, and for each column Σ_i weights_i · softmax(s)_i.
    """
    count, words = scores.shape
    columns, greatest = np.zeros(words, np.float32), np.empty(count, np.float32)
    sums, spreads = np.empty(count), np.empty(count)
    some = max(1, _SWEPT_SCORES // words)
    for start in range(0, count, some):
        rows = slice(start, start + some)
        np.max(scores[rows], axis=1, out=greatest[rows])
        exponentiate(scores[rows], greatest[rows], squares, sums[rows], spreads[rows])
        add_weighted_rows(scores[rows], (weights[rows] / sums[rows]).astype(np.float32), columns)
    return greatest + np.log(sums), sums, spreads, columns
