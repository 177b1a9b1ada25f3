"""Measurements one after another, each in a process of its own, with a word on how much is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.results import Results

__all__ = ["Measurement", "measure_all"]

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Measurement:
    """One job of a section; ``guess``: roughly its seconds, for saying how far along a run is."""

    section: str
    name: str
    job: dict[str, Any]
    guess: float

    def __str__(self) -> str:
        return f"{self.section}: {self.name}"


def measure_all(
    todo: Sequence[Measurement],
    module: str,
    where: Callable[[Measurement], Mapping[str, Any]],
    results: Results,
    brief: Callable[[dict[str, Any]], str],
    environment: Mapping[str, str] | None = None,
) -> int:
    """Do the measurements and keep each result at once; return how many failed.

    Parameters
    ----------
    todo
        The jobs; each has ``threads``.
    module
        What is run: it reads a job (JSON) as its argument and prints the result (JSON) as its last line.
    where
        What a job is told beside itself, because it is no part of what is measured: places.
    results
        Where the results are kept.
    brief
        A result in some words.
    environment
        Variables that the processes are given beside their own.
    """
    failed, start, done = 0, time.perf_counter(), 0.0
    total = sum(measurement.guess for measurement in todo)
    for number, measurement in enumerate(todo, 1):
        result = _in_a_process(module, {**measurement.job, **where(measurement)}, environment or {})
        if result is None:
            failed += 1
        else:
            results.add(measurement.section, measurement.name, measurement.job, result)
        done += measurement.guess
        elapsed = time.perf_counter() - start
        left = elapsed / done * (total - done) / 60
        print(
            f"[{number}/{len(todo)}] {measurement}: {'failed' if result is None else brief(result)} "
            f"({elapsed / 60:.1f} min, about {left:.1f} more)",
            flush=True,
        )
    return failed


def _in_a_process(module: str, job: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any] | None:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    threads = dict.fromkeys(names, str(job["threads"]))
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as cache:  # every process compiles for itself
        done = subprocess.run(
            [sys.executable, "-m", module, json.dumps(job)],
            env={**os.environ, **threads, **environment, "NUMBA_CACHE_DIR": cache, "COTERIE_CACHE": cache},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            cwd=ROOT,
        )
    if done.returncode:
        return None
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
