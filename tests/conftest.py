"""What all tests share: the twins in ``tests/reference`` are importable as ``reference``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
