"""What the checks of all settings share."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, TypeGuard

from coterie.errors import ConfigError

__all__ = ["BY_OTHERS", "Config", "check_finite", "check_integer", "check_one_of", "is_finite"]

BY_OTHERS: Any = None
"""Stands as the default where the real one depends on another option; replaced when the object is made."""


def check_one_of(option: str, value: object, choices: Sequence[str]) -> None:
    """Raise if the value is none of the choices."""
    if value not in choices:
        raise ConfigError(f"{option} is {value!r}; choose one of {', '.join(choices)}.")


def check_integer(option: str, value: object, least: int, most: int | None = None) -> None:
    """Raise if the value is no whole number, or out of bounds."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{option} is {value!r}; it must be a whole number.")
    if value < least or (most is not None and value > most):
        bound = f"at least {least}" if most is None else f"between {least} and {most}"
        raise ConfigError(f"{option} is {value}; it must be {bound}.")


def is_finite(value: object) -> TypeGuard[int | float]:
    """Tell whether the value is a number that a float can hold; integers, also in JSON, know no bounds.

    Examples
    --------
    >>> is_finite(1), is_finite(10**400), is_finite(float("nan")), is_finite(True)
    (True, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def check_finite(option: str, value: object, least: float = -math.inf, above: float = -math.inf) -> None:
    """Raise if the value is no finite number, below `least`, or not above `above`."""
    if not is_finite(value):
        raise ConfigError(f"{option} is {value!r}; it must be a finite number.")
    if value < least:
        raise ConfigError(f"{option} is {value}; it must be at least {least:g}.")
    if value <= above:
        raise ConfigError(f"{option} is {value}; it must be above {above:g}.")


class Config:
    """What all settings share: a plain dictionary for config.json."""

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values, in the order they are declared."""
        return dataclasses.asdict(self)  # type: ignore[call-overload, no-any-return]
