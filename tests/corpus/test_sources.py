import bz2
import gzip
import io
import json
import lzma
import os
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from coterie.config import CorpusConfig, VocabularyConfig
from coterie.corpus import Paths, columns, encode, pieces, records, streams
from coterie.errors import CorpusError, ResourceError

EVERY_WORD = VocabularyConfig(min_count=1)
TEXTS = ["Über die Straße", "a b c\nd e", "a"]
EXPECTED = [["über", "die", "straße"], ["a", "b", "c"], ["d", "e"], ["a"]]


def read(source, messages=None, **corpus):
    listener = [].append if messages is None else messages.append
    with encode(source, CorpusConfig(**corpus), EVERY_WORD, on_event=listener) as encoded:
        words, offsets = encoded.vocabulary.words, encoded.offsets.tolist()
        tokens = [words[i] for i in encoded.ids.tolist()]
    return [tokens[a:b] for a, b in pairwise(offsets)]


def zstd(data):
    return pa.compress(data, "zstd", asbytes=True)


PACKERS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd}
TEXT_FORMATS = {
    ".txt": "\n".join(TEXTS),
    ".jsonl": "".join(json.dumps({"id": i, "text": text}) + "\n\n" for i, text in enumerate(TEXTS)),
    ".ndjson": "\r\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in TEXTS),
    ".csv": "id,text\n" + "".join(f'{i},"{text}"\n' for i, text in enumerate(TEXTS)),
    ".tsv": "text\tid\n" + "".join(f"{text}\t0\n" for text in "\n".join(TEXTS).split("\n")),
}


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("extension", TEXT_FORMATS)
def test_text_formats_packed_and_not(tmp_path, extension, packing):
    path = tmp_path / f"corpus{extension}{packing.upper()}"
    path.write_bytes(PACKERS[packing](TEXT_FORMATS[extension].encode()))
    assert read(path) == EXPECTED


@pytest.mark.parametrize("extension", TEXT_FORMATS)
def test_small_blocks_change_nothing(tmp_path, monkeypatch, extension):
    for module in (streams, records, pieces):
        monkeypatch.setattr(module, "BLOCK_BYTES", 5)
    path = tmp_path / f"corpus{extension}"
    path.write_text(TEXT_FORMATS[extension])
    assert read(path) == EXPECTED


@pytest.mark.parametrize(
    "column",
    [
        pa.array([*TEXTS, None]),
        pa.array([*TEXTS, None], pa.large_string()),
        pa.array([*TEXTS, None]).dictionary_encode(),
        pa.array([[sentence] for sentence in TEXTS]).flatten(),
    ],
)
@pytest.mark.parametrize("extension", [".parquet", ".arrow", ".feather", ".stream.arrow"])
def test_columns_of_strings(tmp_path, monkeypatch, column, extension):
    monkeypatch.setattr(columns, "BLOCK_BYTES", 20)
    table = pa.table({"n": range(len(column)), "text": column})
    path = write_table(tmp_path, table, extension)
    messages = []
    assert read(path, messages) == EXPECTED
    assert messages == (["1 record(s) without text (null) were left out."] if column.null_count else [])


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.large_list(pa.large_string())])
@pytest.mark.parametrize("extension", [".parquet", ".arrow"])
def test_columns_of_token_lists_are_taken_as_they_are(tmp_path, kind, extension):
    column = pa.array([["New York", "is"], None, [], ["Big", ""], ["is"]], kind)
    path = write_table(tmp_path, pa.table({"tokens": column}), extension)
    assert read(path, text_field="tokens") == [["New York", "is"], ["Big"], ["is"]]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"row_group_size": 700},  # each with a dictionary of its own
        {"use_dictionary": False},
        {
            "dictionary_pagesize_limit": 64,
            "data_page_size": 512,
            "write_batch_size": 16,
        },  # strings from there on
    ],
)
def test_token_lists_are_the_same_however_parquet_stores_them(tmp_path, monkeypatch, options):
    """The same also for the order of words of equal counts, which is that of the text."""
    monkeypatch.setattr(columns, "BLOCK_BYTES", 4_000)
    lists = [[f"w{(7 * i * j) % 101}" if j % 5 else "" for j in range(i % 9)] for i in range(2_000)]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": lists, "text.x": ["a"] * len(lists)}), path, **options)
    with encode(path) as stored, encode(lists) as given:
        assert stored.fingerprint == given.fingerprint


def test_dictionaries_of_an_arrow_file_are_its_own(tmp_path):
    """In another order than the text's, with words of no row, and words that stand there twice."""
    tokens = pa.DictionaryArray.from_arrays(
        pa.array([2, 0, 1, 2], pa.int8()), pa.array(["b", "b", "a", "unused", None])
    )
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 4], pa.int32()), tokens)
    assert read(write_table(tmp_path, pa.table({"text": lists}), ".arrow")) == [["a"], ["b", "b", "a"]]
    tokens = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["b", None]))
    lists = pa.ListArray.from_arrays(pa.array([0, 2], pa.int32()), tokens)
    with pytest.raises(CorpusError, match='a list in column "text" holds null'):
        read(write_table(tmp_path, pa.table({"text": lists}), ".arrow"))


def write_table(folder, table, extension):
    path = folder / f"table{extension}"
    if extension == ".parquet":
        pq.write_table(table, path, row_group_size=2)
    elif extension == ".feather":
        feather.write_feather(table, str(path), compression="zstd")
    else:
        new = pa.ipc.new_stream if "stream" in extension else pa.ipc.new_file
        with new(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
    return path


def test_json_token_lists_and_nulls(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [{"text": "A b"}, {"text": ["A", "b c"]}, {"text": None}, {"text": []}, {"text": "d"}]
    path.write_text("\n".join(map(json.dumps, rows)))
    messages = []
    assert read(path, messages) == [["a", "b"], ["A", "b c"], ["d"]]
    assert messages == ["1 record(s) without text (null) were left out."]


def test_folders_globs_and_lists(tmp_path, monkeypatch):
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for name, text in {
        "b/2.txt": "two",
        "b/deep/3.txt": "three",
        "1.txt": "one",
        "b/.hidden.txt": "no",
    }.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "README").write_text("no")
    (tmp_path / "b" / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "b" / "empty.txt").write_bytes(b"")
    messages = []
    assert read(tmp_path, messages) == [["one"], ["two"], ["three"]]
    assert messages == [
        f"{tmp_path}: left out 2 file(s) of unknown formats (README, picture.png).",
        f"{tmp_path / 'b' / 'empty.txt'}: left out, the file is empty.",
    ]
    assert read(f"{tmp_path}/b/*.txt") == [["two"]]
    assert read(f"{tmp_path}/**/*.txt") == [["one"], ["two"], ["three"]]
    assert read(f"{tmp_path}/*") == [["one"], ["two"], ["three"]]
    assert read(Paths([f"{tmp_path}/b/2.txt", f"{tmp_path}/1.txt"])) == [["two"], ["one"]]
    messages = []
    assert read([tmp_path / "b" / "2.txt", tmp_path / "b"], messages) == [["two"], ["three"]]
    assert f"{tmp_path / 'b' / '2.txt'} is named twice; it is read once." in messages
    monkeypatch.chdir(tmp_path)
    assert read("1.txt") == [["one"]]


def test_a_file_without_extension_is_text_when_named(tmp_path):
    (tmp_path / "text8").write_text("a b")
    (tmp_path / "dump.gz").write_bytes(gzip.compress(b"a b"))
    (tmp_path / "[odd]*.txt").write_text("a b")
    for name in ("text8", "dump.gz", "[odd]*.txt"):
        assert read(tmp_path / name) == [["a", "b"]]


def test_a_pipe_is_read_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("a b\nc",))
    writer.start()
    assert read(tmp_path / "pipe") == [["a", "b"], ["c"]]
    writer.join()


class Stdin(io.TextIOWrapper):
    def __init__(self, data):
        super().__init__(io.BytesIO(data))


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Stdin("a é\nb".encode()))
    assert read("-") == [["a", "é"], ["b"]]
    monkeypatch.setattr(sys, "stdin", Stdin(gzip.compress(b"a")))
    with pytest.raises(
        CorpusError, match=r"standard input is gzip data \(\.gz\), not plain text; unpack .* gunzip -c FILE"
    ):
        read("-")
    monkeypatch.setattr(sys, "stdin", Stdin(b""))
    with pytest.raises(CorpusError, match="standard input: the file is empty"):
        read(Path("-"))


def test_byte_order_mark_and_windows_line_ends(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfa b\r\nc\r\n\r\n")
    assert read(tmp_path / "a.txt", tokenizer="whitespace") == [["a", "b"], ["c"]]
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbftext\r\na b\r\n")
    assert read(tmp_path / "a.csv") == [["a", "b"]]


def test_long_csv_fields_and_quotes(tmp_path):
    long = "word " * 50_000
    (tmp_path / "a.csv").write_text(f'id,text\n1,"{long}"\n2,"say ""hi"", you"\n\n3,last')
    found = read(tmp_path / "a.csv")
    assert [len(sentence) for sentence in found] == [50_000, 3, 1]
    (tmp_path / "a.tsv").write_text('text\tid\n"open quote\t1\nit\'s 5" long\t2\n')
    assert read(tmp_path / "a.tsv") == [["open", "quote"], ["it's", "5", "long"]]


def test_damaged_utf8_can_be_replaced_or_ignored(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a b\xffc\x00d\n")
    assert read(tmp_path / "a.txt", encoding_errors="ignore", tokenizer="whitespace") == [["a", "bcd"]]
    assert read(tmp_path / "a.txt", encoding_errors="replace", tokenizer="whitespace") == [
        ["a", "b\ufffdc\ufffdd"]
    ]
    (tmp_path / "a.jsonl").write_text('{"text": "a \\ud800b"}')
    assert read(tmp_path / "a.jsonl", encoding_errors="ignore") == [["a", "b"]]


PACKED = gzip.compress(b"some words\n" * 1000)
FAULTS = {
    "missing.txt": (None, "missing.txt: no such file or folder"),
    "empty.txt": (b"", "empty.txt: the file is empty"),
    "empty.txt.gz": (b"", "empty.txt.gz: the file is empty"),
    "blank.txt": (b" \n\t\n", "blank.txt: there are no words in it"),
    "nothing.txt.gz": (gzip.compress(b""), "there are no words in it"),
    "cut.txt.gz": (PACKED[:-20], "cut.txt.gz: the archive is broken or cut short after 0 unpacked bytes"),
    "bad.txt.gz": (PACKED[:20] + b"\xff" * 8 + PACKED[28:], "bad.txt.gz: the archive is broken or cut short"),
    "cut.txt.bz2": (bz2.compress(b"words\n" * 999)[:-9], "cut.txt.bz2: the archive is broken or cut short"),
    "bad.txt.bz2": (bz2.compress(b"words\n" * 999)[:-9] + b"x" * 40, "bad.txt.bz2: the archive is broken"),
    "cut.txt.xz": (lzma.compress(b"words\n" * 999)[:-9], "cut.txt.xz: the archive is broken or cut short"),
    "cut.txt.zst": (zstd(b"words\n" * 999)[:-4], "cut.txt.zst: the archive is broken or cut short"),
    "plain.txt.gz": (
        b"words",
        r"the name says gzip data \(\.gz\), but the content is something else \(it begins with",
    ),
    "zip.txt.zst": (
        b"PK\x03\x04....",
        r"the name says zstd data \(\.zst\), but the content is a zip archive",
    ),
    "packed.txt": (PACKED, r"the name says plain text, but the content is gzip data \(\.gz\)\. Rename"),
    "packed.jsonl": (zstd(b"{}"), r"the name says plain jsonl, but the content is zstd data"),
    "table.txt": (b"PAR1\x15\x04\x15", r"plain text, but the content is a Parquet file"),
    "text.parquet": (
        b"words",
        r"the name says a Parquet file \(\.parquet\), but the content is something else",
    ),
    "cut.parquet": (
        b"PAR1\x15\x04\x15\x04 cut short",
        "cut.parquet: the parquet file is broken or cut short",
    ),
    "cut.arrow": (b"ARROW1\x00\x00\xff\xff\xff\xff", "cut.arrow: the arrow file is broken or cut short"),
    "utf16.txt": ("wörds".encode("utf-16"), "utf16.txt: UTF-16 text; convert it to UTF-8"),
    "nul.txt": ("a\nwords".encode("utf-16-le"), "nul.txt, line 1, byte 1: a NUL byte"),
    "latin.txt": (b"fine\nna\xefve", r"latin.txt, line 2, byte 7: not UTF-8 \(bytes ef 76 65\)"),
    "latin.jsonl": (b'{"text": "a"}\n{"text": "\xe9"}', "latin.jsonl, line 2, byte 24: not UTF-8"),
    "latin.csv": (b"text\n\xe9", "latin.csv, line 2, byte 5: not UTF-8"),
    "paper.pdf": (b"%PDF-1.7", r"paper.pdf: the extension .pdf tells no known format \(.txt .jsonl"),
    "paper.txt": (b"%PDF-1.7", r"plain text, but the content is a PDF document"),
    "a.parquet.gz": (gzip.compress(b"a"), "parquet files are compressed inside; unpack this one first"),
    "no.jsonl": (b'{"text": "a"}\n\nwords\n', "no.jsonl, line 3: not JSON .*the line begins 'words'"),
    "half.jsonl": (b'{"text": "a"', "half.jsonl, line 1: not JSON"),
    "list.jsonl": (b'["a"]', "list.jsonl, line 1: a list where a JSON object was expected"),
    "field.jsonl": (
        b'{"text": "a"}\n{"id": 1, "body": "a"}',
        r'field.jsonl, line 2: no field "text" \(fields: id, body\)\. Name the field with --text-field\.',
    ),
    "number.jsonl": (b'{"text": 3}', 'number.jsonl, line 1: field "text" holds a number'),
    "mixed.jsonl": (b'{"text": ["a", 3]}', "mixed.jsonl, line 1: a token list holds a number"),
    "null.jsonl": (b'{"text": ["a", null]}', "null.jsonl, line 1: a token list holds null"),
    "surrogate.jsonl": (
        b'{"text": "a"}\n{"text": "\\ud800"}',
        "surrogate.jsonl, line 2: half of a surrogate",
    ),
    "nulls.jsonl": (b'{"text": null}', r"there are no words in it .*1 record\(s\) hold null"),
    "field.csv": (b"id,body\n1,a", r'field.csv, line 1: no field "text" \(fields: id, body\)'),
    "row.csv": (b"id,text\n1,a\n2,a,b\n", r"row.csv, line 3: 3 field\(s\) where the header has 2"),
    "quote.csv": (b'id,text\n1,"a\n2,b\n', "quote.csv, line 3: not CSV"),
    "row.tsv": (b"id\ttext\n1\n", r"row.tsv, line 2: 1 field\(s\) where the header has 2"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_told_with_their_place(tmp_path, name):
    content, message = FAULTS[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=message) as caught:
        read(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))


@pytest.mark.parametrize("extension", [".parquet", ".arrow"])
def test_faults_of_columns(tmp_path, extension):
    for table, message in (
        (pa.table({"id": [1], "body": ["a"]}), r'no field "text" \(fields: id, body\)'),
        (pa.table({"text": [1]}), 'column "text" holds int64; it must hold strings'),
        (pa.table({"text": [["a", None]]}), 'row 1 or later: a list in column "text" holds null'),
        (
            pa.table({"text": pa.array([[None]], pa.list_(pa.string()))}),
            'row 1 or later: a list in column "text" holds null',
        ),
    ):
        with pytest.raises(CorpusError, match=message):
            read(write_table(tmp_path, table, extension))
    bad = pa.StringArray.from_buffers(2, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"a\xff"))
    with pytest.raises(CorpusError, match=r"row 1 or later: not UTF-8"):
        read(write_table(tmp_path, pa.table({"text": bad}), extension))
    lists = pa.ListArray.from_arrays(pa.array([0, 2], pa.int32()), bad)
    with pytest.raises(CorpusError, match=r"row 1 or later: a token is not UTF-8"):
        read(write_table(tmp_path, pa.table({"text": lists}), extension))


def test_the_line_of_a_fault_counts_from_the_file_start(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK_BYTES", 16)
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + b"words\n" * 100 + b"\xff\n")
    with pytest.raises(CorpusError, match=r"a\.txt, line 101, byte 603: not UTF-8"):
        read(tmp_path / "a.txt")


def test_no_file_at_all(tmp_path):
    with pytest.raises(CorpusError, match="no file with a known extension in this folder"):
        read(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"1 others, such as a\.png"):
        read(tmp_path)
    with pytest.raises(CorpusError, match=r"\*\.txt: the pattern matches nothing"):
        read(f"{tmp_path}/*.txt")
    with pytest.raises(
        CorpusError, match=r"the pattern matches only files of unknown formats, such as a\.png"
    ):
        read(f"{tmp_path}/*")
    with pytest.raises(CorpusError, match=r"its folder .* does not exist either"):
        read(tmp_path / "no" / "a.txt")
    with pytest.raises(CorpusError, match="to train on text itself, pass a list of strings"):
        read("the quick brown fox jumps over the lazy dog")
    with pytest.raises(CorpusError, match="no source is named"):
        read(Paths([]))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "a.txt").chmod(0)
    with pytest.raises(ResourceError, match=r"a\.txt: cannot be opened"):
        read(tmp_path / "a.txt")


def test_a_folder_where_a_file_should_be(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(CorpusError, match="no file with a known extension"):
        read(tmp_path / "a.txt")
