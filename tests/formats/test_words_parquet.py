import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from coterie.errors import FormatError
from coterie.formats import read, words_parquet, write

MATRIX = np.array([[1, 0.5], [-2, 3], [0, 0.25]], dtype=np.float32)
WORDS = ["New York", "naïve", "x"]
LISTS = MATRIX.tolist()


def saved(path, columns, **options):
    parquet.write_table(pa.table(columns), path, **options)
    return path


def columns(**changes):
    return {"word": pa.array(WORDS), "vector": pa.array(LISTS, pa.list_(pa.float32()))} | changes


@settings(max_examples=25)  # each waits for the disk
@given(
    words=st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True, min_size=1, max_size=9),
    counted=st.booleans(),
)
def test_any_words_round_trip(tmp_path_factory, words, counted):
    path = tmp_path_factory.getbasetemp() / "any.parquet"
    matrix = np.random.default_rng(1).standard_normal((len(words), 3)).astype(np.float32)
    write(path, words, matrix, np.arange(len(words)) if counted else None)
    table = read(path)
    assert table.words == words
    np.testing.assert_array_equal(table.matrix, matrix)
    assert (None if table.counts is None else table.counts.tolist()) == (
        list(range(len(words))) if counted else None
    )


def test_what_others_see(tmp_path):
    write(tmp_path / "v.parquet", WORDS, MATRIX, np.array([3, 2, 1]))
    schema = parquet.read_schema(tmp_path / "v.parquet")
    assert schema.names == ["word", "count", "vector"]
    assert schema.field("vector").type == pa.list_(pa.float32(), 2)


def test_row_groups_are_written_and_read_one_by_one(tmp_path, monkeypatch):
    monkeypatch.setattr(words_parquet, "_GROUP_NUMBERS", 50)
    monkeypatch.setattr(words_parquet, "_BATCH_NUMBERS", 30)
    matrix = np.random.default_rng(1).standard_normal((100, 5)).astype(np.float32)
    words = [f"w{i}" for i in range(100)]
    write(tmp_path / "v.parquet", words, matrix, np.arange(100))
    assert parquet.ParquetFile(tmp_path / "v.parquet").num_row_groups == 10
    table = read(tmp_path / "v.parquet")
    assert (table.words, table.counts.tolist()) == (words, list(range(100)))
    np.testing.assert_array_equal(table.matrix, matrix)
    limited = read(tmp_path / "v.parquet", limit=37)
    assert limited.words == words[:37]
    np.testing.assert_array_equal(limited.matrix, matrix[:37])


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.float32()), pa.list_(pa.float64()), pa.large_list(pa.float32()), pa.list_(pa.float64(), 2)],
)
@pytest.mark.parametrize("options", [{}, {"data_page_version": "2.0", "compression": "zstd"}])
def test_lists_of_other_kinds(tmp_path, kind, options):
    path = saved(tmp_path / "v.parquet", columns(vector=pa.array(LISTS, kind)), **options)
    np.testing.assert_array_equal(read(path).matrix, MATRIX)


@pytest.mark.parametrize(
    "words",
    [pa.array(WORDS).dictionary_encode(), pa.array(WORDS, pa.large_string()), pa.array(WORDS, pa.binary())],
)
def test_words_of_other_kinds(tmp_path, words):
    assert read(saved(tmp_path / "v.parquet", columns(word=words))).words == WORDS


def test_columns_are_found_by_type_if_not_by_name(tmp_path):
    path = saved(tmp_path / "v.parquet", {"token": WORDS, "rank": [1, 2, 3], "embedding": LISTS})
    assert (read(path).words, read(path).counts) == (WORDS, None)
    path = saved(tmp_path / "v.parquet", {"token": WORDS, "tag": WORDS, "embedding": LISTS})
    with pytest.raises(FormatError, match=r"has columns token \(string\), tag .*expected word \(string\)"):
        read(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"vector": pa.array([[1.0, 2], [3.0], [4.0, 5]])}, "vectors of 1, 2 numbers"),
        ({"vector": pa.array([[1.0, 2], None, [4.0, 5]])}, "row 1 and after: a vector or one of its numbers"),
        (
            {"vector": pa.array([[1.0, 2], [3.0, None], [4.0, 5]])},
            "a vector or one of its numbers is missing",
        ),
        ({"vector": pa.array([[1.0, 2], [3.0, np.nan], [4.0, 5]])}, "the vector of 'naïve' holds NaN"),
        ({"vector": pa.array([[1.0, 2], [3.0, 1e300], [4.0, 5]])}, "the vector of 'naïve' holds NaN or inf"),
        ({"vector": pa.array([[], [], []], pa.list_(pa.float32()))}, "vectors of 0 dimensions"),
        ({"word": pa.array(["a", None, "b"])}, "a word is missing"),
        ({"count": pa.array([1, None, 2])}, "a count is missing"),
        ({"count": pa.array([1, -1, 2])}, "the count -1 is negative"),
        ({"count": pa.array([1, 2**64 - 1, 2], pa.uint64())}, "a count is out of range"),
        ({"word": pa.array([b"a", b"\xff", b"b"])}, "word 2 is not UTF-8"),
    ],
)
def test_damage_is_told(tmp_path, change, told):
    with pytest.raises(FormatError, match=told):
        read(saved(tmp_path / "v.parquet", columns(**change)))


def test_no_rows_and_files_cut_short(tmp_path):
    path = saved(
        tmp_path / "v.parquet",
        {"word": pa.array([], pa.string()), "vector": pa.array([], pa.list_(pa.float32()))},
    )
    with pytest.raises(FormatError, match="has no rows"):
        read(path)
    write(path, WORDS, MATRIX)
    whole = path.read_bytes()
    for size in (4, 8, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError, match=r"v.parquet is damaged or cut short"):
            read(path)


def test_compression_is_inside(tmp_path):
    with pytest.raises(FormatError, match="parquet files can't be compressed: they are compressed inside"):
        write(tmp_path / "v.parquet.gz", WORDS, MATRIX)


def test_a_word_listed_twice_keeps_its_first_vector_and_count(tmp_path):
    path = saved(tmp_path / "v.parquet", columns(word=pa.array(["a", "b", "a"]), count=pa.array([5, 4, 3])))
    with pytest.warns(UserWarning, match="1 rows repeat a word"):
        table = read(path)
    assert (table.words, table.matrix.tolist(), table.counts.tolist()) == (["a", "b"], LISTS[:2], [5, 4])
