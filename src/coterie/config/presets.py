"""Settings that do better than the defaults, by name; the defaults are the peers' values.

docs/presets.md has the measurements that they were chosen by.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, get_args

from coterie.config.checks import check_one_of
from coterie.errors import ConfigError

__all__ = ["PRESETS", "Preset", "with_preset"]

Preset = Literal["fast", "best"]

PRESETS: Mapping[Preset, Mapping[str, Any]] = MappingProxyType(
    {
        "fast": MappingProxyType({"alpha": 0.05, "sample": 1e-4, "epochs": 4}),
        "best": MappingProxyType({"alpha": 0.025, "sample": 1e-4, "epochs": 10, "negative": 10}),
    }
)
"""Options of :class:`~coterie.config.TrainingConfig` for Skip-gram with negative sampling."""

_MEASURED_FOR = {"objective": "negative_sampling", "architecture": "skip_gram"}


def with_preset(preset: Preset | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with those of the preset for what they leave open.

    Raises
    ------
    ConfigError
        If there is no such preset, or it was not made for the objective or architecture.

    Examples
    --------
    >>> with_preset("fast", {"epochs": 20})["epochs"]
    20
    """
    if preset is None:
        return dict(settings)
    check_one_of("preset", preset, get_args(Preset))
    for option, value in _MEASURED_FOR.items():
        if (given := settings.get(option, value)) != value:
            raise ConfigError(
                f"preset is {preset!r}, which is for {option} {value!r}, but {option} is {given!r}; leave "
                "preset out, and set alpha, sample, epochs and negative by themselves."
            )
    return {**PRESETS[preset], **settings}
