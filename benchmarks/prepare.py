"""The text that every peer reads: one paragraph a line, lower-cased words with single spaces between."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Text", "paragraphs", "prepare"]

# Letters and digits with inner apostrophes. The benchmark cuts the text itself, so that no peer's
# tokeniser decides about the quality of the other.
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Text:
    """A prepared text: where it is, what it was made from, how long it is."""

    path: Path
    name: str
    words: int
    sentences: int


def prepare(corpus: Path | None, words: int | None, folder: Path) -> Text:
    """Write the first ``words`` words of a corpus as plain text.

    Parameters
    ----------
    corpus
        Plain text or JSONL with a field "text", compressed or not; the demo's text by default.
    words
        Words to take, whole paragraphs; all by default.
    folder
        Where the text is written.
    """
    name = "King James Bible (the demo's text)" if corpus is None else corpus.name
    path = folder / "text.txt"
    n_words = n_sentences = 0
    with path.open("w", encoding="utf-8") as file:
        for paragraph in paragraphs(corpus):
            tokens = _WORD.findall(paragraph.lower())
            if not tokens:
                continue
            file.write(" ".join(tokens) + "\n")
            n_words += len(tokens)
            n_sentences += 1
            if words is not None and n_words >= words:
                break
    return Text(path, name, n_words, n_sentences)


def paragraphs(corpus: Path | None) -> Iterator[str]:
    """Yield the paragraphs of a corpus as they are; those of the demo's text by default."""
    if corpus is None:
        from coterie.cli import kingjames

        yield from kingjames.paragraphs()
        return
    import pyarrow as pa

    with pa.input_stream(str(corpus), compression="detect") as stream:
        lines = io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8")
        for line in lines:
            if ".jsonl" in corpus.name:
                yield from json.loads(line)["text"].split("\n")
            else:
                yield line
