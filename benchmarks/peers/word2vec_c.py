"""The original word2vec program in C, as the package ``word2vec`` compiles it at its installation.

The program has no seed: each thread's generator starts from the thread's number, so that one thread gives the
same vectors every time, and the spread of several is from their races alone. Its learning rate ends at
1/10,000 of its beginning. How fast it trains is read off its own progress, which it prints every 10,000
words: the share of the training between the first and the last line, by the clock.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.memory import PeakMemory
from benchmarks.peers.adapter import Trained, read
from benchmarks.peers.settings import ALPHA, MIN_COUNT, SAMPLE, WINDOW

__all__ = ["ingest", "program", "read", "train", "training_seconds", "vocabulary_size"]

_PROGRESS = re.compile(r"Progress: (\d+\.\d+)%")
_VOCABULARY = re.compile(r"Vocab size: (\d+)")

Stamped = Iterable[tuple[float, str]]


def program() -> Path | None:
    """Return where the program is: among the scripts of the environment that runs."""
    places = (sysconfig.get_path("scripts"), str(Path(sys.executable).parent))
    found = shutil.which("word2vec", path=os.pathsep.join(places))
    return Path(found) if found else None


def train(job: dict[str, Any], memory: PeakMemory) -> Trained:
    """Train from the file and save; time and memory are the program's alone."""
    start = time.perf_counter()
    printed = _run(
        job["text"],
        memory,
        **{
            "-output": Path(job["output"]).name,
            "-size": job["vector_size"],
            "-window": WINDOW,
            "-sample": SAMPLE,
            "-hs": 0,
            "-negative": job["negative"],
            "-threads": job["threads"],
            "-iter": job["epochs"],
            "-alpha": ALPHA,
            "-cbow": 0,
            "-binary": 1,
        },
    )
    seconds = time.perf_counter() - start
    return Trained(training_seconds(printed), vocabulary_size(printed), seconds)


def ingest(job: dict[str, Any]) -> float:
    """Time the counting: without an output, the program ends when its vocabulary is saved."""
    start = time.perf_counter()
    _run(job["text"], None, **{"-save-vocab": "vocabulary.txt"})
    return time.perf_counter() - start


def _run(text: str, memory: PeakMemory | None, **options: object) -> list[tuple[float, str]]:
    """Run the program in the text's folder, since it has room for 100 bytes of a file's name."""
    name = program()
    assert name is not None, "plan.py asks only for what is installed"
    command = [str(name), "-train", Path(text).name, "-min-count", str(MIN_COUNT), "-debug", "2"]
    for option, value in options.items():
        command += [option, str(value)]
    printed: list[tuple[float, str]] = []
    with subprocess.Popen(command, cwd=Path(text).parent, stdout=subprocess.PIPE) as process:
        if memory is not None:
            memory.watch_child(process.pid)
        assert process.stdout is not None
        while some := os.read(process.stdout.fileno(), 1 << 16):
            printed.append((time.perf_counter(), some.decode("utf-8", "replace")))
    if process.returncode:
        raise RuntimeError(f"{name.name} ended with status {process.returncode}")
    return printed


def training_seconds(printed: Stamped) -> float | None:
    r"""Return how long the whole training takes at the speed between the first and the last progress.

    Examples
    --------
    >>> line = "\rAlpha: 0.02  Progress: {}%  Words/thread/sec: 179.30k  ".format
    >>> training_seconds([(0.0, "100K\r"), (7.0, line("10.00")), (9.0, line("30.00")), (15.0, line("90.00"))])
    10.0
    """
    shares = [(when, float(found[-1]) / 100) for when, some in printed if (found := _PROGRESS.findall(some))]
    if len(shares) < 2 or shares[0][1] == shares[-1][1]:
        return None
    (first, begun), (last, done) = shares[0], shares[-1]
    return (last - first) / (done - begun)


def vocabulary_size(printed: Stamped) -> int:
    r"""Return how many words the program says it has.

    Examples
    --------
    >>> vocabulary_size([(0.0, "Vocab si"), (0.1, "ze: 9707\nWords in train file: 464555\n")])
    9707
    """
    found = _VOCABULARY.search("".join(some for _, some in printed))
    if found is None:
        raise RuntimeError("word2vec printed no 'Vocab size:'")
    return int(found[1])
