"""One measurement in a process of its own: reads a job (JSON) as its argument, prints the result as JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.objectives.cost import cost
from benchmarks.objectives.probabilities import optimum, prediction
from benchmarks.objectives.quality import timed, trained
from benchmarks.objectives.rows import rows
from benchmarks.objectives.speed import softmax_speed

__all__: list[str] = []

KINDS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    function.__name__: function
    for function in (cost, rows, softmax_speed, timed, trained, optimum, prediction)
}


def main() -> None:
    """Do the job on as many cores as it has threads, and print the result as the last line."""
    job = json.loads(sys.argv[1])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-job["threads"] :])
    print(json.dumps(KINDS[job["kind"]](job | {"text": Path(job["text"])})))


if __name__ == "__main__":
    main()
