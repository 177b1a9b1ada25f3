"""Tell a file's format from its first bytes; its name may be anything."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from coterie.errors import FormatError
from coterie.formats.files import reading

__all__ = ["Kind", "detect"]

Kind = Literal["safetensors", "binary", "text"]

_HEAD = 1 << 16
# What people have at hand and may take for vectors, and what to do with it.
_OTHERS = {
    b"\xba\x16O/": "is a fastText model; give its .vec file, or save its vectors in word2vec's format",
    b"\x80\x02": "is a pickle, perhaps gensim's; save it there with .wv.save_word2vec_format(…)",
    b"\x80\x03": "is a pickle, perhaps gensim's; save it there with .wv.save_word2vec_format(…)",
    b"\x80\x04": "is a pickle, perhaps gensim's; save it there with .wv.save_word2vec_format(…)",
    b"\x80\x05": "is a pickle, perhaps gensim's; save it there with .wv.save_word2vec_format(…)",
    b"PAR1": "is a Parquet file; vectors are read from a model folder, .safetensors or word2vec's formats",
    b"\x93NUMPY": "is a NumPy array without words; write it with coterie.WordVectors(words, matrix)",
    b"PK\x03\x04": "is a zip archive; unpack it first",
    b"\x1f\x8b": "is gzip-compressed; end its name in .gz",
    b"BZh": "is bzip2-compressed; end its name in .bz2",
    b"\xfd7zXZ": "is xz-compressed; end its name in .xz",
    b"(\xb5/\xfd": "is zstd-compressed; end its name in .zst",
}


def detect(path: Path) -> Kind:
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
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 40:
        return "safetensors"
    return "text" if _is_text(head) else "binary"


def _is_text(head: bytes) -> bool:
    """Look whether what follows the first line's first word are written numbers."""
    lines = head.split(b"\n", 2)
    fields = lines[0].split()
    has_header = len(fields) == 2 and all(field.isdigit() for field in fields)
    row = lines[1] if has_header and len(lines) > 1 else lines[0]
    # The row may be cut by the end of ``head``: its last field is then no witness.
    numbers = row.split(b" ")[1:]
    if has_header and len(numbers) > int(fields[1]) + 1:
        return False
    complete = numbers[:-1] if len(numbers) > 1 else numbers
    try:
        for number in complete:
            float(number)
    except ValueError:
        # A damaged row of text still holds nothing but letters; float32 bytes soon hold a control character.
        return not any(byte < 9 or 13 < byte < 32 for byte in head)
    return has_header or bool(complete)
