"""The measurements as numbers: by section, setting and peer, a turn (run) at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.peers.peers import PEERS, SIDE
from benchmarks.results import Results

__all__ = ["Setting", "Turns", "measured_peers", "settings", "spread", "times", "turns"]

Turns = Mapping[int, float]  # the value of each turn, by its seed

LABELS = {name: peer.label for name, peer in {**PEERS, **SIDE}.items()}


@dataclass(frozen=True, order=True)
class Setting:
    """What the models of one turn have in common."""

    threads: int
    vector_size: int
    negative: int
    epochs: int

    @classmethod
    def of(cls, job: Mapping[str, Any]) -> Setting:
        """Return the setting of a job."""
        return cls(job["threads"], job["vector_size"], job["negative"], job["epochs"])

    def __str__(self) -> str:
        return f"D={self.vector_size}, k={self.negative}"


def settings(results: Results, section: str) -> list[Setting]:
    """Return the settings of a section, in order."""
    return sorted({Setting.of(job) for _, job, _ in results.of(section) if job["kind"] == "train"})


def measured_peers(results: Results, section: str) -> list[str]:
    """Return the peers that a section has measured, in the order of the tables."""
    found = {job.get("peer", name.split(",")[0]) for name, job, _ in results.of(section)}
    return [name for name in LABELS if name in found]


def turns(
    results: Results,
    section: str,
    peer: str,
    value: Callable[[dict[str, Any], dict[str, Any]], float | None],
    setting: Setting | None = None,
) -> Turns:
    """Return a value of every turn of a peer, without those that have none.

    ``value`` is made of the job and the result.
    """

    def found() -> Iterator[tuple[int, float]]:
        for name, job, result in results.of(section):
            if job.get("peer", name) != peer or (setting is not None and Setting.of(job) != setting):
                continue
            if (number := value(job, result)) is not None:
                yield job["seed"], number

    return dict(found())


def spread(values: Turns, form: Callable[[float], str]) -> str:
    """Return the median with the lowest and the highest; a dash for none.

    Examples
    --------
    >>> spread({1: 2.0, 2: 3.0, 3: 2.5}, "{:.1f}".format)
    '2.5 (2.0–3.0)'
    """
    if not values:
        return "–"
    middle, low, high = (form(which(values.values())) for which in (median, min, max))
    return middle if low == high else f"{middle} ({low}–{high})"


def times(ours: Turns, theirs: Turns) -> str:
    """Return the median of the ratios within a turn, with the lowest and the highest.

    Examples
    --------
    >>> times({1: 2.0, 2: 3.0, 3: 4.0}, {1: 1.0, 2: 1.0, 4: 9.0})
    '**2.5×** (2.0–3.0)'
    """
    ratios = [ours[turn] / theirs[turn] for turn in ours if turn in theirs]
    if not ratios:
        return "–"
    return f"**{_digits(median(ratios))}×** ({_digits(min(ratios))}–{_digits(max(ratios))})"


def _digits(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 1.95 else f"{ratio:.1f}"


def middle(values: Sequence[float] | Turns) -> float | None:
    """Return the median, if there is one."""
    numbers = list(values.values()) if isinstance(values, Mapping) else list(values)
    return median(numbers) if numbers else None
