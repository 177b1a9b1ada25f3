"""The approximate index: its recall, the exactness of its scores, and that no bad file is believed."""

from __future__ import annotations

import builtins
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.errors import ConfigError, FormatError, ResourceError, WordNotFoundError
from coterie.formats.neighbour_index import fingerprint, index_path, sidecar
from coterie.index import NeighbourIndex
from coterie.vectors import WordVectors

# Not importorskip: see `coterie.index.graph` on what must be imported before usearch.
pytestmark = pytest.mark.skipif(importlib.util.find_spec("usearch") is None, reason="needs usearch")


def clustered(words=3_000, size=24, seed=1):
    """Vectors of many lengths around some centres, as trained ones are."""
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((words // 30, size))
    matrix = centres[draw.integers(0, len(centres), words)] + 0.5 * draw.standard_normal((words, size))
    matrix *= draw.uniform(0.01, 50, (words, 1))
    return WordVectors([f"w{i}" for i in range(words)], matrix.astype(np.float32))


@pytest.fixture(scope="module")
def vectors():
    return clustered()


@pytest.fixture(scope="module")
def index(vectors):
    return NeighbourIndex.build(vectors, threads=1)


@pytest.fixture
def saved(index, tmp_path):
    path = tmp_path / "neighbours.usearch"
    index.save(path)
    return path


@pytest.mark.parametrize("dtype", ["f32", "bf16", "f16", "i8"])
def test_most_of_the_true_neighbours_are_found(vectors, dtype):
    index = NeighbourIndex.build(vectors, dtype=dtype, threads=1)
    recall = index.recall(sample=300)
    assert recall > 0.97
    assert index.description["recall"] == {"value": recall, "topn": 10, "sample": 300, "seed": 1}


def test_recall_counts_what_is_missed(vectors, index):
    class Half:
        """Finds something else for every other query."""

        def __len__(self):
            return len(index._graph)

        def candidates(self, units, count):
            query, row = index._graph.candidates(units, count)
            return query, np.where(query % 2, (row + 1_500) % 3_000, row)

    half = NeighbourIndex(vectors, Half(), index.config, index.description)
    assert 0.48 < half.recall(sample=200, topn=5) < 0.55
    kept = half.description["recall"]
    assert half.recall(restrict_vocab=1) == 1  # the first query alone is answered well
    assert half.description["recall"] == kept


def test_scores_are_those_of_the_exact_search(vectors, index):
    queries = [*vectors.words[:300], ["w1", "w2", ("w3", -1)], vectors.matrix[7], ("w8", 0.5)]
    exact = vectors.most_similar_batch(queries, topn=len(vectors))
    for mine, all_scores in zip(index.most_similar_batch(queries), exact, strict=True):
        scores = dict(all_scores)
        assert len(mine) == 10
        assert all(scores[word] == score for word, score in mine)
        assert mine == sorted(mine, key=lambda pair: (-pair[1], vectors.index[pair[0]]))


def test_alone_and_among_others(vectors, index):
    together = index.most_similar_batch(["w5", ["w1", ("w2", -1)]], topn=4)
    assert together == [index.most_similar("w5", topn=4), index.most_similar("w1", "w2", topn=4)]
    assert index.most_similar_batch([]) == []
    assert index.most_similar_batch(vectors.matrix[:3], topn=1) == [
        [(w, pytest.approx(1))] for w in ("w0", "w1", "w2")
    ]


def test_the_querys_words_are_left_out(vectors, index):
    crowd = vectors.words[:40]
    answers = index.most_similar_batch([*crowd, crowd], topn=30)
    assert all(word not in dict(answer) for word, answer in zip(crowd, answers[:-1], strict=True))
    assert not set(crowd) & set(dict(answers[-1]))
    assert all(len(answer) == 30 for answer in answers)


def test_queries_are_checked_as_everywhere(index):
    with pytest.raises(WordNotFoundError, match="'w99999' is not in the vocabulary"):
        index.most_similar("w99999")
    with pytest.raises(ConfigError, match="queries is the string 'w1'"):
        index.most_similar_batch("w1")
    with pytest.raises(ConfigError, match="topn is 0"):
        index.most_similar("w1", topn=0)
    with pytest.raises(ConfigError, match="the query is empty"):
        index.most_similar()


@given(st.integers(1, 12), st.integers(1, 20), st.data())
@settings(deadline=None, max_examples=40)
def test_small_vocabularies_are_answered_exactly(words, topn, data):
    """Of zero vectors too, and for queries that are zero."""
    rows = st.lists(st.integers(-2, 2), min_size=3, max_size=3)
    matrix = np.array(data.draw(st.lists(rows, min_size=words, max_size=words)), dtype=np.float32)
    vectors = WordVectors([f"w{i}" for i in range(words)], matrix)
    index = NeighbourIndex.build(vectors, threads=1)
    queries = [*vectors.words, matrix[0], [("w0", 1.0), (f"w{words - 1}", -1.0)]]
    for mine, exact in zip(
        index.most_similar_batch(queries, topn), vectors.most_similar_batch(queries, topn), strict=True
    ):
        assert [score for _, score in mine] == [score for _, score in exact]


def test_the_same_vectors_give_the_same_index_on_one_thread(vectors, index, tmp_path):
    index.save(tmp_path / "a")
    NeighbourIndex.build(vectors, threads=1).save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_progress_is_told(vectors):
    told = []
    NeighbourIndex.build(vectors, threads=2, progress=lambda *done: told.append(done))
    assert told[-1] == (3_000, 3_000)


def test_settings_are_checked(vectors):
    for name, value in (
        ("connectivity", 1),
        ("expansion_add", 0),
        ("expansion_search", 2.5),
        ("dtype", "f8"),
    ):
        with pytest.raises(ConfigError, match=f"{name} is {value!r}"):
            NeighbourIndex.build(vectors, **{name: value})
    with pytest.raises(ConfigError, match="threads is 0"):
        NeighbourIndex.build(vectors, threads=0)


def test_nan_is_refused():
    matrix = np.ones((3, 2), dtype=np.float32)
    matrix[1] = np.nan
    with pytest.raises(FormatError, match="the vector of 'b' holds NaN"):
        NeighbourIndex.build(WordVectors(list("abc"), matrix))


@pytest.mark.parametrize("mapped", [True, False])
def test_a_saved_index_answers_as_before(vectors, index, saved, mapped):
    again = NeighbourIndex.load(saved, vectors, mapped=mapped)
    assert again.config == index.config
    assert again.most_similar_batch(vectors.words[:50]) == index.most_similar_batch(vectors.words[:50])
    assert again.description["parameters"]["connectivity"] == 16
    assert sorted(path.name for path in saved.parent.iterdir()) == [saved.name, sidecar(saved).name]


def test_how_much_a_search_looks_at_can_be_changed(vectors, saved):
    index = NeighbourIndex.load(saved, vectors)
    index.recall(sample=10)
    index.expansion_search = 400
    assert index.config.expansion_search == index.expansion_search == 400
    assert "recall" not in index.description
    index.save(saved)
    assert NeighbourIndex.load(saved, vectors).expansion_search == 400
    with pytest.raises(ConfigError, match="expansion_search is 0"):
        index.expansion_search = 0


def test_a_mapped_index_outlives_its_replacement(vectors, index, saved):
    mapped = NeighbourIndex.load(saved, vectors)
    before = mapped.most_similar_batch(vectors.words[:20])
    index.save(saved)
    sidecar(saved).unlink()
    saved.unlink()
    assert mapped.most_similar_batch(vectors.words[:20]) == before


def test_the_index_of_other_vectors_is_refused(vectors, saved):
    other = vectors.matrix.copy()
    other[2_999, 23] += np.float32(1e-3)
    for matrix in (other, vectors.matrix[:-1], vectors.matrix[:, :-1]):
        stale = WordVectors(vectors.words[: len(matrix)], matrix)
        with pytest.raises(
            FormatError, match=r"index of other vectors \(3,000 words × 24\).*Build the index again: coterie"
        ):
            NeighbourIndex.load(saved, stale)


def test_nothing_there(vectors, tmp_path):
    with pytest.raises(FormatError, match="does not exist"):
        NeighbourIndex.load(tmp_path / "neighbours.usearch", vectors)


def test_one_of_the_two_files_alone(vectors, saved, tmp_path):
    alone = tmp_path / "alone"
    shutil.copy(saved, alone)
    with pytest.raises(FormatError, match=r"alone.json is missing"):
        NeighbourIndex.load(alone, vectors)
    saved.unlink()
    with pytest.raises(FormatError, match=r"neighbours.usearch is missing"):
        NeighbourIndex.load(saved, vectors)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 1_000, -1])
def test_a_file_cut_short_is_refused(vectors, saved, length):
    saved.write_bytes(saved.read_bytes()[:length])
    with pytest.raises(FormatError, match=r"is cut short.*Build the index again"):
        NeighbourIndex.load(saved, vectors)


def test_a_longer_file_is_refused(vectors, saved):
    saved.write_bytes(saved.read_bytes() + b"\0")
    with pytest.raises(FormatError, match="is longer than it should be"):
        NeighbourIndex.load(saved, vectors)


def test_any_changed_bit_is_refused(vectors, saved):
    whole = bytearray(saved.read_bytes())
    for place in [*np.random.default_rng(1).integers(0, len(whole), 20).tolist(), 0, 8, len(whole) - 1]:
        damaged = whole.copy()
        damaged[place] ^= 1 << place % 8
        saved.write_bytes(damaged)
        with pytest.raises(FormatError, match="is damaged: its check sum"):
            NeighbourIndex.load(saved, vectors)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text[:-20], "is damaged: no JSON"),
        (lambda text: "[]", "is damaged: format_version is None"),
        (lambda text: text.replace('"format_version": 1', '"format_version": 2'), "format version 2"),
        (lambda text: text.replace('"words": 3000', '"words": "many"'), "words is 'many'"),
        (lambda text: text.replace('"words": 3000', '"words": 2999'), "other vectors"),
        (lambda text: text.replace('"connectivity"', '"connections"'), "can't be used"),
        (lambda text: text.replace('"expansion_search": 128', '"expansion_search": 0'), "can't be used"),
    ],
)
def test_a_damaged_description_is_refused(vectors, saved, change, told):
    before = sidecar(saved).read_text()
    sidecar(saved).write_text(change(before))
    assert change(before) != before
    with pytest.raises(FormatError, match=told):
        NeighbourIndex.load(saved, vectors)


def test_a_file_of_something_else_is_refused_though_its_sum_is_right(vectors, saved):
    import zlib

    told = json.loads(sidecar(saved).read_text())
    saved.write_bytes(b"no index at all" * 100)
    told |= {"bytes": 1500, "crc32": zlib.crc32(saved.read_bytes())}
    sidecar(saved).write_text(json.dumps(told))
    with pytest.raises(FormatError, match="can't be used"):
        NeighbourIndex.load(saved, vectors)


def test_a_save_that_fails_leaves_the_earlier_index(vectors, index, saved, monkeypatch):
    before = saved.read_bytes(), sidecar(saved).read_bytes()

    def full(path):
        Path(path).write_bytes(b"a part")
        raise RuntimeError("Failed to serialize into stream")

    monkeypatch.setattr(index._graph, "save", full)
    with pytest.raises(ResourceError, match="can't be written: Failed to serialize"):
        index.save(saved)
    monkeypatch.setattr(index._graph, "save", lambda path: None)
    with pytest.raises(ResourceError, match=r"0 of [\d,]+ bytes are there"):
        index.save(saved)
    monkeypatch.setitem(index.description, "strange", float("nan"))
    with pytest.raises(ValueError, match="JSON"):
        index.save(saved)
    assert (saved.read_bytes(), sidecar(saved).read_bytes()) == before
    assert len(list(saved.parent.iterdir())) == 2
    assert NeighbourIndex.load(saved, vectors).most_similar("w1")


def test_without_usearch_it_says_what_to_install(vectors, saved, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments):
        if name.startswith("usearch"):
            raise ImportError("No module named 'usearch'")
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    for call in (lambda: NeighbourIndex.build(vectors), lambda: NeighbourIndex.load(saved, vectors)):
        with pytest.raises(ResourceError, match=r"pip install 'coterie\[index\]'"):
            call()


def test_fingerprints_tell_vectors_apart(vectors):
    padded = np.zeros((3_000, 32), dtype=np.float32)
    padded[:, :24] = vectors.matrix
    assert fingerprint(padded[:, :24]) == fingerprint(vectors.matrix) != fingerprint(padded)
    assert fingerprint(np.zeros((2, 3), np.float32)) != fingerprint(np.zeros((3, 2), np.float32))


def test_where_an_index_is_saved(tmp_path):
    assert index_path(tmp_path) == tmp_path / "neighbours.usearch"
    assert index_path(tmp_path / "v.txt.gz") == tmp_path / "v.txt.gz.neighbours"


def test_pyarrow_still_reads_after_usearch_was_loaded():
    program = (
        "import numpy as np\n"
        "from coterie.index import NeighbourIndex\n"
        "from coterie.vectors import WordVectors\n"
        "NeighbourIndex.build(WordVectors(['a', 'b'], np.eye(2, dtype=np.float32)))\n"
        "import pyarrow\n"
        "from pyarrow import csv\n"
        "options = csv.ReadOptions(autogenerate_column_names=True)\n"
        "print(csv.read_csv(pyarrow.BufferReader(b'a,1\\n'), options).column_names)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "['f0', 'f1']\n"


def test_numpys_numbers_are_saved_as_numbers(vectors, saved):
    index = NeighbourIndex.load(saved, vectors)
    index.recall(sample=np.int64(50), topn=np.int64(5))
    index.save(saved)
    assert json.loads(sidecar(saved).read_text())["recall"]["topn"] == 5
