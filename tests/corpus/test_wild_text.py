"""Text as it is found: what docs/corpus.md says comes of each case, in the section "Text from the wild"."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import re
import stat
import subprocess
import sys
import textwrap
import threading
from itertools import pairwise

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

import coterie
from coterie.config import CorpusConfig, VocabularyConfig
from coterie.corpus import Paths, encode, records, streams
from coterie.corpus.cache import CacheConfig
from coterie.errors import CorpusError, MissingFileError, ResourceError

EVERY_WORD = VocabularyConfig(min_count=1)


def read(source, messages=None, *, cache=None, tokenizer="words", **corpus):
    listener = [].append if messages is None else messages.append
    config = CorpusConfig(tokenizer=tokenizer, **corpus)
    with encode(source, config, EVERY_WORD, on_event=listener, cache=cache) as encoded:
        words, offsets = encoded.vocabulary.words, encoded.offsets.tolist()
        tokens = [words[i] for i in encoded.ids.tolist()]
    return [tokens[a:b] for a, b in pairwise(offsets)]


def zstd(data):
    return pa.compress(data, "zstd", asbytes=True)


# What both tokenizers make of it: each a list of sentences.
STRANGE = {
    "a byte-order mark amid the text": ("a b\n\ufeffc d\n", ["a b", "c d"], ["a b", "\ufeffc d"]),
    "line ends of Windows": ("a b\r\n\r\nc\r\n", ["a b", "c"], ["a b", "c"]),
    "line ends of old Macs": ("a b\rc d\r", ["a b c d"], ["a b c d"]),
    "line ends of Unicode": ("a\u2028b\u0085c", ["a b c"], ["a\u2028b\u0085c"]),
    "control characters": ("a\x01b c\x1cd \x1b[31mred", ["a b c d 31mred"], ["a\x01b c\x1cd \x1b[31mred"]),
    "form feeds": ("a\fb\vc", ["a b c"], ["a b c"]),
    "emoji": ("I ❤️ 👩‍👩‍👧 NYC🗽x", ["i nyc x"], ["I ❤️ 👩‍👩‍👧 NYC🗽x"]),
    "combining marks": ("e\u0301 n\u0303o \u0301x", ["é ño x"], ["e\u0301 n\u0303o \u0301x"]),
    "right to left": (
        "שלום\u200f \u202babc\u202c مرحبا",
        ["שלום abc مرحبا"],
        ["שלום\u200f \u202babc\u202c مرحبا"],
    ),
    "other spaces": ("a\u00a0b c\u2003d", ["a b c d"], ["a\u00a0b c\u2003d"]),
    "characters that are none": ("a\ufffeb \U0010ffff c\ue000", ["a b c"], ["a\ufffeb \U0010ffff c\ue000"]),
}


@pytest.mark.parametrize("case", STRANGE)
def test_strange_characters(tmp_path, case):
    text, words, tokens = STRANGE[case]
    (tmp_path / "a.txt").write_bytes(text.encode())
    assert read(tmp_path / "a.txt") == [sentence.split(" ") for sentence in words]
    assert read(tmp_path / "a.txt", tokenizer="whitespace") == [sentence.split(" ") for sentence in tokens]


def test_a_model_keeps_strange_words(tmp_path):
    text = " ".join(text for text, _, _ in STRANGE.values())
    options = {"tokenizer": "whitespace", "min_count": 1, "vector_size": 4, "epochs": 1, "workers": 1}
    model = coterie.train([text], **options, on_event=lambda message: None)
    model.save(tmp_path / "m")
    assert coterie.load(tmp_path / "m").words == model.vectors.words
    assert "\x1b[31mred" in model.vectors
    for name in ("v.bin", "v.txt", "v.parquet", "v.safetensors", "v.glove"):
        model.vectors.save(tmp_path / name)
        assert coterie.load(tmp_path / name).words == model.vectors.words
    with pytest.raises(coterie.WordNotFoundError, match=r"'\\x1b\[32m"):
        model.vectors["\x1b[32mred"]


@pytest.mark.parametrize("tokenizer", ["words", "whitespace"])
def test_tokens_of_100_000_characters(tmp_path, tokenizer):
    long = ["x" * 100_000, "é" * 100_000]
    (tmp_path / "a.txt").write_text("\n".join(f"{word} the" for word in long * 5))
    assert read(tmp_path / "a.txt", tokenizer=tokenizer) == [[word, "the"] for word in long * 5]
    options = {"tokenizer": tokenizer, "vector_size": 4, "epochs": 1, "workers": 1}
    model = coterie.train(tmp_path / "a.txt", **options, on_event=lambda message: None)
    model.save(tmp_path / "m")
    assert set(coterie.load(tmp_path / "m").words) == {*long, "the"}


def test_words_that_occur_once_each():
    text = [" ".join(f"w{i}" for i in range(1_000))]
    with pytest.raises(CorpusError, match=r"no word occurs 5 times \(min_count\); the most frequent, 'w0'"):
        encode(text)
    assert read(text) == [text[0].split()]


def test_a_single_word():
    assert read(["a a a", "a"]) == [["a"] * 3, ["a"]]
    with pytest.raises(
        CorpusError, match="the vocabulary has 1 word; Skip-gram learns words from other words"
    ):
        coterie.train(["a a a"] * 5, min_count=1, vector_size=4, workers=1)


def test_encodings_that_change_within_a_file(tmp_path):
    (tmp_path / "a.txt").write_bytes("café\n".encode() * 3 + "naïve\n".encode("cp1252") + "été\n".encode())
    with pytest.raises(CorpusError, match=r"a\.txt, line 4, byte 20: not UTF-8 \(bytes ef 76 65 0a\)"):
        read(tmp_path / "a.txt")
    assert read(tmp_path / "a.txt", encoding_errors="ignore")[-2:] == [["nave"], ["été"]]
    (tmp_path / "surrogates.txt").write_bytes("a 😀".encode("utf-16", "surrogatepass")[2:])
    (tmp_path / "cesu.txt").write_bytes(b"a \xed\xa0\xbd\xed\xb8\x80")  # UTF-16 as three bytes a unit
    with pytest.raises(CorpusError, match=r"cesu\.txt, line 1, byte 2: not UTF-8 \(bytes ed a0 bd ed\)"):
        read(tmp_path / "cesu.txt")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("mac.csv", "id,text\r1,a b\r", r"mac\.csv, line 1: a carriage return amid a field\. If .*old Macs"),
        ("mac.tsv", "id\ttext\r1\ta b\r", r"mac\.tsv, line 1: a carriage return amid a field"),
        ("one.csv", "id,text\n1,a\rb\n", r"one\.csv, line 2: a carriage return amid a field"),
        ("twice.csv", "text,text\na,b\n", r'twice\.csv, line 1: 2 columns are called "text"; rename one'),
        ("array.jsonl", '[\n{"text": "a"}\n]', r"array\.jsonl, line 1: not JSON .*one JSON object a line"),
        ("semicolons.csv", "id;text\n1;a\n", r'no field "text" \(fields: id;text\)'),
        ("nul.csv", "text\na\n\0b\n", r"nul\.csv, line 3, byte 7: a NUL byte"),
    ],
)
def test_tables_and_records_as_they_are_found(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content.encode())
    with pytest.raises(CorpusError, match=message):
        read(tmp_path / name)


def test_names_of_files_that_are_no_text(tmp_path):
    """Also kept in a cache, whose description has the names."""
    for name in (b"\xff\xfe.txt", b"new\nline\x1b[31m.txt"):
        path = tmp_path / os.fsdecode(name)
        path.write_bytes(b"a b\n")
        for _ in range(2):
            assert read(path, cache=CacheConfig(tmp_path / "cache")) == [["a", "b"]]
        path.write_bytes(b"\xff")
        with pytest.raises(CorpusError, match="not UTF-8") as caught:
            read(path)
        assert str(caught.value).isprintable()


CUTTABLE = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd}


@pytest.mark.parametrize("packing", CUTTABLE)
def test_an_archive_that_is_cut_anywhere(tmp_path, packing):
    path = tmp_path / f"a.txt{packing}"
    whole = CUTTABLE[packing](b"".join(b"word%d the\n" % i for i in range(2_000)))
    path.write_bytes(whole)
    assert len(read(path)) == 2_000
    for length in [*range(0, len(whole), len(whole) // 25), *range(len(whole) - 20, len(whole))]:
        path.write_bytes(whole[:length])
        with pytest.raises(CorpusError, match=re.escape(path.name)):
            read(path)


@pytest.mark.parametrize("packing", CUTTABLE)
def test_several_archives_in_one_file(tmp_path, packing):
    (tmp_path / f"a.txt{packing}").write_bytes(CUTTABLE[packing](b"a b\n") + CUTTABLE[packing](b"c\n"))
    assert read(tmp_path / f"a.txt{packing}") == [["a", "b"], ["c"]]


@pytest.mark.parametrize("kind", ["parquet", "arrow", "stream.arrow", "feather"])
def test_a_table_that_is_cut_anywhere(tmp_path, kind):
    """A stream is also whole between two batches, but for its end mark."""
    table, path = pa.table({"text": [f"w{i} the" for i in range(300)]}), tmp_path / f"a.{kind}"
    if kind == "parquet":
        pq.write_table(table, path, row_group_size=50)
    elif kind == "feather":
        feather.write_feather(table, str(path), chunksize=50)
    else:
        new = pa.ipc.new_stream if kind.startswith("stream") else pa.ipc.new_file
        with new(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=50)
    whole = path.read_bytes()
    assert len(read(path)) == 300
    for length in [*range(0, len(whole), 40), *range(len(whole) - 9, len(whole))]:
        path.write_bytes(whole[:length])
        with pytest.raises(CorpusError, match=re.escape(path.name)):
            read(path)
    path.write_bytes(whole + whole)
    if kind == "stream.arrow":
        with pytest.raises(CorpusError, match="bytes follow its end"):
            read(path)


def test_streams_that_end_early(tmp_path):
    """What a program wrote that was killed: of a pipe its end can't be told from any other."""
    os.mkfifo(tmp_path / "a.txt.gz")
    cut = gzip.compress(b"some words\n" * 9_999)[:-8]
    writer = threading.Thread(target=(tmp_path / "a.txt.gz").write_bytes, args=(cut,))
    writer.start()
    with pytest.raises(CorpusError, match=r"a\.txt\.gz: the archive is broken or cut short"):
        read(tmp_path / "a.txt.gz")
    writer.join()
    os.mkfifo(tmp_path / "b.jsonl")
    writer = threading.Thread(target=(tmp_path / "b.jsonl").write_text, args=('{"text": "a"}\n{"text": "b',))
    writer.start()
    with pytest.raises(CorpusError, match=r"b\.jsonl, line 2: not JSON"):
        read(tmp_path / "b.jsonl")
    writer.join()


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_pipe_where_a_file_is_needed(tmp_path, kind):
    """Nobody writes into it: that it is refused, and not waited for, is the test."""
    os.mkfifo(tmp_path / f"a.{kind}")
    with pytest.raises(CorpusError, match=f"no regular file, as {kind} must be"):
        read(tmp_path / f"a.{kind}")


def test_devices(tmp_path):
    with pytest.raises(CorpusError, match="/dev/null: the file is empty"):
        read("/dev/null")
    with pytest.raises(CorpusError, match="/dev/zero, line 1: more than 64 MiB without white space"):
        read("/dev/zero")


@pytest.mark.parametrize("pattern", ["", "/**", "/**/*.txt", "/***.txt"])
def test_links_that_lead_round_in_a_folder(tmp_path, pattern):
    """Followed, two links to their own folder are 2⁴⁰ paths, until the system refuses."""
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("a b")
    for name in ("round", "and-round"):
        (folder / name).symlink_to(".")
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "dangling.txt").symlink_to("gone.txt")
    os.mkfifo(folder / "pipe.txt")
    messages = []
    assert read(f"{folder}{pattern}", messages) == [["a", "b"]]
    told = "left out 3 file(s) that are links to nothing, or no files (dangling.txt, loop.txt, pipe.txt)."
    assert messages == [f"{folder}{pattern}: {told}"]
    for name in ("loop.txt", "dangling.txt"):
        with pytest.raises(MissingFileError, match=name):
            read(folder / name)


def test_patterns_find_what_they_found(tmp_path, monkeypatch):
    for name in ("a.txt", "b/a.txt", "b/c/a.txt", ".h/a.txt", "b/.h.txt", "[x].txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"x{name.translate(dict.fromkeys(map(ord, '/.[]')))}")
    expected = {
        "*.txt": ["xatxt", "xxtxt"],
        "**/*.txt": ["xatxt", "xbatxt", "xbcatxt", "xxtxt"],
        "b/**": ["xbatxt", "xbcatxt"],
        "?/*/a.txt": ["xbcatxt"],
        ".h/*": ["xhatxt"],
        ".?/*": ["xhatxt"],
        "[[]x].txt": ["xxtxt"],
    }
    monkeypatch.chdir(tmp_path)
    for pattern, words in expected.items():
        for place in ("", f"{tmp_path}/"):
            assert sorted(word for (word,) in read(place + pattern)) == words, pattern


class Meddler:
    """Does something to a file when its first block has been read."""

    def __init__(self, monkeypatch, action):
        blocks = streams.ByteStream.blocks

        def meddling(stream, *, whole_lines):
            for number, block in enumerate(blocks(stream, whole_lines=whole_lines)):
                if not number:
                    action()
                yield block

        monkeypatch.setattr(streams.ByteStream, "blocks", meddling)
        monkeypatch.setattr(streams, "BLOCK_BYTES", 16)


def append(path):
    with path.open("a") as file:
        file.write("end\n")


@pytest.mark.parametrize(
    "change",
    [append, lambda path: os.truncate(path, 25), lambda path: path.write_text("other\n" * 5)],
    ids=["grows", "shrinks", "is-written-anew"],
)
def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch, change):
    path = tmp_path / "a.txt"
    path.write_text("some words\n" * 9)
    before = path.stat().st_mtime_ns
    Meddler(monkeypatch, lambda: (change(path), os.utime(path, ns=(0, before + 1))))
    messages = []
    read(path, messages)
    assert len(messages) == 1
    assert messages[0].startswith(f"{path}: the file changed while it was read")
    path.write_text("some words\n" * 9)
    with pytest.warns(UserWarning, match="the file changed while it was read"):
        encode(path, vocabulary=EVERY_WORD).close()


def test_a_file_that_vanishes_while_it_is_read(tmp_path, monkeypatch):
    """What is open stays readable; what has not been opened is missed."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("some words\n" * 9)
    Meddler(monkeypatch, (tmp_path / "a.txt").unlink)
    messages = []
    assert len(read(tmp_path / "a.txt", messages)) == 9
    assert messages == []
    Meddler(monkeypatch, lambda: (tmp_path / "b.txt").unlink(missing_ok=True))
    (tmp_path / "a.txt").write_text("some words\n")
    with pytest.raises(ResourceError, match=r"b\.txt: cannot be opened \(No such file or directory\)"):
        read(Paths([tmp_path / "a.txt", tmp_path / "b.txt"]))


def test_a_table_that_vanishes_before_it_is_read(tmp_path, monkeypatch):
    table = pa.table({"text": ["a b"]})
    pq.write_table(table, tmp_path / "a.parquet")
    monkeypatch.setattr(
        "coterie.corpus.reading.read_columns",
        lambda file, *options: (file.path.unlink(), list(columns_of(file, *options)))[1],
    )
    with pytest.raises(ResourceError, match=r"a\.parquet: cannot be read \(.*No such file or directory"):
        read(tmp_path / "a.parquet")


def columns_of(file, *options):
    from coterie.corpus.columns import read_columns

    return read_columns(file, *options)


@pytest.fixture
def unprivileged():
    """Be someone whom the system refuses things, if the tests are run by root."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def forbidden(tmp_path):
    """A file that may not be read, a folder that may not be listed, one that may not be entered."""
    for name in ("file/a.txt", "list/a.txt", "enter/a.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("a b")
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.geteuid() and stat.S_IMODE(parent.stat().st_mode) == 0o700:
            parent.chmod(0o711)  # pytest's own folders, for the one who is not root
    tmp_path.chmod(0o755)
    (tmp_path / "file" / "a.txt").chmod(0)
    (tmp_path / "list").chmod(0o311)
    (tmp_path / "enter").chmod(0o644)
    yield tmp_path
    for name in ("list", "enter"):
        (tmp_path / name).chmod(0o755)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("file", r"file/a\.txt: cannot be opened \(Permission denied\)"),
        ("file/*.txt", r"file/a\.txt: cannot be opened \(Permission denied\)"),
        ("list", r"list: cannot list this folder \(Permission denied\)"),
        ("enter", r"enter/a\.txt: cannot be opened \(Permission denied\)"),
        ("enter/a.txt", r"enter/a\.txt: permission denied"),
    ],
)
def test_permission_denied(forbidden, unprivileged, source, message):
    with pytest.raises(ResourceError, match=message):
        read(f"{forbidden}/{source}")


def test_string_views_with_nulls(tmp_path):
    """Polars writes them."""
    view = pa.string_view()
    for column, expected in (
        (
            pa.array(["a b", None, "a sentence beyond twelve bytes"], view),
            ["a b", "a sentence beyond twelve bytes"],
        ),
        (pa.array([["a", "b"], None, ["c"]], pa.list_(view)), ["a b", "c"]),
        (pa.array([["a", "b"], None], pa.large_list(view)), ["a b"]),
    ):
        feather.write_feather(pa.table({"text": column}), str(tmp_path / "a.feather"))
        messages = []
        assert read(tmp_path / "a.feather", messages) == [sentence.split() for sentence in expected]
        assert messages == ["1 record(s) without text (null) were left out."]


@pytest.mark.parametrize("extension", [".txt", ".jsonl", ".csv"])
def test_what_has_no_end_is_refused(tmp_path, monkeypatch, extension):
    """Before it is all in memory: the limits are made small here."""
    for name, most in (("_LONGEST_WORD", 64), ("_LONGEST_RECORD", 256), ("BLOCK_BYTES", 16)):
        monkeypatch.setattr(streams, name, most << 10 if name != "BLOCK_BYTES" else 4096)
    monkeypatch.setattr(records, "_LONGEST_FIELD", 128 << 10)
    path = tmp_path / f"a{extension}"
    head = {".txt": "", ".jsonl": '{"text": "', ".csv": 'id,text\n1,"'}[extension]
    path.write_text(head + "x" * (63 << 10) + ('"}' if extension == ".jsonl" else '"' if head else ""))
    assert [len(word) for (word,) in read(path)] == [63 << 10]
    path.write_text(head + ("x" * 63 + "\n" if extension == ".csv" else "x" * 64) * 8_192)
    message = {".txt": "64 MiB without white space", ".jsonl": "256 MiB without line end", ".csv": "not CSV"}
    with pytest.raises(CorpusError, match=re.escape(path.name)) as caught:
        read(path)
    assert message[extension].split(" MiB")[-1] in str(caught.value)


_PROGRAM = """
    import json, re, sys, threading, time
    from coterie.config import CorpusConfig, VocabularyConfig
    from coterie.corpus import encode
    from coterie.errors import CorpusError

    peak, done = 0, threading.Event()

    def look():
        global peak
        while not done.wait(0.02):
            peak = max(peak, int(re.search(r"RssAnon:\\s*(\\d+)", open("/proc/self/status").read())[1]) >> 10)

    threading.Thread(target=look, daemon=True).start()
    told = {}
    try:
        config = CorpusConfig(tokenizer=sys.argv[2], text_field="text")
        with encode(sys.argv[1], config, VocabularyConfig(min_count=1), on_event=len) as encoded:
            told = {"tokens": encoded.n_tokens, "sentences": encoded.n_sentences}
    except CorpusError as error:
        told = {"error": str(error)}
    done.set()
    print(json.dumps({"peak": peak, **told}))
"""

_GIGABYTE = 1 << 30


def measured(path, tokenizer="whitespace"):
    program = [sys.executable, "-c", textwrap.dedent(_PROGRAM), str(path), tokenizer]
    return json.loads(subprocess.run(program, capture_output=True, text=True, check=True).stdout)


def feed(path, head, piece, times):
    """Write into a pipe; whoever reads it may go before the end."""

    def write():
        try:
            with path.open("wb", 0) as file:
                file.write(head)
                for _ in range(times):
                    file.write(piece)
        except BrokenPipeError:
            pass

    writer = threading.Thread(target=write)
    writer.start()
    return writer


@pytest.mark.slow
def test_a_line_of_a_gigabyte_is_a_sentence(tmp_path):
    os.mkfifo(tmp_path / "a.txt")
    piece = b" ".join(b"word%05d" % (i % 1_000) for i in range(1 << 17)) + b" "
    times = -(-_GIGABYTE // len(piece))
    writer = feed(tmp_path / "a.txt", b"", piece, times)
    found = measured(tmp_path / "a.txt")
    writer.join()
    assert found["tokens"] == times << 17
    assert found["sentences"] == 1
    assert found["peak"] < 400, "MiB"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "head", "message", "most"),
    [
        ("a.txt", b"", "more than 64 MiB without white space", 300),
        ("a.jsonl", b'{"text": "', "more than 256 MiB without line end", 500),
        ("a.csv", b'id,text\n1,"', "more than 256 MiB without line end", 500),
    ],
)
def test_a_gigabyte_without_an_end_is_refused_in_bounded_memory(tmp_path, name, head, message, most):
    os.mkfifo(tmp_path / name)
    writer = feed(tmp_path / name, head, b"x" * (1 << 20), 1 << 10)
    found = measured(tmp_path / name)
    writer.join()
    assert message in found["error"]
    assert found["peak"] < most, "MiB"


@pytest.mark.slow
def test_a_quote_that_is_not_closed_does_not_take_the_rest_of_the_file(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    writer = feed(tmp_path / "a.csv", b'id,text\n1,"', b"some words\n" * (1 << 16), _GIGABYTE // (11 << 16))
    found = measured(tmp_path / "a.csv")
    writer.join()
    assert "field larger than field limit" in found["error"]
    assert found["peak"] < 800, "MiB"


@pytest.mark.slow
def test_a_small_archive_of_a_gigabyte(tmp_path):
    """A thousand times as large unpacked, and one line."""
    with gzip.open(tmp_path / "a.txt.gz", "wb", 1) as file:
        for _ in range(1 << 10):
            file.write(b"thirty-one letters in one word.. " * (1 << 15))
    assert (tmp_path / "a.txt.gz").stat().st_size < _GIGABYTE // 100
    found = measured(tmp_path / "a.txt.gz")
    assert found["tokens"] == 5 << 25
    assert found["peak"] < 400, "MiB"
