"""Tell a file's format from its first bytes; its name may be anything."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from coterie.errors import FormatError
from coterie.formats.files import reading
from coterie.formats.number_text import is_number

__all__ = ["Format", "detect"]

Format = Literal[
    "word2vec", "word2vec-binary", "glove", "fasttext", "safetensors", "npy", "parquet", "projector"
]

_HEAD = 1 << 16
_KNOWN: dict[bytes, Format] = {b"\xba\x16O/": "fasttext", b"PAR1": "parquet", b"\x93NUMPY": "npy"}
# What people have at hand and may take for vectors, and what to do with it.
_OTHERS = {
    b"\x80\x02": "is a pickle, perhaps gensim's; save it there with .wv.save_word2vec_format(…)",
    b"\x80\x03": "is a pickle, perhaps gensim's; save it there with .wv.save_word2vec_format(…)",
    b"\x80\x04": "is a pickle, perhaps gensim's; save it there with .wv.save_word2vec_format(…)",
    b"\x80\x05": "is a pickle, perhaps gensim's; save it there with .wv.save_word2vec_format(…)",
    b"PK\x03\x04": "is a zip archive; unpack it first",
    b"\x1f\x8b": "is gzip-compressed; end its name in .gz",
    b"BZh": "is bzip2-compressed; end its name in .bz2",
    b"\xfd7zXZ": "is xz-compressed; end its name in .xz",
    b"(\xb5/\xfd": "is zstd-compressed; end its name in .zst",
}


def detect(path: Path) -> Format:
    """Return which of the formats the file is in.

    Raises
    ------
    FormatError
        It is missing, empty, or something else that is known by its first bytes.
    """
    with reading(path) as file:
        head = file.read(_HEAD)
    if not head:
        raise FormatError(f"{path} is empty.")
    for magic, told in _OTHERS.items():
        if head.startswith(magic):
            raise FormatError(f"{path} {told}.")
    for magic, known in _KNOWN.items():
        if head.startswith(magic):
            return known
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 40:
        return "safetensors"
    return _written(head)


def _written(head: bytes) -> Format:
    """Tell text from word2vec's binary format by whether written numbers follow a word, or a tab."""
    lines = head.split(b"\n", 2)
    fields = lines[0].removeprefix(b"\xef\xbb\xbf").split()
    has_header = len(fields) == 2 and b"\t" not in lines[0]
    has_header = has_header and all(field.isdigit() and len(field) < 19 for field in fields)
    row = lines[1] if has_header and len(lines) > 1 else lines[0]
    tabbed = _complete(row.split(b"\t"))
    if not has_header and (b"\t" in row or b" " not in row) and all(map(is_number, tabbed)):
        return "projector"
    numbers = row.split(b" ")[1:]
    if has_header and len(numbers) > int(fields[1]) + 1:
        return "word2vec-binary"
    complete = _complete(numbers)
    if has_header and all(map(is_number, complete)):
        return "word2vec"
    # The first word may hold blanks; a number behind them tells, since in prose none ends a line.
    if not has_header and complete and is_number(complete[-1]):
        return "glove"
    # A damaged row of text still holds nothing but letters; float32 bytes soon hold a control character.
    return "word2vec-binary" if any(byte < 9 or 13 < byte < 32 for byte in head) else "word2vec"


def _complete(fields: list[bytes]) -> list[bytes]:
    """Leave out a row's last field, which the end of what was read may have cut, if there are others."""
    return fields[:-1] if len(fields) > 1 else fields
