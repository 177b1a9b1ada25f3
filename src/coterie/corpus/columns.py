"""Parquet and Arrow files: one column of strings, or of lists of strings, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coterie.config import EncodingErrors
from coterie.corpus.pieces import BLOCK_BYTES, Block, Place, TextPiece, TokenPiece, checked_utf8
from coterie.corpus.records import Ready, missing_field
from coterie.corpus.sources import SourceFile
from coterie.errors import CorpusError, ResourceError

__all__ = ["read_columns"]

_MOST_ROWS = 1 << 16


def read_columns(file: SourceFile, field: str, errors: EncodingErrors) -> Iterator[Block]:
    """Yield the blocks of a Parquet or Arrow file; each row is a record.

    Raises
    ------
    CorpusError
        If the column is missing or holds no text, or the file is broken.
    """
    batches = _parquet(file, field) if file.format == "parquet" else _arrow(file, field)
    row = 1
    with _faults(file):
        for column in batches:
            for part in _parts(column):
                place = Place(file.name, "row", row)
                row += len(part)
                yield _block(part, place, field, errors)


def _parquet(file: SourceFile, field: str) -> Iterator[pa.Array]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file.path, pre_buffer=False, buffer_size=1 << 20) as table:
        _check_type(file.name, field, table.schema_arrow)
        # Rows differ in size from a word to a book: batches are sized by the file's own average.
        groups = [table.metadata.row_group(i) for i in range(table.metadata.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
        rows = max(1, BLOCK_BYTES * table.metadata.num_rows // max(size, 1))
        for batch in table.iter_batches(min(rows, _MOST_ROWS), columns=[field], use_threads=False):
            yield batch.column(field)


def _arrow(file: SourceFile, field: str) -> Iterator[pa.Array]:
    with pa.memory_map(str(file.path)) as mapped:
        stream = mapped.read_at(6, 0) != b"ARROW1"
        schema = (pa.ipc.open_stream(mapped) if stream else pa.ipc.open_file(mapped)).schema
        _check_type(file.name, field, schema)
        options = pa.ipc.IpcReadOptions(included_fields=[schema.get_field_index(field)], use_threads=False)
        mapped.seek(0)
        if stream:
            for batch in pa.ipc.open_stream(mapped, options=options):
                yield batch.column(field)
        else:
            table = pa.ipc.open_file(mapped, options=options)
            for i in range(table.num_record_batches):
                yield table.get_batch(i).column(field)


def _check_type(name: str, field: str, schema: pa.Schema) -> None:
    if field not in schema.names:
        raise missing_field(name, field, schema.names)
    if schema.names.count(field) > 1:
        raise CorpusError(f'{name}: {schema.names.count(field)} columns are called "{field}"; rename one.')
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


def _parts(column: pa.Array) -> Iterator[pa.Array]:
    """Slice a batch, which may be a whole file, into parts of about a block."""
    count = max(1, min(len(column), -(-column.nbytes // BLOCK_BYTES)))
    step = -(-len(column) // count) if len(column) else 1
    for start in range(0, len(column), step):
        yield column[start : start + step]


def _block(column: pa.Array, place: Place, field: str, errors: EncodingErrors) -> Block:
    values = column.drop_null()
    skipped = column.null_count
    if _is_list(column.type):
        return Ready(_token_piece(values, place, field, skipped))
    if not len(values):
        return Ready(TextPiece(b"", place, skipped=skipped))
    texts = _strings(values)
    rows = pa.LargeListArray.from_arrays(pa.array([0, len(texts)], pa.int64()), texts)
    joined = pc.binary_join(rows, pa.scalar("\n", texts.type))
    data = joined.cast(pa.large_binary())[0].as_buffer().to_pybytes()
    return Ready(TextPiece(checked_utf8(data, place, errors), place, skipped=skipped))


def _token_piece(lists: pa.Array, place: Place, field: str, skipped: int) -> TokenPiece:
    lengths = np.asarray(pc.list_value_length(lists)).astype(np.int64)
    tokens = _strings(lists.flatten())
    if tokens.null_count:
        raise CorpusError(
            f'{place} or later: a list in column "{field}" holds null; every token must be a string.'
        )
    full = np.asarray(pc.not_equal(tokens, ""))
    if not full.all():  # an empty string is no token
        before = np.concatenate(([0], np.cumsum(full)))
        lengths = np.diff(before[np.concatenate(([0], np.cumsum(lengths)))])
        tokens = tokens.filter(pa.array(full))
    return TokenPiece(_valid(tokens, place), lengths, place, skipped)


def _strings(values: pa.Array) -> pa.Array:
    return values.cast(pa.large_string())


def _valid(values: pa.Array, place: Place) -> pa.Array:
    """Check the tokens' UTF-8, which the file formats leave to the writer."""
    try:
        values.validate(full=True)
    except pa.ArrowInvalid as error:
        raise CorpusError(
            f"{place} or later: a token is not UTF-8 ({error}). Write the file anew as UTF-8."
        ) from None
    return values


@contextmanager
def _faults(file: SourceFile) -> Iterator[None]:
    try:
        yield
    except pa.ArrowException as error:
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
