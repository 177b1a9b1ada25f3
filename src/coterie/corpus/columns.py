"""Parquet and Arrow files: one column of strings, or of lists of strings, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from coterie.config import CorpusConfig, EncodingErrors
from coterie.corpus.pieces import BLOCK_BYTES, Block, Piece, Place, TextPiece, TokenPiece, checked_utf8
from coterie.corpus.records import column_of
from coterie.corpus.sources import SourceFile
from coterie.corpus.weights import weight_column
from coterie.errors import CorpusError, ResourceError

__all__ = ["batches_of", "faults_of", "read_columns", "without_views"]

_MOST_ROWS = 1 << 16
_STREAM_END = b"\xff\xff\xff\xff\0\0\0\0"


def read_columns(file: SourceFile, config: CorpusConfig) -> Iterator[Block]:
    """Yield the blocks of a Parquet or Arrow file; each row is a record.

    Raises
    ------
    CorpusError
        If the column is missing or holds no text, or the file is broken.
    """
    field, weight = config.text_field, config.weight_field
    fields = [(field, "text"), *([(weight, "weight")] if weight is not None else [])]
    for part, place in batches_of(file, fields, lambda schema: _check_type(file.name, field, schema)):
        yield _Rows(part, file, place, config)


def batches_of(
    file: SourceFile, fields: list[tuple[str, str]], check: Callable[[pa.Schema], None]
) -> Iterator[tuple[pa.RecordBatch, Place]]:
    """Yield these columns of a Parquet or Arrow file, a block of rows at a time, and where each begins.

    Parameters
    ----------
    fields
        Names of columns, and what each is for.
    check
        Called with the schema, which has the columns.

    Raises
    ------
    CorpusError
        If a column is missing, or the file is broken.
    """

    def check_all(schema: pa.Schema) -> None:
        for field, role in fields:
            column_of(schema.names, field, file.name, role)
        check(schema)

    names = [name for name, _ in fields]
    batches = (_parquet if file.format == "parquet" else _arrow)(file, names, check_all)
    row = 1
    with faults_of(file):
        for batch in batches:
            for part in _parts(batch.select(names)):  # files yield them in their own order
                yield part, Place(file.name, "row", row)
                row += len(part)


def _parquet(
    file: SourceFile, fields: list[str], check: Callable[[pa.Schema], None]
) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    how: dict[str, Any] = {"pre_buffer": False, "buffer_size": 1 << 20}
    with pq.ParquetFile(file.path, **how) as table:
        check(table.schema_arrow)
        metadata, numbered = table.metadata, _numbered_tokens(fields[0], table)
    # Rows differ in size from a word to a book: batches are sized by the file's own average.
    size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    rows = max(1, BLOCK_BYTES * metadata.num_rows // max(size, 1))
    with pq.ParquetFile(file.path, metadata=metadata, read_dictionary=numbered, **how) as table:
        # Each group has a dictionary of its own, and Arrow joins no lists of different ones.
        every = range(metadata.num_row_groups)
        for groups in [[i] for i in every] if numbered else [list(every)]:
            options = {"columns": fields, "row_groups": groups, "use_threads": False}
            yield from table.iter_batches(min(rows, _MOST_ROWS), **options)


def _numbered_tokens(field: str, table: Any) -> list[str]:
    """Return the column's name inside the file if it has lists of tokens, to be read as numbers.

    Stored as a dictionary and numbers, they are there in a quarter of the time that it takes to make strings
    of them, which would only be numbered again. Where a group's dictionary outgrew its page (1 MiB), or there
    is none, the rest of the group is strings, which Arrow numbers while it reads. Which is the case isn't
    asked: PyArrow ends the process where the statistics of a column's pages contradict each other.
    """
    leaves = [table.schema.column(i).path for i in range(len(table.schema))]
    return [leaf for leaf in leaves if leaf.startswith(f"{field}.")]


def _arrow(
    file: SourceFile, fields: list[str], check: Callable[[pa.Schema], None]
) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(file.path)) as mapped:
        stream = mapped.read_at(6, 0) != b"ARROW1"
        schema = (pa.ipc.open_stream(mapped) if stream else pa.ipc.open_file(mapped)).schema
        check(schema)
        included = [schema.get_field_index(field) for field in fields]
        options = pa.ipc.IpcReadOptions(included_fields=included, use_threads=False)
        mapped.seek(0)
        if stream:
            for batch in pa.ipc.open_stream(mapped, options=options):
                yield _sound(batch)
            _check_end(file, mapped)
        else:
            table = pa.ipc.open_file(mapped, options=options)
            for i in range(table.num_record_batches):
                yield _sound(table.get_batch(i))


def _check_end(file: SourceFile, mapped: pa.MemoryMappedFile) -> None:
    """Look for a stream's end: between two batches a stream that was cut looks like a whole one."""
    end, size = mapped.tell(), mapped.size()
    mapped.seek(max(0, end - len(_STREAM_END)))
    if mapped.read(len(_STREAM_END)) != _STREAM_END or end < size:
        fault = f"{size - end:,} bytes follow its end" if end < size else "it has no end mark"
        raise CorpusError(_broken(file, ValueError(fault)))


def _sound(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return columns of which everything is known to lie within their file.

    An Arrow file's offsets and indices are mapped as they are; a wrong one would end the process. Whether the
    text is UTF-8 is left to others, who know what to do about it.
    """
    for column in batch.columns:
        column.validate()
        column.view(_bytes_of(column.type)).validate(full=True)
    return batch


def _bytes_of(kind: pa.DataType) -> pa.DataType:
    """Return the type with the bytes of strings instead of the strings."""
    if pa.types.is_primitive(kind) or pa.types.is_null(kind) or pa.types.is_decimal(kind):
        return kind
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _bytes_of(kind.value_type))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_bytes_of(kind.value_type), kind.list_size)
    if pa.types.is_large_list(kind):
        return pa.large_list(_bytes_of(kind.value_type))
    if pa.types.is_list(kind):
        return pa.list_(_bytes_of(kind.value_type))
    bytes_of = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}
    return bytes_of.get(kind, pa.binary_view())


def _check_type(name: str, field: str, schema: pa.Schema) -> None:
    kind = schema.field(field).type
    inner = kind.value_type if _is_list(kind) else kind
    if not _is_text(inner):
        raise CorpusError(
            f'{name}: column "{field}" holds {kind}; it must hold strings or lists of strings. '
            f"Name another column with --text-field (columns: {', '.join(schema.names)})."
        )


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _is_text(kind: Any) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Slice a batch, which may be a whole file, into parts of about a block."""
    count = max(1, min(len(batch), -(-batch.nbytes // BLOCK_BYTES)))
    step = -(-len(batch) // count) if len(batch) else 1
    for start in range(0, len(batch), step):
        yield batch.slice(start, step)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of text, decoded but not yet looked at, and perhaps their weights."""

    rows: pa.RecordBatch
    file: SourceFile
    place: Place
    config: CorpusConfig

    def pieces(self) -> Iterator[Piece]:
        config = self.config
        with faults_of(self.file):
            column, weights = without_views(self.rows.column(0)), None
            values, skipped = column.drop_null(), column.null_count
            if config.weight_field is not None:
                every = weight_column(self.rows.column(1), self.place, config.weight_field)
                weights = every[np.asarray(column.is_valid())]
            if _is_list(column.type):
                piece = _token_piece(values, self.place, config.text_field, skipped)
                yield replace(piece, weights=weights)
            else:
                lines = None if weights is None else np.repeat(weights, _lines_of(values))
                yield replace(_text_piece(values, self.place, config.encoding_errors, skipped), weights=lines)


def _lines_of(texts: pa.Array) -> NDArray[np.int64]:
    """Return of how many lines each text is."""
    return np.asarray(pc.count_substring(texts.cast(pa.large_string()), "\n")).astype(np.int64) + 1


def without_views(column: pa.Array) -> pa.Array:
    """Return a column of string views, which Polars writes, as one of strings: Arrow can't drop its nulls."""
    kind = column.type
    if pa.types.is_string_view(kind):
        return column.cast(pa.large_string())
    if _is_list(kind) and pa.types.is_string_view(kind.value_type):
        return column.cast(pa.large_list(pa.large_string()))
    return column


def _text_piece(values: pa.Array, place: Place, errors: EncodingErrors, skipped: int) -> TextPiece:
    if not len(values):
        return TextPiece(b"", place, skipped=skipped)
    texts = values.cast(pa.large_string())
    rows = pa.LargeListArray.from_arrays(pa.array([0, len(texts)], pa.int64()), texts)
    joined = pc.binary_join(rows, pa.scalar("\n", texts.type))
    data = joined.cast(pa.large_binary())[0].as_buffer().to_pybytes()
    return TextPiece(checked_utf8(data, place, errors), place, skipped=skipped)


def _token_piece(lists: pa.Array, place: Place, field: str, skipped: int) -> TokenPiece:
    lengths = np.asarray(pc.list_value_length(lists)).astype(np.int64)
    tokens = lists.flatten()
    numbered = tokens if pa.types.is_dictionary(tokens.type) else tokens.dictionary_encode()
    # A null is an index that is none, or one of a word that is none.
    nulls = numbered.indices.null_count
    if not nulls:
        words, ids = _by_first_appearance(numbered.dictionary, numbered.indices)
        nulls = words.null_count
    if nulls:
        raise CorpusError(
            f'{place} or later: a list in column "{field}" holds null; every token must be a string.'
        )
    _check_utf8(words, place)
    empty = np.asarray(pc.equal(words, ""))
    if empty.any():  # an empty string is no token
        full = ~empty[ids]
        before = np.concatenate(([0], np.cumsum(full)))
        lengths = np.diff(before[np.concatenate(([0], np.cumsum(lengths)))])
        ids = (np.cumsum(~empty) - 1)[ids[full]].astype(np.int32)
        words = words.filter(pa.array(~empty))
    return TokenPiece(pa.DictionaryArray.from_arrays(pa.array(ids), words), lengths, place, skipped)


def _by_first_appearance(words: pa.Array, indices: pa.Array) -> tuple[pa.Array, NDArray[np.int32]]:
    """Return the words that the indices name in the order of their appearance, and the indices to them.

    A file's dictionary has an order of its own, and words of other rows.
    """
    ids = np.asarray(indices)
    first = np.full(len(words), len(ids))
    first[ids[::-1]] = np.arange(len(ids))[::-1]  # of several appearances the earliest is written last
    order = np.argsort(first)[: np.count_nonzero(first < len(ids))]
    place = np.empty(len(words), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return words.take(pa.array(order)).cast(pa.large_string()), place[ids]


def _check_utf8(words: pa.Array, place: Place) -> None:
    """Check the tokens' UTF-8, which the file formats leave to the writer."""
    try:
        words.validate(full=True)
    except pa.ArrowInvalid as error:
        raise CorpusError(
            f"{place} or later: a token is not UTF-8 ({error}). Write the file anew as UTF-8."
        ) from None


@contextmanager
def faults_of(file: SourceFile) -> Iterator[None]:
    """Turn what Arrow raises into an error about the file."""
    try:
        yield
    except (pa.ArrowException, UnicodeDecodeError) as error:  # the latter of columns' names
        raise CorpusError(_broken(file, error)) from error
    except OSError as error:
        if isinstance(error, CorpusError | ResourceError):
            raise
        if error.errno is not None:
            raise ResourceError(f"{file.name}: cannot be read ({error.strerror}).") from error
        raise CorpusError(_broken(file, error)) from error


def _broken(file: SourceFile, error: BaseException) -> str:
    found = str(error).rstrip(".")
    return f"{file.name}: the {file.format} file is broken or cut short ({found}). Fetch it again."
