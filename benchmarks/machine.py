"""The machine that figures are from."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from pathlib import Path

__all__ = ["machine"]


def machine(packages: Sequence[str] = ("coterie", "gensim", "numba", "numpy", "pyarrow")) -> list[str]:
    """Return what the figures depend on: CPU, cores, versions, and whether something else ran."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor() or "unknown CPU",
    )
    flags = Path("/proc/cpuinfo").read_text()
    vector = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else platform.machine()
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    lines = [
        f"{cpu} ({vector}), {cores} core{'s' * (cores != 1)}, Python {platform.python_version()}",
        ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages),
    ]
    if load > 0.5:
        lines.append(f"Something else ran when this began (load {load:.1f}): take the speeds with care.")
    return lines
