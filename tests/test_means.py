"""What a training may take of the machine: a limit of memory, and matrices that are mapped from disk."""

from __future__ import annotations

import json

import numpy as np
import pytest

import coterie
from coterie.errors import ConfigError, ResourceError
from coterie.jobs import Surroundings
from coterie.training import means, resources, trainer
from reference import synthetic

QUICK = {"vector_size": 20, "workers": 1, "sample": 0, "min_count": 1, "cache": False}
OBJECTIVES = [
    {},
    {"deterministic": True, "workers": 2},
    {"output_dtype": "bfloat16"},
    {"objective": "nce"},
    {"objective": "hierarchical_softmax", "negative": 3},
    {"objective": "softmax"},
    {"architecture": "cbow"},
]


@pytest.fixture(scope="module")
def sentences():
    found = synthetic.clustered_sentences(clusters=3, words=8).tolist()[:150]
    return [[f"w{word}" for word in sentence] for sentence in found]


def assert_same(one, other):
    for name in ("output_vectors", "node_vectors"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(one.vectors.matrix, other.vectors.matrix)
    assert one.log_normaliser == other.log_normaliser


@pytest.fixture
def mapped(monkeypatch):
    """How many matrices were mapped."""
    from coterie.kernels import mapped

    made, really = [], mapped.mapped_matrix

    def counted(folder, rows, columns):
        made.append((rows, columns))
        return really(folder, rows, columns)

    monkeypatch.setattr(mapped, "mapped_matrix", counted)
    return made


@pytest.mark.parametrize("changes", OBJECTIVES, ids=str)
def test_mapped_matrices_give_the_same_bits(sentences, tmp_path, changes, mapped):
    settings = {**QUICK, "epochs": 2, **changes}
    plain = coterie.train(sentences, **settings)
    assert not mapped
    model = coterie.train(sentences, matrices_dir=tmp_path, **settings)
    assert len(mapped) >= 3  # one was made to find out whether it can be
    assert_same(model, plain)
    assert list(tmp_path.iterdir()) == []
    model.save(tmp_path / "model")
    assert_same(coterie.load_model(tmp_path / "model"), plain)


class _EndedError(Exception):
    """What a callback ends a training with."""


def _end(progress):
    if progress.stage == "train" and progress.words_done >= 500:
        raise _EndedError


@pytest.mark.parametrize("changes", [{}, {"output_dtype": "bfloat16"}], ids=str)
def test_checkpoints_go_on_between_memory_and_disk(sentences, tmp_path, changes, mapped, monkeypatch):
    settings = {**QUICK, "epochs": 20, **changes}
    plain = coterie.train(sentences, **settings)
    monkeypatch.setattr(trainer, "_TICK", 0.001)
    place, disk = tmp_path / "place", tmp_path / "disk"
    disk.mkdir()
    for first, then in ((disk, None), (None, disk), (disk, disk)):
        with pytest.raises(_EndedError):
            coterie.train(sentences, checkpoints=place, matrices_dir=first, callbacks=_end, **settings)
        mapped.clear()
        assert_same(coterie.resume(place, sentences, matrices_dir=then, cache=False), plain)
        assert bool(mapped) == (then is not None)
        assert list(disk.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_before_the_text_is_read(tmp_path):
    with pytest.raises(ResourceError, match=r"is no folder; the matrices go there \(matrices_dir\)"):
        coterie.train(tmp_path / "no-text", matrices_dir=tmp_path / "nowhere")


def test_a_limit_is_checked_before_work_and_once_words_are_counted(sentences, monkeypatch):
    with pytest.raises(ConfigError, match="memory_limit is 1,000 bytes"):
        coterie.train(iter([]), memory_limit=1000)
    monkeypatch.setattr(resources, "held_memory", lambda: 100 << 20)
    coterie.train(sentences, memory_limit=400 << 20, epochs=1, **QUICK)
    monkeypatch.setattr(resources, "held_memory", lambda: 390 << 20)
    with pytest.raises(ResourceError, match=r"not enough memory: .* 400 MiB are allowed"):
        coterie.train(sentences, memory_limit=400 << 20, **QUICK)


def around(**changes):
    given = {"cache": False, "cache_dir": None, "cache_limit": None, "memory_limit": None}
    return Surroundings(**{**given, "callback": None, "callbacks": (), "on_event": None, **changes})


def test_words_are_counted_in_as_much_as_before_when_a_training_goes_on():
    assert around().counting_share(1) == (means.COUNTING_BYTES, 1)
    assert around(memory_limit=64 << 30).counting_share(1)[0] == 8 << 30
    kept = around(memory_limit=64 << 30, counting_limit=50 << 20)
    assert kept.counting_share(1)[0] == 50 << 20
    smaller = around(memory_limit=300 << 20, counting_limit=512 << 20)  # the limit must hold all the same
    assert smaller.counting_share(1)[0] < 50 << 20


def test_a_checkpoint_knows_the_limit_and_its_share(sentences, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "_TICK", 0.001)
    limit = 16 << 30
    with pytest.raises(_EndedError):
        coterie.train(sentences, epochs=20, checkpoints=tmp_path, memory_limit=limit, callbacks=_end, **QUICK)
    (state,) = list(tmp_path.glob("checkpoint-*/state.json"))
    about = json.loads(json.loads(state.read_text())["state"])["about"]
    assert (about["memory_limit"], about["process_limit"]) == (2 << 30, limit)
    monkeypatch.setattr(resources, "held_memory", lambda: limit)
    with pytest.raises(ResourceError, match="16,384 MiB are allowed"):
        coterie.resume(tmp_path, sentences, cache=False)
    coterie.resume(tmp_path, sentences, cache=False, memory_limit=2 * limit)


def test_memory_disk_and_time_are_told_before_the_training(sentences, tmp_path):
    told, seen = [], []
    coterie.train(
        sentences,
        epochs=1,
        checkpoints=tmp_path / "place",
        output=tmp_path / "model",
        on_event=told.append,
        callbacks=lambda progress: seen.append((progress.stage, len(told))),
        **QUICK,
    )
    memory, disk = told[:2]
    assert "two matrices of 24 × 20 take 0 MiB, the process about" in memory
    assert disk.startswith("on disk the model takes about 0.0 MB, checkpoints take up to about 0.0 MB, of")
    assert disk.endswith("training takes a few seconds")
    assert all(messages >= 2 for stage, messages in seen if stage == "train")
