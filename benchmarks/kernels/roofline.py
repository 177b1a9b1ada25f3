"""What a shape asks for and what bounds it: the arithmetic of the tables.

For a block of M input rows and N output rows, distinct ones, of D float32::

    flops  = 6·M·N·D                    the scores S = Y Xᵀ, and both products with G: 2·M·N·D each
    bytes  = 2 · rows · 64·⌈D/16⌉       each row read once and written once, in whole lines of 64 bytes

    arithmetic bound = flops / rate of the BLAS's product of float32 matrices
    memory bound     = the time in which the far rows alone are read and written
    bound            = the greater of both

"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from coterie.kernels.allocate import padded_columns

__all__ = ["Figures", "figures", "flops", "traffic"]


def flops(pairs: int, vector_size: int) -> int:
    """Return the float operations of blocks with Σ M·N `pairs`.

    Examples
    --------
    >>> flops(6 * 6, 100)
    21600
    """
    return 6 * pairs * vector_size


def traffic(rows: int, vector_size: int) -> int:
    """Return the bytes that are read and written when so many rows are each read once and written once.

    Examples
    --------
    >>> traffic(1, 100)
    896
    """
    return 2 * rows * 4 * padded_columns(vector_size)


@dataclass(frozen=True)
class Figures:
    """What the tables show of a shape.

    Parameters
    ----------
    words_per_second
        Words of the text before subsampling, by the time of planning and training.
    plan_ns, train_ns
        Nanoseconds for a window.
    rate, product_rate
        Float operations per second of training, and of the BLAS.
    bytes_per_word, far_bytes_per_word
        Bytes for a word of the text before subsampling: of all rows of a block, and of the far ones.
    intensity
        Float operations for each byte of far rows.
    bandwidth
        Bytes per second of far rows when they are only visited.
    arithmetic_ns, memory_ns
        The bounds in nanoseconds for a window.
    """

    words_per_second: float
    plan_ns: float
    train_ns: float
    rate: float
    product_rate: float
    bytes_per_word: float
    far_bytes_per_word: float
    intensity: float
    bandwidth: float
    arithmetic_ns: float
    memory_ns: float

    @property
    def product_share(self) -> float:
        """The share of the BLAS's rate."""
        return self.rate / self.product_rate

    @property
    def bound_ns(self) -> float:
        """The roofline bound, nanoseconds for a window."""
        return max(self.arithmetic_ns, self.memory_ns)

    @property
    def bound_share(self) -> float:
        """The share of the bound that is reached."""
        return self.bound_ns / self.train_ns

    @property
    def bound_rate(self) -> float:
        """Float operations per second at the bound."""
        return self.rate / self.bound_share


def figures(point: dict[str, Any], vector_size: int) -> Figures:
    """Return the figures of a measured point: medians of its rounds."""
    plan, train, visit, product = (median(point[name]) for name in ("plan", "train", "visit", "sgemm"))
    operations, far = flops(point["pairs"], vector_size), traffic(point["far"], vector_size)
    to_ns = 1e9 / point["windows"]
    return Figures(
        words_per_second=point["text"] / (plan + train),
        plan_ns=plan * to_ns,
        train_ns=train * to_ns,
        rate=operations / train,
        product_rate=product,
        bytes_per_word=traffic(point["rows"], vector_size) / point["text"],
        far_bytes_per_word=far / point["text"],
        intensity=operations / far,
        bandwidth=far / visit,
        arithmetic_ns=operations / product * to_ns,
        memory_ns=visit * to_ns,
    )
