import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.errors import FormatError
from coterie.formats import read, write
from coterie.formats.safetensors import map_safetensors, write_safetensors

ARRAYS = {
    "f4": np.arange(15, dtype=np.float32).reshape(3, 5),
    "i8": np.array([-1, 2**40]),
    "u1": np.arange(7, dtype=np.uint8),
    "flag": np.array([True, False]),
    "none": np.empty((0, 4), dtype=np.float64),
    "one": np.array(3, dtype=np.int32),
}


def save(path, arrays, metadata=None):
    with path.open("wb") as file:
        write_safetensors(file, arrays, metadata)
    return path


def based_on_a_map(array):
    while array is not None:
        if isinstance(array, np.memmap):
            return True
        array = getattr(array, "base", None)
    return False


def test_round_trip_mapped_read_only_and_aligned(tmp_path):
    path = save(tmp_path / "a.safetensors", ARRAYS, {"made": "here"})
    mapped = map_safetensors(path)
    assert list(mapped) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(mapped[name], array)
        assert mapped[name].dtype == array.dtype
    assert based_on_a_map(mapped["f4"])
    assert mapped["f4"].ctypes.data % 64 == 0
    with pytest.raises(ValueError, match="read-only"):
        mapped["f4"][0, 0] = 1


def test_the_safetensors_package_reads_ours(tmp_path):
    package = pytest.importorskip("safetensors.numpy")
    theirs = package.load_file(save(tmp_path / "a", ARRAYS, {"made": "here"}))
    assert set(theirs) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(theirs[name], array)
        assert theirs[name].dtype == array.dtype


def test_we_read_the_safetensors_package(tmp_path):
    package = pytest.importorskip("safetensors.numpy")
    package.save_file(ARRAYS, tmp_path / "a", metadata={"made": "there"})
    ours = map_safetensors(tmp_path / "a")
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(ours[name], array)


def test_slices_of_padded_matrices_are_streamed_by_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("coterie.formats.safetensors._BLOCK_BYTES", 100)
    padded = np.random.default_rng(1).standard_normal((50, 16)).astype(np.float32)
    path = save(tmp_path / "a", {"m": padded[:, :10], "f": np.asfortranarray(padded)})
    np.testing.assert_array_equal(map_safetensors(path)["m"], padded[:, :10])
    np.testing.assert_array_equal(map_safetensors(path)["f"], padded)


def header(fields, data=b""):
    text = json.dumps(fields).encode() if not isinstance(fields, bytes) else fields
    return struct.pack("<Q", len(text)) + text + data


GOOD = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no safetensors file or is cut short: it has 0 bytes"),
        (b"\x01\x02", "no safetensors file or is cut short"),
        (struct.pack("<Q", 900) + b"{}", "has 10 bytes, where a header of 900 is announced"),
        (header(b"{ nonsense"), "its header is no JSON"),
        (header([1]), "no JSON object"),
        (header({"a": GOOD}, b"1234567"), "is cut short: its header asks for 77 bytes, found 76"),
        (header({"a": GOOD}, b"123456789"), "is longer than it should be"),
        (header({"a": {"dtype": "F32"}}), "lacks dtype, shape or data_offsets"),
        (header({"a": 7}), "lacks dtype, shape or data_offsets"),
        (header({"a": GOOD | {"dtype": "BF16"}}, b"12345678"), "has dtype BF16"),
        (header({"a": GOOD | {"shape": [3]}}, b"12345678"), "needs 12 bytes, its offsets give 8"),
        (header({"a": GOOD | {"shape": [-2]}}, b"12345678"), "is damaged"),
    ],
)
def test_damage_is_told(tmp_path, content, told):
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(FormatError, match=told):
        map_safetensors(tmp_path / "a.safetensors")


def test_dtypes_without_a_name_are_refused(tmp_path):
    with pytest.raises(FormatError, match="complex"):
        save(tmp_path / "a", {"c": np.array([1j])})


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True, max_size=20), st.booleans())
def test_a_file_of_words_holds_any_word(tmp_path_factory, words, counted):
    path = tmp_path_factory.getbasetemp() / "words.safetensors"
    matrix = np.random.default_rng(1).standard_normal((len(words), 3)).astype(np.float32)
    counts = np.arange(len(words)) if counted else None
    write(path, words, matrix, counts)
    table = read(path)
    assert table.words == words
    np.testing.assert_array_equal(table.matrix, matrix)
    if counted:
        assert table.counts.tolist() == list(range(len(words)))
    else:
        assert table.counts is None


def test_a_file_without_words_is_refused(tmp_path):
    save(tmp_path / "a.safetensors", {"weights": np.eye(2)})
    with pytest.raises(FormatError, match="has arrays weights; expected vectors, words and word_ends"):
        read(tmp_path / "a.safetensors")


def test_damaged_words_are_refused(tmp_path):
    write(tmp_path / "a.safetensors", ["a", "b"], np.eye(2, dtype=np.float32))
    arrays = {k: v.copy() for k, v in map_safetensors(tmp_path / "a.safetensors").items()}
    for change in ({"word_ends": np.array([2, 1])}, {"words": np.zeros(5, np.uint8)}, {"vectors": np.eye(3)}):
        save(tmp_path / "b.safetensors", arrays | change)
        with pytest.raises(FormatError, match="is damaged"):
            read(tmp_path / "b.safetensors")
    save(tmp_path / "b.safetensors", arrays | {"counts": np.arange(3)})
    with pytest.raises(FormatError, match="counts of shape"):
        read(tmp_path / "b.safetensors")
    save(tmp_path / "b.safetensors", arrays | {"words": np.frombuffer(b"\xff\xff", np.uint8)})
    with pytest.raises(FormatError, match="not UTF-8"):
        read(tmp_path / "b.safetensors")
