"""Bytes of a file, unpacked, in blocks cut at line ends; with the errors of broken and misnamed files."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO

import pyarrow as pa

from coterie.corpus.pieces import BLOCK_BYTES, Place
from coterie.corpus.sources import SourceFile
from coterie.errors import CorpusError, ResourceError

__all__ = ["ByteBlock", "ByteStream"]

_MAGIC = {
    "gz": rb"\x1f\x8b",
    "bz2": rb"BZh[1-9](1AY&SY|\x17rE8P\x90)",
    "xz": rb"\xfd7zXZ\x00",
    "zst": rb"(\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)",
    "parquet": rb"PAR1[\x00-\x1f]",
    "arrow": rb"(ARROW1\x00\x00|\xff\xff\xff\xff..\x00\x00)",
    "zip": rb"PK\x03\x04",
    "pdf": rb"%PDF-",
    "utf-16": rb"(\xff\xfe|\xfe\xff)",
}
_NAMES = {
    "gz": "gzip data (.gz)",
    "bz2": "bzip2 data (.bz2)",
    "xz": "xz data (.xz)",
    "zst": "zstd data (.zst)",
    "parquet": "a Parquet file (.parquet)",
    "arrow": "an Arrow file (.arrow)",
    "zip": "a zip archive (.zip)",
    "pdf": "a PDF document (.pdf)",
    "utf-16": "UTF-16 text",
}
_UNPACKERS = {"gz": "gunzip -c", "bz2": "bunzip2 -c", "xz": "unxz -c", "zst": "zstd -dc"}
_BROKEN = (EOFError, zlib.error, lzma.LZMAError, pa.ArrowInvalid, gzip.BadGzipFile)
_WHITE_SPACE = (b" ", b"\t", b"\r", b"\v", b"\f")
_BOM = b"\xef\xbb\xbf"
_HEAD = 16
# What is held until its end comes: no word has 64 MiB, and no record 256, of which it takes several times.
_LONGEST_WORD, _LONGEST_RECORD = 64 << 20, 256 << 20


@dataclass(frozen=True, slots=True)
class ByteBlock:
    """Bytes of a file from ``place`` on; ``continues`` if they end amid a line."""

    data: bytes
    place: Place
    continues: bool


class ByteStream(AbstractContextManager["ByteStream"]):
    """A source file's bytes, unpacked as its name says.

    Raises
    ------
    CorpusError
        On opening, if the file is empty or its first bytes aren't what the name says; on reading, if the
        archive is broken or cut short.
    ResourceError
        If the system refuses to open or read the file.
    """

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        try:
            raw = sys.stdin.buffer if file.path is None else file.path.open("rb", buffering=0)
        except OSError as error:
            raise ResourceError(f"{file.name}: cannot be opened ({error.strerror}).") from error
        self._raw: Any = raw
        # Standard input has a buffer of its own, unless someone put a plain object in its place.
        self._buffered: Any = raw if hasattr(raw, "peek") else io.BufferedReader(self._raw, 1 << 18)
        self._taken = 0
        try:
            head = self._peek()
            self.empty = not head
            if head:
                _check_head(file, head)
            self._stream = self._buffered if self.empty else self._unpacked()
        except BaseException:
            self.close()
            raise

    def _peek(self) -> bytes:
        try:
            return bytes(self._buffered.peek(_HEAD)[:_HEAD])
        except OSError as error:
            raise ResourceError(f"{self._file.name}: cannot be read ({error.strerror}).") from error

    def _unpacked(self) -> Any:
        source: BinaryIO = self._buffered
        match self._file.compression:
            case "gz":
                return gzip.GzipFile(fileobj=source, mode="rb")
            case "bz2":
                return bz2.BZ2File(source)
            case "xz":
                return lzma.LZMAFile(source)
            case "zst":
                return pa.CompressedInputStream(pa.PythonFile(source, mode="r"), "zstd")
        return source

    @property
    def position(self) -> int:
        """Bytes of the file that have been read (of standard input: bytes handed over)."""
        return self._raw.tell() if self._file.size is not None else self._taken

    @property
    def changed(self) -> bool:
        """Whether the file is no longer what it was when it was found."""
        if self._file.size is None:
            return False
        now = os.fstat(self._raw.fileno())
        return (now.st_size, now.st_mtime_ns) != (self._file.size, self._file.mtime_ns)

    def read(self, size: int) -> bytes:
        """Return up to ``size`` unpacked bytes; none at the end."""
        try:
            data: bytes = self._stream.read(size)
        except _BROKEN as error:
            raise self._broken(error) from error
        except OSError as error:
            if error.errno is not None:
                raise ResourceError(f"{self._file.name}: cannot be read ({error.strerror}).") from error
            raise self._broken(error) from error  # bz2 and Arrow's zstd speak of broken data so
        self._taken += len(data)
        return data

    def _broken(self, error: BaseException) -> CorpusError:
        return CorpusError(
            f"{self._file.name}: the archive is broken or cut short after {self._taken:,} unpacked bytes "
            f"({str(error).rstrip('.')}). Fetch the file again, or unpack what can be saved and train on "
            "that."
        )

    def blocks(self, *, whole_lines: bool) -> Iterator[ByteBlock]:
        """Yield the unpacked bytes in blocks of about ``BLOCK_BYTES`` that end at a newline.

        Without ``whole_lines`` a line that is longer than a block is cut at white space, so that memory
        stays bounded even for a text without line ends; with it such a line comes whole.
        """
        place, held, first, continues = Place(self._file.name, byte=0), [], True, False
        while chunk := self.read(BLOCK_BYTES):
            if first and chunk.startswith(_BOM):
                chunk, place = chunk[len(_BOM) :], Place(self._file.name, byte=len(_BOM))
            first = False
            cut = chunk.rfind(b"\n") + 1
            continues = False
            if not cut and not whole_lines:
                cut = max(chunk.rfind(space) for space in _WHITE_SPACE) + 1
                continues = cut > 0
            if not cut:
                held.append(chunk)
                if sum(map(len, held)) > (_LONGEST_RECORD if whole_lines else _LONGEST_WORD):
                    raise _too_long(place, whole_lines)
                continue
            data = b"".join([*held, chunk[:cut]])
            held = [chunk[cut:]]
            yield ByteBlock(data, place, continues)
            place = place.later(data.count(b"\n"), (place.byte or 0) + len(data))
        rest = b"".join(held)
        if rest or continues:
            yield ByteBlock(rest, place, continues=False)

    def close(self) -> None:
        """Close the file (standard input stays open)."""
        if self._file.path is not None:
            self._buffered.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _too_long(place: Place, whole_lines: bool) -> CorpusError:
    most, missing = (_LONGEST_RECORD, "line end") if whole_lines else (_LONGEST_WORD, "white space")
    return CorpusError(
        f"{place}: more than {most >> 20} MiB without {missing}; is this text? Put each sentence or "
        "paragraph on its own line."
    )


def _check_head(file: SourceFile, head: bytes) -> None:
    """Compare the first bytes with what the name says."""
    found = next((kind for kind, magic in _MAGIC.items() if re.match(magic, head, re.DOTALL)), None)
    packed = file.compression or (file.format if file.format in ("parquet", "arrow") else None)
    if found == packed:
        return
    if packed:
        begins = _NAMES[found] if found else f"something else (it begins with {head[:8]!r})"
        raise CorpusError(
            f"{file.name}: the name says {_NAMES[packed]}, but the content is {begins}. Rename the file "
            "by its "
            "content, or fetch it again."
        )
    kind = found or ""  # never empty here: without magic nothing is packed, and the two agree
    if kind == "utf-16":
        raise CorpusError(f"{file.name}: UTF-16 text; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8).")
    if file.path is None:
        unpacker = _UNPACKERS.get(kind)
        hint = f"unpack it on the way: {unpacker} FILE | …" if unpacker else "feed plain text."
        raise CorpusError(f"standard input is {_NAMES[kind]}, not plain text; {hint}")
    raise CorpusError(
        f"{file.name}: the name says plain {file.format}, but the content is {_NAMES[kind]}. Rename the "
        "file by its "
        "content."
    )
