"""JSON that strangers wrote: whatever is wrong with it is one kind of error."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["parse_json"]


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
    >>> parse_json("[" * 100_000)
    Traceback (most recent call last):
    ValueError: nested too deeply
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
