"""The vector kernels in the shape that they have on a CPU without AVX-512, where this one has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding
import pytest

from marks import simd

HERE = Path(__file__).parent
WIDE = ("avx512", "avx10", "evex512", "prefer-256-bit")


@pytest.mark.slow
@pytest.mark.parametrize(
    "tests", [simd("test_logistic.py", id="steps"), simd("test_guard_pages.py", id="pages")]
)
def test_the_kernels_for_avx2(tests):
    features = llvmlite.binding.get_host_cpu_features()
    if not features.get("avx512f"):
        pytest.skip("this CPU has no AVX-512: all other tests run these kernels")
    told = ",".join(
        f"{'+' if present and not name.startswith(WIDE) else '-'}{name}" for name, present in features.items()
    )
    environment = {**os.environ, "NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": told}
    lanes = "from coterie.kernels.emitter import LANES; print(LANES)"
    seen = subprocess.run([sys.executable, "-c", lanes], env=environment, capture_output=True, text=True)
    assert seen.stdout == "8\n", seen.stderr
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE / tests)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
