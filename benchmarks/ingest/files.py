"""One text in all the forms that are measured."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.prepare import paragraphs

__all__ = ["FORMS", "Form", "write_files"]

_ROWS = 1 << 16  # of a row group: what most writers make is between 10 thousand and a million


@dataclass(frozen=True)
class Form:
    """A file that the text is written to, the tokenizer that reads it, and the goal (million words a second).

    None: no goal but the speed of the decompressor, or that of the plain text if it is lower.
    """

    name: str
    file: str
    tokenizer: str
    goal: float | None


FORMS = (
    Form("plain text", "text.txt", "whitespace", 15),
    Form("plain text", "text.txt", "words", 5),
    Form("gzip", "text.txt.gz", "whitespace", None),
    Form("zstd", "text.txt.zst", "whitespace", None),
    Form("Parquet, texts", "texts.parquet", "whitespace", 20),
    Form("Parquet, token lists", "lists.parquet", "whitespace", 20),
)


def write_files(corpus: Path | None, words: int, folder: Path) -> dict[str, Any]:
    """Write the text in every form, from its beginning again until it has so many words; return its sizes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    lines, found = [], 0
    for line in _again(corpus):
        lines.append(line)
        found += len(line.split())
        if found >= words:
            break
    text = "\n".join([*lines, ""]).encode()
    (folder / "text.txt").write_bytes(text)
    with gzip.open(folder / "text.txt.gz", "wb", compresslevel=6) as file:
        file.write(text)
    with pa.CompressedOutputStream(str(folder / "text.txt.zst"), "zstd") as file:
        file.write(text)
    pq.write_table(pa.table({"text": lines}), folder / "texts.parquet", row_group_size=_ROWS)
    lists = pa.table({"text": [line.split() for line in lines]})
    pq.write_table(lists, folder / "lists.parquet", row_group_size=_ROWS)
    once = sum(1 for line in paragraphs(corpus) if line.strip())
    return {
        "name": "King James Bible (the demo's text)" if corpus is None else corpus.name,
        "words": found,
        "sentences": len(lines),
        "times": len(lines) / once,
        "bytes": len(text),
    }


def _again(corpus: Path | None) -> Iterator[str]:
    for _ in itertools.count():
        some = False
        for line in paragraphs(corpus):
            if line := line.strip():
                some = True
                yield line
        if not some:
            raise ValueError(f"{corpus}: no text in it")
