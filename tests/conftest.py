"""What all tests share: the twins in ``tests/reference``, importable as ``reference``, and a cache."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

# Encoded texts and kernels are kept here, not among the user's own.
os.environ.setdefault("COTERIE_CACHE", str(Path(__file__).parents[1] / ".pytest_cache" / "coterie"))
