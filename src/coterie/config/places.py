"""Where things are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["default_cache_directory"]


def default_cache_directory() -> Path:
    """Return ``$COTERIE_CACHE``, else ``$XDG_CACHE_HOME/coterie``, else ``~/.cache/coterie``."""
    if place := os.environ.get("COTERIE_CACHE"):
        return Path(place)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "coterie"
