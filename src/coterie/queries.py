"""What a question may be: words or vectors with weights for neighbours, words alone for predictions."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from coterie.errors import ConfigError

__all__ = ["Part", "Query", "WordQuery", "check_whole", "context_words", "parts_of", "vectors_asked"]

Query: TypeAlias = "str | NDArray[np.floating[Any]] | tuple[str | NDArray[np.floating[Any]], float]"
"""A word, a vector, or a pair of one and its weight."""

WordQuery: TypeAlias = "Query | Sequence[Query]"
"""One of these, or a list of them."""


@dataclass(frozen=True)
class Part:
    """A word or a float32 vector, and its weight: negative where it counts against."""

    item: str | NDArray[np.float32]
    weight: float


def parts_of(
    positive: WordQuery | None, negative: WordQuery | None, vector_size: int, *, weights: bool = True
) -> list[Part]:
    """Check a query and take it apart.

    Parameters
    ----------
    positive, negative
        What counts for and what counts against.
    vector_size
        The length that a vector must have.
    weights
        Whether pairs with a weight are allowed.

    Raises
    ------
    ConfigError
        The query is empty or holds something else than words, vectors and weights.

    Examples
    --------
    >>> parts_of(["king", ("woman", 0.5)], "man", 100)
    [Part(item='king', weight=1.0), Part(item='woman', weight=0.5), Part(item='man', weight=-1.0)]
    """
    parts = [_part("positive", item, 1.0, vector_size, weights) for item in _items(positive)]
    for item in _items(negative):
        part = _part("negative", item, -1.0, vector_size, weights)
        if part.weight > 0:
            # gensim adds such a word, which is hardly ever what its user meant.
            raise ConfigError(
                f"negative has {_shown(part.item)} with weight {part.weight:g}; a negative's weight is "
                f"below 0 (−1 where none is given). Write {-part.weight:g}."
            )
        parts.append(part)
    if not parts:
        raise ConfigError("the query is empty; give at least one word or vector.")
    return parts


def context_words(context: str | Sequence[str], known: Container[str]) -> Sequence[str]:
    """Check the context of a prediction and return its words, which need not be known.

    Raises
    ------
    ConfigError
        It is empty, no list, or a sentence in one string.

    Examples
    --------
    >>> context_words("New York", {"New York"}), context_words(["king", "queen"], {})
    (['New York'], ['king', 'queen'])
    """
    if isinstance(context, str):
        if context not in known and len(context.split()) > 1:
            raise ConfigError(
                f"context is the string {context!r}; give a list of words, such as {context.split()!r}."
            )
        return [context]
    if not isinstance(context, Sequence) or not context:
        raise ConfigError(f"context is {context!r}; it needs at least one word in a list.")
    return context


def check_whole(option: str, value: object, otherwise: str = "") -> None:
    """Check that a number of answers or rows is a whole number from 1 on; `otherwise` ends the message."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ConfigError(f"{option} is {value!r}; it must be a whole number, at least 1{otherwise}.")


def _items(query: WordQuery | None) -> Sequence[Any]:
    if query is None:
        return []
    if isinstance(query, str) or _is_pair(query):
        return [query]
    if isinstance(query, np.ndarray):
        return list(query) if query.ndim == 2 else [query]
    if isinstance(query, Sequence):
        return query
    raise ConfigError(f"the query is {query!r}; give a word, a vector, or a list of these.")


def _is_pair(item: object) -> bool:
    """Tell ``("king", 0.5)`` from two words in a tuple."""
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], Real)


def _part(option: str, item: Any, weight: float, vector_size: int, weights: bool) -> Part:
    if _is_pair(item):
        item, weight = item[0], float(item[1])
        if not weights:
            raise ConfigError(f"{option} gives {_shown(item)} the weight {weight:g}; 3CosMul has no weights.")
        if not math.isfinite(weight):
            raise ConfigError(
                f"{option} gives {_shown(item)} the weight {weight}; it must be a finite number."
            )
    if isinstance(item, str):
        return Part(item, weight)
    if not isinstance(item, np.ndarray) or not np.issubdtype(item.dtype, np.number):
        raise ConfigError(f"{option} holds {item!r}; give words (str) or vectors (NumPy arrays).")
    if item.shape != (vector_size,):
        raise ConfigError(
            f"{option} holds a vector of shape {item.shape}; these vectors have length {vector_size}."
        )
    return Part(_finite(option, item), weight)


def vectors_asked(option: str, matrix: NDArray[Any], vector_size: int) -> NDArray[np.float32]:
    """Check a matrix whose rows are queries and return it in float32.

    Raises
    ------
    ConfigError
        Its rows have another length, or it holds something else than finite numbers.

    Examples
    --------
    >>> vectors_asked("queries", np.eye(2, dtype=np.float32), 2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if not np.issubdtype(matrix.dtype, np.number) or matrix.shape[1] != vector_size:
        raise ConfigError(
            f"{option} is a matrix of {matrix.dtype} and shape {matrix.shape}; its rows must be vectors of "
            f"length {vector_size}."
        )
    return _finite(option, matrix)


def _finite(option: str, array: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float32, copy=array.ndim == 1)
    # Some rows at a time: the answer of `isfinite` is a matrix too.
    if not all(
        np.isfinite(narrow[start : start + (1 << 14)]).all() for start in range(0, len(narrow), 1 << 14)
    ):
        raise ConfigError(f"{option} holds a vector with NaN or infinity in it.")
    return narrow


def _shown(item: object) -> str:
    return repr(item) if isinstance(item, str) else "a vector"
