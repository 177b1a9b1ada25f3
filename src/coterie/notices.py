"""Remarks that nobody listens for become Python warnings, at the caller's own line."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

__all__ = ["warn_caller"]

_PACKAGE = str(Path(__file__).parent)


def warn_caller(message: str) -> None:
    """Warn at the innermost line that is not of this package."""
    depth, frame = 1, sys._getframe(0)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE) and frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, stacklevel=depth)
