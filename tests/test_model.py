import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from coterie import formats
from coterie.errors import FormatError, ResourceError
from coterie.model import Model, check_destination, load_vectors
from coterie.vectors import WordVectors

CONFIG = {
    "coterie_version": "0.1.0",
    "training": {"vector_size": 5, "window": 5, "seed": 12345, "alpha": 0.025, "workers": None},
    "corpus": {"tokenizer": "words", "lowercase": None},
    "vocabulary": {"min_count": 5, "words": None},
    "objective": "negative_sampling",
    "corpus_statistics": {"tokens": 1_234_567, "sentences": 89},
    "figures": {"words_per_second": 2_100_000.4, "seconds": 12.345, "final_loss": 0.4321987},
}
METRICS = [{"epoch": 1, "loss": 2.5}, {"epoch": 2, "loss": 0.5}]
WORDS = ["the", "New York", "a\nb", "naïve", "\ufeff", "ship"]


def make_model(value=None, words=WORDS, size=5):
    rng = np.random.default_rng(1)
    padded = rng.standard_normal((2, len(words), 16 * (-(-size // 16)))).astype(np.float32)
    if value is not None:
        padded[:] = value
    vectors = WordVectors(words, padded[0, :, :size], np.arange(len(words), 0, -1))
    return Model(vectors, padded[1, :, :size], CONFIG, METRICS)


@pytest.fixture
def folder(tmp_path):
    make_model().save(tmp_path / "model")
    return tmp_path / "model"


def is_mapped(array):
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


def test_round_trip(folder):
    model, again = make_model(), Model.load(folder)
    assert again.vectors.words == WORDS
    assert again.vectors.counts.tolist() == [6, 5, 4, 3, 2, 1]
    assert again.vectors.counts.dtype == np.int64
    np.testing.assert_array_equal(again.vectors.matrix, model.vectors.matrix)
    np.testing.assert_array_equal(again.output_vectors, model.output_vectors)
    assert again.config == {"format_version": 1, **CONFIG}
    assert again.metrics == METRICS
    assert sorted(p.name for p in folder.iterdir()) == [
        "README.md",
        "config.json",
        "metrics.jsonl",
        "model.safetensors",
        "vocabulary.parquet",
    ]
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_vectors_alone_and_through_formats(folder):
    for vectors in (load_vectors(folder), WordVectors(*vars(formats.read(folder)).values())):
        assert vectors.words == WORDS
        np.testing.assert_array_equal(vectors.matrix, make_model().vectors.matrix)
        assert vectors.most_similar("ship") == make_model().vectors.most_similar("ship")


def test_other_programs_can_read_every_file(folder):
    parquet = pytest.importorskip("pyarrow.parquet")
    package = pytest.importorskip("safetensors.numpy")
    assert parquet.read_table(folder / "vocabulary.parquet").to_pydict()["word"] == WORDS
    assert set(package.load_file(folder / "model.safetensors")) == {"input_vectors", "output_vectors"}


def test_the_matrices_are_mapped_and_read_only(folder):
    model = Model.load(folder)
    for matrix in (model.vectors.matrix, model.output_vectors, load_vectors(folder).matrix):
        assert is_mapped(matrix)
        with pytest.raises(ValueError, match="read-only"):
            matrix[0, 0] = 1


def test_loading_does_not_read_the_matrices(tmp_path):
    make_model(words=[f"w{i}" for i in range(20_000)], size=800).save(tmp_path / "big")
    assert (tmp_path / "big" / "model.safetensors").stat().st_size > 120e6
    script = """
        import sys
        def resident():
            return int(open("/proc/self/statm").read().split()[1]) * 4096
        import pyarrow.parquet
        from coterie.model import load_vectors
        load_vectors(sys.argv[2])
        before = resident()
        vectors = load_vectors(sys.argv[1])
        vectors["w19999"]
        print(resident() - before)
    """
    make_model().save(tmp_path / "small")
    command = [sys.executable, "-c", textwrap.dedent(script), tmp_path / "big", tmp_path / "small"]
    grown = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert grown < 24e6


def test_a_loaded_model_can_replace_the_folder_it_is_mapped_from(folder):
    model = Model.load(folder)
    model.save(folder)
    np.testing.assert_array_equal(Model.load(folder).vectors.matrix, make_model().vectors.matrix)
    np.testing.assert_array_equal(model.vectors.matrix, make_model().vectors.matrix)


def test_missing_parents_are_made_and_an_empty_folder_is_filled(tmp_path):
    make_model().save(tmp_path / "a" / "b")
    (tmp_path / "empty").mkdir()
    make_model().save(tmp_path / "empty")
    assert len(load_vectors(tmp_path / "a" / "b")) == len(load_vectors(tmp_path / "empty")) == 6


def test_a_link_to_a_model_is_followed(folder):
    link = folder.parent / "link"
    link.symlink_to(folder)
    make_model(value=7).save(link)
    assert link.is_symlink()
    assert load_vectors(folder).matrix[0, 0] == 7


@pytest.mark.parametrize("act", [lambda path: make_model().save(path), check_destination])
def test_what_is_no_model_is_not_replaced(tmp_path, act):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    (tmp_path / "file").write_text("x")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    for name, told in (
        ("thesis", "other things in it"),
        ("file", "is a file"),
        ("dangling", "link to nothing"),
    ):
        with pytest.raises(FormatError, match=told):
            act(tmp_path / name)
    with pytest.raises(ResourceError, match="a file is in the place of its folder"):
        act(tmp_path / "file" / "model")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dangling", "file", "thesis"]


def test_a_model_with_other_things_beside_it_is_not_replaced(folder):
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(FormatError, match=r"other things in it \(notes\.txt\) and is not replaced"):
        make_model().save(folder)
    assert len(load_vectors(folder)) == 6


def test_a_readme_alone_is_no_model(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(FormatError, match="is not replaced"):
        make_model().save(tmp_path)


def test_a_good_destination_is_left_as_it_is(folder):
    before = sorted(p.name for p in folder.parent.rglob("*"))
    check_destination(folder)
    check_destination(folder.parent / "new")
    assert sorted(p.name for p in folder.parent.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_an_unwritable_parent_is_told(tmp_path):
    tmp_path.chmod(0o500)
    for act in (make_model().save, check_destination):
        with pytest.raises(ResourceError, match="Choose a folder where you may write"):
            act(tmp_path / "model")


@pytest.mark.parametrize("limit", [0, 500, 3_000, 200_000, 2_000_000])
def test_a_full_disk_leaves_the_old_model_as_it_was(folder, limit):
    """RLIMIT_FSIZE stands in for the full disk; each limit strikes in another of the files."""
    script = """
        import resource, sys
        import numpy as np
        from coterie.errors import ResourceError
        from coterie.model import Model
        from coterie.vectors import WordVectors
        words = [f"w{i}" for i in range(20_000)]
        matrix = np.zeros((20_000, 50), dtype="f4")
        model = Model(WordVectors(words, matrix, np.ones(20_000)), matrix, {"x": "y" * 1000}, [{}] * 900)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
        try:
            model.save(sys.argv[1])
        except ResourceError as error:
            assert "model can't be written: no room" in str(error), error
        else:
            raise SystemExit("it was saved")
    """
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(script), folder, str(limit)]
    subprocess.run(command, check=True)
    assert [p.name for p in folder.parent.iterdir()] == ["model"]
    np.testing.assert_array_equal(Model.load(folder).output_vectors, make_model().output_vectors)


SAVES_FOREVER = """
    import itertools, sys
    import numpy as np
    from coterie.model import Model
    from coterie.vectors import WordVectors
    words = [f"w{i}" for i in range(3_000)]
    for n in itertools.count(1):
        matrix = np.full((3_000, 40), n, dtype="f4")
        model = Model(WordVectors(words, matrix, np.full(3_000, n)), matrix, {"n": n}, [{"n": n}])
        model.save(sys.argv[1])
        print(n, flush=True)
"""


def test_a_killed_save_leaves_the_old_model_or_the_new_one(tmp_path):
    draw = random.Random(1)
    path = tmp_path / "model"
    for _ in range(6):
        saver = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SAVES_FOREVER), path], stdout=subprocess.PIPE, text=True
        )
        with saver:
            saver.stdout.readline()
            time.sleep(draw.uniform(0, 0.1))
            saver.send_signal(signal.SIGKILL)
            saved = [1, *map(int, saver.stdout.read().split())]
        model = Model.load(path)
        n = model.config["n"]
        assert n in (saved[-1], saved[-1] + 1)
        assert model.metrics == [{"n": n}]
        for array in (model.vectors.matrix, model.output_vectors, model.vectors.counts):
            assert (array == n).all()
    make_model().save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def damage(folder, name, change):
    file = folder / name
    file.write_bytes(change(file.read_bytes()))


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        (
            "model.safetensors",
            lambda b: b[:-1],
            r"model.safetensors is cut short: .* asks for 496 bytes, found 495",
        ),
        ("model.safetensors", lambda b: b[:100], r"model.safetensors .*cut short: it has 100 bytes"),
        ("model.safetensors", lambda b: b"", r"model.safetensors .*it has 0 bytes"),
        ("model.safetensors", lambda b: b.replace(b"output", b"xutput"), "has no output_vectors"),
        (
            "model.safetensors",
            lambda b: b.replace(b"[6,5]", b"[5,6]"),
            "input_vectors has 5 rows, .* 6 words",
        ),
        ("model.safetensors", lambda b: b.replace(b'"F32"', b'"I32"'), "input_vectors is int32"),
        ("model.safetensors", lambda b: b.replace(b"[6,5]", b"[30] "), "of 1 dimensions"),
        ("vocabulary.parquet", lambda b: b[:-20], r"vocabulary.parquet is damaged or cut short"),
        ("vocabulary.parquet", lambda b: b"", r"vocabulary.parquet is damaged or cut short \(0 bytes\)"),
        ("config.json", lambda b: b[:-9], r"config.json is damaged: no JSON"),
        ("config.json", lambda b: b"[]", r"config.json is damaged: format_version is None"),
        (
            "config.json",
            lambda b: b.replace(b'"format_version": 1', b'"format_version": "1"'),
            "is '1', expected 1 … 2",
        ),
        (
            "config.json",
            lambda b: b.replace(b'"format_version": 1', b'"format_version": 3'),
            r"format version 3, saved by Coterie 0.1.0; this one reads up to 2. Upgrade it",
        ),
        ("metrics.jsonl", lambda b: b + b"{oh", r"metrics.jsonl, line 3: no JSON"),
        ("metrics.jsonl", lambda b: b + b"7\n", r"metrics.jsonl, line 3: expected a JSON object, found 7"),
    ],
)
def test_damage_is_told_with_the_file(folder, name, change, told):
    damage(folder, name, change)
    with pytest.raises(FormatError, match=told):
        Model.load(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "vocabulary.parquet", "metrics.jsonl"])
def test_a_missing_file_is_told(folder, name):
    (folder / name).unlink()
    with pytest.raises(FormatError, match=f"model is incomplete: {re.escape(name)} is missing"):
        Model.load(folder)


def test_a_missing_config_is_told_and_the_folder_can_be_replaced(folder):
    (folder / "config.json").unlink()
    with pytest.raises(FormatError, match=r"is incomplete: config\.json is missing"):
        Model.load(folder)
    make_model().save(folder)
    assert len(load_vectors(folder)) == 6


def test_a_vocabulary_of_another_model_is_told(folder):
    make_model(words=["a", "b"]).save(folder.parent / "other")
    shutil.copy(folder.parent / "other" / "vocabulary.parquet", folder)
    with pytest.raises(FormatError, match=r"input_vectors has 6 rows, vocabulary\.parquet 2 words"):
        load_vectors(folder)


def test_other_columns_are_told(folder):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"w": ["a"]}), folder / "vocabulary.parquet")
    with pytest.raises(FormatError, match="has columns w; expected word and count"):
        load_vectors(folder)
    parquet.write_table(pyarrow.table({"word": ["a"], "count": [1.5]}), folder / "vocabulary.parquet")
    with pytest.raises(FormatError, match="every row needs a word and a whole number"):
        load_vectors(folder)


def test_what_is_no_model_is_told_with_what_is_there(folder):
    with pytest.raises(FormatError, match=r"modle does not exist\. In .* there is model"):
        load_vectors(folder.parent / "modle")
    with pytest.raises(FormatError, match="is not a Coterie model: it holds models; name one of them: model"):
        load_vectors(folder.parent)
    (folder.parent / "notes").mkdir()
    with pytest.raises(FormatError, match=r"has no config\.json \(it holds nothing\)"):
        load_vectors(folder.parent / "notes")
    with pytest.raises(FormatError, match="it is a file"):
        Model.load(folder / "README.md")
    with pytest.raises(FormatError, match="is a part of a Coterie model; give the folder"):
        formats.read(folder / "model.safetensors")


def test_parts_that_do_not_fit_are_told():
    vectors = make_model().vectors
    with pytest.raises(FormatError, match=r"output_vectors has shape \(6, 4\)"):
        Model(vectors, np.zeros((6, 4), np.float32), {}, [])
    with pytest.raises(FormatError, match="no counts"):
        Model(WordVectors(vectors.words, vectors.matrix), vectors.matrix, {}, [])


def test_settings_of_any_kind_become_json(tmp_path):
    model = make_model()
    model.config["figures"] = {
        "loss": float("nan"),
        "n": np.int64(3),
        "x": np.float32(0.5),
        "p": tmp_path,
        "t": (1,),
    }
    model.metrics.append({"loss": np.float64("inf"), "by_word": np.arange(2)})
    model.save(tmp_path / "m")
    again = Model.load(tmp_path / "m")
    expected = {"loss": None, "n": 3, "x": 0.5, "p": str(tmp_path), "t": [1]}
    assert again.config["figures"] == expected
    assert again.metrics[-1] == {"loss": None, "by_word": [0, 1]}
    model.config["figures"] = {"bad": object()}
    with pytest.raises(FormatError, match="config can't be written as JSON"):
        model.save(tmp_path / "m")
    assert Model.load(tmp_path / "m").config["figures"] == expected


def test_names_that_are_not_unicode_are_kept(tmp_path):
    model = make_model()
    model.config["corpus_statistics"] = {"source": "caf\udce9.txt"}
    model.save(tmp_path / "m\udce9")
    again = Model.load(tmp_path / "m\udce9")
    assert again.config["corpus_statistics"] == {"source": "caf\udce9.txt"}


def test_a_word_that_is_no_text_is_told(tmp_path):
    with pytest.raises(FormatError, match="not Unicode text"):
        make_model(words=["a", "\ud800"]).save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_the_folder_holds_no_pickle(folder):
    json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for file in folder.iterdir():
        assert not file.read_bytes().startswith(b"\x80")


def test_importing_models_and_vectors_loads_neither_numba_nor_pyarrow():
    script = "import sys, coterie.model; sys.exit(bool({'numba', 'pyarrow'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", script], check=True)
