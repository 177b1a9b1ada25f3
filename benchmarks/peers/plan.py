"""Which measurements each section asks for, and in which order."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, TypeVar

from benchmarks.measurements import Measurement
from benchmarks.peers.peers import PEERS, SIDE, Peer
from benchmarks.peers.settings import label
from benchmarks.tables import counted

__all__ = ["NAMES", "SHORT_TEXT", "in_turns", "jobs"]

_T = TypeVar("_T")

NAMES = ("cold", "ingest", "reading", "speed", "models")
SHORT_TEXT = ("reading", "speed")  # sections whose text is the shorter one

# Roughly, for saying how long a run will take: words a second of one thread at D=100, k=5, and the seconds
# that a process needs beside the training. More dimensions and negatives cost less than in proportion.
_SPEED = {
    "gensim": 0.25e6,
    "gensim-lines": 0.25e6,
    "gensim-lists": 0.25e6,
    "word2vec": 0.22e6,
    "fasttext": 0.13e6,
    "coterie": 1.8e6,
    "coterie-deterministic": 1.5e6,
    "coterie-pair": 0.6e6,
}
_SIZE_POWER, _NEGATIVE_POWER, _SECOND_THREAD = 0.45, 1.0, 0.9
_BESIDE, _JUDGING = 4.0, 4.0
_INGEST_SPEED = 2.0e6


def jobs(
    options: argparse.Namespace, sections: Sequence[str], peers: Sequence[str], words: int, short_words: int
) -> list[Measurement]:
    """Return the measurements of the chosen sections, the quick ones first."""
    makers = {
        "cold": lambda: _cold(options),
        "ingest": lambda: _ingest(options, peers, words),
        "reading": lambda: _reading(options, peers, short_words),
        "speed": lambda: _speed(options, peers, short_words),
        "models": lambda: _models(options, peers, words),
    }
    return [measurement for name in NAMES if name in sections for measurement in makers[name]()]


def in_turns(choices: Sequence[_T], run: int) -> list[_T]:
    """Return the peers of one run: every run begins with another, so that none is always first."""
    first = run % len(choices)
    return [*choices[first:], *choices[:first]]


def _cold(options: argparse.Namespace) -> Iterator[Measurement]:
    for run in range(options.runs):
        job = {"kind": "cold", "vector_size": 100, "threads": max(options.threads), "seed": run + 1}
        yield Measurement("cold", "coterie", job, 8)


def _ingest(options: argparse.Namespace, peers: Sequence[str], words: int) -> Iterator[Measurement]:
    counting = [
        name for name in peers if name not in ("gensim-lines", "coterie-deterministic", "coterie-pair")
    ]
    for run in range(options.runs):
        for name in in_turns(counting, run) if counting else ():
            job = {"kind": "ingest", "module": PEERS[name].module, "threads": 1, "seed": run + 1}
            job |= {"negative": 5, "epochs": 1}
            # Of fastText's dictionary one hears only at the beginning of a training.
            speed = _SPEED[name] * 3 if name == "fasttext" else _INGEST_SPEED
            yield Measurement("ingest", name, job, words / speed + 3)


def _reading(options: argparse.Namespace, peers: Sequence[str], words: int) -> Iterator[Measurement]:
    if not {"gensim", "gensim-lines"} & set(peers):
        return
    trained = [name for name in peers if name in ("gensim", "gensim-lines", "coterie")] + list(SIDE)
    size, negative = min(options.sizes), min(options.negatives)
    for run in range(options.runs):
        for name in in_turns([*trained, "reading"], run):
            if name == "reading":
                job = {"kind": "reading", "threads": 1, "seed": run + 1}
                yield Measurement("reading", name, job, words / _INGEST_SPEED + 3)
            else:
                yield _training("reading", name, size, negative, 1, 1, run, words, judged=False)


def _speed(options: argparse.Namespace, peers: Sequence[str], words: int) -> Iterator[Measurement]:
    """Every setting, one epoch; each peer on every number of threads before the next has its turn."""
    for size, negative in product(options.sizes, options.negatives):
        for run in range(options.runs):
            for name, threads in product(in_turns(peers, run), in_turns(options.threads, run)):
                yield _training("speed", name, size, negative, threads, 1, run, words, judged=False)


def _models(options: argparse.Namespace, peers: Sequence[str], words: int) -> Iterator[Measurement]:
    """Every setting on the most threads, all epochs, judged; a whole run before the next."""
    for run in range(options.runs):
        for size, negative in options.models:
            for name in in_turns(peers, run):
                yield _training(
                    "models",
                    name,
                    size,
                    negative,
                    max(options.threads),
                    options.epochs,
                    run,
                    words,
                    judged=options.eval_dir is not None,
                )


def _training(
    section: str,
    name: str,
    vector_size: int,
    negative: int,
    threads: int,
    epochs: int,
    run: int,
    words: int,
    *,
    judged: bool,
) -> Measurement:
    peer: Peer = {**PEERS, **SIDE}[name]
    job: dict[str, Any] = {
        "kind": "train",
        "peer": name,
        "module": peer.module,
        "variant": peer.variant,
        "vector_size": vector_size,
        "negative": negative,
        "threads": threads,
        "epochs": epochs,
        "seed": run + 1,
        "judged": judged,
    }
    cost = (vector_size / 100) ** _SIZE_POWER * ((1 + negative) / 6) ** _NEGATIVE_POWER
    speed = _SPEED[name] * (1 + _SECOND_THREAD * (threads - 1)) / cost
    guess = words * epochs / speed + _BESIDE + _JUDGING * judged
    return Measurement(
        section, f"{name}, {label(vector_size, negative)}, {counted(threads, 'thread')}", job, guess
    )
