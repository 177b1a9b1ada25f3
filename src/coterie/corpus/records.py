"""Plain text, JSONL, CSV and TSV: from a file's bytes to pieces of text or of token lists."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from coterie.config import CorpusConfig, EncodingErrors
from coterie.corpus.pieces import (
    BLOCK_BYTES,
    Block,
    Piece,
    Place,
    TextPiece,
    TokenPiece,
    checked_utf8,
    encoded_records,
)
from coterie.corpus.streams import ByteBlock, ByteStream
from coterie.corpus.weights import checked_weights, for_each_line
from coterie.errors import CorpusError

__all__ = [
    "Ready",
    "column_of",
    "field_of",
    "json_records",
    "read_csv",
    "read_jsonl",
    "read_text",
    "token_piece",
]

_SHOWN_FIELDS = 12
_LONGEST_FIELD = 64 << 20  # characters


@dataclass(frozen=True, slots=True)
class Ready:
    """A block that needs no more work."""

    piece: Piece

    def pieces(self) -> Iterator[Piece]:
        """Yield the piece."""
        yield self.piece


@dataclass(frozen=True, slots=True)
class _PlainText:
    """Lines of a plain text file, not yet checked."""

    block: ByteBlock
    errors: EncodingErrors

    def pieces(self) -> Iterator[Piece]:
        data = checked_utf8(self.block.data, self.block.place, self.errors)
        yield TextPiece(data, self.block.place, self.block.continues)


@dataclass(frozen=True, slots=True)
class _JsonLines:
    """Lines of a JSONL file, not yet parsed."""

    block: ByteBlock
    config: CorpusConfig

    def pieces(self) -> Iterator[Piece]:
        place, field, weight = self.block.place, self.config.text_field, self.config.weight_field
        found = []
        for number, record in json_records(self.block, self.config.encoding_errors, field):
            at = place.later(number - place.number)
            value = _text_or_tokens(record, field, at)
            found.append((number, value, None if weight is None else field_of(record, weight, at, "weight")))
        held = [record for record in found if record[1] is not None]
        skipped = len(found) - len(held)
        for is_text, run in groupby(held, key=lambda record: isinstance(record[1], str)):
            numbers, values, given = zip(*run, strict=True)
            weights = None if weight is None else checked_weights(given, place, numbers)
            if is_text:
                data = encoded_records(values, place, numbers, self.config.encoding_errors)
                yield TextPiece(data, place, weights=for_each_line(weights, values))
            else:
                yield replace(_json_tokens(values, place, numbers), weights=weights)
        if skipped:
            yield TextPiece(b"", place, skipped=skipped)


def read_text(stream: ByteStream, errors: EncodingErrors, *, whole_lines: bool) -> Iterator[Block]:
    """Yield the blocks of a plain text file: one line, one sentence."""
    return (_PlainText(block, errors) for block in stream.blocks(whole_lines=whole_lines))


def read_jsonl(stream: ByteStream, config: CorpusConfig) -> Iterator[Block]:
    """Yield the blocks of a JSONL file: one object a line, its text a string or a list of strings."""
    return (_JsonLines(block, config) for block in stream.blocks(whole_lines=True))


def json_records(
    block: ByteBlock, errors: EncodingErrors, expected: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a block's lines and the lines' numbers; one should have the field `expected`."""
    place = block.place
    text = checked_utf8(block.data, place, errors).decode()
    for number, line in enumerate(text.split("\n"), place.number):
        if line and not line.isspace():
            yield number, _json_object(line, expected, place.later(number - place.number))


def field_of(record: dict[str, Any], field: str, place: Place, role: str) -> Any:
    """Return a field of a record, ``role`` (text, weight, input, output) being what it is for."""
    if field not in record:
        raise missing_field(place, field, list(record), role)
    return record[field]


def missing_field(place: object, field: str, fields: Sequence[str], role: str = "text") -> CorpusError:
    """Build the error for a record or table without the field.

    Examples
    --------
    >>> print(missing_field("corpus.jsonl.gz, line 812", "text", ["id", "body"]))
    corpus.jsonl.gz, line 812: no field "text" (fields: id, body). Name the field with --text-field.
    """
    shown = ", ".join(fields[:_SHOWN_FIELDS]) + (", …" if len(fields) > _SHOWN_FIELDS else "")
    return CorpusError(
        f'{place}: no field "{field}" (fields: {shown or "none"}). Name the field with --{role}-field.'
    )


def _json_object(line: str, expected: str, place: Place) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:  # also of a number with more digits than Python reads
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        if isinstance(error, json.JSONDecodeError):
            why = f"{error.msg} at column {error.colno}"
        start = line[:40] + ("…" if len(line) > 40 else "")
        raise CorpusError(
            f"{place}: not JSON ({why}; the line begins {start!r}). A .jsonl file holds one JSON object a "
            "line."
        ) from None
    if not isinstance(record, dict):
        raise CorpusError(
            f"{place}: {_json_kind(record)} where a JSON object was expected. A .jsonl file holds one "
            "object a line, "
            f'such as {{"{expected}": "…"}}.'
        )
    return record


def _text_or_tokens(record: dict[str, Any], field: str, place: Place) -> str | list[Any] | None:
    value = field_of(record, field, place, "text")
    if value is None or isinstance(value, str | list):
        return value
    raise CorpusError(
        f'{place}: field "{field}" holds {_json_kind(value)}; it must be a string or a list of strings. '
        "Name another field with --text-field."
    )


def _json_kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _json_tokens(lists: Sequence[list[Any]], place: Place, numbers: Sequence[int]) -> TokenPiece:
    for tokens, number in zip(lists, numbers, strict=True):
        bad = next((token for token in tokens if not isinstance(token, str)), None)
        if bad is not None or None in tokens:
            raise CorpusError(
                f"{place.later(number - place.number)}: a token list holds {_json_kind(bad)}; every token "
                "must be "
                "a string."
            )
    return token_piece(lists, place, numbers)


def token_piece(lists: Sequence[Sequence[str]], place: Place, numbers: Sequence[int]) -> TokenPiece:
    """Return token lists as a piece; empty strings are no tokens and are left out."""
    full = [[token for token in tokens if token] for tokens in lists]
    lengths = np.fromiter(map(len, full), np.int64, len(full))
    try:
        tokens = pa.array([token for sentence in full for token in sentence], pa.string())
    except UnicodeEncodeError:
        for sentence, number in zip(full, numbers, strict=True):
            encoded_records(sentence, place, [number] * len(sentence), "strict")
        raise
    return TokenPiece(tokens, lengths, place)


def read_csv(stream: ByteStream, name: str, config: CorpusConfig, *, tabs: bool) -> Iterator[Block]:
    """Yield the blocks of a CSV or TSV file with a header line.

    CSV follows RFC 4180 (quotes may hold separators and line ends). TSV has no quoting: a quotation mark
    in it is a character like any other.
    """
    rows = csv.reader(
        _decoded_lines(stream, config.encoding_errors),
        delimiter="\t" if tabs else ",",
        quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
        strict=True,
    )
    with _csv_faults(name, rows):
        header = next(rows, [])
        columns = [column_of(header, config.text_field, f"{name}, line 1", "text")]
        if config.weight_field is not None:
            columns.append(column_of(header, config.weight_field, f"{name}, line 1", "weight"))
        held: list[tuple[int, list[str]]] = []
        size, width = 0, len(header)
        for row in rows:
            if not row:
                continue
            if len(row) != width:
                raise CorpusError(
                    f"{name}, line {rows.line_num:,}: {len(row)} field(s) where the header has {width}. "
                    "Mend the row"
                    + (
                        " (a tab inside a field?)."
                        if tabs
                        else "; a field with commas or line ends needs quotes."
                    )
                )
            held.append((rows.line_num, [row[column] for column in columns]))
            size += len(held[-1][1][0])
            if size > BLOCK_BYTES // 2:
                yield _csv_block(held, name)
                held, size = [], 0
    yield _csv_block(held, name)


def column_of(header: Sequence[str], field: str, place: str, role: str) -> int:
    """Return which column has a name, ``role`` being what it is for; none or two are an error."""
    if field not in header:
        raise missing_field(place, field, header, role)
    if (times := header.count(field)) > 1:
        raise CorpusError(f'{place}: {times} columns are called "{field}"; rename one.')
    return header.index(field)


def _csv_block(rows: Sequence[tuple[int, list[str]]], name: str) -> Block:
    """Return a block of texts, and perhaps weights, with the numbers of their lines."""
    numbers, texts = [number for number, _ in rows], [fields[0] for _, fields in rows]
    place, weights = Place(name, "line", numbers[0] if numbers else 2), None
    if rows and len(rows[0][1]) > 1:
        weights = for_each_line(checked_weights([fields[1] for _, fields in rows], place, numbers), texts)
    return Ready(TextPiece("\n".join(texts).encode(), place, weights=weights))


def _decoded_lines(stream: ByteStream, errors: EncodingErrors) -> Iterator[str]:
    for block in stream.blocks(whole_lines=True):
        text = checked_utf8(block.data, block.place, errors).decode()
        start = 0
        while (end := text.find("\n", start) + 1) > 0:
            yield text[start:end]
            start = end
        if start < len(text):
            yield text[start:]


@contextmanager
def _csv_faults(name: str, rows: Any) -> Iterator[None]:
    # The limit of 128 KiB a field is the process's; an article is longer. Without one, a quote that is not
    # closed would have the rest of the file, at four bytes a character, in memory.
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        yield
    except csv.Error as error:
        where = f"{name}, line {rows.line_num:,}"
        if "new-line character" in str(error):
            raise CorpusError(
                f"{where}: a carriage return amid a field. If these are the line ends of old Macs, convert "
                "them (tr '\\r' '\\n'); else put the field in quotes."
            ) from None
        raise CorpusError(
            f"{where}: not CSV ({error}). A quote inside a quoted field is written twice; a quote that is "
            "opened must be closed."
        ) from None
    finally:
        csv.field_size_limit(before)
