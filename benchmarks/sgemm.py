"""The rate of the machine's matrix product, as a measure for arithmetic in float32."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

__all__ = ["SQUARE", "product_rate"]

SQUARE = 1024
_PRODUCTS = 10


def product_rate(clock: Callable[[], float] = time.perf_counter) -> float:
    """Return float operations per second of a product of square matrices, the median of some.

    Parameters
    ----------
    clock
        Seconds. The BLAS uses as many threads as it is allowed to (``measure_all``: a job's ``threads``); if
        that is one, the thread's own time will do.
    """
    a, b = (np.random.default_rng(seed).random((SQUARE, SQUARE), np.float32) for seed in (1, 2))
    out, times = np.empty_like(a), []
    for _ in range(_PRODUCTS):
        start = clock()
        np.matmul(a, b, out=out)
        times.append(clock() - start)
    return 2 * SQUARE**3 / median(times)
