"""Measurements one after another, each in a process of its own, with a word on how much is left."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.command import shown_arguments
from benchmarks.results import Results
from benchmarks.tables import counted

__all__ = ["Measurement", "measure_all", "measure_and_write"]

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


def measure_and_write(
    options: argparse.Namespace,
    arguments: list[str] | None,
    name: str,
    measure: Callable[[argparse.Namespace, Results, str], int],
    write: Callable[[Results], Iterable[Path]],
    figures: str | None = None,
) -> None:
    """Measure what is asked for, and write the page from all that has been measured.

    Parameters
    ----------
    options, arguments
        Those of the command; it has ``--docs`` and ``--report-only``.
    name
        Of the package below ``benchmarks``.
    measure
        Measures, given the options, the results and the command; returns how many measurements failed.
    write
        Writes page and figures; returns their paths.
    figures
        Name of the file of results, where it isn't the package's.
    """
    results = Results.load(options.docs / "figures" / f"{figures or name}.json")
    given = shown_arguments(sys.argv[1:] if arguments is None else arguments)
    command = f"python -m benchmarks.{name} {given}".strip()
    failed = 0 if options.report_only else measure(options, results, command)
    if not results.sections:
        sys.exit(f"error: {results.path}: nothing has been measured yet; leave --report-only out.")
    for path in write(results):
        print(f"written to {path}")
    if failed:
        sys.exit(f"error: {counted(failed, 'measurement')} failed (see above).")
