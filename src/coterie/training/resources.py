"""The memory that a training needs, told and checked before the work starts.

Memory means anonymous resident memory of the whole process: mapped pages of the encoded text don't count.
When a training is about to begin, the process holds the interpreter, its libraries, the counts; that is
measured. What is still to come is reckoned: the matrices, the tables that words are drawn by, what the
objective needs beside them, the plans of the threads, and the compiler where its kernels are not stored yet.
"""

from __future__ import annotations

import math
from pathlib import Path

from coterie.config import TrainingConfig
from coterie.errors import ResourceError
from coterie.kernels.allocate import padded_columns
from coterie.kernels.cgroups import memory_left
from coterie.kernels.cores import available_cores
from coterie.kernels.process_memory import greatest_memory, held_memory
from coterie.training.schedule import SOFTMAX_TOKENS, chunk_tokens, plans_of_a_thread
from coterie.training.warm_up import is_compiling

__all__ = [
    "available_memory",
    "check_memory",
    "matrices_size",
    "most_words",
    "needed_memory",
    "plans_size",
    "working_size",
]

_COUNTED = {1: "one matrix", 2: "two matrices", 3: "three matrices"}
# A path's entry, a node's number and its turn, and what a leaf and an inner node have besides. While a tree
# is built it takes 60 more, which is less than a row of the matrix that is touched last.
_PATH_BYTES, _NODE_BYTES = 5, 20
# The tables of a training: a threshold of subsampling, and an entry of the table that negatives are drawn by.
_TABLES_BYTES = 12
# What is held of a word for a moment while the tables are made. It is less than a row of the matrix that is
# touched last, and matters only where the matrices are no memory of the process.
_MAKING_BYTES = 60
# Numba and LLVM while they compile a training's kernels, and what stays of that: measured 70 to 85 MiB.
_COMPILER_BYTES = 80 << 20
# Threads, blocks of rows that are checked or written. And a part of the vocabulary on its way to the model.
_REST_BYTES, _SAVING_BYTES, _SAVED_WORDS = 15 << 20, 130, 1 << 18
_MANY_TOKENS, _MOST_WORDS = 1 << 40, 1 << 32
_BATCH_WINDOWS = 256
# While the alias table of weighted pairs is made: measured 34 with 20 million of them.
_DRAWN_PAIR_BYTES = 36


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
    126
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


def plans_size(words: int, config: TrainingConfig, tokens: int = _MANY_TOKENS) -> int:
    """Return the bytes of all threads' plans, over a text of so many tokens, and of a crew's batch.

    Examples
    --------
    >>> plans_size(1_000_000, TrainingConfig(workers=2)) / 2**20 < 2
    True
    """
    from coterie.sampling.plan import make_plan

    workers = config.workers or available_cores()
    chunk = chunk_tokens(tokens, words, config.window, config)
    arrays = make_plan(chunk, config.window, config)  # untouched: no memory yet
    plan = sum(array.nbytes for array in arrays)
    if config.negative_sharing == "pair" and config.shrink_windows:
        plan -= arrays.negatives.nbytes // 2  # the windows are half as wide on average
    if not config.deterministic:
        return workers * plan
    pairs = 2 * config.window * (1 + config.negative)
    return min(workers, available_cores()) * plans_of_a_thread(plan) * plan + 4 * _BATCH_WINDOWS * pairs


def available_memory() -> int | None:
    """Return the bytes that can be taken without swapping, container limits included; None if unknown."""
    left = memory_left()
    candidates = [] if left is None else [left]
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                candidates.append(int(line.split()[1]) * 1024)
    except OSError:
        pass
    return min(candidates, default=None)


def needed_memory(
    words: int, config: TrainingConfig, tokens: int = _MANY_TOKENS, *, on_disk: bool = False
) -> int:
    """Return the bytes that a training takes beside what the process holds when it begins.

    Parameters
    ----------
    words, config, tokens
        The vocabulary's size, the settings, and the tokens of the text.
    on_disk
        The matrices are mapped from files.
    """
    matrices = 0 if on_disk else matrices_size(words, config)
    tables = words * _TABLES_BYTES + working_size(words, config) + plans_size(words, config, tokens)
    saving = min(words, _SAVED_WORDS) * _SAVING_BYTES  # when the tables are gone
    making = words * _MAKING_BYTES if on_disk else 0
    return matrices + _REST_BYTES + max(tables, saving, making)


def check_memory(
    words: int,
    config: TrainingConfig,
    held: int = 0,
    *,
    tokens: int = _MANY_TOKENS,
    limit: int | None = None,
    on_disk: bool = False,
    drawn_pairs: int = 0,
) -> str:
    """Return one line on the memory that the process takes while it trains.

    Parameters
    ----------
    words, config, tokens, on_disk
        As :func:`needed_memory` takes them.
    held
        Bytes of the matrices that are there already.
    limit
        The most that the process may take: ``memory_limit``.
    drawn_pairs
        Pairs that are drawn by their weights.

    Raises
    ------
    ResourceError
        The machine does not have it, or it is beyond the limit.
    """
    compiler = _COMPILER_BYTES if is_compiling() else 0
    now, available = held_memory() + compiler + drawn_pairs * _DRAWN_PAIR_BYTES, available_memory()
    needed = now + needed_memory(words, config, tokens, on_disk=on_disk) - (0 if on_disk else held)
    estimate = (
        f"{_COUNTED[len(config.matrices)]} of {words:,} × {config.vector_size} take "
        f"{_mib(matrices_size(words, config))}{' of disk' if on_disk else ''}, "
        f"the process about {_mib(max(needed, greatest_memory()))} of memory"
    )
    bounds = [(held_memory() + available, "available")] if available is not None else []
    if limit is not None:
        bounds.append((limit, "allowed (memory_limit)"))
    if not bounds:
        return estimate
    most, what = min(bounds)
    if needed > most:
        room = most - now + (0 if on_disk else held)
        raise ResourceError(
            f"not enough memory: {estimate}, and {_mib(most)} are {what}. "
            f"{_advice(room, words, config, tokens, on_disk=on_disk, limited=most == limit)}"
        )
    return f"{estimate}, of {_mib(most)} {what}"


def _advice(
    room: int, words: int, config: TrainingConfig, tokens: int, *, on_disk: bool, limited: bool
) -> str:
    fits = _words_that_fit(int(room * 0.98), words, config, tokens, on_disk=on_disk)
    raised = ", raise memory_limit" if limited else ""
    moved = "" if on_disk else ", or keep the matrices on disk (matrices_dir)"
    kept = (
        f"Keep at most {fits:,} words (max_vocab_size, or a higher min_count), lower vector_size"
        if fits > 1
        else "No vocabulary fits: lower vector_size or workers"
    )
    return f"{kept}{raised}{moved}."


def most_words(config: TrainingConfig, limit: int | None = None, *, on_disk: bool = False) -> int | None:
    """Return the greatest vocabulary that there is memory for; ``None`` where nothing bounds it.

    Parameters
    ----------
    config, limit, on_disk
        As :func:`check_memory` takes them.
    """
    now, available = held_memory(), available_memory()
    bounds = [now + available] if available is not None else []
    bounds += [limit] if limit is not None else []
    if not bounds:
        return None
    return _words_that_fit(min(bounds) - now, _MOST_WORDS, config, _MANY_TOKENS, on_disk=on_disk)


def _words_that_fit(room: int, words: int, config: TrainingConfig, tokens: int, *, on_disk: bool) -> int:
    """Return the greatest vocabulary, up to `words`, that is trained in so many bytes; 1 for none."""
    fitting, too_many = 1, words
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        fits = needed_memory(middle, config, tokens, on_disk=on_disk) <= room
        fitting, too_many = (middle, too_many) if fits else (fitting, middle)
    return fitting


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
