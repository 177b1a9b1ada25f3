"""One stream of blocks from any source, with how far it has been read."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from coterie.config import CorpusConfig
from coterie.corpus.columns import read_columns
from coterie.corpus.iterables import read_items
from coterie.corpus.pair_records import read_pair_columns, read_pair_items, read_pair_jsonl, read_pair_lines
from coterie.corpus.pieces import Block
from coterie.corpus.records import read_csv, read_jsonl, read_text
from coterie.corpus.sources import Paths, SourceFile, find_files
from coterie.corpus.streams import ByteStream
from coterie.errors import ConfigError, CorpusError

__all__ = ["Reader"]


class Reader:
    """The blocks of a source, to be gone through once.

    Attributes
    ----------
    files
        The files, or ``None`` for a Python iterable.
    bytes_total
        Size of the files on disk, ``None`` where it can't be known.
    """

    def __init__(
        self,
        source: Any,
        config: CorpusConfig,
        warn: Callable[[str], None],
        weights: Iterable[float] | None = None,
    ) -> None:
        self._source, self._config, self._warn, self._weights = source, config, warn, weights
        self.files: list[SourceFile] | None = _as_files(source, warn)
        sizes = [file.size for file in self.files or []]
        known = [size for size in sizes if size is not None]
        self.bytes_total: int | None = sum(known) if known and len(known) == len(sizes) else None
        self._finished = 0
        self._stream: ByteStream | None = None
        self._check_weights()

    def _check_weights(self) -> None:
        if self._weights is not None and (self.files is not None or self._config.pairs):
            what = "pairs have theirs beside them" if self._config.pairs else "files have theirs in a field"
            raise ConfigError(f"weights are given, but {what}; leave weights out.")
        if self.files is None and self._config.weight_field is not None and not self._config.pairs:
            raise ConfigError(
                f"weight_field is {self._config.weight_field!r}, but the text is a Python iterable, which "
                "has no fields; give weights, one for each item."
            )
        self.weighted = self._weights is not None or self._config.weight_field is not None

    @property
    def bytes_done(self) -> int:
        """Bytes of the files that have been read so far (0 for an iterable)."""
        return self._finished + (self._stream.position if self._stream else 0)

    @property
    def name(self) -> str:
        """What to call the source in a message."""
        if self.files is None:
            return "the iterable"
        return (
            self.files[0].name
            if len(self.files) == 1
            else f"{self.files[0].name} and {len(self.files) - 1:,} more"
        )

    def blocks(self, *, whole_lines: bool) -> Generator[Block, None, None]:
        """Yield the blocks in the order of the text."""
        if self.files is None:
            if self._config.pairs:
                yield from read_pair_items(self._source, weighted=self.weighted)
            else:
                yield from read_items(self._source, self._config.encoding_errors, self._weights)
            return
        for file in self.files:
            yield from self._file_blocks(file, whole_lines=whole_lines)
            self._finished += file.size or 0

    def _file_blocks(self, file: SourceFile, *, whole_lines: bool) -> Iterator[Block]:
        config = self._config
        with ByteStream(file) as stream:
            if stream.empty:
                self._empty(file)
                return
            self._stream = stream
            try:
                match file.format:
                    case "parquet" | "arrow":
                        self._stream = None  # it has only looked at the first bytes
                        yield from (read_pair_columns if config.pairs else read_columns)(file, config)
                    case "jsonl":
                        yield from (read_pair_jsonl if config.pairs else read_jsonl)(stream, config)
                    case _ if config.pairs:
                        yield from read_pair_lines(stream, file, config)
                    case "csv" | "tsv":
                        yield from read_csv(stream, file.name, config, tabs=file.format == "tsv")
                    case _:
                        if config.weight_field is not None:
                            raise CorpusError(
                                f"{file.name}: weight_field is {config.weight_field!r}, but plain text has "
                                "no fields; give JSONL, CSV, TSV, Parquet or Arrow."
                            )
                        yield from read_text(stream, config.encoding_errors, whole_lines=whole_lines)
            finally:
                self._stream = None
            if stream.changed:
                self._warn(
                    f"{file.name}: the file changed while it was read; what was read may be neither the old "
                    "text nor the new one. Run again when it is at rest."
                )

    def _empty(self, file: SourceFile) -> None:
        # In a folder of many files one may be empty; a file that was named should not be.
        if file.named:
            raise CorpusError(f"{file.name}: the file is empty; there is no text in it.")
        self._warn(f"{file.name}: left out, the file is empty.")


def _names_files(source: Sequence[Any]) -> bool:
    """Tell whether every item is a string that names an existing file; no list of texts is that."""
    return bool(source) and all(
        isinstance(item, str) and 0 < len(item) < 256 and "\0" not in item and Path(item).is_file()
        for item in source
    )


def _as_files(source: Any, warn: Callable[[str], None]) -> list[SourceFile] | None:
    """Return the files that the source names, or ``None`` if it holds the text itself."""
    if isinstance(source, SourceFile):
        return [source]
    if isinstance(source, tuple) and source and all(isinstance(item, SourceFile) for item in source):
        return list(source)
    paths = _as_paths(source)
    return None if paths is None else find_files(paths, warn)


def _as_paths(source: Any) -> list[str | os.PathLike[str]] | None:
    """Return what the source names, or ``None`` if it holds the text itself."""
    if isinstance(source, str | os.PathLike):
        return [source]
    if isinstance(source, Paths):
        return list(source)
    if isinstance(source, bytes | bytearray):
        raise CorpusError("the source is bytes; give a path, or an iterable of strings or of token lists.")
    if not isinstance(source, Iterable):
        called = "; call it, if it is a generator function" if callable(source) else ""
        raise CorpusError(
            f"the source is {type(source).__name__}; give a path, or an iterable of strings or of token "
            f"lists{called}."
        )
    if isinstance(source, list | tuple) and _names_files(source):
        raise CorpusError(
            f"the list holds strings that name files ({source[0]!r} exists); a list of strings is a list of "
            "texts. For files make every one a pathlib.Path."
        )
    if isinstance(source, list | tuple) and any(isinstance(item, os.PathLike) for item in source):
        strange = next((item for item in source if not isinstance(item, os.PathLike)), None)
        if strange is not None:
            raise CorpusError(
                f"the list mixes paths with {type(strange).__name__} ({strange!r}); make every path a "
                "pathlib.Path, "
                "or wrap them: Paths([...])."
            )
        return list(source)
    return None
