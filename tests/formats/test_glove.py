import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from coterie.errors import ConfigError, FormatError
from coterie.formats import read, write
from coterie.formats.detect import detect
from coterie.formats.glove import read_glove


def saved(path, content):
    path.write_bytes(content)
    return path


def test_golden_bytes(tmp_path):
    write(tmp_path / "v.glove", ["the", "é"], np.float32([[1, 0.5], [-0.1, 2]]))
    assert (tmp_path / "v.glove").read_bytes() == "the 1 0.5\né -0.1 2\n".encode()


@pytest.mark.parametrize("name", ["v.glove", "v.glove.txt", "v.glove.gz", "v.glove.txt.zst"])
def test_names_and_compressions(tmp_path, name):
    write(tmp_path / name, ["the", "cat"], np.eye(2, dtype=np.float32) / 2)
    table = read(tmp_path / name)
    assert (table.words, table.matrix.tolist()) == (["the", "cat"], [[0.5, 0], [0, 0.5]])
    assert read(tmp_path / name, limit=1).words == ["the"]


def test_the_format_may_be_named(tmp_path):
    write(tmp_path / "v.txt", ["5"], np.float32([[3]]), format="glove")
    assert (tmp_path / "v.txt").read_bytes() == b"5 3\n"  # looks like a line of sizes
    assert read(tmp_path / "v.txt", format="glove").words == ["5"]
    with pytest.raises(FormatError, match=r"there are no vectors|cut short"):
        read(tmp_path / "v.txt")
    with pytest.raises(ConfigError, match="no_header means format 'glove'"):
        read(tmp_path / "v.txt", format="npy", no_header=True)


def test_a_word_may_hold_blanks(tmp_path):
    """As ``. . .`` and ``at name@domain.com`` in the published files, also in the first line."""
    content = b". . . 0.1 0.2\nthe 1 2\n. . 3 4\nat name@domain.com 5 6\n7 7 8\n"
    table = read(saved(tmp_path / "v", content))
    assert table.words == [". . .", "the", ". .", "at name@domain.com", "7"]
    assert table.matrix[-1].tolist() == [7, 8]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"the 1 2\ncat 1\n", r"v, line 2: 1 numbers after 'cat'; every row must have 2"),
        (b"the 1 2\ncat 1 2 3\n", r"v, line 2: 3 numbers after 'cat'; every row must have 2"),
        (b"the 1 2\nNew York 1 x\n", r"v, line 2: 'x' is not a finite number"),
        (b"the 1 2\ncat 1 nan\n", r"v, line 2: 'nan' is not a finite number"),
        (b"the 1 2\ncat 1 1_0\n", r"v, line 2: '1_0' is not a finite number"),
        (b"the 1 2\n\ncat 1 2\n", r"v, line 2: 0 numbers after ''"),
        (b"the 1 2\nc\xffat 1 2\n", r"word 2 is not UTF-8"),
        (b"", "is empty"),
        (b"the\n", r'v, line 1: expected "word number … number"'),
    ],
)
def test_damage_is_told_with_its_place(tmp_path, content, told):
    with pytest.raises(FormatError, match=told):
        read_glove(saved(tmp_path / "v", content))


def test_a_line_without_end_is_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("coterie.formats.number_text._LONGEST_WORD", 1000)
    monkeypatch.setattr("coterie.formats.number_text.CHUNK", 1000)
    with pytest.raises(FormatError, match="a line has more than 1,128 bytes"):
        read_glove(saved(tmp_path / "v", b"the 1 2\n" + b"x" * 5_000))


def test_words_that_the_format_cannot_hold(tmp_path):
    with pytest.raises(FormatError, match="'New York' can't be written: GloVe's text ends a word at a blank"):
        write(tmp_path / "v.glove", ["New York"], np.float32([[1]]))
    write(tmp_path / "v.glove", ["New York"], np.float32([[1]]), replace_spaces="_")
    assert read(tmp_path / "v.glove").words == ["New_York"]


@settings(max_examples=25)  # each waits for the disk
@given(
    words=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \n"), min_size=1),
        unique=True,
        min_size=1,
        max_size=10,
    ),
    data=st.data(),
)
def test_any_words_and_numbers_round_trip(tmp_path_factory, words, data):
    size = data.draw(st.integers(1, 4))
    finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
    matrix = data.draw(hnp.arrays(np.float32, (len(words), size), elements=finite))
    path = tmp_path_factory.getbasetemp() / "any.glove"
    write(path, words, matrix)
    table = read(path, format="glove")
    assert table.words == words
    np.testing.assert_array_equal(table.matrix, matrix)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"the 0.1 0.2\n", "glove"),
        (b"the 0.1\n", "glove"),
        (b". . . 0.1 0.2 \r\n", "glove"),
        (b"2 2\nthe 0.1 0.2\n", "word2vec"),
        (b"\xef\xbb\xbf2 2\nthe 0.1 0.2\n", "word2vec"),
        (b"2 1\nthe \x00\x00\x00\x3f\ncat \x00\x00\x00\x3f\n", "word2vec-binary"),
        (b"0.1\t0.2\n0.1\t0.2\n", "projector"),
        (b"0.1\n0.2\n", "projector"),
        (b"3\t4\n", "projector"),
    ],
)
def test_the_contents_tell_the_format(tmp_path, content, kind):
    assert detect(saved(tmp_path / "v", content)) == kind
