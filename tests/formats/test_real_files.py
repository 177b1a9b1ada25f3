"""Files that word2vec.c, fastText and gensim make there and then from a few lines of text."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from coterie.errors import FormatError
from coterie.formats import read, write
from coterie.formats.word2vec import read_word2vec

# Longer than the 100 bytes that word2vec.c keeps of a word, in letters of two bytes: it cuts one in two.
LONG = "a" + "é" * 80
TOKENS = ["the", "naïve", "日本語", "don't", "😀", "a1", "ß"]


@pytest.fixture
def text(tmp_path):
    draw = random.Random(1)
    lines = [" ".join(draw.choices(TOKENS, k=15)) for _ in range(200)]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def word2vec_program():
    beside = Path(sys.executable).with_name("word2vec")
    found = str(beside) if beside.exists() else shutil.which("word2vec")
    return found or pytest.skip("word2vec's C program is not installed")


def trained(text, *options):
    output = text.with_name("vectors")
    command = [word2vec_program(), "-train", text, "-output", output, "-size", "8", "-min-count", "1"]
    settings = ["-threads", "1", "-iter", "1", "-save-vocab", text.with_name("vocab"), *options]
    subprocess.run([*command, *settings], check=True, capture_output=True)
    return output


@pytest.mark.parametrize("hs", ["0", "1"])
def test_the_c_programs_binary_and_text_hold_the_same(text, hs):
    binary = read(trained(text, "-binary", "1", "-hs", hs, "-negative", "5"))
    counted = read_word2vec(text.with_name("vectors"), fvocab=text.with_name("vocab"))
    written = read(trained(text, "-binary", "0", "-hs", hs, "-negative", "5"))
    assert binary.words[0] == "</s>"
    assert sorted(binary.words) == sorted(written.words) == sorted(["</s>", *TOKENS])
    np.testing.assert_allclose(binary.matrix, written.matrix, atol=5.1e-7)
    assert counted.counts[counted.words.index("the")] == text.read_text().split().count("the")


@pytest.mark.parametrize("binary", ["0", "1"])
def test_a_word_that_the_c_program_cut_in_the_middle_of_a_letter(text, binary):
    text.write_text(text.read_text() + (LONG + " the\n") * 3)
    path = trained(text, "-binary", binary)
    with pytest.raises(FormatError, match=r"is not UTF-8.*encoding_errors='replace'"):
        read(path)
    assert len(read(path, encoding_errors="replace").words) == len(TOKENS) + 2
    ignoring = read(path, encoding_errors="ignore").words
    assert any(word.startswith("aéééé") for word in ignoring)


def test_fasttexts_vec(text):
    fasttext = pytest.importorskip("fasttext")
    model = fasttext.train_unsupervised(
        str(text), "skipgram", dim=10, minCount=1, epoch=1, thread=10, bucket=50, verbose=0
    )
    words = model.get_words()
    rows = [" ".join([word, *(f"{x:.5g}" for x in model.get_word_vector(word)), ""]) for word in words]
    path = text.with_name("v.vec")  # as the program's own `save_vectors` writes it
    path.write_text(f"{len(words)} 10\n" + "\n".join(rows) + "\n")
    table = read(path)
    assert table.words == words
    np.testing.assert_allclose(table.matrix, [model.get_word_vector(w) for w in words], rtol=1e-4)


def test_fasttext_takes_our_vec_as_pretrained(text):
    fasttext = pytest.importorskip("fasttext")
    labelled = text.with_name("labelled.txt")
    labelled.write_text(
        "".join(f"__label__{i % 2} {line}\n" for i, line in enumerate(text.read_text().splitlines()))
    )
    matrix = np.random.default_rng(1).standard_normal((len(TOKENS), 10)).astype(np.float32)
    write(text.with_name("ours.vec"), TOKENS, matrix)
    model = fasttext.train_supervised(
        str(labelled),
        dim=10,
        lr=0.0,
        epoch=1,
        minCount=1,
        thread=10,
        verbose=0,
        pretrainedVectors=str(text.with_name("ours.vec")),
    )
    np.testing.assert_allclose(model.get_word_vector("日本語"), matrix[TOKENS.index("日本語")], rtol=1e-6)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # gensim leaves one open
@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.glove"])
def test_gensim_reads_ours(tmp_path, name):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    matrix = np.random.default_rng(1).standard_normal((len(TOKENS), 10)).astype(np.float32)
    write(tmp_path / name, TOKENS, matrix)
    theirs = keyedvectors.KeyedVectors.load_word2vec_format(
        str(tmp_path / name), binary=name.endswith(".bin"), no_header=name.endswith(".glove")
    )
    assert theirs.index_to_key == TOKENS
    np.testing.assert_array_equal(theirs.vectors, matrix)


def test_models_that_gensim_trained(text):
    models = pytest.importorskip("gensim.models")
    sentences = [line.split() for line in text.read_text().splitlines()]
    model = models.Word2Vec(sentences, vector_size=6, min_count=1, epochs=1, workers=1)
    for binary in (True, False):
        model.wv.save_word2vec_format(str(text.with_name("v")), binary=binary)
        table = read(text.with_name("v"))
        assert table.words == model.wv.index_to_key
        np.testing.assert_array_equal(table.matrix, model.wv.vectors)


def test_a_model_that_gensim_saved_as_fasttext_does(text):
    models = pytest.importorskip("gensim.models")
    writer = pytest.importorskip("gensim.models.fasttext").save_facebook_model
    sentences = [line.split() for line in text.read_text().splitlines()]
    model = models.FastText(sentences, vector_size=6, min_count=1, epochs=1, workers=1, bucket=60)
    writer(model, str(text.with_name("m.bin")))
    table = read(text.with_name("m.bin"))
    assert table.words == model.wv.index_to_key
    np.testing.assert_allclose(table.matrix, model.wv[table.words], rtol=1e-5, atol=1e-6)
