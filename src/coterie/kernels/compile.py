"""How every kernel is compiled: one set of flags.

A kernel neither allocates nor validates nor decides by option; its caller did. With the environment
variable ``NUMBA_DISABLE_JIT=1`` the same source runs as plain Python, so that coverage sees inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numba
import numba.core.config
import numpy as np

__all__ = ["FLAGS", "JIT_ENABLED", "STORABLE", "Index", "inlined_kernel", "inner_kernel", "kernel"]

# Some of the options used here are missing from Numba's annotations.
_njit: Any = numba.njit

F = TypeVar("F", bound=Callable[..., Any])

Index: TypeAlias = int | np.signedinteger[Any]
"""An integer in a kernel: an int64 once compiled."""

JIT_ENABLED: bool = not getattr(numba.core.config, "DISABLE_JIT", 0)
"""False when ``NUMBA_DISABLE_JIT`` is set: kernels are then ordinary Python functions."""

STORABLE: bool = JIT_ENABLED and not getattr(numba.core.config, "BOUNDSCHECK", None)
"""Whether kernels may be called without Numba: not with bounds checks, whose exceptions must be raised."""

# Without Numba's runtime ("_nrt") a kernel cannot allocate, and no array's reference is counted: atomic
# counting of the arrays in a tuple took a third of a step. Sums may be reassociated and fused, which is what
# makes dot products vectorise; NaN and infinity keep their meaning, because the trainer looks for them
# ("nnan" and "ninf" are left out on purpose).
FLAGS: dict[str, Any] = {
    "nogil": True,
    "_nrt": False,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "arcp", "nsz"},
}


def kernel(function: F) -> F:
    """Compile `function` when it is first called, without the GIL."""
    return cast(F, _njit(**FLAGS)(function))


def inner_kernel(function: F) -> F:
    """Like :func:`kernel`, for what only kernels call: no wrapper for Python, a quarter less to compile."""
    inner = {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast(F, _njit(**FLAGS, **inner)(function))


def inlined_kernel(function: F) -> F:
    """Like :func:`inner_kernel`, for a large function with one caller.

    Its body becomes part of the caller's before either is compiled, so that it is optimised once and not
    twice: another quarter less for a step.
    """
    return cast(F, _njit(**FLAGS, inline="always")(function))
