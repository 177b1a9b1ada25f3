"""What flows from the readers to the tokenizers: pieces of text or of token lists, and their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coterie.config import EncodingErrors
from coterie.errors import CorpusError

__all__ = [
    "BLOCK_BYTES",
    "Block",
    "Piece",
    "Place",
    "TextPiece",
    "TokenPiece",
    "checked_utf8",
    "encoded_records",
]

# Text read at once. At 4 MiB a block's arrays stay near the last-level cache, each thread has about 40 MB of
# them at a time, and the block's distinct words (about sixty thousand) cost little to merge; blocks of 2 and
# 8 MiB took as long or up to a fifth longer.
BLOCK_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece begins: a file's line (and byte), a table's row, an iterable's item."""

    name: str
    unit: str = "line"
    number: int = 1
    byte: int | None = None

    def __str__(self) -> str:
        return f"{self.name}, {self.unit} {self.number:,}"

    def later(self, units: int, byte: int | None = None) -> Place:
        """Return the place that is ``units`` further on."""
        return Place(self.name, self.unit, self.number + units, byte)


@dataclass(frozen=True, slots=True)
class TextPiece:
    """UTF-8 text whose sentences end at newlines.

    ``continues`` says that the last sentence goes on in the next piece (a line longer than a block, cut
    at white space); ``skipped`` counts records that held no text (null). ``weights``, float32, are those of
    the sentences; ``None``: 1.
    """

    data: bytes
    place: Place
    continues: bool = False
    skipped: int = 0
    weights: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class TokenPiece:
    """Sentences that are token lists: all tokens in one Arrow array, each sentence's length and weight."""

    tokens: pa.Array
    lengths: NDArray[np.int64]
    place: Place
    skipped: int = 0
    weights: NDArray[np.float32] | None = None


Piece = TextPiece | TokenPiece


class Block(Protocol):
    """What a reader hands over; ``pieces`` does the costly part of reading, in a worker thread."""

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces in the order of the text."""


def checked_utf8(data: bytes, place: Place, errors: EncodingErrors) -> bytes:
    """Return ``data`` as UTF-8 without NUL bytes, mended as ``errors`` says; else raise."""
    if not data.isascii() and not _valid_utf8(data):
        try:
            data.decode()
        except UnicodeDecodeError as error:
            if errors == "strict":
                raise _not_utf8(data, place, error) from None
            data = data.decode("utf-8", errors).encode()
    at = data.find(b"\0")
    if at < 0:
        return data
    if errors == "strict":
        raise CorpusError(
            f"{_spot(data, place, at)}: a NUL byte; the file is binary, or UTF-16 without its mark. "
            "Convert it to "
            "UTF-8 text, or set encoding_errors to replace or ignore."
        )
    return data.replace(b"\0", "\ufffd".encode() if errors == "replace" else b"")


def _valid_utf8(data: bytes) -> bool:
    """Check without making a string: three times as fast as ``bytes.decode``."""
    bounds = pa.py_buffer(np.array([0, len(data)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, bounds, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _not_utf8(data: bytes, place: Place, error: UnicodeDecodeError) -> CorpusError:
    found = " ".join(f"{byte:02x}" for byte in data[error.start : error.start + 4])
    return CorpusError(
        f"{_spot(data, place, error.start)}: not UTF-8 (bytes {found}). If the file has another encoding, "
        "convert it "
        "(iconv -f LATIN1 -t UTF-8); to go on without such bytes, set encoding_errors to replace or ignore."
    )


def _spot(data: bytes, place: Place, at: int) -> str:
    if place.unit != "line":
        return f"{place} or later"
    byte = f", byte {place.byte + at:,}" if place.byte is not None else ""
    line = place.later(data.count(b"\n", 0, at))
    return f"{line}{byte}"


def encoded_records(
    texts: Sequence[str], place: Place, numbers: Sequence[int], errors: EncodingErrors
) -> bytes:
    """Join records to UTF-8 text, one sentence a line; ``numbers`` are the records' places, for the error."""
    text = "\n".join(texts)
    try:
        return text.encode()
    except UnicodeEncodeError:
        if errors != "strict":
            return text.encode("utf-8", errors)
    bad = next(number for record, number in zip(texts, numbers, strict=True) if not _encodable(record))
    raise CorpusError(
        f"{Place(place.name, place.unit, bad)}: half of a surrogate pair, which is no character. Mend the "
        "text, or set encoding_errors to replace or ignore."
    )


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
