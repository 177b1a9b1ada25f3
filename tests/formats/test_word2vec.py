import math
import struct
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from coterie.errors import ConfigError, FormatError
from coterie.formats import read, write
from coterie.formats.word2vec import read_word2vec, write_word2vec

ODD_WORDS = [
    "</s>",
    "a\u00a0b",
    "line\u2028separator",
    "next\x85line",
    "\ufeffbom",
    "😀👩‍👩‍👧",
    '"quoted"',
    "'",
    "back\\slash",
    "comma,semicolon;",
    "tab\there",
    "carriage\rreturn",
    "null",
    "NaN",
    "1.5",
    "#",
    "\x00zero",
    "\v\f",
    "İstanbul",
    "e\u0301",
    "日本語",
]
words_strategy = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \n"), min_size=1),
    unique=True,
    min_size=1,
    max_size=20,
)
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


def random_matrix(rows, size=7):
    return np.random.default_rng(rows).standard_normal((rows, size)).astype(np.float32)


def c_binary(words, matrix):
    """What word2vec.c writes: fprintf("%s ", word), fwrite of the floats, fprintf("\\n")."""
    rows = (
        w.encode() + b" " + struct.pack(f"<{len(r)}f", *r) + b"\n" for w, r in zip(words, matrix, strict=True)
    )
    return b"%d %d\n" % matrix.shape + b"".join(rows)


def c_text(words, matrix):
    """What word2vec.c writes: fprintf("%s ", word), fprintf("%lf ", number) …, fprintf("\\n")."""
    rows = (w + " " + "".join(f"{x:f} " for x in r) + "\n" for w, r in zip(words, matrix, strict=True))
    return (f"{len(matrix)} {matrix.shape[1]}\n" + "".join(rows)).encode()


def test_golden_bytes_of_the_binary_format(tmp_path):
    path = tmp_path / "v.bin"
    write_word2vec(path, ["</s>", "é"], np.array([[1, -2], [0.5, 0]], dtype=np.float32), binary=True)
    assert path.read_bytes() == (
        b"2 2\n</s> \x00\x00\x80\x3f\x00\x00\x00\xc0\n\xc3\xa9 \x00\x00\x00\x3f\x00\x00\x00\x00\n"
    )


def test_golden_bytes_of_the_text_format(tmp_path):
    path = tmp_path / "v.txt"
    write_word2vec(path, ["a", "b"], np.array([[1, 0.1], [-1.5, 1e-7]], dtype=np.float32))
    header, first, second, end = path.read_bytes().split(b"\n")
    assert (header, end) == (b"2 2", b"")
    assert first.split(b" ") == [b"a", b"1", b"0.1"]
    word, one, other = second.split(b" ")
    assert (word, np.float32(one), np.float32(other)) == (b"b", np.float32(-1.5), np.float32(1e-7))


@pytest.mark.parametrize("binary", [True, False])
def test_odd_words_round_trip(tmp_path, binary):
    matrix = random_matrix(len(ODD_WORDS))
    write_word2vec(tmp_path / "v", ODD_WORDS, matrix, binary=binary)
    table = read(tmp_path / "v")
    assert table.words == ODD_WORDS
    np.testing.assert_array_equal(table.matrix, matrix)


@pytest.mark.parametrize("binary", [True, False])
def test_a_word_with_a_byte_order_mark_may_stand_anywhere(tmp_path, binary):
    for words in (["\ufeffa", "b"], ["b", "\ufeffa"]):
        write_word2vec(tmp_path / "v", words, random_matrix(2), binary=binary)
        assert read(tmp_path / "v").words == words


@given(words=words_strategy, data=st.data(), binary=st.booleans())
def test_any_words_and_numbers_round_trip(tmp_path_factory, words, data, binary):
    size = data.draw(st.integers(1, 5))
    matrix = data.draw(hnp.arrays(np.float32, (len(words), size), elements=finite))
    path = tmp_path_factory.getbasetemp() / "any"
    write_word2vec(path, words, matrix, binary=binary)
    table = read_word2vec(path, binary=binary)
    assert table.words == words
    np.testing.assert_array_equal(table.matrix, matrix)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("ending", [".txt", ".bin"])
def test_compression_by_name(tmp_path, suffix, ending):
    path = tmp_path / f"v{ending}{suffix}"
    matrix = random_matrix(500)
    words = [f"w{i}" for i in range(500)]
    write(path, words, matrix)
    table = read(path)
    assert table.words == words
    np.testing.assert_array_equal(table.matrix, matrix)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(FormatError, match=r"archive is broken or cut short"):
        read(path)


def test_files_of_the_c_program(tmp_path):
    words = ["</s>", *ODD_WORDS[4:6], "the"]
    matrix = random_matrix(len(words))
    (tmp_path / "b").write_bytes(c_binary(words, matrix))
    (tmp_path / "t").write_bytes(c_text(words, matrix))
    np.testing.assert_array_equal(read(tmp_path / "b").matrix, matrix)
    assert read(tmp_path / "b").words == read(tmp_path / "t").words == words
    np.testing.assert_allclose(read(tmp_path / "t").matrix, matrix, atol=5e-7)
    write_word2vec(tmp_path / "again", words, matrix, binary=True)
    assert (tmp_path / "again").read_bytes() == c_binary(words, matrix)


@pytest.mark.parametrize("binary", [True, False])
def test_files_of_gensim_both_ways(tmp_path, binary):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    words = [w for w in ODD_WORDS if not set(w) & set("\r\t\v\f\x85\u2028\u00a0")]
    matrix = random_matrix(len(words))
    theirs = keyedvectors.KeyedVectors(matrix.shape[1])
    theirs.add_vectors(words, matrix)
    for i, word in enumerate(words):
        theirs.set_vecattr(word, "count", 100 - i)
    theirs.save_word2vec_format(str(tmp_path / "g"), binary=binary, fvocab=str(tmp_path / "gv"))
    table = read_word2vec(tmp_path / "g", fvocab=tmp_path / "gv")
    assert table.words == words
    np.testing.assert_array_equal(table.matrix, matrix)
    assert table.counts.tolist() == [100 - i for i in range(len(words))]

    write_word2vec(tmp_path / "c", words, matrix, table.counts, binary=binary, fvocab=tmp_path / "cv")
    loaded = keyedvectors.KeyedVectors.load_word2vec_format(
        str(tmp_path / "c"), binary=binary, fvocab=str(tmp_path / "cv")
    )
    assert loaded.index_to_key == words
    np.testing.assert_array_equal(loaded.vectors, matrix)
    assert [loaded.get_vecattr(w, "count") for w in words] == table.counts.tolist()


def test_a_file_larger_than_one_chunk(tmp_path, monkeypatch):
    for name in (
        "word2vec.CHUNK",
        "number_text.CHUNK",
        "word2vec_binary._CHUNK",
        "word2vec_binary._BLOCK_BYTES",
    ):
        monkeypatch.setattr(f"coterie.formats.{name}", 100)
    words = [f"w{i}" for i in range(400)]
    matrix = random_matrix(400)
    for binary in (True, False):
        write_word2vec(tmp_path / "v", words, matrix, binary=binary)
        table = read(tmp_path / "v")
        assert table.words == words
        np.testing.assert_array_equal(table.matrix, matrix)
        assert read(tmp_path / "v", limit=150).words == words[:150]
        np.testing.assert_array_equal(read(tmp_path / "v", limit=150).matrix, matrix[:150])


def test_a_file_without_header(tmp_path):
    (tmp_path / "glove.txt").write_bytes(b"the 0.1 0.2\n, 0.3 -0.4\n")
    with pytest.raises(FormatError, match=r'glove.txt, line 1: expected "words dimensions".*no_header=True'):
        read_word2vec(tmp_path / "glove.txt")
    for table in (
        read_word2vec(tmp_path / "glove.txt", no_header=True),
        read(tmp_path / "glove.txt"),
        read(tmp_path / "glove.txt", no_header=True),
    ):
        assert table.words == ["the", ","]
        np.testing.assert_array_equal(table.matrix, np.float32([[0.1, 0.2], [0.3, -0.4]]))


def test_windows_line_ends_blank_ends_and_a_marked_header(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"\xef\xbb\xbf2 2\r\na 1 2\r\nb 3 4\r\n\r\n")
    table = read(tmp_path / "v.txt")
    assert (table.words, table.matrix.tolist()) == (["a", "b"], [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", r"v is empty"),
        (b"2 2\na 1 2\nb 1\n", r"v, line 3: 1 numbers after 'b'; every row must have 2"),
        (b"2 2\na 1 2\nb 1 2 3\n", r"v, line 3: 3 numbers after 'b'; every row must have 2"),
        (b"2 2\na 1 x2\nb 1 2\n", r"v, line 2: 'x2' is not a finite number"),
        (b"2 2\na 1 2\nb 1 nan\n", r"v, line 3: 'nan' is not a finite number"),
        (b"2 2\na 1 2\nb 1 inf\n", r"v, line 3: 'inf' is not a finite number"),
        (b"2 2\na 1 2\nb 1 1e39\n", r"v, line 3: '1e39' is not a finite number"),
        (b"2 2\na 1 2\n 1 2\n", r"v, line 3: 2 numbers after ''"),
        (b"2 2\na 1 2\nb 1 2\nc 1 2\n", r"line 1 announces 2 words, and more follow from line 4"),
        (b"3 2\na 1 2\nb 1.000 2.000\n", r"v is cut short: line 1 announces 3 words, found 2"),
        (
            b"90 20\na 1 2\nb 1 2\n",
            r"v is cut short: 90 words of 20 dimensions.*at least 3,779 bytes, found 18",
        ),
        (b"0 20\n", r"v, line 1: 0 words of 20 dimensions"),
        (b"\xff\xfe 1 2\n", r'line 1: expected "words dimensions"'),
        (b"1 2\n\xffab 1 2\n", r"word 1 is not UTF-8.*encoding_errors='replace'"),
    ],
)
def test_damaged_text_is_told_with_its_place(tmp_path, content, told):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(FormatError, match=told):
        read_word2vec(tmp_path / "v", binary=False)


def test_damaged_binary_is_told(tmp_path):
    matrix = random_matrix(20, 9)
    words = [f"w{i}" for i in range(20)]
    whole = c_binary(words, matrix)
    path = tmp_path / "v.bin"

    def told(content, match):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=match):
            read(path)

    told(whole[:-30], r"v.bin is cut short: line 1 announces 20 words, found 19 and \d+ bytes more")
    told(whole[:300], r"v.bin is cut short: 20 words of 9 dimensions.*found 300")
    told(whole + b"w20 ", r"more follows the 20 words")
    told(whole.replace(b"20 9\n", b"20 8\n"), r"word 2: found .* where a word should begin.*\(8\)")
    matrix[3, 4] = math.nan
    told(c_binary(words, matrix), r"the vector of 'w3' holds NaN or infinity")


def test_a_truncated_compressed_or_huge_header_does_not_ask_for_memory(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"999999999999 300\na 1 2\n")
    with pytest.raises(FormatError, match="cut short"):
        read(path)


def test_words_cut_in_a_letter_are_read_on_demand(tmp_path):
    path = tmp_path / "v.bin"
    path.write_bytes(c_binary(["ab", "cd"], random_matrix(2)).replace(b"cd ", b"c\xc3 "))
    with pytest.raises(FormatError, match="word 2 is not UTF-8"):
        read(path)
    assert read(path, encoding_errors="replace").words == ["ab", "c\ufffd"]
    assert read(path, encoding_errors="ignore").words == ["ab", "c"]


def test_a_word_listed_twice_keeps_its_first_vector_with_a_warning(tmp_path):
    (tmp_path / "v").write_bytes(b"3 1\na 1\nb 2\na 3\n")
    with pytest.warns(UserWarning, match=r"1 rows repeat a word \(the first is 'a'\)"):
        table = read(tmp_path / "v")
    assert (table.words, table.matrix.ravel().tolist()) == (["a", "b"], [1, 2])


@pytest.mark.parametrize("word", ["New York", "a\nb"])
def test_words_that_the_format_cannot_hold(tmp_path, word):
    with pytest.raises(FormatError, match=r"can't be written: .*replace_spaces='_'"):
        write_word2vec(tmp_path / "v", [word], random_matrix(1))
    assert list(tmp_path.iterdir()) == []


def test_replacing_blanks(tmp_path):
    write_word2vec(tmp_path / "v", ["New York", "a\nb"], random_matrix(2), replace_spaces="_")
    assert read(tmp_path / "v").words == ["New_York", "a_b"]
    with pytest.raises(FormatError, match="two words become the same"):
        write_word2vec(tmp_path / "v", ["New York", "New_York"], random_matrix(2), replace_spaces="_")
    with pytest.raises(ConfigError, match="without blanks"):
        write_word2vec(tmp_path / "v", ["New York"], random_matrix(1), replace_spaces=" ")


def test_not_unicode_and_not_finite_are_not_written(tmp_path):
    with pytest.raises(FormatError, match="not Unicode text"):
        write_word2vec(tmp_path / "v", ["\ud800"], random_matrix(1))
    with pytest.raises(FormatError, match="'b' holds NaN"):
        write_word2vec(tmp_path / "v", ["a", "b"], np.float32([[1], [math.nan]]))
    assert list(tmp_path.iterdir()) == []


def test_a_column_slice_of_a_padded_matrix_is_written_right(tmp_path):
    padded = random_matrix(300, 16)
    for binary in (True, False):
        write_word2vec(tmp_path / "v", [f"w{i}" for i in range(300)], padded[:, :10], binary=binary)
        np.testing.assert_array_equal(read(tmp_path / "v").matrix, padded[:, :10])


def test_counts_are_checked(tmp_path):
    write_word2vec(tmp_path / "v", ["a", "b"], random_matrix(2))
    (tmp_path / "short").write_bytes(b"a 5\n")
    with pytest.raises(FormatError, match="short has no count for 'b'"):
        read_word2vec(tmp_path / "v", fvocab=tmp_path / "short")
    (tmp_path / "bad").write_bytes(b"a 5\nb many\n")
    with pytest.raises(FormatError, match=r'bad, line 2: expected "word count", found .b many'):
        read_word2vec(tmp_path / "v", fvocab=tmp_path / "bad")
    with pytest.raises(ConfigError, match="have none"):
        write_word2vec(tmp_path / "v", ["a"], random_matrix(1), fvocab=tmp_path / "counts")


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"limit": 0}, "limit is 0"),
        ({"encoding_errors": "loose"}, "strict, replace, ignore"),
        ({"no_header": True, "binary": True}, "no_header"),
    ],
)
def test_options_are_checked(tmp_path, option, told):
    with pytest.raises(ConfigError, match=told):
        read_word2vec(tmp_path / "v", **option)


def test_text_is_read_by_columns_also_where_usearch_came_first(tmp_path):
    """usearch's wheel shows its C++ library to PyArrow's, whose own column names are then all the same."""
    program = (
        "import sys\n"
        "try:\n    import usearch.index\nexcept ImportError:\n    sys.exit(0)\n"
        "import numpy as np, coterie\n"
        "from coterie.formats import number_text\n"
        "number_text.NumberText._parse_slowly = None  # the fast reader must do\n"
        "matrix = np.arange(6, dtype=np.float32).reshape(2, 3) / 7\n"
        "coterie.WordVectors(['a', 'b'], matrix).save(sys.argv[1])\n"
        "assert (coterie.load(sys.argv[1]).matrix == matrix).all()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "v.txt"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
