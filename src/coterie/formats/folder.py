"""The model folder: matrices, vocabulary, settings and metrics, each in an open format; no pickle.

``model.safetensors`` holds ``input_vectors`` and ``output_vectors`` (float32, one row a word) and, after
hierarchical softmax, ``node_vectors`` (one row an inner node of the Huffman tree of the counts),
``vocabulary.parquet`` the columns ``word`` and ``count``, ``config.json`` the settings and
``format_version``, ``metrics.jsonl`` a line for each report of the training, ``README.md`` the model card,
``phrases.jsonl`` the phrases that were joined in the text, if any. ``neighbours.usearch`` and
``neighbours.usearch.json`` are an index of the word vectors, where one was built; a model that is saved in
this one's place begins without.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError, ResourceError
from coterie.formats.contents import matrix_rows
from coterie.formats.files import missing_path
from coterie.formats.json_text import parse_json
from coterie.formats.neighbour_index import INDEX, SIDECAR
from coterie.formats.replacing import is_partial
from coterie.formats.safetensors import map_safetensors, write_safetensors
from coterie.formats.table import WordTable

__all__ = [
    "FORMAT_VERSION",
    "PHRASES",
    "fill_folder",
    "foreign_entries",
    "is_model_folder",
    "map_matrices",
    "read_config",
    "read_metrics",
    "read_table",
    "read_vocabulary",
]

FORMAT_VERSION = 2
"""Goes up when some model can no longer be read by an earlier Coterie; a model's own may be lower."""

_MATRICES, _VOCABULARY, _CONFIG = "model.safetensors", "vocabulary.parquet", "config.json"
_METRICS, _CARD = "metrics.jsonl", "README.md"
PHRASES = "phrases.jsonl"
_GROUP_WORDS, _PIECE_WORDS = 1 << 18, 1 << 16


def is_model_folder(path: Path) -> bool:
    """Tell whether ``path`` is a Coterie model folder, whole or damaged."""
    try:
        config = parse_json(_bytes(path / _CONFIG))
    except (OSError, ValueError):
        config = None
    if isinstance(config, dict) and "format_version" in config:
        return True
    # With a broken config.json the other files' names still tell.
    return (path / _MATRICES).is_file() and (path / _VOCABULARY).is_file()


def foreign_entries(path: Path) -> list[str]:
    """Return the names in a folder that are not a model's."""
    indexes = {INDEX, INDEX + SIDECAR}
    ours = {_MATRICES, _VOCABULARY, _CONFIG, _METRICS, _CARD, PHRASES, *indexes}
    # An index is written into the folder: what an interrupted writer left is ours too.
    return sorted(
        entry.name
        for entry in path.iterdir()
        if entry.name not in ours and not any(is_partial(entry, name) for name in indexes)
    )


def fill_folder(
    folder: Path,
    words: Sequence[str],
    counts: NDArray[np.int64],
    matrices: Mapping[str, NDArray[np.float32]],
    texts: tuple[Mapping[str, Any], Sequence[Mapping[str, Any]], str],
) -> None:
    """Write the files of a model into an empty folder.

    Parameters
    ----------
    folder
        Exists and is empty.
    words, counts
        The vocabulary.
    matrices
        By name, those that the settings ask for.
    texts
        Settings, metrics and the model card.
    """
    config, metrics, card = texts
    _write_text(folder / _CONFIG, _json(config, "config", indent=2) + "\n")
    _write_text(folder / _METRICS, "".join(_json(report, "metrics") + "\n" for report in metrics))
    _write_text(folder / _CARD, card)
    _write_vocabulary(folder / _VOCABULARY, words, counts)
    with (folder / _MATRICES).open("wb") as file:
        write_safetensors(file, matrices, {"format": "coterie", "rows": "the words of vocabulary.parquet"})


def _write_text(path: Path, text: str) -> None:
    # File names that are not UTF-8 come as lone surrogates; escaped, they are what JSON has for them.
    path.write_bytes(text.encode("utf-8", "backslashreplace"))


def _json(value: Mapping[str, Any], what: str, indent: int | None = None) -> str:
    try:
        return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=indent)
    except (TypeError, ValueError) as error:
        raise FormatError(f"{what} can't be written as JSON: {error}.") from error


def _plain(value: Any) -> Any:
    """Return what JSON can hold: NumPy's numbers as Python's, NaN and infinity as null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _write_vocabulary(path: Path, words: Sequence[str], counts: NDArray[np.int64]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema({"word": pa.string(), "count": pa.int64()})
    with path.open("wb") as file, parquet.ParquetWriter(file, schema) as writer:
        # A row group at a time, gathered from pieces: a million words on their way take 50 MB.
        for start in range(0, len(words), _GROUP_WORDS):
            stop = min(start + _GROUP_WORDS, len(words))
            pieces = range(start, stop, _PIECE_WORDS)
            try:
                column = pa.chunked_array(
                    [pa.array(words[at : min(at + _PIECE_WORDS, stop)], pa.string()) for at in pieces]
                )
            except UnicodeEncodeError as error:
                raise FormatError(
                    f"the word {error.object!r} is not Unicode text and can't be saved."
                ) from None
            writer.write_table(pa.table([column, pa.array(counts[start:stop], pa.int64())], schema=schema))


def read_table(path: Path) -> WordTable:
    """Read words and counts and map the word vectors of a model folder."""
    config = read_config(path)
    words, counts = read_vocabulary(path)
    return WordTable(words, map_matrices(path, config, len(words))["input_vectors"], counts)


def read_config(path: Path) -> dict[str, Any]:
    """Read ``config.json`` and check that this Coterie can read the folder."""
    if not path.exists():
        raise missing_path(path)
    if not is_model_folder(path):
        raise FormatError(f"{path} is not a Coterie model: {_inside(path)}")
    file = path / _CONFIG
    try:
        config = parse_json(_bytes(file))
    except ValueError as error:
        raise FormatError(f"{file} is damaged: no JSON ({error}).") from error
    version = config.get("format_version") if isinstance(config, dict) else None
    if not isinstance(version, int) or version < 1:
        raise FormatError(f"{file} is damaged: format_version is {version!r}, expected 1 … {FORMAT_VERSION}.")
    if version > FORMAT_VERSION:
        raise FormatError(
            f"{path} has format version {version}, saved by Coterie {config.get('coterie_version', '?')}; "
            f"this one reads up to {FORMAT_VERSION}. Upgrade it: pip install --upgrade coterie."
        )
    return dict(config)


def _inside(path: Path) -> str:
    if not path.is_dir():
        return "it is a file."
    names = sorted(entry.name for entry in path.iterdir())
    models = [name for name in names if (path / name).is_dir() and is_model_folder(path / name)]
    if models:
        return f"it holds models; name one of them: {', '.join(models[:5])}."
    return f"it has no {_CONFIG} (it holds {', '.join(names[:5]) or 'nothing'})."


def _bytes(file: Path) -> bytes:
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for, and a device has no end
            raise FormatError(f"{file} is no regular file.")
        return file.read_bytes()
    except FileNotFoundError:
        raise FormatError(f"{file.parent} is incomplete: {file.name} is missing. Copy it again.") from None
    except OSError as error:
        raise ResourceError(f"{file} can't be read: {error.strerror or error}.") from error


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Read ``metrics.jsonl``, a dictionary for each report of the training."""
    file = path / _METRICS
    metrics = []
    for number, line in enumerate(_bytes(file).splitlines(), 1):
        try:
            report = parse_json(line)
        except ValueError as error:
            raise FormatError(f"{file}, line {number}: no JSON ({error}).") from error
        if not isinstance(report, dict):
            raise FormatError(f"{file}, line {number}: expected a JSON object, found {report!r}.")
        metrics.append(report)
    return metrics


def read_vocabulary(path: Path) -> tuple[list[str], NDArray[np.int64]]:
    """Read the words and their counts, in the order of the matrices' rows."""
    import pyarrow as pa
    from pyarrow import parquet

    file = path / _VOCABULARY
    if not file.is_file():
        raise FormatError(f"{path} is incomplete: {_VOCABULARY} is missing. Copy it again.")
    try:
        # A ParquetFile, since read_table imports pyarrow.dataset and refuses names that are not UTF-8.
        with file.open("rb") as source, parquet.ParquetFile(source) as opened:
            # Arrow's threads, once started, now and then abort a process that ends right away.
            table = opened.read(use_threads=False)
            table.validate(full=True)  # Parquet leaves it to the writer that text is UTF-8
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise FormatError(
            f"{file} is damaged or cut short ({file.stat().st_size:,} bytes): {error}"
        ) from error
    if {"word", "count"} - set(table.column_names):
        raise FormatError(f"{file} has columns {', '.join(table.column_names)}; expected word and count.")
    words, counts = table.column("word"), table.column("count")
    is_text = pa.types.is_string(words.type) or pa.types.is_large_string(words.type)
    if words.null_count or counts.null_count or not is_text or not pa.types.is_integer(counts.type):
        raise FormatError(f"{file} is damaged: every row needs a word and a whole number.")
    numbers: NDArray[np.int64] = counts.to_numpy().astype(np.int64, copy=False)
    if (numbers < 0).any():
        raise FormatError(f"{file} is damaged: the count {numbers.min()} is negative.")
    return words.to_pylist(), numbers


def map_matrices(path: Path, config: Mapping[str, Any], words: int) -> dict[str, NDArray[np.float32]]:
    """Map the matrices that a model of these settings and so many words has: float32, rows of one length."""
    file = path / _MATRICES
    if not file.is_file():
        raise FormatError(f"{path} is incomplete: {_MATRICES} is missing. Copy it again.")
    arrays = map_safetensors(file)
    matrices = {}
    for name, rows in matrix_rows(config, words).items():
        if name not in arrays:
            raise FormatError(
                f"{file} is damaged: it has no {name} (it has {', '.join(arrays) or 'nothing'})."
            )
        matrix = matrices[name] = arrays[name]
        if matrix.ndim != 2 or matrix.dtype != np.float32:
            raise FormatError(f"{file} is damaged: {name} is {matrix.dtype} of {matrix.ndim} dimensions.")
        if len(matrix) != rows:
            raise FormatError(
                f"{path} is damaged: {name} has {len(matrix):,} rows, {_VOCABULARY} {words:,} words "
                f"(expected {rows:,} rows)."
            )
        if matrix.shape[1] != matrices["input_vectors"].shape[1]:
            raise FormatError(f"{file} is damaged: input_vectors and {name} have rows of different length.")
    return matrices
