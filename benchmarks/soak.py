"""A long training with everything switched on, whose memory must stay flat.

    make soak MINUTES=30

One training of as many epochs as fit into the time, on random text, with checkpoints, validation, a callback
with hooks and reports to a file. The process's anonymous resident memory is looked at every second; it fails
if the greatest of the last third is more than 2 % above the greatest of the third before.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import coterie
from benchmarks.memory import PeakMemory
from coterie.tracking import JsonLines

__all__ = ["main"]

WORDS, SENTENCES, LENGTH = 20_000, 20_000, 20
_ALLOWED = 1.02


class Watcher(coterie.Callback):
    """Looks at the memory, tells it once a minute, and stops the training when the time is over."""

    def __init__(self, minutes: float) -> None:
        self.minutes, self.seen = minutes, []
        self._begin = self._last = time.monotonic()

    def on_interval(self, training: coterie.Training) -> None:
        """Look once a second."""
        now = time.monotonic()
        if now - self._last < 1:
            return
        self._last, memory = now, PeakMemory()
        memory.look()
        self.seen.append(memory.bytes)
        if len(self.seen) % 60 == 0:
            progress = training.progress
            print(
                f"{len(self.seen) // 60:3} min: {memory.bytes / 2**20:,.1f} MiB, epoch {progress.epoch + 1:,}"
            )
        if now - self._begin > 60 * self.minutes:
            training.stop("the time is over")


def text() -> list[list[str]]:
    """Return sentences of words by Zipf's law."""
    shares = 1 / np.arange(1, WORDS + 1)
    drawn = np.random.default_rng(0).choice(WORDS, (SENTENCES, LENGTH), p=shares / shares.sum())
    return [[f"w{word}" for word in sentence] for sentence in drawn.tolist()]


def main() -> int:
    """Train, and return 1 if the memory grew."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--deterministic", action="store_true")
    chosen = parser.parse_args()
    watcher = Watcher(chosen.minutes)
    with tempfile.TemporaryDirectory() as folder:
        model = coterie.train(
            text(),
            epochs=10**6,
            workers=chosen.workers,
            deterministic=chosen.deterministic,
            validation=0.01,
            checkpoints=Path(folder) / "checkpoints",
            checkpoint_every=20,
            callbacks=[watcher, JsonLines(Path(folder) / "metrics.jsonl")],
        )
    figures, third = model.config["figures"], len(watcher.seen) // 3
    before, after = max(watcher.seen[third : 2 * third]), max(watcher.seen[2 * third :])
    grew = after > before * _ALLOWED
    print(
        f"{figures['trained_words']:,} words in {figures['training_seconds']:,.0f} s; memory: first "
        f"{watcher.seen[0] / 2**20:,.1f} MiB, second third {before / 2**20:,.1f} MiB, last "
        f"{after / 2**20:,.1f} MiB: {'it grew' if grew else 'flat'}"
    )
    return int(grew)


if __name__ == "__main__":
    sys.exit(main())
