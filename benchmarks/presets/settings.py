"""The settings that are compared: the presets, and single options changed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from coterie.config.presets import PRESETS

__all__ = ["NAMED", "SWEEP", "named"]

Setting = Mapping[str, Any]

NAMED: dict[str, Setting] = {"the default": {}, **PRESETS}

# What the presets were chosen from. Rate and epochs depend on each other, and so are crossed.
_RATES_AND_EPOCHS = [
    {"alpha": alpha, "epochs": epochs}
    for alpha, epochs in product((0.025, 0.05, 0.075, 0.1), (1, 2, 3, 5, 10))
    if (alpha < 0.1) or epochs == 3
]
_SINGLE: list[Setting] = [
    *({"negative": k} for k in (2, 10, 15, 20)),
    *({"window": window} for window in (3, 8, 10)),
    {"shrink_windows": False},
    *({"sample": sample} for sample in (3e-4, 1e-4, 1e-5)),
    {"ns_exponent": 0.5},
]
_MIXED: list[Setting] = [
    {"alpha": 0.05, "negative": 10},
    {"alpha": 0.05, "sample": 1e-4},
    {"alpha": 0.05, "sample": 1e-4, "window": 10},
    {"alpha": 0.05, "sample": 1e-4, "window": 10, "negative": 10},
    {"alpha": 0.05, "sample": 1e-4, "window": 10, "negative": 10, "epochs": 10},
]
SWEEP: list[Setting] = [*_RATES_AND_EPOCHS, *_SINGLE, *_MIXED]


def named(setting: Setting) -> str:
    """Return a setting as the table shows it.

    Examples
    --------
    >>> named({"alpha": 0.05, "epochs": 3})
    'alpha 0.05, epochs 3'
    """
    return ", ".join(f"{option} {value:g}" for option, value in setting.items()) or "the default"
