"""How many threads can run at once."""

from __future__ import annotations

import math
import os
from pathlib import Path

from coterie.kernels.cgroups import cpu_quota

__all__ = ["available_cores"]


def available_cores(root: Path = Path("/")) -> int:
    """Return the number of cores that this process may use.

    A container's quota of processor time counts too, rounded up: more threads would take turns.

    Parameters
    ----------
    root
        Where ``proc`` and the control groups are; another folder in tests.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota(root)
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))
