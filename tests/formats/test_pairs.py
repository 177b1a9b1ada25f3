"""Formats of two files: NumPy's array with its words, the projector's vectors with their metadata."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.errors import FormatError
from coterie.formats import read, write

MATRIX = np.array([[1, 0.5], [-2, 3], [0, 0.25]], dtype=np.float32)
WORDS = ["New York", "naïve", "x"]
COUNTS = np.array([30, 20, 10])
BESIDE = {"v.npy": "v.words.txt", "v.tsv": "v.metadata.tsv"}


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("counts", [None, COUNTS])
def test_round_trip(tmp_path, name, counts):
    write(tmp_path / name, WORDS, MATRIX, counts)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, BESIDE[name]])
    table = read(tmp_path / name)
    assert table.words == WORDS
    np.testing.assert_array_equal(table.matrix, MATRIX)
    assert (None if table.counts is None else table.counts.tolist()) == (
        None if counts is None else counts.tolist()
    )
    limited = read(tmp_path / name, limit=2)
    assert limited.words == WORDS[:2]
    np.testing.assert_array_equal(limited.matrix, MATRIX[:2])


@settings(max_examples=25)  # each waits for the disk
@given(
    words=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r"), min_size=1),
        unique=True,
        min_size=1,
        max_size=9,
    ),
    counted=st.booleans(),
    name=st.sampled_from(sorted(BESIDE)),
)
def test_any_words_round_trip(tmp_path_factory, words, counted, name):
    path = tmp_path_factory.getbasetemp() / name
    matrix = np.random.default_rng(1).standard_normal((len(words), 3)).astype(np.float32)
    write(path, words, matrix, np.arange(len(words)) if counted else None)
    table = read(path)
    assert table.words == words
    np.testing.assert_array_equal(table.matrix, matrix)
    assert (table.counts is not None) == counted


@pytest.mark.parametrize("name", BESIDE)
def test_words_that_a_line_cannot_hold(tmp_path, name):
    for word in ("a\tb", "a\nb", "a\r"):
        with pytest.raises(FormatError, match="a line of words ends one at a tab or newline or carriage"):
            write(tmp_path / name, [word], MATRIX[:1])
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / name, ["a\tb"], MATRIX[:1], replace_spaces=" ")
    assert read(tmp_path / name).words == ["a b"]


@pytest.mark.parametrize("name", BESIDE)
def test_halves_that_do_not_fit(tmp_path, name):
    write(tmp_path / name, WORDS, MATRIX)
    beside = tmp_path / BESIDE[name]
    whole = beside.read_bytes()
    beside.write_bytes(whole + b"more\n")
    for limit in (None, 4):
        with pytest.raises(
            FormatError, match=rf"{beside.name} has more words than the 3 vectors of .*{name}"
        ):
            read(tmp_path / name, limit=limit)
    beside.write_bytes(whole.split(b"\n")[0])
    with pytest.raises(FormatError, match=rf"{beside.name} has 1 words, but .*{name} 3 vectors"):
        read(tmp_path / name)
    beside.unlink()
    with pytest.raises(FormatError, match=rf"vectors without words: they belong in {beside.name}"):
        read(tmp_path / name)


@pytest.mark.parametrize("name", BESIDE)
def test_a_refusal_leaves_both_as_they_were(tmp_path, name):
    write(tmp_path / name, WORDS, MATRIX)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(FormatError, match="NaN"):
        write(tmp_path / name, ["a", "b"], np.float32([[1], [np.nan]]))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a\t3\nb\nc\t1\n", r"v.words.txt, line 2: 1 columns, expected 2"),
        (b"a\t3\nb\tmany\nc\t1\n", r"v.words.txt, line 2: the count is 'many'"),
        (b"a\t3\nb\t-3\nc\t1\n", r"v.words.txt, line 2: the count is '-3'"),
        (b"a\t3\nb\t9999999999999999999\nc\t1\n", r"line 2: the count is '9999"),
        (b"a\tb\t3\n", r"v.words.txt, line 1: expected"),
        (b"a\nb\xff\nc\n", r"v.words.txt: word 2 is not UTF-8"),
    ],
)
def test_damaged_words_are_told_with_their_place(tmp_path, content, told):
    write(tmp_path / "v.npy", WORDS, MATRIX)
    (tmp_path / "v.words.txt").write_bytes(content)
    with pytest.raises(FormatError, match=told):
        read(tmp_path / "v.npy")


def test_numpy_reads_ours_and_ours_is_mapped(tmp_path):
    write(tmp_path / "v.npy", WORDS, MATRIX)
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy", allow_pickle=False), MATRIX)
    matrix = read(tmp_path / "v.npy").matrix
    assert not matrix.flags.writeable
    assert matrix.ctypes.data % 64 == 0


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f2", "<f8", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_numpys(tmp_path, dtype, order):
    np.save(tmp_path / "v.npy", np.asarray(MATRIX, dtype=dtype, order=order))
    (tmp_path / "v.words.txt").write_text("a\nb\nc\n")
    table = read(tmp_path / "v.npy")
    assert table.matrix.dtype == np.dtype("<f4")
    np.testing.assert_array_equal(table.matrix, MATRIX)


@pytest.mark.parametrize(
    "array", [np.arange(3.0), np.ones((2, 2, 2)), np.ones((2, 2), dtype=int), np.array([[object()]])]
)
def test_arrays_that_are_no_vectors(tmp_path, array):
    np.save(tmp_path / "v.npy", array, allow_pickle=True)
    with pytest.raises(FormatError, match="expected a two-dimensional array of floats"):
        read(tmp_path / "v.npy")


def test_damaged_arrays(tmp_path):
    write(tmp_path / "v.npy", WORDS, MATRIX)
    whole = (tmp_path / "v.npy").read_bytes()

    def told(content, match):
        (tmp_path / "v.npy").write_bytes(content)
        with pytest.raises(FormatError, match=match):
            read(tmp_path / "v.npy")

    told(whole[:-1], r"v.npy is cut short: 3 × 2 numbers need 152 bytes, found 151")
    told(whole + b"\0", "longer than it should be")
    told(whole.replace(b"(3, 2)", b"(999999999999999, 2)"), "cut short|expected a two-dimensional")
    told(whole.replace(b"(3, 2)", b"(-3,2)"), "expected a two-dimensional")
    told(whole.replace(b"(3, 2)", b"f(3,2)"), "expected a two-dimensional")
    told(whole[:9], "header is damaged|expected a two-dimensional")
    told(whole[:6] + b"\x09" + whole[7:], "its header is damaged")
    np.save(tmp_path / "v.npy", np.full((3, 2), 1e300))
    with pytest.raises(FormatError, match="the vector of 'New York' holds NaN or infinity"):
        read(tmp_path / "v.npy")


def test_metadata_of_several_columns(tmp_path):
    """The projector names them in the first line, and not a single one."""
    (tmp_path / "v.tsv").write_text("1\t2\n3\t4\n")
    (tmp_path / "v.metadata.tsv").write_text("count\tword\ttag\n5\tcat\tN\n6\trun\tV\n")
    table = read(tmp_path / "v.tsv")
    assert (table.words, table.counts.tolist()) == (["cat", "run"], [5, 6])
    (tmp_path / "v.metadata.tsv").write_text("label\ttag\ncat\tN\nrun\tV\n")
    assert (read(tmp_path / "v.tsv").words, read(tmp_path / "v.tsv").counts) == (["cat", "run"], None)


def test_the_names_that_other_programs_give_the_pair(tmp_path):
    for vectors, metadata in (("m_tensor.tsv", "m_metadata.tsv"), ("vectors.tsv", "metadata.tsv")):
        (tmp_path / vectors).write_text("1\t2\r\n3\t4\r\n")
        (tmp_path / metadata).write_text("cat\r\ndog\r\n")
        assert read(tmp_path / vectors).words == ["cat", "dog"]


def test_damaged_vectors_of_the_projector(tmp_path):
    (tmp_path / "v.metadata.tsv").write_text("a\nb\n")
    for content, told in (
        ("1\t2\n3\n", "line 2: 1 numbers; every row must have 2"),
        ("1\t2\n3\tx\n", "line 2: 'x' is not a finite number"),
        ("1\t2\n3\tnan\n", "line 2: 'nan' is not a finite number"),
    ):
        (tmp_path / "v.tsv").write_text(content)
        with pytest.raises(FormatError, match=told):
            read(tmp_path / "v.tsv")
    with pytest.raises(FormatError, match=r"The words are in another file|expected .words dimensions"):
        read(tmp_path / "v.metadata.tsv", format="projector")


def test_gensims_script_for_the_projector(tmp_path):
    script = pytest.importorskip("gensim.scripts.word2vec2tensor")
    write(tmp_path / "v.txt", ["cat", "naïve"], MATRIX[:2])
    script.word2vec2tensor(str(tmp_path / "v.txt"), str(tmp_path / "m"))
    table = read(tmp_path / "m_tensor.tsv")
    assert table.words == ["cat", "naïve"]
    np.testing.assert_array_equal(table.matrix, MATRIX[:2])
