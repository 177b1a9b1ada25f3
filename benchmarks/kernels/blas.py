"""The BLAS that arithmetic is compared with: which code it runs, and the widest that it has."""

from __future__ import annotations

import numpy as np
from threadpoolctl import ThreadpoolController

from coterie.kernels.emitter import LANES

__all__ = ["widest_blas"]

_NARROW = ("Haswell", "Zen")  # OpenBLAS's code for AVX2
_WIDE = {"OPENBLAS_CORETYPE": "SkylakeX"}


def widest_blas() -> tuple[dict[str, str], str]:
    """Return the environment in which the BLAS uses the CPU's widest vectors, and a line about it.

    OpenBLAS takes its AVX2 code on CPUs with AVX-512 that it doesn't know; half the rate is no bound.
    """
    np.zeros((2, 2)) @ np.zeros((2, 2))  # now it is loaded
    libraries = [library for library in ThreadpoolController().info() if library["user_api"] == "blas"]
    if not libraries:
        return {}, "BLAS: unknown"
    blas = libraries[0]
    told = f"BLAS: {blas['internal_api']} {blas['version']}, code for {blas.get('architecture', 'this CPU')}"
    if LANES == 16 and blas.get("architecture") in _NARROW:
        ((name, value),) = _WIDE.items()
        return _WIDE, f"{told} by itself, which is AVX2; here with {name}={value}, which is AVX-512"
    return {}, told
