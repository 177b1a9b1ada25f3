"""Which measurements each section asks for."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.kernels.roofline import traffic
from benchmarks.measurements import Measurement

__all__ = ["NAMES", "SIZES", "VOCABULARIES", "jobs"]

VOCABULARIES = (10_000, 100_000, 1_000_000)
SIZES = (50, 100, 200, 300, 768)
NEGATIVES = (1, 5, 20)
WITH_TREE = (100, 300)  # sizes for which hierarchical softmax is measured too
DIVIDED = ((100, 5), (300, 5), (300, 20))
BY_WINDOW = (100, 300)
OF_PARTS = 100_000  # V where parts of the time are looked at
_STARTING = 8  # seconds in which a process imports and compiles


def _job(options: argparse.Namespace, kind: str, words: int, vector_size: int, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "words": words,
        "vector_size": vector_size,
        **more,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "threads": 1,
        "seed": options.seed,
    }


def grid(options: argparse.Namespace) -> Iterator[Measurement]:
    """All objectives on matrices of one shape are one process."""
    for words in options.vocabularies:
        for size in options.sizes:
            curves: list[tuple[str, int]] = [("negative_sampling", k) for k in NEGATIVES]
            curves.append(("nce", 5))
            if size in WITH_TREE:
                curves.append(("hierarchical_softmax", 0))
            job = _job(options, "grid", words, size, curves=[list(curve) for curve in curves])
            filling = traffic(words, size) / 1e9
            guess = _STARTING + filling + len(curves) * options.rounds * (1.7 * options.seconds + 0.1)
            yield Measurement("grid", f"V = {words:,}, D = {size}", job, guess)


def shares(options: argparse.Namespace) -> Iterator[Measurement]:
    """Take the time of some shapes apart."""
    for size, k in DIVIDED:
        job = _job(options, "shares", min(OF_PARTS, max(options.vocabularies)), size, negative=k)
        yield Measurement(
            "shares", f"D = {size}, k = {k}", job, _STARTING + options.rounds * options.seconds * 6
        )


def windows(options: argparse.Namespace) -> Iterator[Measurement]:
    """Time windows of every size."""
    for size in BY_WINDOW:
        job = _job(options, "windows", min(OF_PARTS, max(options.vocabularies)), size, negative=5)
        yield Measurement(
            "windows", f"D = {size}", job, _STARTING + options.rounds * (8 * options.seconds + 1)
        )


def ahead(options: argparse.Namespace) -> Iterator[Measurement]:
    """Visit far rows with each distance of the fetching."""
    for words in sorted({min(OF_PARTS, max(options.vocabularies)), max(options.vocabularies)}):
        for size in BY_WINDOW:
            job = _job(options, "ahead", words, size, negative=5)
            guess = _STARTING + traffic(words, size) / 1e9 + options.rounds * 6 * options.seconds
            yield Measurement("ahead", f"V = {words:,}, D = {size}", job, guess)


_SECTIONS: dict[str, Callable[[argparse.Namespace], Iterator[Measurement]]] = {
    "grid": grid,
    "shares": shares,
    "windows": windows,
    "ahead": ahead,
}
NAMES = tuple(_SECTIONS)


def jobs(names: Sequence[str], options: argparse.Namespace) -> list[Measurement]:
    """Return the measurements of these sections, in order."""
    return [job for name, make in _SECTIONS.items() if name in names for job in make(options)]
