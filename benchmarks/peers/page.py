"""The page with all tables: what the figures are from, then section after section."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.circumstances import circumstances
from benchmarks.peers.model_tables import models
from benchmarks.peers.peers import PEERS
from benchmarks.peers.plan import NAMES
from benchmarks.peers.settings import ALPHA, MIN_ALPHA, MIN_COUNT, SAMPLE, WINDOW
from benchmarks.peers.speed_tables import cold, ingest, reading, speed
from benchmarks.results import Results
from benchmarks.tables import paragraph, short

__all__ = ["page"]

_WRITERS: dict[str, Callable[[Results], list[str]]] = {
    "speed": speed,
    "models": models,
    "reading": reading,
    "ingest": ingest,
    "cold": cold,
}


def page(results: Results) -> str:
    """Return the page in Markdown."""
    measured = [name for name in NAMES if results.sections.get(name, {}).get("measurements")]
    parts = [
        "# Benchmarks\n",
        paragraph(
            "Written by `make bench`; not to be edited. Each measurement is a process of its own on as many",
            "cores as it has threads; peers take turns, and each run begins with another one; medians of the",
            f"runs ({_runs(results, measured)}). All are in [benchmarks.json](figures/benchmarks.json).",
        ),
        paragraph(
            f"What every peer is told: Skip-gram with negative sampling, window {WINDOW} (radius drawn from",
            f"1 to that), subsampling {short(SAMPLE)}, learning rate {ALPHA} falling linearly (gensim and",
            f"Coterie to {short(MIN_ALPHA)}, word2vec (C) to 1/10,000 of its beginning, fastText to 0),",
            f"words that occur {MIN_COUNT} times or more. All read the same text, one paragraph a line.",
        ),
        *circumstances(results, measured),
    ]
    for name, write in _WRITERS.items():
        if name in measured:
            parts += write(results)
    parts += _missing(results, measured)
    if left := [name for name in NAMES if name not in measured]:
        parts += ["## Not measured\n", f"The sections {', '.join(left)}.\n"]
    return "\n".join(parts).rstrip("\n") + "\n"


def _runs(results: Results, measured: list[str]) -> str:
    seeds = sorted({job["seed"] for name in measured for _, job, _ in results.of(name)})
    return f"{len(seeds)}; seeds {', '.join(map(str, seeds))}"


def _missing(results: Results, measured: list[str]) -> list[str]:
    """Return the logs of the peers that could not be installed."""
    logs = {
        peer: lines for name in measured for peer, lines in results.sections[name].get("missing", {}).items()
    }
    parts = []
    for peer, lines in logs.items():
        parts += [
            f"## {PEERS[peer].label} is missing\n",
            "Its installation failed on this machine; the log ends with:\n",
            "```text",
            *lines,
            "```",
            "",
        ]
    return parts
