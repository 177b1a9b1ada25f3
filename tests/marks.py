"""Both implementations of the kernels, as parameters: the SIMD ones need the JIT and a CPU that has them."""

from __future__ import annotations

import pytest

from coterie.kernels.compile import JIT_ENABLED, STORABLE
from coterie.kernels.emitter import supported

needs_simd = pytest.mark.skipif(not (JIT_ENABLED and supported()), reason="needs the JIT and AVX2 or NEON")


def simd(value, **settings):
    """A parameter whose tests need the SIMD kernels."""
    return pytest.param(value, marks=[pytest.mark.simd, needs_simd], **settings)


SIMD = simd("simd")


def mostly_slow(values, fast=1):
    """Parameters of which all but the first are among the slow tests."""
    return [
        value if i < fast else pytest.param(value, marks=pytest.mark.slow) for i, value in enumerate(values)
    ]


# Compiling the plain ones takes most of the time. As plain Python, and with bounds checks, they are tested by
# themselves; here they wait for the slow tests.
PLAIN = pytest.param("plain", marks=[pytest.mark.slow] if STORABLE else [])
KERNELS = [PLAIN, SIMD]
