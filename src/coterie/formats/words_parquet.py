"""Words and vectors as a Parquet table, a row a word: ``word``, ``count`` where known, and ``vector``.

Written, a vector is a list of fixed length of float32; read, a list of any float type will do, of DuckDB's,
Polars' or pandas' making. Row groups of some MiB are written and read one after the other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError, ResourceError
from coterie.formats.files import COMPRESSIONS, reading
from coterie.formats.replacing import replacing_file
from coterie.formats.rows import RowBuffer, check_size
from coterie.formats.table import WordTable
from coterie.formats.words import EncodingErrors, check_finite, check_reading, decode_words, row_blocks

if TYPE_CHECKING:
    from pyarrow import parquet

__all__ = ["read_words_parquet", "write_words_parquet"]

_GROUP_NUMBERS = 4 << 20
_BATCH_NUMBERS = 1 << 19


def read_words_parquet(
    path: str | os.PathLike[str], *, encoding_errors: EncodingErrors = "strict", limit: int | None = None
) -> WordTable:
    """Read a table of words and vectors.

    Parameters
    ----------
    path
        The file. The columns are found by the names ``word``, ``vector`` and ``count``, or else by type: the
        only column of text, the only one of lists of floats.
    encoding_errors, limit
        As in :func:`coterie.formats.read`.

    Raises
    ------
    FormatError
        It is missing, damaged, or no such table.
    """
    import pyarrow as pa
    from pyarrow import parquet

    path = Path(path)
    check_reading(encoding_errors, limit)
    if path.suffix in COMPRESSIONS:
        raise FormatError(f"{path}: unpack it first; a Parquet file is compressed inside.")
    with reading(path):
        pass  # tells of a missing file, a folder or a refusal
    try:
        # Mapped: pages that are stored as they are need no memory of ours.
        with pa.memory_map(str(path)) as source, parquet.ParquetFile(source) as opened:
            return _read(path, opened, encoding_errors, limit)
    except pa.ArrowMemoryError as error:
        raise ResourceError(f"{path}: too little memory ({error}). Set limit.") from error
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, ResourceError | FormatError):
            raise
        raise FormatError(
            f"{path} is damaged or cut short ({path.stat().st_size:,} bytes): {error}"
        ) from error


def _read(path: Path, opened: parquet.ParquetFile, errors: EncodingErrors, limit: int | None) -> WordTable:
    word, count, vector = _columns(path, opened)
    rows: RowBuffer | None = None
    words: list[str] = []
    counts: list[NDArray[np.int64]] = []
    columns = [name for name in (word, count, vector) if name is not None]
    batches = opened.iter_batches(
        batch_size=_batch_rows(path, opened, vector), columns=columns, use_threads=False
    )
    for batch in batches:
        if limit is not None:
            batch = batch.slice(0, limit - len(words))
        if not len(batch):
            break
        where = f"{path}, row {len(words) + 1:,} and after"
        block = _vectors(where, batch.column(vector), rows.size if rows else None)
        found = decode_words(path, _encoded(where, batch.column(word)), errors, len(words) + 1)
        check_finite(path, found, block)
        words += found
        if count is not None:
            counts.append(_counts(where, batch.column(count)))
        if rows is None:
            rows = RowBuffer(path, block.shape[1])
        rows.append(block)
    if rows is None:
        raise FormatError(f"{path} has no rows; there are no vectors.")
    return WordTable(words, rows.matrix(), np.concatenate(counts) if counts else None)


def _columns(path: Path, opened: parquet.ParquetFile) -> tuple[str, str | None, str]:
    """Return the names of the columns of words, counts and vectors."""
    import pyarrow as pa

    schema = opened.schema_arrow
    text = {field.name for field in schema if _is_text(field.type)}
    lists = {field.name for field in schema if _is_vector(field.type)}
    word = "word" if "word" in text else text.pop() if len(text) == 1 else None
    vector = "vector" if "vector" in lists else lists.pop() if len(lists) == 1 else None
    if word is None or vector is None or len(set(schema.names)) < len(schema.names):
        found = ", ".join(f"{field.name} ({field.type})" for field in schema) or "(none)"
        raise FormatError(f"{path} has columns {found}; expected word (string) and vector (list<float>).")
    counted = "count" in schema.names and pa.types.is_integer(schema.field("count").type)
    return word, "count" if counted else None, vector


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(
        check(kind)
        for check in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_binary,
        )
    )


def _is_vector(kind: Any) -> bool:
    import pyarrow as pa

    checks = (pa.types.is_fixed_size_list, pa.types.is_list, pa.types.is_large_list)
    return any(check(kind) for check in checks) and bool(pa.types.is_floating(kind.value_type))


def _batch_rows(path: Path, opened: parquet.ParquetFile, vector: str) -> int:
    import pyarrow as pa

    kind = opened.schema_arrow.field(vector).type
    if pa.types.is_fixed_size_list(kind):
        check_size(str(path), kind.list_size)
        size: int = kind.list_size
    else:
        first = next(opened.iter_batches(batch_size=1, columns=[vector], use_threads=False), None)
        size = 0 if first is None else len(first.column(0).flatten())
    return max(1, _BATCH_NUMBERS // max(1, size))


def _vectors(where: str, column: Any, size: int | None) -> NDArray[np.float32]:
    """Return the rows of a column of lists, all of one length."""
    import pyarrow as pa

    values = column.flatten()
    if column.null_count or values.null_count:
        raise FormatError(f"{where}: a vector or one of its numbers is missing.")
    if pa.types.is_fixed_size_list(column.type):
        lengths = {column.type.list_size}
    else:
        lengths = set(np.unique(column.value_lengths().to_numpy()).tolist())
    if lengths - {size} and (len(lengths) > 1 or size is not None):
        found = ", ".join(f"{length:,}" for length in sorted(lengths)[:3])
        raise FormatError(f"{where}: vectors of {found} numbers; every row must have as many as the first.")
    (length,) = lengths
    check_size(where, length)
    flat: NDArray[np.floating] = values.to_numpy(zero_copy_only=False)
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # what is too large becomes infinite, and is found as that
        return flat.astype(np.float32, copy=False).reshape(len(column), length)


def _encoded(where: str, column: Any) -> list[bytes]:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.null_count:
        raise FormatError(f"{where}: a word is missing.")
    words: list[bytes] = column.cast(pa.large_binary()).to_pylist()
    return words


def _counts(where: str, column: Any) -> NDArray[np.int64]:
    import pyarrow as pa

    if column.null_count:
        raise FormatError(f"{where}: a count is missing.")
    try:
        counts: NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid as error:
        raise FormatError(f"{where}: a count is out of range ({error}).") from error
    if (counts < 0).any():
        raise FormatError(f"{where}: the count {counts.min()} is negative.")
    return counts


def write_words_parquet(
    path: str | os.PathLike[str],
    words: Sequence[str],
    matrix: NDArray[np.float32],
    counts: NDArray[np.int64] | None = None,
) -> None:
    """Write words, vectors and counts in one step; any word will do, blanks and newlines included.

    Parameters
    ----------
    path
        The file.
    words, matrix, counts
        The words, their float32 vectors, shape ``(len(words), vector_size)``, and int64 counts.
    """
    import pyarrow as pa
    from pyarrow import parquet

    if Path(path).suffix in COMPRESSIONS:
        raise FormatError(f"{path}: a Parquet file is compressed inside; leave the ending out.")
    size = matrix.shape[1]
    fields = {"word": pa.string(), "count": pa.int64(), "vector": pa.list_(pa.float32(), size)}
    if counts is None:
        del fields["count"]
    schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in fields.items()])
    # Numbers of embeddings hardly shrink, and stored plainly they are read without a copy.
    packed = {"word": "zstd", "count": "zstd", "vector.list.element": "none"}
    with (
        replacing_file(path) as file,
        parquet.ParquetWriter(
            file, schema, compression=packed, use_dictionary=False, write_statistics=["word", "count"]
        ) as writer,
    ):
        for table in _groups(Path(path), words, matrix, counts, schema):
            writer.write_table(table)


def _groups(
    path: Path,
    words: Sequence[str],
    matrix: NDArray[np.float32],
    counts: NDArray[np.int64] | None,
    schema: Any,
) -> Iterator[Any]:
    """Yield a table for each row group."""
    import pyarrow as pa

    size = matrix.shape[1]
    for start, block in row_blocks(path, words, matrix, _GROUP_NUMBERS):
        stop = start + len(block)
        try:
            columns = [pa.array(words[start:stop], pa.string())]
        except UnicodeEncodeError as error:
            raise FormatError(
                f"the word {error.object!r} is not Unicode text and can't be written."
            ) from None
        if counts is not None:
            columns.append(pa.array(counts[start:stop], pa.int64()))
        columns.append(pa.FixedSizeListArray.from_arrays(pa.array(block.reshape(-1)), size))
        yield pa.table(columns, schema=schema)
