"""fastText's models, made by fastText there and then, and by hand where it isn't installed."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.errors import FormatError
from coterie.formats import read, write
from coterie.formats.ngrams import ngram_buckets
from reference.fasttext_model import model_bytes, slow_buckets

WORDS = ["</s>", "naïve", "日本語", "don't", "a", "😀smile", "x1"]


@given(
    words=st.lists(
        st.one_of(
            st.text(max_size=8).map(lambda t: t.encode("utf-8", "replace")),
            st.binary(max_size=8),
            st.just(b"</s>"),
        )
    ),
    minn=st.integers(0, 4),
    longer=st.integers(0, 4),
    bucket=st.integers(1, 10_000),
)
def test_ngrams_against_the_slow_twin(words, minn, longer, bucket):
    owners, buckets = ngram_buckets(words, minn, minn + longer, bucket)
    for i, word in enumerate(words):
        assert sorted(buckets[owners == i].tolist()) == slow_buckets(word, minn, minn + longer, bucket)


def test_vectors_by_the_formula(tmp_path):
    content, rows = model_bytes(WORDS, labels=["__label__a"])
    (tmp_path / "m.bin").write_bytes(content)
    table = read(tmp_path / "m.bin")
    assert (table.words, table.counts.tolist()) == (WORDS, [10] * len(WORDS))
    for i, word in enumerate(WORDS):
        ids = [i, *(len(WORDS) + b for b in slow_buckets(word.encode(), 3, 6, 20))]
        np.testing.assert_allclose(table.matrix[i], rows[ids].mean(axis=0), rtol=1e-5, atol=1e-6)
    assert read(tmp_path / "m.bin", limit=2).words == WORDS[:2]


def test_early_supervised_models_have_no_ngrams(tmp_path):
    content, rows = model_bytes(WORDS, kind=3, version=11)
    (tmp_path / "m.bin").write_bytes(content)
    np.testing.assert_array_equal(read(tmp_path / "m.bin").matrix, rows[: len(WORDS)])


def test_gathering_in_small_pieces_changes_nothing(tmp_path, monkeypatch):
    content, _ = model_bytes(WORDS)
    (tmp_path / "m.bin").write_bytes(content)
    whole = read(tmp_path / "m.bin").matrix
    monkeypatch.setattr("coterie.formats.fasttext_model._GATHERED_NUMBERS", 12)
    monkeypatch.setattr("coterie.formats.fasttext_model._BLOCK_BYTES", 5)
    np.testing.assert_allclose(read(tmp_path / "m.bin").matrix, whole, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"quantised": 1}, r"is a quantised fastText model \(\.ftz\)"),
        ({"pruned": 0}, "its dictionary was pruned"),
        ({"version": 13}, "format version 13 is unknown"),
        ({"bucket": 0}, "n-grams of 3 to 6 in 0 buckets"),
        ({"maxn": 10_000}, "n-grams of 3 to 10000"),
        ({"size": 0}, "vectors of 0 dimensions"),
        ({"words": ["a", "", "b"]}, "entry 2 of the dictionary"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, settings, told):
    (tmp_path / "m.bin").write_bytes(model_bytes(**{"words": WORDS} | settings)[0])
    with pytest.raises(FormatError, match=told):
        read(tmp_path / "m.bin")


def test_cut_at_any_byte(tmp_path):
    content, _ = model_bytes(["a", "b"], size=2, bucket=2)
    for length in range(4, len(content)):
        (tmp_path / "m.bin").write_bytes(content[:length])
        with pytest.raises(FormatError, match=r"m\.bin is cut short: it ends at byte"):
            read(tmp_path / "m.bin")
    (tmp_path / "m.bin").write_bytes(content + b"\0")
    with pytest.raises(FormatError, match="1 bytes follow its end"):
        read(tmp_path / "m.bin")


def test_models_are_not_written_and_not_read_compressed(tmp_path):
    with pytest.raises(FormatError, match=r"only read. End the name in \.vec"):
        write(tmp_path / "m.bin", ["a"], np.ones((1, 1), np.float32), format="fasttext")
    (tmp_path / "m.bin.zst").touch()
    with pytest.raises(FormatError, match="Unpack it first"):
        read(tmp_path / "m.bin.zst", format="fasttext")


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("skipgram", {}),
        ("cbow", {"minn": 1, "maxn": 2}),
        ("skipgram", {"minn": 0, "maxn": 0}),
        ("skipgram", {"loss": "hs", "bucket": 7}),
        ("supervised", {}),
        ("supervised", {"minn": 2, "maxn": 4, "wordNgrams": 2}),
        ("supervised", {"wordNgrams": 3}),
    ],
)
def test_models_that_fasttext_trained(tmp_path, kind, settings):
    fasttext = pytest.importorskip("fasttext")
    draw = random.Random(1)
    words = [*WORDS[1:], "the", "élève", "coöperate", "Straße"]
    lines = [" ".join(draw.choices(words, k=12)) for _ in range(100)]
    if kind == "supervised":
        lines = [f"__label__{draw.choice('ab')} {line}" for line in lines]
    (tmp_path / "text.txt").write_text("\n".join(lines))
    # Ten threads and dimensions: else fastText 0.9.2 leaves a part of the matrix without initial values.
    settings = {"dim": 10, "minCount": 1, "epoch": 1, "thread": 10, "bucket": 500, "verbose": 0} | settings
    if kind == "supervised":
        model = fasttext.train_supervised(str(tmp_path / "text.txt"), **settings)
    else:
        model = fasttext.train_unsupervised(str(tmp_path / "text.txt"), kind, **settings)
    model.save_model(str(tmp_path / "m.bin"))
    table = read(tmp_path / "m.bin")
    theirs, counts = model.get_words(include_freq=True)
    assert (table.words, table.counts.tolist()) == (theirs, counts.tolist())
    expected = np.array([model.get_word_vector(word) for word in theirs])
    np.testing.assert_allclose(table.matrix, expected, rtol=1e-6, atol=1e-6)


def test_a_model_that_fasttext_quantised_is_refused(tmp_path):
    fasttext = pytest.importorskip("fasttext")
    text = tmp_path / "text.txt"
    text.write_text("\n".join(f"__label__{i % 2} w{i % 7} w{i % 300} x y" for i in range(600)))
    model = fasttext.train_supervised(str(text), dim=10, minCount=1, epoch=1, thread=10, verbose=0)
    model.quantize()
    model.save_model(str(tmp_path / "m.ftz"))
    with pytest.raises(FormatError, match="quantised fastText model"):
        read(tmp_path / "m.ftz")
