"""A stranger's model or file: nothing of it is run, no path in it is followed, nothing is written by it."""

from __future__ import annotations

import ast
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from zlib import crc32

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import coterie
from coterie.cli.console import Speaker, print_table
from coterie.cli.repeating import command_of
from coterie.errors import CoterieError, FormatError
from coterie.formats import FORMATS, read
from coterie.formats.safetensors import map_safetensors
from coterie.model import Model
from coterie.phrases import Phrase, PhraseModel
from coterie.training.checkpoint import Checkpoints, TrainingState, latest_checkpoint
from coterie.vectors import WordVectors
from reference.fasttext_model import model_bytes

SOURCES = Path(coterie.__file__).parent
WORDS = ["ship", "boat", "gold"]
MATRIX = np.eye(3, dtype=np.float32)


def saved_model(path, **told):
    vectors = WordVectors(WORDS, MATRIX, np.array([3, 2, 1]))
    config = {"objective": "negative_sampling", **told}
    Model(vectors, MATRIX, config, [{"words": 1}], PhraseModel([[Phrase(("a", "b"), 2)]])).save(path)
    return path


class Payload:
    """Its pickle makes a file when it is loaded."""

    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return open, (self.mark, "w")


def test_nothing_in_the_package_unpickles_or_evaluates():
    """What could run what a file holds is not even imported."""
    modules = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "runpy"}
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert modules.isdisjoint(name.partition(".")[0] for name in named), path
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
                assert called not in {"eval", "exec", "literal_eval", "__import__"}, path
                of = getattr(getattr(node.func, "value", None), "id", None)
                assert (of, called) not in {("np", "load"), ("joblib", "load")}, path
                assert "allow_pickle" not in {keyword.arg for keyword in node.keywords}, path


@pytest.mark.parametrize("kind", [None, *FORMATS])
def test_pickles_are_not_run(tmp_path, kind):
    mark = tmp_path / "mark"
    pickled = pickle.dumps(Payload(mark))
    objects = io.BytesIO()
    np.save(objects, np.array([Payload(mark)], dtype=object), allow_pickle=True)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("../mark", "")
        zipped.writestr("vectors.npy", objects.getvalue())
    for name in ("v.npy", "v.bin", "v.npz", "v.pkl", "v"):
        for content in (pickled, objects.getvalue(), archive.getvalue()):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(FormatError, match=str(tmp_path / name)):
                read(tmp_path / name, format=kind)
    assert not mark.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v", "v.bin", "v.npy", "v.npz", "v.pkl"]
    pickle.loads(pickled).close()  # and it is one that does something
    assert mark.exists()


def test_a_type_of_arrows_that_was_a_pickle_is_not_unpickled(tmp_path):
    """PyArrow did so below version 14.0.1 (CVE-2023-47248)."""
    mark = tmp_path / "mark"
    disguise = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": pickle.dumps(Payload(mark)),
    }
    path = saved_model(tmp_path / "m")
    table = parquet.read_table(path / "vocabulary.parquet")
    fields = [table.schema.field("word").with_metadata(disguise), table.schema.field("count")]
    parquet.write_table(table.cast(pa.schema(fields)), path / "vocabulary.parquet")
    assert coterie.load(path).words == WORDS
    assert not mark.exists()


_WATCHED = """
    import json, os, sys

    import numpy, pyarrow, pyarrow.parquet, numba  # what these open is not a model's
    import coterie, coterie.model, coterie.objectives.prediction, coterie.index.neighbour_index

    opened = []

    def watch(event, arguments):
        if event in ("open", "os.listdir", "os.scandir", "os.rename", "os.remove", "os.mkdir"):
            opened.append(str(arguments[0]))
        if event == "exec":  # also a module's code, when it is imported late
            opened.append(arguments[0].co_filename)
        if event in ("os.system", "subprocess.Popen", "pickle.find_class", "socket.connect"):
            opened.append(event)

    sys.addaudithook(watch)
    told = "read"
    try:
        model = coterie.load_model(sys.argv[1])
        model.vectors.most_similar("ship")
        model.predict_output(["ship"])
        coterie.load(sys.argv[1])
    except coterie.CoterieError as error:
        told = str(error)
    print(json.dumps({"told": told, "opened": opened}))
"""


def opened_by(path):
    program = [sys.executable, "-c", textwrap.dedent(_WATCHED), str(path)]
    found = json.loads(subprocess.run(program, capture_output=True, text=True, check=True).stdout)
    libraries = tuple(map(os.path.realpath, (sys.prefix, sys.base_prefix, SOURCES)))
    files = [name for name in found["opened"] if not os.path.realpath(name).startswith(libraries)]
    return found["told"], [name for name in files if not name.isdecimal()]


def test_no_path_in_a_model_is_followed(tmp_path):
    (tmp_path / "secret").write_text("secret")
    path = saved_model(
        tmp_path / "m",
        source=["../secret", str(tmp_path / "secret")],
        phrases="../secret",
        vocabulary={"words": "../secret", "vocabulary_file": "/etc/passwd"},
        corpus={"text_field": "../secret", "path": "file:///etc/passwd"},
        matrices="../secret",
        training={"ns_exponent": 0.75},
    )
    (path / "metrics.jsonl").write_text('{"checkpoint": "../secret", "next": "/etc/passwd"}\n')
    told, opened = opened_by(path)
    assert told == "read"
    names = {"model.safetensors", "vocabulary.parquet", "config.json", "metrics.jsonl", "phrases.jsonl"}
    assert {Path(name).name for name in opened} == names
    assert {Path(name).parent for name in opened} == {path}


def test_links_in_a_model_are_followed_for_reading(tmp_path):
    """The cache of Hugging Face's hub is of links: a snapshot's names lead to blobs beside it."""
    path = saved_model(tmp_path / "m")
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "1a2b"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(path.iterdir())):
        file.rename(blobs / str(number))
        (snapshot / file.name).symlink_to(Path("..", "..", "blobs", str(number)))
    assert coterie.load(snapshot).words == WORDS
    assert coterie.load_model(snapshot).phrases.join(["a", "b"]) == ["a_b"]


@pytest.mark.parametrize("name", ["config.json", "metrics.jsonl", "vocabulary.parquet", "model.safetensors"])
@pytest.mark.parametrize("target", ["/dev/zero", "pipe", "loop", "/etc/passwd", "gone"])
def test_a_link_to_something_else_is_refused(tmp_path, name, target):
    """At once: a device has no end, and a pipe is waited for. What is there isn't told either."""
    path = saved_model(tmp_path / "m")
    os.mkfifo(tmp_path / "m" / "pipe")
    (path / name).unlink()
    (path / name).symlink_to(name if target == "loop" else target)
    with pytest.raises(CoterieError, match=str(path)) as caught:
        coterie.load_model(path)
    assert "root:" not in str(caught.value)


def test_nothing_is_written_through_a_link(tmp_path):
    pytest.importorskip("usearch")
    from coterie.index import NeighbourIndex

    mine = tmp_path / "mine"
    for name in ("neighbours.usearch", "neighbours.usearch.json"):
        path = saved_model(tmp_path / name)
        mine.write_text("mine")
        (path / name).symlink_to(mine)
        with pytest.raises(FormatError, match=f"{name} is a link, and no index is written through one"):
            NeighbourIndex.build(coterie.load(path), threads=1).save(path / "neighbours.usearch")
        (path / name).unlink()
        for entry in ("README.md", "phrases.jsonl", "metrics.jsonl"):
            (path / entry).unlink()
            (path / entry).symlink_to(mine)
        saved_model(path)
        assert not (path / "README.md").is_symlink()
        assert mine.read_text() == "mine"


def test_words_are_words(tmp_path):
    words = ["../x", "/etc/passwd", "$(touch x)", "\x1b]0;x\x07", "[red]", "__import__('os')", "a\0b"]
    matrix = np.eye(len(words), dtype=np.float32)
    vectors = WordVectors(words, matrix, np.arange(len(words))[::-1])
    for name in ("v.safetensors", "v.parquet", "v.npy", "v.txt", "v.tsv"):
        vectors.save(tmp_path / name, replace_spaces="_" if name == "v.txt" else None)
    (tmp_path / "m.bin").write_bytes(model_bytes(["../x", "/etc/passwd"], bucket=4)[0])
    before = sorted(tmp_path.iterdir())
    for name in ("v.safetensors", "v.parquet", "v.npy", "v.tsv"):
        assert coterie.load(tmp_path / name).words == words
    assert coterie.load(tmp_path / "m.bin").words == ["../x", "/etc/passwd"]
    assert sorted(tmp_path.iterdir()) == before


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_words_and_does_not_obey_them(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    print_table("\x1b[2J", ("word", "x"), [("\x1b]0;title\x07", "[red]\u202e")])
    shown = sys.stdout.getvalue()
    assert r"\x1b]0;title\x07" in shown
    assert "[red]" in shown
    assert not any(part in shown for part in ("\x1b]", "\x07", "\x1b[2J", "\u202e"))
    said = []
    speaker = Speaker(quiet=False, as_json=False)
    with speaker.through(said.append):
        speaker.message("left out \x1b[2J.txt\nand more")
    assert said == ["left out \\x1b[2J.txt\nand more"]


def test_an_error_shows_what_a_file_holds_and_is_short():
    error = FormatError(f"v.txt, line 1: found '\x1b[2J\u202e\ud800{'x' * 10_000}'. Fetch it anew.")
    assert str(error).startswith(r"v.txt, line 1: found '\x1b[2J\u202e\ud800xxx")
    assert str(error).endswith("xxx'. Fetch it anew.")
    assert len(str(error)) < 2_100
    assert str(FormatError("naïve 日本語 é 👩‍👧")) == "naïve 日本語 é 👩‍👧"


def test_a_command_from_a_strangers_settings_is_one_command(tmp_path):
    line, _ = command_of("m", {"source": ["a; rm -rf ~", "-o", "-"], "training": {"workers": 1}})
    assert line.startswith("coterie train 'a; rm -rf ~' ./-o - -o m")
    for told in ({"source": [3]}, {"source": "x"}, {"training": []}, {"training": {"epochs": {}}}):
        with pytest.raises(CoterieError, match=r"source|training|epochs|settings"):
            command_of("m", told)


SHAPES = {
    "rows without columns": ("input_vectors", "F32", [10**12, 0]),
    "rows that are not padded": ("input_vectors", "F32", [4, 3]),
    "three dimensions": ("input_vectors", "F32", [2, 2, 16]),
    "another type": ("input_vectors", "F64", [4, 16]),
    "bits of bfloat16 as input": ("input_vectors", "U16", [4, 16]),
    "another array": ("secrets", "F32", [4, 16]),
}


@pytest.mark.parametrize("case", SHAPES)
def test_a_checkpoint_that_claims_what_it_has_not(tmp_path, case):
    """Its checksums are right: a stranger can make them so."""
    with Checkpoints(tmp_path, None, None, pytest.fail) as checkpoints:
        weights = coterie.training.checkpoint.Weights(
            np.zeros((4, 16), np.float32), np.ones((4, 16), np.float32)
        )
        checkpoints.save(TrainingState(weights, 1, 1, 1, 1.0), wait=True)
    assert latest_checkpoint(tmp_path, pytest.fail).state().weights.output_vectors.all()
    (place,) = tmp_path.glob("checkpoint-*")
    name, dtype, shape = SHAPES[case]
    size = int(np.prod(shape)) * {"F32": 4, "F64": 8, "U16": 2}[dtype]
    header = json.dumps({name: {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}}).encode()
    content = struct.pack("<Q", len(header)) + header + bytes(size)
    (place / "weights.safetensors").write_bytes(content)
    state = json.loads(json.loads((place / "state.json").read_text())["state"])
    state["weights"] = {"bytes": len(content), "crc32": crc32(content)}
    text = json.dumps(state)
    (place / "state.json").write_text(json.dumps({"crc32": crc32(text.encode()), "state": text}))
    with pytest.raises(FormatError, match=r"weights\.safetensors: "):
        latest_checkpoint(tmp_path, pytest.fail).state()


@pytest.mark.parametrize(
    ("change", "size"),
    [
        ({}, 36),
        ({"data_offsets": [0, 99]}, 36),
        ({"data_offsets": [9, 36]}, 36),
        ({"data_offsets": [-36, 0]}, 36),
        ({"data_offsets": [0, -1]}, 0),
        ({"data_offsets": "09"}, 36),
        ({"dtype": "O"}, 36),
        ({"dtype": ["F32"]}, 36),
        ({"shape": [[3], 3]}, 36),
        ({"shape": [9e9]}, 36),
        ({"shape": [True, 9]}, 36),
        ({"shape": [10**30, 0], "data_offsets": [0, 0]}, 0),
        ({"shape": [2**40, 0, 2**40], "data_offsets": [0, 0]}, 0),
        ({"shape": [0] * 99, "data_offsets": [0, 0]}, 0),
    ],
)
def test_arrays_in_safetensors_can_not_lead_out(tmp_path, change, size):
    entry = {"dtype": "F32", "shape": [3, 3], "data_offsets": [0, 36], **change}
    header = json.dumps({"vectors": entry}).encode()
    path = tmp_path / "v.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(size))
    if not change:
        assert map_safetensors(path)["vectors"].shape == (3, 3)
        return
    with pytest.raises(FormatError, match=r"v\.safetensors"):
        map_safetensors(path)
