"""Random weights in place of resampled data, and the sums that they give, for many replicates at once.

The Bayesian bootstrap (Rubin 1981): every unit gets an exponential weight, of mean 1 and variance 1 as the
counts of a resample have, but never quite 0, so that no replicate is empty however few units there are.

Analogy questions are no independent units: each pair of words is in many questions, and whether a pair's
answer is near decides most of these together. So the units are the pairs, and a question weighs the product
of its two pairs' weights (Owen and Eckles 2012, arXiv 1106.2125, for tables of rows and columns).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Unit", "Weights", "section_sums", "weighted_spearman", "weights"]

Unit = Literal["pairs", "questions"]
Weights = NDArray[np.float64]
"""Shape ``(replicates, units)``."""

_HELD = 1 << 20  # weights at once: 8 MiB


def weights(generator: np.random.Generator, replicates: int, units: int) -> Iterator[tuple[slice, Weights]]:
    """Yield runs of replicates and the weights in them."""
    step = max(1, _HELD // max(1, units))
    for start in range(0, replicates, step):
        stop = min(start + step, replicates)
        yield slice(start, stop), generator.standard_exponential((stop - start, units))


def section_sums(
    generator: np.random.Generator,
    replicates: int,
    sections: Sequence[NDArray[np.int64]],
    values: Sequence[NDArray[np.float64]],
    unit: Unit,
) -> NDArray[np.float64]:
    """Return for each section the weighted sums over its questions.

    Parameters
    ----------
    generator
        Where the weights are from.
    replicates
        How many sums of each column.
    sections
        For each section the numbers of its questions' word pairs, shape ``(questions, 2)``; a pair has one
        number in all sections.
    values
        For each section an array of shape ``(questions, columns)``.
    unit
        What has weights: pairs, whose product a question has, or the questions themselves.

    Returns
    -------
    numpy.ndarray
        Shape ``(sections, replicates, columns)``.
    """
    columns = values[0].shape[1]
    sums = np.zeros((len(sections), replicates, columns))
    if unit == "questions":
        for section, of in enumerate(values):
            for part, drawn in weights(generator, replicates, len(of)):
                sums[section, part] = drawn @ of
        return sums
    tables = [_tables(pairs, of) for pairs, of in zip(sections, values, strict=True)]
    units = max((int(pairs.max()) + 1 for pairs in sections if len(pairs)), default=0)
    for part, drawn in weights(generator, replicates, units):
        for section, (present, by_column) in enumerate(tables):
            mine = drawn[:, present].T
            for column, table in enumerate(by_column):
                sums[section, part, column] = ((table @ mine) * mine).sum(axis=0)
    return sums


def _tables(pairs: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[NDArray[np.int64], list[Any]]:
    """Return the pairs that are there, and for each column a table with a row and a column for each of them.

    The weighted sum Σ_q w_first(q) · w_second(q) · value(q) is then w · table · w.
    """
    from scipy.sparse import csr_array

    present, numbers = np.unique(pairs, return_inverse=True)
    first, second = numbers.reshape(-1, 2).T
    size = len(present)
    return present, [csr_array((column, (second, first)), shape=(size, size)) for column in values.T]


def weighted_spearman(x: NDArray[np.float64], y: NDArray[np.float64], drawn: Weights) -> NDArray[np.float64]:
    """Return Spearman's ρ of x and y in every replicate, shape ``(replicates,)``.

    Examples
    --------
    >>> x, y = np.array([1.0, 2, 3, 4, 4]), np.array([1.0, 3, 2, 4, 5])
    >>> weighted_spearman(x, y, np.ones((1, 5))).round(4).tolist()
    [0.8721]
    """
    total = drawn.sum(axis=1, keepdims=True)
    ranks = [_weighted_ranks(values, drawn) for values in (x, y)]
    one, other = (rank - (drawn * rank).sum(axis=1, keepdims=True) / total for rank in ranks)
    spread = np.sqrt((drawn * one**2).sum(axis=1) * (drawn * other**2).sum(axis=1))
    return np.asarray((drawn * one * other).sum(axis=1) / spread)


def _weighted_ranks(values: NDArray[np.float64], drawn: Weights) -> NDArray[np.float64]:
    """Return the weight below each value and half of its own; equal values share their rank."""
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sums = np.add.reduceat(drawn[:, order], starts, axis=1)
    ranks: NDArray[np.float64] = (np.cumsum(sums, axis=1) - sums / 2)[:, group]
    return ranks
