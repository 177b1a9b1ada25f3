"""What a report is about, and what it draws on: a model or vectors alone, and the figures made of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coterie.evaluation.bias import WeatResult
from coterie.evaluation.intrinsic import IntrinsicChecks
from coterie.evaluation.tables import Table
from coterie.vectors import WordVectors

__all__ = ["Subject", "curve"]


@dataclass(frozen=True)
class Subject:
    """What the sections tell of.

    Parameters
    ----------
    name
        What the report calls it.
    vectors
        The words.
    config, metrics
        Of a model; empty for vectors alone.
    checks, scores, weat
        What was found.
    against
        What the second model is called, if there is one.
    seed
        Of the samples that are shown.
    joined_phrases
        Whether the model joined phrases in its text.
    version
        Of the Coterie that writes the report.
    """

    name: str
    vectors: WordVectors
    config: Mapping[str, Any]
    metrics: Sequence[Mapping[str, Any]]
    checks: IntrinsicChecks
    scores: Sequence[Table] = ()
    weat: Sequence[WeatResult] = ()
    against: str | None = None
    seed: int = 1
    joined_phrases: bool = False
    version: str = ""

    def part(self, name: str) -> dict[str, Any]:
        """Return a part of the settings, empty where it is not there."""
        value = self.config.get(name)
        return dict(value) if isinstance(value, Mapping) else {}


def curve(metrics: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    """Return words trained and a number from the reports of a training that have both.

    Examples
    --------
    >>> curve([{"words": 10, "loss": None}, {"words": 20, "loss": 2.5}], "loss")
    [(20.0, 2.5)]
    """
    pairs = [(report.get("words"), report.get(name)) for report in metrics]
    return [(float(x), float(y)) for x, y in pairs if _finite(x) and _finite(y)]  # type: ignore[arg-type]


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
