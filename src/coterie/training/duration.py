"""How long a training takes, about: a formula before it starts, and its own speed once it runs.

A window is a block of M context words and N output rows, and a step on it has 6·M·N·D operations. On the
machine of docs/performance.md a thread takes

    110 ns + 6·M·N·D / (11 operations a nanosecond for each float32 of its vectors)

a window, within a third, for negative sampling with D of 50 to 768, k of 1 to 20 and vocabularies of ten
thousand to a million. What other settings cost beside it was measured on 3 million words of Wikipedia. Other
machines differ by their clock and their memory: it is a guess of the order, good to a factor of two on cores
that are idle otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.sampling.subsampling import keep_probabilities
from coterie.training.progress import Progress

__all__ = ["about", "expected_seconds", "telling_time"]

_WINDOW_NS, _BAG_NS = 110.0, 320.0
_RATE_OF_A_LANE = 11.0
# Paths share few rows with each other, and words of noise have their probabilities looked up.
_SLOWER = {"negative_sampling": 1.0, "nce": 1.3, "hierarchical_softmax": 1.1, "softmax": 1.0}
# A block of one input row shares nothing; threads in step wait for each other, and go over each block twice.
_ALONE, _IN_STEP = 2.0, 1.4
_THREADS_GAIN = 0.92
# Of a batch of the full softmax: the distinct context words of each word of a chunk.
_DISTINCT = 0.5
_TOLD_AFTER, _WORTH_TELLING = 2.0, 60.0


def expected_seconds(counts: NDArray[np.int64], config: TrainingConfig, workers: int, lanes: int) -> float:
    """Return the seconds that a training takes, as the formula has it.

    Parameters
    ----------
    counts
        int64, shape (V,).
    config
        The settings.
    workers
        Threads, each on a core of its own.
    lanes
        float32 in a vector of the CPU.

    Examples
    --------
    >>> counts = np.full(10_000, 1_000)
    >>> round(expected_seconds(counts, TrainingConfig(epochs=1), workers=1, lanes=16), 1)
    2.3
    """
    kept = counts * keep_probabilities(counts, config.sample, config.subsampling)
    windows = float(kept.sum()) * config.epochs
    if not windows:
        return 0.0
    contexts = config.window + 1 if config.shrink_windows else 2 * config.window
    rows = float(1 + config.negative if config.objective != "hierarchical_softmax" else config.negative)
    if config.objective == "hierarchical_softmax":
        shares = kept[kept > 0] / kept.sum()
        rows += float(-(shares * np.log2(shares)).sum()) + 0.5  # a mean path is hardly longer than this
    start, alone = _WINDOW_NS, 1.0
    if config.objective == "softmax":
        contexts, rows = 1, _DISTINCT * len(counts)
    elif config.architecture == "cbow":
        start, contexts, rows = (
            _BAG_NS,
            1,
            rows + contexts,
        )  # the mean's gradient is added to each of its words
    elif config.negative_sharing == "pair":
        start, alone = _WINDOW_NS * contexts, _ALONE
    step = alone * 6 * contexts * rows * config.vector_size / (_RATE_OF_A_LANE * lanes)
    each = _SLOWER[config.objective] * (_IN_STEP if config.deterministic else 1) * (start + step)
    return windows * each * 1e-9 / (1 + _THREADS_GAIN * (workers - 1))


def about(seconds: float) -> str:
    """Return a duration as one says it.

    Examples
    --------
    >>> [about(seconds) for seconds in (3, 44, 700, 9000, 200_000)]
    ['a few seconds', 'about 40 seconds', 'about 12 minutes', 'about 2.5 hours', 'about 2.3 days']
    """
    if seconds < 10:
        return "a few seconds"
    for unit, size, most, digits in (("seconds", 1, 90, -1), ("minutes", 60, 90, 0), ("hours", 3600, 48, 1)):
        if seconds < most * size:
            return f"about {round(seconds / size, digits):,g} {unit}"
    return f"about {round(seconds / 86400, 1):,g} days"


def telling_time(
    callback: Callable[[Progress], None] | None, tell: Callable[[str], None]
) -> Callable[[Progress], None]:
    """Return a callback that tells once, after some seconds, how long the rest takes at their speed.

    Nothing is told where it is less than a minute.
    """
    first: list[Progress] = []
    told = False

    def report(progress: Progress) -> None:
        nonlocal told
        if progress.stage == "train" and progress.words_done and not told:
            first.append(progress)
            del first[1:]
            seconds, words = _since(first[0], progress)
            if seconds >= _TOLD_AFTER and words > 0:
                told = True
                left = ((progress.words_total or 0) - progress.words_done) * seconds / words
                if left >= _WORTH_TELLING:
                    tell(f"at the speed of the first seconds training goes on for {about(left)}")
        if callback is not None:
            callback(progress)

    return report


def _since(first: Progress, progress: Progress) -> tuple[float, int]:
    """Return seconds and words since a first report: what lies before it may be another run's."""
    return progress.seconds - first.seconds, progress.words_done - first.words_done
