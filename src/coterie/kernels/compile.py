"""How every kernel is compiled: one set of flags.

A kernel neither allocates nor validates nor decides by option; its caller did. With the environment
variable ``NUMBA_DISABLE_JIT=1`` the same source runs as plain Python, so that coverage sees inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

__all__ = ["JIT_ENABLED", "inner_kernel", "kernel"]

F = TypeVar("F", bound=Callable[..., Any])

JIT_ENABLED: bool = not numba.config.DISABLE_JIT
"""False when ``NUMBA_DISABLE_JIT`` is set: kernels are then ordinary Python functions."""

# Sums may be reassociated and fused, which is what makes dot products vectorise; NaN and infinity keep
# their meaning, because the trainer looks for them ("nnan" and "ninf" are left out on purpose).
_FLAGS: dict[str, Any] = {
    "nogil": True,
    "_nrt": False,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "arcp", "nsz"},
}


def kernel(function: F) -> F:
    """Compile `function` when it is first called, without the GIL."""
    return cast(F, numba.njit(**_FLAGS)(function))


def inner_kernel(function: F) -> F:
    """Like :func:`kernel`, for what only other kernels call: no wrapper for Python, a quarter less to compile."""
    return cast(F, numba.njit(forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **_FLAGS)(function))
