"""The settings that are compared: the presets, and single options changed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from benchmarks.tables import short
from coterie.config.presets import PRESETS

__all__ = ["NAMED", "OPTIONS", "SWEEP", "Setting", "named"]

Setting = Mapping[str, Any]

NAMED: dict[str, Setting] = {"the default": {}, **PRESETS}

OPTIONS: list[Setting] = [{"deterministic": True}, {"output_dtype": "bfloat16"}, {"negative_sharing": "pair"}]
"""Options about how it is computed, whose quality should be the default's."""

# What the presets were chosen from. Rate and epochs depend on each other, and so are crossed.
_RATES_AND_EPOCHS = [
    {"alpha": alpha, "epochs": epochs} for alpha, epochs in product((0.025, 0.05, 0.075), (1, 3, 5, 10))
]
_SINGLE: list[Setting] = [
    *({"negative": k} for k in (2, 10, 15, 20)),
    *({"window": window} for window in (3, 8, 10)),
    {"shrink_windows": False},
    *({"sample": sample} for sample in (3e-4, 1e-4, 1e-5)),
    {"ns_exponent": 0.5},
]
_RARE = {"sample": 1e-4}
_MIXED: list[Setting] = [
    {"alpha": 0.05, "negative": 15},
    {"window": 10, "negative": 10},
    *({**_RARE, "alpha": 0.05, "epochs": epochs} for epochs in (2, 3, 5, 10)),
    *({**_RARE, "alpha": 0.05, "negative": k} for k in (10, 15)),
    {**_RARE, "alpha": 0.05, "window": 10},
    {**_RARE, "epochs": 10},
    {**_RARE, "epochs": 10, "negative": 15},
    {**_RARE, "epochs": 10, "negative": 10, "window": 10},
]
SWEEP: list[Setting] = [*_RATES_AND_EPOCHS, *_SINGLE, *_MIXED]


def named(setting: Setting) -> str:
    """Return a setting as the table shows it.

    Examples
    --------
    >>> named({"alpha": 0.05, "epochs": 3})
    'alpha 0.05, epochs 3'
    """
    return ", ".join(f"{option} {_written(value)}" for option, value in setting.items()) or "the default"


def _written(value: Any) -> str:
    return short(value) if isinstance(value, float) else str(value).lower()
