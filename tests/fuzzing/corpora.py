"""Readers of text, of word lists and of phrases, and of the encoded text that is kept."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from coterie.config import CorpusConfig, VocabularyConfig
from coterie.corpus import encode
from coterie.corpus.cache import clear_caches, list_caches
from coterie.corpus.encoded import EncodedCorpus, write_meta
from coterie.corpus.phrase_file import read_phrase_file
from coterie.corpus.vocabulary_file import read_vocabulary_file
from coterie.errors import FormatError
from coterie.phrases import Phrase, PhraseModel
from fuzzing.mutations import Files
from fuzzing.reader import Reader

__all__ = ["CORPORA"]

_EVERY_WORD = VocabularyConfig(min_count=1)
_TEXTS = [
    "Über die Straße: don't stop, 3.14 well-known.",
    "a b c\nd e\r\nनमस्ते दुनिया שלום 日本語 👩‍👩‍👧 é",
    "a\tb  c",
    "",
]
_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, "zstd", asbytes=True),
}


def _encoded(path: Path) -> EncodedCorpus:
    """Encode a file, with settings that its contents decide about, and check the result."""
    choice = crc32(path.read_bytes()[:64])
    errors: Any = ("strict", "strict", "replace", "ignore")[choice % 4]
    lowercase: Any = (None, "turkish", "unicode")[choice // 4 % 3]
    tokenizer = ("words", "whitespace")[choice // 12 % 2]
    config = CorpusConfig(tokenizer=tokenizer, encoding_errors=errors, lowercase=lowercase)
    with encode(path, config, _EVERY_WORD, on_event=len) as encoded:
        _check_encoded(encoded)
        assert encoded.n_tokens == encoded.raw_tokens > 0
        assert (np.diff(encoded.vocabulary.counts) <= 0).all()
        counts = np.bincount(encoded.ids, minlength=len(encoded.vocabulary))
        assert (counts == encoded.vocabulary.counts).all()
    return encoded


def _check_encoded(encoded: EncodedCorpus) -> None:
    words = encoded.vocabulary.words
    "".join(words).encode()
    assert (np.diff(encoded.offsets) > 0).all()
    assert encoded.offsets[0] == 0
    assert encoded.offsets[-1] == len(encoded.ids) == encoded.n_tokens
    assert not len(encoded.ids) or encoded.ids.max() < len(words)


def _table(write: Callable[[pa.Table, Any], None], column: pa.Array) -> bytes:
    file = io.BytesIO()
    write(pa.table({"n": range(len(column)), "text": column}), file)
    return file.getvalue()


def _ipc(new: Callable[..., Any], **options: Any) -> Callable[[pa.Table, Any], None]:
    def write(table: pa.Table, file: Any) -> None:
        with new(file, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
            writer.write_table(table, max_chunksize=2)

    return write


_COLUMNS = [
    pa.array([*_TEXTS, None]),
    pa.array([*_TEXTS, None], pa.large_string()),
    pa.array([*_TEXTS, None]).dictionary_encode(),
    pa.array([["New York", "is"], None, [], ["Big", ""], ["is"]]),
    pa.array([["a", "b"]] * 4, pa.list_(pa.string(), 2)),
    pa.array(["a", "b", None], pa.string_view()),
]


def _json_lines() -> bytes:
    values = [*_TEXTS, None, ["A", "b c"], []]
    return "".join(json.dumps({"id": i, "text": value}) + "\n" for i, value in enumerate(values)).encode()


def _separated(delimiter: str, quote: str) -> bytes:
    rows = [" ".join(text.split()) for text in _TEXTS]
    return "\n".join(delimiter.join(("7", f"{quote}{row}{quote}")) for row in ("text", *rows)).encode()


def _seeds(name: str, *contents: bytes) -> Callable[[], Sequence[Files]]:
    return lambda: [{name: content} for content in contents]


def _text(name: str, *contents: bytes) -> Reader:
    return Reader(
        f"text {name.partition('.')[2]}", _seeds(name, *contents), lambda folder: _encoded(folder / name)
    )


def _tables(name: str, *write: Callable[[pa.Table, Any], None]) -> Reader:
    def seeds() -> Sequence[Files]:
        return [{name: _table(how, column)} for how in write for column in _COLUMNS]

    return Reader(f"text {name.partition('.')[2]}", seeds, lambda folder: _encoded(folder / name))


def _packed(packing: str) -> Reader:
    name = f"t.jsonl{packing}" if packing in (".bz2", ".zst") else f"t.txt{packing}"
    content = _json_lines() if "jsonl" in name else "\n".join(_TEXTS).encode()

    def pack(files: Files) -> Files:
        (data,) = files.values()
        return {name: _PACKERS[packing](data)}

    return Reader(
        f"text {name.partition('.')[2]}",
        _seeds(name, content, content * 40),
        lambda folder: _encoded(folder / name),
        pack,
    )


_PAIRS = [("New York", "é", 2.0), ("a", "12", 0.0), ("", "b", 1e3), ("12", "New York", 0.25)]
_PAIR_FIELDS = ("input", "output", "weight")


def _pairs(path: Path) -> EncodedCorpus:
    """Encode a file of weighted pairs, and check the result."""
    config = CorpusConfig(pairs=True, weight_field="weight")
    with encode(path, config, VocabularyConfig(min_count=1), on_event=len) as encoded:
        _check_encoded(encoded)
        assert (np.diff(encoded.offsets) == 2).all()
        assert len(encoded.weights) == encoded.n_sentences
        assert (np.isfinite(encoded.weights) & (encoded.weights >= 0)).all()
    return encoded


def _pair_reader(ending: str, *contents: bytes) -> Reader:
    name = f"p.{ending}"
    return Reader(f"pairs {ending}", _seeds(name, *contents), lambda folder: _pairs(folder / name))


def _pair_table(write: Callable[[pa.Table, Any], None]) -> bytes:
    file = io.BytesIO()
    columns = zip(_PAIR_FIELDS, map(list, zip(*_PAIRS, strict=True)), strict=True)
    write(pa.table(dict(columns)), file)
    return file.getvalue()


def _pair_lines(delimiter: str, quote: str = "") -> bytes:
    rows = [_PAIR_FIELDS, *[tuple(map(str, pair)) for pair in _PAIRS]]
    return "\n".join(delimiter.join(f"{quote}{part}{quote}" for part in row) for row in rows).encode()


_PAIR_READERS = [
    _pair_reader("tsv", _pair_lines("\t")),
    _pair_reader("csv", _pair_lines(",", '"'), _pair_lines(",")),
    _pair_reader("txt", b"# c\na b 1\nb  c\t2.5\n"),
    _pair_reader(
        "jsonl",
        "\n".join(json.dumps(dict(zip(_PAIR_FIELDS, pair, strict=True))) for pair in _PAIRS).encode(),
    ),
    _pair_reader("parquet", _pair_table(parquet.write_table)),
    _pair_reader("arrow", _pair_table(_ipc(pa.ipc.new_file)), _pair_table(_ipc(pa.ipc.new_stream))),
]


_ARRAYS = ("ids.u32", "offsets.i64", "weights.f32", "vocabulary.arrow", "phrases.jsonl")
_STATE = "0123456789abcdef-0123456789abcdef"


def _cache_seeds() -> Sequence[Files]:
    model = PhraseModel([[Phrase(("a", "b"), 2)]])
    cases = []
    for joined, weights in ((None, None), (model, None), (None, [0.5] * 3 * len(_TEXTS))):
        with encode(_TEXTS * 3, vocabulary=_EVERY_WORD, phrase_model=joined, weights=weights) as encoded:
            files = [path for path in encoded.path.iterdir() if path.name != "lock"]
            cases.append({path.name: path.read_bytes() for path in files})
    for case in cases:
        meta = json.loads(case["meta.json"])
        case["meta.json"] = json.dumps({**meta, "key": {"sources": ["/x.txt"]}}).encode()
    return cases


def _stamped(files: Files) -> Files:
    """Make the checksums of a cache right."""
    try:
        meta = json.loads(files["meta.json"])
        with tempfile.TemporaryDirectory() as folder:
            for name in _ARRAYS:
                if name in files:
                    Path(folder, name).write_bytes(files[name])
            write_meta(Path(folder), {k: v for k, v in meta.items() if k != "files"}, durable=False)
            return {**files, "meta.json": Path(folder, "meta.json").read_bytes()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return files


def _cached(folder: Path) -> Any:
    """Open a cache; return what its checksums answer for."""
    place = folder / _STATE
    place.mkdir()
    for path in [path for path in folder.iterdir() if path.is_file()]:
        path.rename(place / path.name)
    assert len(list_caches(folder)) <= 1
    with EncodedCorpus(place) as encoded:
        _check_encoded(encoded)
        assert encoded.phrases is None or encoded.phrases.join(["a", "b"])
        assert encoded.size
        assert encoded.fingerprint
        kept = (encoded.ids.tobytes(), encoded.offsets.tobytes(), encoded.vocabulary.words, encoded.phrases)
    clear_caches(folder)
    return kept


def _phrases() -> Sequence[Files]:
    model = PhraseModel(
        [
            [Phrase(("new", "york"), 12)],
            [Phrase(("new_york", "times"), 5, 310.5), Phrase(("a", "b", "c"), 3, 0.1)],
        ],
        facts={"undercounts": [0], "passes": 1},
    )
    file = io.BytesIO()
    model.write(file)
    return [{"p.phrases": file.getvalue()}]


def _phrase_model(folder: Path) -> PhraseModel:
    model = PhraseModel.load(folder / "p.phrases")
    assert model.join(["a", "new", "york", "times"])
    assert model.undercount >= 0
    assert len(model.best()) <= 10
    assert repr(model)
    with contextlib.suppress(FormatError):  # what can be read and not written: halves of surrogate pairs
        assert model.fingerprint
    return model


def _words(folder: Path) -> list[str]:
    words = read_vocabulary_file(folder / "v.txt")
    VocabularyConfig(words=tuple(words))
    return words


CORPORA = [
    _text("t.txt", "\n".join(_TEXTS).encode(), b"\xef\xbb\xbfa b\r\nc\r\n", b"a"),
    _text("t.jsonl", _json_lines()),
    _text("t.csv", _separated(",", '"'), b"id,text\n1,a b\n2,c\n"),
    _text("t.tsv", _separated("\t", "")),
    *map(_packed, _PACKERS),
    *_PAIR_READERS,
    _tables(
        "t.parquet",
        parquet.write_table,
        lambda table, file: parquet.write_table(table, file, use_dictionary=False),
    ),
    _tables(
        "t.arrow", _ipc(pa.ipc.new_file), _ipc(pa.ipc.new_stream), _ipc(pa.ipc.new_file, compression="zstd")
    ),
    Reader("encoded corpus", _cache_seeds, _cached, _stamped, checked=tuple),
    Reader(
        "vocabulary file",
        _seeds("v.txt", b"the\t5\nof\t3\nnew york\t2\n", b"der 5\ndie 3\n# 2\n"),
        _words,
    ),
    Reader(
        "phrase file",
        _seeds("k.txt", b"new york\nnew york times\n\n"),
        lambda folder: read_phrase_file(folder / "k.txt"),
    ),
    Reader("phrases", _phrases, _phrase_model),
]
