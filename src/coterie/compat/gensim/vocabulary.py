"""Which words a model keeps: gensim's rules over counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from coterie.errors import ConfigError

__all__ = [
    "RULE_DEFAULT",
    "RULE_DISCARD",
    "RULE_KEEP",
    "TrimRule",
    "effective_min_count",
    "kept_words",
    "sample_share",
    "subsampling_report",
]

RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2
"""What a trim rule answers; the numbers are gensim's."""

TrimRule: TypeAlias = Callable[[str, int, int], int]
"""From (word, count, min_count) to one of these."""


def effective_min_count(counts: Mapping[str, int], min_count: int, max_final_vocab: int | None) -> int:
    """Return the least count of a kept word, raised so far that no more than ``max_final_vocab`` are kept.

    Examples
    --------
    >>> effective_min_count({"a": 5, "b": 3, "c": 3}, 1, 2)
    4
    """
    if max_final_vocab is None or max_final_vocab >= len(counts):
        return min_count
    return max(min_count, sorted(counts.values(), reverse=True)[max_final_vocab] + 1)


def kept_words(counts: Mapping[str, int], min_count: int, rule: TrimRule | None) -> list[str]:
    """Return the words that are kept, the most frequent first, words of equal count in their order.

    Raises
    ------
    ConfigError
        The rule answers something else than ``RULE_DEFAULT``, ``RULE_DISCARD`` or ``RULE_KEEP``.
    """
    kept = [word for word, count in counts.items() if _stays(word, count, min_count, rule)]
    return sorted(kept, key=lambda word: -counts[word])


def _stays(word: str, count: int, min_count: int, rule: TrimRule | None) -> bool:
    answer = RULE_DEFAULT if rule is None else rule(word, count, min_count)
    if answer == RULE_KEEP:
        return True
    if answer == RULE_DISCARD:
        return False
    if answer == RULE_DEFAULT:
        return count >= min_count
    raise ConfigError(
        f"trim_rule({word!r}, {count}, {min_count}) returned {answer!r}; it must return RULE_DEFAULT "
        f"({RULE_DEFAULT}), RULE_DISCARD ({RULE_DISCARD}) or RULE_KEEP ({RULE_KEEP})."
    )


def sample_share(sample: float, total: int) -> float:
    """Return the threshold as a share of the text; gensim takes 1 and more for a count.

    Examples
    --------
    >>> sample_share(0.001, 10_000), sample_share(100, 26_100)
    (0.001, 0.01)
    """
    if sample < 1:
        return float(sample)
    return int(sample * (3 + math.sqrt(5)) / 2) / max(total, 1)


def subsampling_report(counts: Mapping[str, int], words: list[str], sample: float) -> dict[str, Any]:
    """Return how many of the words are downsampled, and how many occurrences are expected to remain."""
    found = np.fromiter((counts[word] for word in words), np.float64, len(words))
    share = sample_share(sample, int(found.sum()))
    kept = np.ones(len(words))
    if share and len(words):
        threshold = share * found.sum()
        with np.errstate(divide="ignore"):
            kept = np.minimum(1, np.sqrt(threshold / found) + threshold / found)
    return {
        "downsample_unique": int((kept < 1).sum()),
        "downsample_total": int((kept * found).sum()) if len(words) else 0,
    }
