"""What checkpoints cost: the same training with as many as it writes, and without, in turns.

    make bench-checkpoints BENCH="--words 1000000"

The interval asked for is a second; the training waits for at most 3 % of its time, so that the real one is
longer, as told. Words a second are over the whole training; medians of the turns.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.machine import machine
from coterie.config import TrainingConfig
from coterie.sampling.plan import Sentences
from coterie.training.checkpoint import Checkpoints
from coterie.training.trainer import Trainer

__all__ = ["main"]

TOKENS, LENGTH = 4_000_000, 25


def text(words: int) -> tuple[Sentences, np.ndarray]:
    """Return random text over so many words, by Zipf's law, and counts."""
    shares = 1 / np.arange(1, words + 1)
    ids = np.random.default_rng(0).choice(words, TOKENS, p=shares / shares.sum()).astype(np.uint32)
    counts = np.maximum(np.bincount(ids, minlength=words), 1)
    return Sentences(ids, np.arange(0, TOKENS + 1, LENGTH)), counts


def measured(
    corpus: tuple[Sentences, np.ndarray], config: TrainingConfig, *, writes: bool
) -> dict[str, float]:
    """Train once; return words a second and, with checkpoints, their number and the seconds between two."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        place = Path(folder) / "checkpoints"
        with Checkpoints(place, 1.0 if writes else None, None, print) as checkpoints:
            times: list[float] = []
            save = checkpoints.save

            def noted(*arguments: object, **options: object) -> None:
                times.append(time.monotonic())
                save(*arguments, **options)  # type: ignore[arg-type]

            checkpoints.save = noted  # type: ignore[method-assign]
            result = Trainer(*corpus, config, checkpoints=checkpoints).run()
    found = {"words_per_second": result.words_per_second, "checkpoints": float(len(times))}
    if len(times) > 1:
        found["seconds_between"] = (times[-1] - times[0]) / (len(times) - 1)
    return found


def main() -> None:
    """Measure, and print a table and JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--words", type=int, default=500_000)
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    config = TrainingConfig(vector_size=chosen.vector_size, epochs=chosen.epochs, workers=chosen.workers)
    corpus = text(chosen.words)
    found: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    for turn in range(chosen.turns):
        for writes in (False, True) if turn % 2 else (True, False):
            found[writes].append(measured(corpus, config, writes=writes))
    speed = {writes: median(run["words_per_second"] for run in runs) for writes, runs in found.items()}
    number = median(run["checkpoints"] for run in found[True])
    apart = median(run.get("seconds_between", 0.0) for run in found[True])
    size = 2 * chosen.words * config.vector_size * 4 / 2**20
    print(f"{size:,.0f} MiB of vectors: {speed[False]:,.0f} words/s without, {speed[True]:,.0f} with")
    print(f"{number:.0f} checkpoints, {apart:.1f} s apart: {speed[True] / speed[False] - 1:+.1%}")
    print(json.dumps({"machine": machine(), "found": {str(key): runs for key, runs in found.items()}}))


if __name__ == "__main__":
    main()
