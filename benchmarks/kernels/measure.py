"""One measurement in a process of its own: reads a job (JSON) as its argument, prints the result as JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.kernels.ahead import ahead
from benchmarks.kernels.grid import grid
from benchmarks.kernels.shares import shares
from benchmarks.kernels.windows import windows

__all__: list[str] = []

KINDS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    function.__name__: function for function in (grid, shares, windows, ahead)
}


def main() -> None:
    """Do the job on one core, and print the result as the last line."""
    job = json.loads(sys.argv[1])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-job["threads"] :])
    print(json.dumps(KINDS[job["kind"]](job)))


if __name__ == "__main__":
    main()
