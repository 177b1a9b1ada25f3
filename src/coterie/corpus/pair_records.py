"""(input, output) pairs with or without weights, from files and from Python, as sentences of two tokens.

A pair is the sentence ``[output, input]``: the centre, then its context word. Names are taken as they are,
blanks and all; numbers are written out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coterie.config import CorpusConfig, EncodingErrors
from coterie.corpus.columns import batches_of, faults_of, without_views
from coterie.corpus.pieces import Block, Piece, Place, TokenPiece, checked_utf8
from coterie.corpus.records import Ready, column_of, field_of, json_records
from coterie.corpus.sources import SourceFile
from coterie.corpus.streams import ByteBlock, ByteStream
from coterie.corpus.weights import Weights, checked_weights, weight_column
from coterie.errors import CorpusError

__all__ = ["read_pair_columns", "read_pair_items", "read_pair_jsonl", "read_pair_lines"]

# Pairs of Python objects at once: some 20 MB.
_ITEMS = 1 << 16
_DELIMITERS = {"csv": ",", "tsv": "\t"}


def _piece(outputs: pa.Array, inputs: pa.Array, weights: Weights | None, place: Place) -> TokenPiece:
    """Return pairs as a piece; those that lack a word are left out."""
    outputs, inputs = outputs.cast(pa.large_string()), inputs.cast(pa.large_string())
    whole = pc.and_(_named(outputs), _named(inputs))
    kept, count = np.asarray(whole), len(outputs)
    if not kept.all():
        outputs, inputs = outputs.filter(whole), inputs.filter(whole)
        weights = None if weights is None else weights[kept]
    pairs = len(outputs)
    in_turns = np.arange(2 * pairs).reshape(2, pairs).T.reshape(-1)
    tokens = pa.concat_arrays([outputs, inputs]).take(pa.array(in_turns))
    return TokenPiece(tokens, np.full(pairs, 2, np.int64), place, count - pairs, weights)


def _fields_of(config: CorpusConfig) -> list[tuple[str, str]]:
    """Return the fields of a pair, and what each is for."""
    fields = [(config.input_field, "input"), (config.output_field, "output")]
    return fields if config.weight_field is None else [*fields, (config.weight_field, "weight")]


def _named(words: pa.Array) -> pa.Array:
    return pc.fill_null(pc.not_equal(words, ""), fill_value=False)


def read_pair_items(items: Iterable[Any], *, weighted: bool) -> Iterator[Block]:
    """Yield the blocks of an iterable of (input, output) or (input, output, weight).

    Raises
    ------
    CorpusError
        An item is something else; the message numbers items from 1.
    """
    first, several = 1, iter(items)
    while some := list(islice(several, _ITEMS)):
        place = Place("the iterable", "item", first)
        numbers = range(first, first + len(some))
        rows = [_parts_of(item, number, weighted) for number, item in zip(numbers, some, strict=True)]
        weights = checked_weights([row[2] for row in rows], place, numbers) if weighted else None
        inputs, outputs = (_strings([row[side] for row in rows], place, numbers) for side in (0, 1))
        yield Ready(_piece(outputs, inputs, weights, place))
        first += len(some)


def _parts_of(item: Any, number: int, weighted: bool) -> Sequence[Any]:
    size = 3 if weighted else 2
    if isinstance(item, str | bytes | Mapping) or not isinstance(item, Iterable):
        found = type(item).__name__
    else:
        parts = tuple(item)
        if len(parts) == size:
            return parts
        found = f"of {len(parts)} parts"
    form = "(input, output, weight)" if weighted else "(input, output)"
    hint = (
        ""
        if weighted
        else "; for weights name what they are with weight_field, such as weight_field='weight'"
    )
    raise CorpusError(f"item {number:,} (counting from 1) is {found}; every item must be {form}{hint}.")


def _strings(values: Sequence[Any], place: Place, numbers: Sequence[int]) -> pa.Array:
    """Return what pairs name: strings, whole numbers written out, or nothing."""
    try:
        if all(isinstance(value, str) for value in values):
            return pa.array(values, pa.large_string())
        words = [_named_by(value, place, number) for value, number in zip(values, numbers, strict=True)]
        return pa.array(words, pa.large_string())
    except UnicodeEncodeError:
        raise CorpusError(
            f"{place} or later: half of a surrogate pair, which is no character. Mend the text."
        ) from None


def _named_by(value: Any, place: Place, number: int) -> str | None:
    if value is None or isinstance(value, str):
        return value
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if whole:
        return str(int(value))
    raise CorpusError(
        f"{Place(place.name, place.unit, number)}: a pair holds {type(value).__name__} ({value!r}); it must "
        "hold strings or whole numbers."
    )


def read_pair_columns(file: SourceFile, config: CorpusConfig) -> Iterator[Block]:
    """Yield the blocks of a Parquet or Arrow file; each row is a pair.

    Raises
    ------
    CorpusError
        A column is missing or of another type, or the file is broken.
    """
    fields = _fields_of(config)

    def check(schema: pa.Schema) -> None:
        for field, role in fields[:2]:
            kind = schema.field(field).type
            inner = kind.value_type if pa.types.is_dictionary(kind) else kind
            text = (
                pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner)
            )
            if not (text or pa.types.is_integer(inner)):
                raise CorpusError(
                    f'{file.name}: column "{field}" holds {kind}; it must hold strings or whole numbers. '
                    f"Name another column with --{role}-field (columns: {', '.join(schema.names)})."
                )

    for rows, place in batches_of(file, fields, check):
        yield _PairRows(rows, file, place, config)


@dataclass(frozen=True, slots=True)
class _PairRows:
    """Rows of a table, decoded but not yet looked at."""

    rows: pa.RecordBatch
    file: SourceFile
    place: Place
    config: CorpusConfig

    def pieces(self) -> Iterator[Piece]:
        with faults_of(self.file):
            inputs, outputs = (_words_of(self.rows.column(side), self.place) for side in (0, 1))
            weights = None
            if self.config.weight_field is not None:
                weights = weight_column(self.rows.column(2), self.place, self.config.weight_field)
            yield _piece(outputs, inputs, weights, self.place)


def _words_of(column: pa.Array, place: Place) -> pa.Array:
    column = without_views(column)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    words = column.cast(pa.large_string())
    try:
        words.validate(full=True)
    except pa.ArrowInvalid as error:
        raise CorpusError(
            f"{place} or later: a name is not UTF-8 ({error}). Write the file anew as UTF-8."
        ) from None
    return words


def read_pair_jsonl(stream: ByteStream, config: CorpusConfig) -> Iterator[Block]:
    """Yield the blocks of a JSONL file: one object a line, with an input and an output."""
    return (_PairJson(block, config) for block in stream.blocks(whole_lines=True))


@dataclass(frozen=True, slots=True)
class _PairJson:
    """Lines of a JSONL file, not yet parsed."""

    block: ByteBlock
    config: CorpusConfig

    def pieces(self) -> Iterator[Piece]:
        config, place = self.config, self.block.place
        fields = _fields_of(config)
        numbers, rows = [], []
        for number, record in json_records(self.block, config.encoding_errors, config.input_field):
            at = place.later(number - place.number)
            numbers.append(number)
            rows.append([field_of(record, field, at, role) for field, role in fields])
        inputs, outputs = (_strings([row[side] for row in rows], place, numbers) for side in (0, 1))
        weights = None
        if config.weight_field is not None:
            weights = checked_weights([row[2] for row in rows], place, numbers)
        yield _piece(outputs, inputs, weights, place)


class _Columns(NamedTuple):
    """Where in a line input, output and perhaps weight stand, from 0 on, and how many columns there are."""

    places: tuple[int, ...]
    width: int


def read_pair_lines(stream: ByteStream, file: SourceFile, config: CorpusConfig) -> Iterator[Block]:
    """Yield the blocks of a CSV or TSV file, or of plain text with blanks between the columns.

    Columns are named by the header, or by number from 1 on where the file has none, as plain text never has.
    Lines of plain text that begin with ``#`` are comments.
    """
    delimiter = _DELIMITERS.get(file.format)
    columns: _Columns | None = None
    for block in stream.blocks(whole_lines=True):
        if columns is None:
            columns, header = _columns_of(block, file.name, delimiter, config)
            block = replace(block, data=block.data[header:], place=block.place.later(int(header > 0)))
        yield _PairLines(block, columns, delimiter, config.encoding_errors)


def _columns_of(
    block: ByteBlock, name: str, delimiter: str | None, config: CorpusConfig
) -> tuple[_Columns, int]:
    """Return the columns, and of how many bytes the header is, 0 if there is none."""
    asked = _fields_of(config)
    if delimiter is None and all(field == role for field, role in asked):
        asked = [(str(i + 1), role) for i, (_, role) in enumerate(asked)]  # the usual order of plain text
    end = block.data.find(b"\n") + 1 or len(block.data)
    first = checked_utf8(block.data[:end], block.place, config.encoding_errors).decode().rstrip("\r\n")
    header = _header(first, name, delimiter)
    if all(field.isdecimal() and int(field) > 0 for field, _ in asked):
        return _Columns(tuple(int(field) - 1 for field, _ in asked), len(header)), 0
    try:
        places = [column_of(header, field, f"{name}, line 1", role) for field, role in asked]
    except CorpusError as error:
        hint = "In a file without a header columns are named by number: --input-field 1 --output-field 2."
        raise CorpusError(f"{error} {hint}") from None
    return _Columns(tuple(places), len(header)), end


def _header(line: str, name: str, delimiter: str | None) -> list[str]:
    """Return the columns of a file's first line."""
    if delimiter != ",":
        return line.split(delimiter)
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        raise CorpusError(f"{name}, line 1: not CSV ({error}). Mend the line.") from None


@dataclass(frozen=True, slots=True)
class _PairLines:
    """Lines of columns, not yet parsed."""

    block: ByteBlock
    columns: _Columns
    delimiter: str | None
    errors: EncodingErrors

    def pieces(self) -> Iterator[Piece]:
        place = self.block.place
        data = checked_utf8(self.block.data, place, self.errors)
        if self.delimiter is None:
            columns = self._split(data.decode())
        elif data.strip():
            columns = self._parsed(data)
        else:
            return
        inputs, outputs = (pa.array(words, pa.large_string()) for words in columns[:2])
        weights = None
        if len(columns) > 2:
            lines = range(place.number, place.number + len(outputs))
            weights = checked_weights(columns[2], place, lines)
        yield _piece(outputs, inputs, weights, place)

    def _split(self, text: str) -> list[Any]:
        """Return the columns of lines with blanks between them."""
        places, rows = self.columns.places, []
        for number, line in enumerate(text.split("\n")):
            row = line.split()
            if not row or row[0].startswith("#"):
                continue
            if len(row) <= max(places):
                raise CorpusError(
                    f"{self.block.place.later(number)}: {len(row)} column(s) where {max(places) + 1} are "
                    f"needed (the line begins {line[:40]!r})."
                )
            rows.append([row[place] for place in places])
        return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in places]

    def _parsed(self, data: bytes) -> list[Any]:
        """Return the columns of comma- or tab-separated lines, read by Arrow."""
        from pyarrow import csv as arrow_csv

        names = [str(i) for i in range(self.columns.width)]
        wanted = [names[place] if place < len(names) else str(place) for place in self.columns.places]
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(data),
                arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
                arrow_csv.ParseOptions(
                    delimiter=self.delimiter, quote_char='"' if self.delimiter == "," else False
                ),
                arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(wanted, pa.large_string()),
                    include_columns=wanted,
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
            raise CorpusError(
                f"{self.block.place} or later: not {self.columns.width} columns as in the first line "
                f"({error})."
            ) from None
        columns = [table.column(name).combine_chunks() for name in wanted]
        return [*columns[:2], *(column.to_pylist() for column in columns[2:])]
