"""Plain text, JSONL, CSV and TSV: from a file's bytes to pieces of text or of token lists."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from coterie.config import EncodingErrors
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
from coterie.errors import CorpusError

__all__ = ["Ready", "missing_field", "read_csv", "read_jsonl", "read_text", "token_piece"]

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
    field: str
    errors: EncodingErrors

    def pieces(self) -> Iterator[Piece]:
        place = self.block.place
        text = checked_utf8(self.block.data, place, self.errors).decode()
        found = [
            (number, _json_field(line, self.field, place.later(number - place.number)))
            for number, line in enumerate(text.split("\n"), place.number)
            if line and not line.isspace()
        ]
        held = [(number, value) for number, value in found if value is not None]
        skipped = len(found) - len(held)
        for is_text, run in groupby(held, key=lambda record: isinstance(record[1], str)):
            numbers, values = zip(*run, strict=True)
            if is_text:
                yield TextPiece(encoded_records(values, place, numbers, self.errors), place)
            else:
                yield _json_tokens(values, place, numbers)
        if skipped:
            yield TextPiece(b"", place, skipped=skipped)


def read_text(stream: ByteStream, errors: EncodingErrors, *, whole_lines: bool) -> Iterator[Block]:
    """Yield the blocks of a plain text file: one line, one sentence."""
    return (_PlainText(block, errors) for block in stream.blocks(whole_lines=whole_lines))


def read_jsonl(stream: ByteStream, field: str, errors: EncodingErrors) -> Iterator[Block]:
    """Yield the blocks of a JSONL file: one object a line, its ``field`` a string or a list of strings."""
    return (_JsonLines(block, field, errors) for block in stream.blocks(whole_lines=True))


def missing_field(place: object, field: str, fields: Sequence[str]) -> CorpusError:
    """Build the error for a record or table without the field.

    Examples
    --------
    >>> print(missing_field("corpus.jsonl.gz, line 812", "text", ["id", "body"]))
    corpus.jsonl.gz, line 812: no field "text" (fields: id, body). Name the field with --text-field.
    """
    shown = ", ".join(fields[:_SHOWN_FIELDS]) + (", …" if len(fields) > _SHOWN_FIELDS else "")
    return CorpusError(
        f'{place}: no field "{field}" (fields: {shown or "none"}). Name the field with --text-field.'
    )


def _json_field(line: str, field: str, place: Place) -> Any:
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
            f'such as {{"{field}": "…"}}.'
        )
    if field not in record:
        raise missing_field(place, field, list(record))
    value = record[field]
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


def read_csv(
    stream: ByteStream, name: str, field: str, errors: EncodingErrors, *, tabs: bool
) -> Iterator[Block]:
    """Yield the blocks of a CSV or TSV file with a header line.

    CSV follows RFC 4180 (quotes may hold separators and line ends). TSV has no quoting: a quotation mark
    in it is a character like any other.
    """
    rows = csv.reader(
        _decoded_lines(stream, errors),
        delimiter="\t" if tabs else ",",
        quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
        strict=True,
    )
    with _csv_faults(name, rows):
        header = next(rows, [])
        if field not in header:
            raise missing_field(f"{name}, line 1", field, header)
        if header.count(field) > 1:
            raise CorpusError(
                f'{name}, line 1: {header.count(field)} columns are called "{field}"; rename one.'
            )
        column, width = header.index(field), len(header)
        texts: list[str] = []
        size, first = 0, rows.line_num + 1
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
            texts.append(row[column])
            size += len(row[column])
            if size > BLOCK_BYTES // 2:
                yield Ready(TextPiece("\n".join(texts).encode(), Place(name, "line", first)))
                texts, size, first = [], 0, rows.line_num + 1
    yield Ready(TextPiece("\n".join(texts).encode(), Place(name, "line", first)))


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
