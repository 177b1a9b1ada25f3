"""Weights of sentences and pairs, as texts hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from coterie.corpus.pieces import Place
from coterie.errors import CorpusError

__all__ = ["Weights", "checked_weights", "for_each_line", "weight_column"]

Weights = NDArray[np.float32]
"""float32, one for each sentence of a piece."""


def checked_weights(values: Sequence[Any], place: Place, numbers: Sequence[int]) -> Weights:
    """Return weights as an array; ``numbers`` are their places, for the error.

    Raises
    ------
    CorpusError
        One is no number of 0 or more.
    """
    weights = np.empty(len(values), np.float32)
    for i, value in enumerate(values):
        try:
            if isinstance(value, bool):
                raise TypeError  # noqa: TRY301 - as what float() refuses
            with np.errstate(over="ignore"):
                weights[i] = float(value)
        except (TypeError, ValueError, OverflowError):
            weights[i] = np.nan
        if not 0 <= weights[i] < np.inf:
            at = Place(place.name, place.unit, numbers[i])
            raise CorpusError(f"{at}: the weight is {value!r}; it must be a number, 0 or more.")
    return weights


def weight_column(column: pa.Array, place: Place, field: str) -> Weights:
    """Return a table's column of weights.

    Raises
    ------
    CorpusError
        It holds something else than numbers of 0 or more.
    """
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise CorpusError(f'{place.name}: column "{field}" holds {kind}; weights must be numbers.')
    with np.errstate(over="ignore"):
        weights = np.asarray(pc.fill_null(column.cast(pa.float64()), np.nan)).astype(np.float32)
    good = (weights >= 0) & (weights < np.inf)
    if not good.all():
        row = int(good.argmin())
        raise CorpusError(
            f"{place.later(row)}: the weight is {column[row].as_py()!r}; it must be a number, 0 or more."
        )
    return weights


def for_each_line(weights: Weights | None, texts: Sequence[str]) -> Weights | None:
    """Return the weights of the lines of texts: a text of several lines is as many sentences."""
    if weights is None:
        return None
    return np.repeat(weights, [text.count("\n") + 1 for text in texts])
