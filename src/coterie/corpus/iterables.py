"""Python iterables: strings, or token lists; gone through once, so that a generator does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from coterie.config import EncodingErrors
from coterie.corpus.pieces import BLOCK_BYTES, Block, Place, TextPiece, encoded_records
from coterie.corpus.records import Ready, token_piece
from coterie.corpus.weights import checked_weights, for_each_line
from coterie.errors import CorpusError

__all__ = ["read_items"]

# A Python string takes some 50 bytes beside its characters; this keeps a batch of them within tens of MB.
_ITEM_BYTES = 50


def read_items(
    items: Iterable[Any], errors: EncodingErrors, weights: Iterable[float] | None = None
) -> Iterator[Block]:
    """Yield the blocks of an iterable of strings, or of one of token lists, with a weight for each if any.

    Raises
    ------
    CorpusError
        If an item is neither, or another kind than the first; the message numbers items from 1. Or there
        are not as many weights.
    """
    texts: bool | None = None
    held: list[Any] = []
    of_held: list[float] | None = None if weights is None else []
    more = iter(() if weights is None else weights)
    size, first, number = 0, 1, 0
    for number, item in enumerate(items, 1):
        if of_held is not None:
            of_held += _next_weight(more, number)
        is_text = isinstance(item, str)
        if texts is None:
            texts = is_text
        elif is_text is not texts:
            raise CorpusError(_mixture(number, texts))
        value = item if is_text else _tokens(item, number)
        held.append(value)
        size += _ITEM_BYTES + (len(value) if is_text else sum(map(len, value)) + _ITEM_BYTES * len(value))
        if size > BLOCK_BYTES:
            yield _block(held, of_held, first, errors, is_text=is_text)
            held, size, first = [], 0, number + 1
            of_held = None if of_held is None else []
    if held:
        yield _block(held, of_held, first, errors, is_text=bool(texts))
    if next(more, None) is not None:
        raise CorpusError(f"there are more weights than the {number:,} items of the text.")


def _next_weight(weights: Iterator[float], number: int) -> list[float]:
    for weight in weights:
        return [weight]
    raise CorpusError(f"there are {number - 1:,} weights, and more items in the text; give each item one.")


def _block(
    items: Sequence[Any], given: list[float] | None, first: int, errors: EncodingErrors, *, is_text: bool
) -> Block:
    place = Place("the iterable", "item", first)
    numbers = range(first, first + len(items))
    weights = None if given is None else checked_weights(given, place, numbers)
    if is_text:
        data = encoded_records(items, place, numbers, errors)
        return Ready(TextPiece(data, place, weights=for_each_line(weights, items)))
    return Ready(replace(token_piece(items, place, numbers), weights=weights))


def _mixture(number: int, texts: bool) -> str:
    found, before = ("a token list", "strings") if texts else ("a string", "token lists")
    return (
        f"item {number:,} (counting from 1) is {found}, but the items before it are {before}. Give "
        "strings (texts "
        "to tokenise) or lists of tokens, not both."
    )


def _tokens(item: Any, number: int) -> list[str]:
    if isinstance(item, bytes | bytearray | Mapping) or not isinstance(item, Iterable):
        hint = "every item must be a string or a list of strings"
        if isinstance(item, bytes | bytearray):
            hint = "decode it to a string first"
        elif isinstance(item, Mapping):
            hint = "take the text out of it, as in (row['text'] for row in rows)"
        raise CorpusError(f"item {number:,} (counting from 1) is {type(item).__name__}; {hint}.")
    tokens = list(item)
    for token in tokens:
        if not isinstance(token, str):
            raise CorpusError(
                f"item {number:,} (counting from 1) holds a token that is {type(token).__name__} "
                f"({token!r}); every "
                "token must be a string."
            )
    return tokens
