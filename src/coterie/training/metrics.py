"""The loss that is reported, and that it is right.

The loss is the mean over (input, output) pairs of ``−log σ(s_O) − Σ log σ(−s_w)``, taken before each step and
summed in float64, over every chunk of a small run or over a random choice of a large run's chunks. The choice
is keyed by (seed, epoch, chunk), so it is independent of the values: an unbiased sample.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from coterie.sampling.rng import RECORDED, bits_at, stream_key
from coterie.training.progress import Progress

__all__ = ["LossMeter", "no_better", "record", "record_interval", "records_chunk", "told_of"]

# Recording a chunk costs a third of training it. A mean over some 400,000 pairs an epoch is good to 0.3 %.
_MOST_INTERVAL = 32
_RECORDED_TOKENS = 100_000
_RECENT = 32


def record_interval(tokens: int) -> int:
    """Return n where about one chunk in n of an epoch of `tokens` has its loss recorded; 1 in small runs.

    Examples
    --------
    >>> record_interval(50_000), record_interval(790_000), record_interval(10**9)
    (1, 7, 32)
    """
    return min(max(tokens // _RECORDED_TOKENS, 1), _MOST_INTERVAL)


def records_chunk(seed: int, epoch: int, chunk: int, interval: int) -> bool:
    """Tell whether the loss of this chunk is recorded."""
    if interval == 1:
        return True
    return bits_at(int(stream_key(seed, epoch, RECORDED)), chunk) % interval == 0


class LossMeter:
    """Sums of loss and pairs: over the recent recorded chunks, each epoch, and the run."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, float]] = deque(maxlen=_RECENT)
        self._epochs: dict[int, list[float]] = {}

    def kept(self) -> dict[str, Any]:
        """Return all of it, JSON-ready, for :meth:`restore`."""
        sums = {str(epoch): list(values) for epoch, values in self._epochs.items()}
        return {"recent": [list(pair) for pair in self._recent], "epochs": sums}

    def restore(self, kept: dict[str, Any]) -> None:
        """Go on from what :meth:`kept` returned."""
        self._recent.extend((loss, pairs) for loss, pairs in kept.get("recent", []))
        self._epochs |= {int(epoch): list(values) for epoch, values in kept.get("epochs", {}).items()}

    def add(self, epoch: int, loss: float, pairs: float, tokens: int) -> None:
        """Add one recorded chunk's sums; a chunk that was not recorded has no pairs."""
        if pairs == 0:
            return
        self._recent.append((loss, pairs))
        sums = self._epochs.setdefault(epoch, [0.0, 0.0, 0.0])
        for i, value in enumerate((loss, pairs, tokens)):
            sums[i] += value

    @property
    def recent(self) -> float | None:
        """Mean loss per pair over the last recorded chunks."""
        pairs = sum(pairs for _, pairs in self._recent)
        return sum(loss for loss, _ in self._recent) / pairs if pairs else None

    def epoch(self, epoch: int) -> float | None:
        """Mean loss per pair of one epoch."""
        loss, pairs, _ = self._epochs.get(epoch, (0.0, 0.0, 0.0))
        return loss / pairs if pairs else None

    def total(self, tokens: int) -> float | None:
        """Estimate the loss summed over all pairs of the epochs seen, which have `tokens` each."""
        if not self._epochs:
            return None
        return sum(loss * tokens / recorded for loss, _, recorded in self._epochs.values())


def record(progress: Progress) -> dict[str, Any]:
    """Return one line of ``metrics.jsonl``."""
    return {
        "epoch": progress.epoch,
        "words": progress.words_done,
        "seconds": round(progress.seconds, 3),
        "words_per_second": round(progress.words_per_second),
        "learning_rate": progress.learning_rate,
        "loss": progress.loss,
    }


def no_better(metrics: list[dict[str, Any]], patience: int | None) -> str | None:
    """Return why a run should stop: as many evaluations as `patience` were no better than an earlier one.

    A score counts, the higher the better, or where there is none the validation loss.

    Examples
    --------
    >>> no_better([{"validation_loss": loss} for loss in (2.5, 2.25, 2.5, 2.4)], 2)
    'the validation loss was 2.25, and no lower in the 2 evaluations since'
    """
    if patience is None:
        return None
    name, sign, better = "score", 1.0, "no higher"
    values = [report[name] for report in metrics if name in report]
    if not values:
        name, sign, better = "validation_loss", -1.0, "no lower"
        values = [report[name] for report in metrics if name in report]
    ranked = [-math.inf if value is None or math.isnan(value) else sign * value for value in values]
    if len(ranked) <= patience or max(ranked[-patience:]) > max(ranked[:-patience]):
        return None
    best = values[ranked.index(max(ranked))]
    shown = "none" if best is None else f"{best:.4g}"
    return f"the {name.replace('_', ' ')} was {shown}, and {better} in the {patience} evaluations since"


def told_of(report: dict[str, Any], words: float) -> str:
    """Tell people of an evaluation, in epochs of so many words.

    Examples
    --------
    >>> told_of({"words": 150, "validation_loss": 2.25, "score": 0.5}, 100)
    'after 1.5 epochs: validation loss 2.25, score 0.5'
    """
    names = [name for name in ("validation_loss", "score") if report.get(name) is not None]
    found = ", ".join(f"{name.replace('_', ' ')} {report[name]:.4g}" for name in names)
    return f"after {report['words'] / words:.3g} epochs: {found or 'nothing to measure'}"
