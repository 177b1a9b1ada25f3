"""JSON that strangers wrote: whatever is wrong with it is one kind of error."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

__all__ = ["parse_json"]

_MOST_NESTING = 100
"""Levels of lists and objects; no file of Coterie's has ten."""


def parse_json(text: str | bytes) -> Any:
    """Return what a JSON text holds.

    Raises
    ------
    ValueError
        It is no JSON, not UTF-8, or nested more deeply than can be read.

    Examples
    --------
    >>> parse_json(b'{"words": 2}')
    {'words': 2}
    >>> parse_json("[" * 500 + "]" * 500)
    Traceback (most recent call last):
    ValueError: nested too deeply
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if text.count("[") + text.count("{") > _MOST_NESTING:  # else it can't be; that is quickly seen
        _check_nesting(value)
    return value


def _check_nesting(value: Any) -> None:
    """Refuse what those who go through it level by level could not get out of again."""
    level = [value]
    for _ in range(_MOST_NESTING):
        level = [item for held in level for item in _inside(held)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
