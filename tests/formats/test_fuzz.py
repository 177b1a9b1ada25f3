"""Every reader meets damaged files: it gives a table that fits, or an error of ours that names the file."""

import struct
import warnings

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from coterie.errors import FormatError, ResourceError
from coterie.formats import FORMATS, read, write
from reference.fasttext_model import model_bytes

WORDS = ["the", "naïve", "日本語", "a", "don't"]
MATRIX = np.random.default_rng(1).standard_normal((5, 3)).astype(np.float32)
COUNTS = np.array([50, 40, 30, 20, 10])
NAMES = {
    "word2vec": "v.txt",
    "word2vec-binary": "v.bin",
    "glove": "v.glove",
    "fasttext": "m.bin",
    "safetensors": "v.safetensors",
    "npy": "v.npy",
    "parquet": "v.parquet",
    "projector": "v.tsv",
}
BESIDE = {"npy": "v.words.txt", "projector": "v.metadata.tsv"}


def whole_files(folder, kind):
    """Return the contents of a format's files, by name."""
    folder.mkdir()
    if kind == "fasttext":
        (folder / "m.bin").write_bytes(model_bytes(WORDS, labels=["__label__x"], bucket=4)[0])
    else:
        write(folder / NAMES[kind], WORDS, MATRIX, COUNTS)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return {kind: whole_files(folder / kind, kind) for kind in FORMATS}


pieces = st.one_of(
    st.binary(max_size=8),
    st.sampled_from([b"nan", b"inf", b"1e999", b"-1", b" ", b"\n", b"\t", b"\0", b"9" * 30, b"\xff" * 8]),
    st.integers(-(2**63), 2**63 - 1).map(lambda n: struct.pack("<q", n)),
    st.integers(-(2**31), 2**31 - 1).map(lambda n: struct.pack("<i", n)),
)
# Where (as a share of the length), how many bytes go, what comes.
changes = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), pieces), min_size=1, max_size=3)


def damaged(content, edits):
    for where, gone, come in edits:
        at = int(where * len(content))
        content = content[:at] + come + content[at + gone :]
    return content


def read_or_refuse(path, **options):
    """Read; return the table if there is one, after looking that it is sound."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*repeat a word")
            table = read(path, **options)
    except (FormatError, ResourceError) as error:
        told = str(error)
    else:
        told = None
    if told is not None:
        assert path.stem in told
        return None
    assert len(table.words) == len(set(table.words)) == len(table.matrix)
    assert table.matrix.dtype == np.float32
    assert table.counts is None or len(table.counts) == len(table.words)
    assert (
        options["format"] in (None, "npy", "safetensors") or np.isfinite(table.matrix).all()
    )  # these are mapped
    return table


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=5_000)
@given(edits=changes, beside=st.none() | changes, limit=st.sampled_from([None, 2]), found=st.booleans())
def test_damaged_anywhere(tmp_path, files, kind, edits, beside, limit, found):
    for name, content in files[kind].items():
        here = beside if name == BESIDE.get(kind) else edits
        (tmp_path / name).write_bytes(damaged(content, here) if here else content)
    errors = "replace" if limit else "strict"
    options = {"format": kind, "limit": limit, "encoding_errors": errors}
    if found:
        options["format"] = None
    read_or_refuse(tmp_path / NAMES[kind], **options)


@pytest.mark.parametrize("kind", FORMATS)
def test_cut_at_any_byte(tmp_path, files, kind):
    """Binary formats notice it anywhere; lines of text, but in the last one, and GloVe's between two."""
    for name, content in files[kind].items():
        for other, whole in files[kind].items():
            (tmp_path / other).write_bytes(whole)
        for length in range(0, len(content) - 1, 1 if len(content) < 1_000 else 7):
            (tmp_path / name).write_bytes(content[:length])
            table = read_or_refuse(tmp_path / NAMES[kind], format=kind)
            if table is not None:
                assert kind in ("word2vec", "glove") or name.endswith((".tsv", ".words.txt"))
                assert len(table.words) == len(WORDS) or kind == "glove"
                assert table.words[:-1] == WORDS[: len(table.words) - 1]
                rows = MATRIX[
                    : len(table.words) - 1, : table.matrix.shape[1]
                ]  # GloVe's first line tells how long
                np.testing.assert_array_equal(table.matrix[:-1], rows)


@pytest.mark.parametrize("kind", ["word2vec", "word2vec-binary", "glove"])
@pytest.mark.parametrize("compression", [".gz", ".bz2", ".xz", ".zst"])
def test_compressed_and_cut(tmp_path, kind, compression):
    path = tmp_path / (NAMES[kind] + compression)
    write(path, WORDS, MATRIX)
    content = path.read_bytes()
    for length in range(0, len(content), 5):
        path.write_bytes(content[:length])
        with pytest.raises(FormatError, match=path.name):
            read(path, format=kind)


HUGE = 10**15


@pytest.mark.parametrize("compression", ["", ".gz"])
@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("word2vec", b"%d 300\na 1 2\n" % HUGE),
        ("word2vec", b"3 %d\na 1 2\n" % HUGE),
        ("word2vec", b"%s 3\na 1 2 3\n" % (b"9" * 5000)),
        ("word2vec", b"-1 3\na 1 2 3\n"),
        ("word2vec-binary", b"%d 300\na \0\0\0\0" % HUGE),
        ("word2vec-binary", b"2 %d\na \0\0\0\0" % HUGE),
        ("word2vec-binary", b"2 -2\na \0\0\0\0"),
    ],
)
def test_sizes_that_are_only_claimed(tmp_path, kind, content, compression):
    import gzip

    path = tmp_path / f"v{compression}"
    path.write_bytes(gzip.compress(content) if compression else content)
    with pytest.raises(FormatError, match=r"/v(\.gz)?[ :,]"):
        read(path, format=kind)
    with pytest.raises(FormatError, match=r"/v(\.gz)?[ :,]"):
        read(path, format=kind, limit=10**9)


def test_claims_of_parquets_row_groups_make_no_room(tmp_path):
    """A column of one repeated vector takes no place: a small file may hold many rows, and all are real."""
    words = pa.array([f"w{i}" for i in range(10_000)])
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.ones(80_000, np.float32)), 8)
    parquet.write_table(pa.table({"word": words, "vector": vectors}), tmp_path / "v.parquet")
    assert read(tmp_path / "v.parquet").matrix.shape == (10_000, 8)
