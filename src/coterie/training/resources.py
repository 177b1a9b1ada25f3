"""What a run needs of the machine, told and checked before the work starts."""

from __future__ import annotations

import math
from pathlib import Path

from coterie.config import TrainingConfig
from coterie.errors import ResourceError
from coterie.kernels.allocate import padded_columns
from coterie.training.schedule import SOFTMAX_TOKENS

__all__ = ["available_memory", "check_memory", "matrices_size", "working_size"]

# Interpreter, libraries, compiler, plans; and a word with its count and its place in a dictionary: measured
# 357 MiB beyond the matrices at 485 thousand words, 555 MiB at 1.25 million.
_BASE_BYTES = 210 << 20
_WORD_BYTES = 280
_COUNTED = {2: "two", 3: "three"}
# A path's entry, a node's number and its turn, and what a leaf and an inner node have besides.
_PATH_BYTES, _NODE_BYTES = 5, 60


def matrices_size(words: int, config: TrainingConfig) -> int:
    """Return the bytes of the matrices, padded rows included: two, or three where two objectives are trained.

    Examples
    --------
    >>> matrices_size(1_000_000, TrainingConfig(vector_size=100)) / 2**20
    854.4921875
    """
    return len(config.matrices) * words * padded_columns(config.vector_size) * 4


def working_size(words: int, config: TrainingConfig) -> int:
    """Return the bytes that an objective needs beside the matrices: a Huffman tree, or a batch's scores.

    Examples
    --------
    >>> round(working_size(1_000_000, TrainingConfig(objective="hierarchical_softmax")) / 2**20)
    164
    >>> round(working_size(10_000, TrainingConfig(objective="softmax")) / 2**20)
    20
    """
    if config.objective == "hierarchical_softmax":
        # Measured: 2 to 2½ nodes more than log₂ V are above the mean leaf of a Huffman tree of real counts.
        return round(words * (_PATH_BYTES * (math.log2(words) + 2.5) + _NODE_BYTES))
    if config.objective == "softmax":
        from coterie.objectives.full_softmax import MOST_SCORES

        rows = SOFTMAX_TOKENS + 2 * config.window
        return 4 * min(MOST_SCORES, rows * words)
    return 0


def _read_number(path: str) -> int | None:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):  # absent, unreadable, or "max"
        return None


def available_memory() -> int | None:
    """Return the bytes that can be taken without swapping, container limits included; None if unknown."""
    candidates = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                candidates.append(int(line.split()[1]) * 1024)
    except OSError:
        pass
    limit, used = _read_number("/sys/fs/cgroup/memory.max"), _read_number("/sys/fs/cgroup/memory.current")
    if limit is not None and used is not None:
        candidates.append(max(0, limit - used))
    return min(candidates, default=None)


def _words_that_fit(available: int, config: TrainingConfig) -> int:
    """Return the greatest vocabulary that is trained in so many bytes."""
    fitting, too_many = 1, 2
    while _needed(too_many, config) <= available:
        fitting, too_many = too_many, 2 * too_many
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        fitting, too_many = (middle, too_many) if _needed(middle, config) <= available else (fitting, middle)
    return fitting


def _needed(words: int, config: TrainingConfig) -> int:
    return matrices_size(words, config) + working_size(words, config)


def check_memory(words: int, config: TrainingConfig, held: int = 0) -> str:
    """Return one line on the memory that training takes, of which so many bytes are `held` already.

    Raises
    ------
    ResourceError
        When the machine does not have it.
    """
    matrices, needed = matrices_size(words, config), _needed(words, config)
    available = available_memory()
    if available is not None:
        available += held
    estimate = (
        f"{_COUNTED[len(config.matrices)]} matrices of {words:,} × {config.vector_size} "
        f"take {matrices / 2**20:,.0f} MiB, "
        f"the run about {(needed + words * _WORD_BYTES + _BASE_BYTES) / 2**20:,.0f} MiB"
    )
    if available is None:
        return estimate
    if needed > available:
        fits = _words_that_fit(int(available * 0.9), config)
        raise ResourceError(
            f"not enough memory: {estimate}, and {available / 2**20:,.0f} MiB are available. "
            f"Keep at most {fits:,} words (max_vocab_size, or a higher min_count), or lower vector_size."
        )
    return f"{estimate} of {available / 2**20:,.0f} MiB available"
