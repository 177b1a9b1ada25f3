"""Sentences from files, by gensim's names for them."""

from __future__ import annotations

import bz2
import gzip
import io

import pyarrow as pa
import pytest

from coterie.compat.gensim import LineSentence, PathLineSentences, Text8Corpus
from coterie.compat.gensim.refusals import NotSentencesError
from coterie.errors import ConfigError, FormatError

LINES = "the ship  left\n\nsilver and gold\nnaïve\n"
SENTENCES = [["the", "ship", "left"], ["silver", "and", "gold"], ["naïve"]]


def zstd(text):
    return pa.compress(text, codec="zstd", asbytes=True)


def test_lines_of_files_of_every_kind(tmp_path):
    compressions = (("t", bytes), ("t.gz", gzip.compress), ("t.bz2", bz2.compress), ("t.zst", zstd))
    for name, packed in compressions:
        (tmp_path / name).write_bytes(packed(LINES.encode()))
        sentences = LineSentence(tmp_path / name)
        assert list(sentences) == list(sentences) == SENTENCES
    file = io.BytesIO(LINES.encode())
    assert list(LineSentence(file)) == list(LineSentence(file)) == SENTENCES
    assert list(LineSentence(io.StringIO(LINES), limit=3)) == SENTENCES[:2]
    assert list(LineSentence(io.StringIO("a b c d e"), max_sentence_length=2)) == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]
    with pytest.raises(NotSentencesError):
        list(LineSentence(["the ship"]))
    with pytest.raises(ConfigError, match="max_sentence_length"):
        LineSentence("t", max_sentence_length=0)
    with pytest.raises(FormatError, match="does not exist"):
        list(LineSentence(tmp_path / "none"))


def test_the_files_of_a_folder(tmp_path):
    (tmp_path / "2.gz").write_bytes(gzip.compress(b"x y\nz\n"))
    (tmp_path / "1").write_text(LINES)
    (tmp_path / "deeper").mkdir()
    assert list(PathLineSentences(tmp_path)) == [*SENTENCES, ["x", "y"], ["z"]]
    assert list(PathLineSentences(str(tmp_path), limit=1)) == [SENTENCES[0], ["x", "y"]]
    assert list(PathLineSentences(tmp_path / "1")) == SENTENCES
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        PathLineSentences(tmp_path / "none")


@pytest.mark.parametrize("length", [1, 7, 100, 10**6])
def test_one_long_line(tmp_path, length):
    words = [f"wört{i}" for i in range(20_000)]
    (tmp_path / "text8").write_text(" " + " ".join(words) + "\n")
    pieces = list(Text8Corpus(tmp_path / "text8", max_sentence_length=length))
    assert [word for piece in pieces for word in piece] == words
    assert all(len(piece) == length for piece in pieces[:-1])
