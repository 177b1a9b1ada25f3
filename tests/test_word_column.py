"""Words in one stretch of memory are as a list of them, and no list is made before it is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coterie
from coterie import word_column
from coterie.vectors import WordVectors
from coterie.vocabulary import Vocabulary
from coterie.word_column import WordColumn

WORDS = ["sea", "café", "", "日本", "ship", "𝄞", "e\u0301"]


def column_of(words):
    encoded = [word.encode() for word in words]
    offsets = np.concatenate(([0], np.cumsum([len(word) for word in encoded]))).astype(np.int64)
    return WordColumn(offsets, np.frombuffer(b"".join(encoded), np.uint8))


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=40),
    st.slices(40),
    st.integers(1, 9),
)
def test_it_reads_as_the_list_does(words, part, block):
    column = column_of(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_column, "_BLOCK", block)
        assert len(column) == len(words)
        assert list(column) == words
        assert column[part] == words[part]
        assert [column[i] for i in range(-len(words), len(words))] == words * 2
        for beyond in (len(words), -len(words) - 1):
            with pytest.raises(IndexError):
                column[beyond]


def test_a_column_that_begins_in_the_midst_of_its_data():
    whole = column_of(WORDS)
    part = WordColumn(whole._offsets[2:6], whole._data)
    assert list(part) == WORDS[2:5]
    assert part[-1] == "ship"


def test_vocabulary_and_vectors_of_a_column_are_those_of_a_list():
    counts = np.arange(len(WORDS), 0, -1)
    matrix = np.eye(len(WORDS), dtype=np.float32)
    for made, plain in (
        (Vocabulary(column_of(WORDS), counts), Vocabulary(WORDS, counts)),
        (WordVectors(column_of(WORDS), matrix, counts), WordVectors(WORDS, matrix, counts)),
    ):
        assert "words" not in vars(made)
        assert len(made) == len(plain)
        assert repr(made) == repr(plain)
        assert "words" not in vars(made)
        assert list(made) == list(plain) == made.words
        assert made.index == plain.index
        assert "café" in made
    vectors = WordVectors(column_of(WORDS), matrix, counts)
    np.testing.assert_array_equal(vectors["日本"], matrix[3])


def test_training_and_saving_make_no_list(tmp_path):
    text = [["the", "café", "ship"], ["ship", "sea", "the"]] * 20
    model = coterie.train(text, vector_size=8, min_count=1, epochs=1, workers=1, on_event=lambda told: None)
    model.save(tmp_path / "model")
    assert not {"words", "index"} & set(vars(model.vectors))
    saved = coterie.load(tmp_path / "model")
    assert saved.words == model.vectors.words == ["the", "ship", "café", "sea"]
    np.testing.assert_array_equal(saved["café"], model.vectors["café"])


def test_a_vocabulary_is_saved_in_pieces(tmp_path, monkeypatch):
    from pyarrow import parquet

    from coterie.formats import folder

    monkeypatch.setattr(folder, "_GROUP_WORDS", 5)
    monkeypatch.setattr(folder, "_PIECE_WORDS", 2)
    text = [[f"w{i}" for i in range(12)]] * 5
    model = coterie.train(text, vector_size=4, epochs=1, workers=1, on_event=lambda told: None)
    model.save(tmp_path / "model")
    assert coterie.load(tmp_path / "model").words == [f"w{i}" for i in range(12)]
    assert parquet.ParquetFile(tmp_path / "model" / "vocabulary.parquet").num_row_groups == 3
