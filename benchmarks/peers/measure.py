"""One measurement in a process of its own: reads a job (JSON) as its argument, prints the result as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.memory import PeakMemory
from benchmarks.peers import coterie_peer, gensim_peer
from benchmarks.peers.peers import adapter

__all__: list[str] = []


def train(job: dict[str, Any]) -> dict[str, Any]:
    """Train and save, with time and memory; then, out of the clock, judge what was saved."""
    peer, memory = adapter(job["module"]), PeakMemory()
    with memory.sampled():
        trained = peer.train(job, memory)
    total = seconds_since_start() if trained.total_seconds is None else trained.total_seconds
    result = {
        "train_seconds": trained.train_seconds,
        "total_seconds": total,
        "peak_memory": memory.bytes,
        "vocabulary": trained.vocabulary,
    }
    if job["judged"]:
        from benchmarks.judging import judge  # here, so that no peer's time has Coterie's import in it

        vectors = peer.read(job)
        result |= judge(Path(job["eval_dir"]), list(vectors.words), vectors.matrix)
    return result


def ingest(job: dict[str, Any]) -> dict[str, Any]:
    """Time what comes before the training."""
    return {"seconds": adapter(job["module"]).ingest(job)}


def reading(job: dict[str, Any]) -> dict[str, Any]:
    """Time gensim's reading of the text."""
    return {"seconds": gensim_peer.reading(job)}


def cold(job: dict[str, Any]) -> dict[str, Any]:
    """Time the compilation of Coterie's kernels."""
    return {"seconds": coterie_peer.cold(job)}


KINDS = {function.__name__: function for function in (train, ingest, reading, cold)}


def seconds_since_start() -> float:
    """Return the age of this process, the start of Python included."""
    # Field 22, counted from 1; the second is the program's name, which may hold spaces and brackets.
    started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Do the job on as many cores as it has threads, and print the result as the last line."""
    job = json.loads(sys.argv[1])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-job["threads"] :])
    print(json.dumps(KINDS[job["kind"]](job)))


if __name__ == "__main__":
    main()
