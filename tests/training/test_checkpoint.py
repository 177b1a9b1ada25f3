"""Checkpoints: whole or not there, and a training that goes on from one ends as if it had never stopped."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.config import TrainingConfig
from coterie.errors import ConfigError, FormatError, ResourceError
from coterie.sampling.plan import Sentences
from coterie.training import checkpoint, trainer
from coterie.training.checkpoint import Checkpoints, TrainingState, latest_checkpoint, remove_checkpoints
from coterie.training.trainer import Trainer
from reference import synthetic


@pytest.fixture(scope="module")
def clusters():
    sentences = list(synthetic.clustered_sentences(clusters=6, words=8))
    ids = np.ascontiguousarray(np.concatenate(sentences), dtype=np.uint32)
    offsets = np.concatenate(([0], np.cumsum([len(s) for s in sentences]))).astype(np.int64)
    return Sentences(ids, offsets), np.bincount(ids).astype(np.int64)


def config(**changes):
    return TrainingConfig(**{"vector_size": 20, "workers": 1, "sample": 0, "epochs": 2, **changes})


def outcome(result):
    """All that has to be the same."""
    weights = b"".join(matrix.tobytes() for _, matrix in result.weights.matrices())
    c = result.weights.log_normaliser
    return hashlib.sha256(weights).hexdigest(), result.loss, result.summed_loss, result.words, c and c[0]


class EndedError(Exception):
    """What a callback ends a run with."""


class SlowTrainer(Trainer):
    """So slow that the main thread looks several times before it is done."""

    def _train_unit(self, *arguments, **options):
        time.sleep(0.002)
        super()._train_unit(*arguments, **options)


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(trainer, "_TICK", 0.001)


def stopping_at(words):
    """A callback that ends the run when it has come so far."""

    def callback(progress):
        if progress.stage == "train" and progress.words_done >= words:
            raise EndedError

    return callback


def interrupted(corpus, settings, place, words, **more):
    """Train until about so many words are done; return whether the run was ended before its end."""
    checkpoints = Checkpoints(place, None, None, pytest.fail, fresh=False)
    try:
        SlowTrainer(*corpus, settings, stopping_at(words), checkpoints=checkpoints, **more).run()
    except EndedError:
        return True
    finally:
        checkpoints.close()
    return False


VARIANTS = [
    {},
    {"kernel": "plain"},
    {"negative_sharing": "pair"},
    {"architecture": "cbow"},
    {"objective": "nce"},
    {"objective": "hierarchical_softmax", "negative": 2},
    {"objective": "softmax"},
    {"output_dtype": "bfloat16"},
    {"deterministic": True},
    {"deterministic": True, "objective": "nce"},
    {"deterministic": True, "output_dtype": "bfloat16", "workers": 2},
]


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_a_run_that_goes_on_ends_as_if_it_had_never_stopped(clusters, tmp_path, changes):
    run = config(**changes)
    whole = outcome(Trainer(*clusters, run).run())
    state, stops = None, 0
    total = len(clusters[0].ids) * run.epochs
    while True:
        done = state.words if state else 0
        if not interrupted(clusters, run, tmp_path, done + 1, state=state):
            break
        before, state = state, latest_checkpoint(tmp_path, pytest.fail).state
        assert state.words > done
        stops += 1
        if stops == 4:  # and then to its end
            break
    assert stops >= 2, "it was ended in the midst"
    assert 0 < state.words < total
    assert before.units < state.units
    assert outcome(Trainer(*clusters, run, state=state).run()) == whole
    another = latest_checkpoint(tmp_path, pytest.fail).state
    assert outcome(Trainer(*clusters, config(**changes, seed=2), state=another).run()) != whole, "it can fail"


def test_free_threads_go_on_with_all_of_their_work(clusters, tmp_path):
    run = config(workers=3)
    assert interrupted(clusters, run, tmp_path, 5000)
    state = latest_checkpoint(tmp_path, pytest.fail).state
    result = Trainer(*clusters, run, state=state).run()
    assert result.words == len(clusters[0].ids) * run.epochs
    whole = Trainer(*clusters, run).run()
    assert result.loss == pytest.approx(whole.loss, rel=0.02)


@pytest.mark.parametrize("changes", [{"workers": 3}, {"deterministic": True, "workers": 2}], ids=str)
def test_checkpoints_are_written_while_it_trains(clusters, tmp_path, changes, monkeypatch):
    monkeypatch.setattr(checkpoint, "_MOST_WAITING", 1e9)
    checkpoints = Checkpoints(tmp_path, 1e-9, None, pytest.fail)
    seen = set()

    def look(progress):
        seen.update(path.name for path in checkpoint._finished(tmp_path))

    run = config(**changes, epochs=6)
    result = SlowTrainer(*clusters, run, look, checkpoints=checkpoints).run()
    checkpoints.close()
    assert len(seen) >= 2
    assert 1 <= len(checkpoint._finished(tmp_path)) <= 2, "the last two are kept"
    state = latest_checkpoint(tmp_path, pytest.fail).state
    assert 0 < state.words <= result.words
    assert state.seconds > 0
    assert threading.active_count() == 1
    if "deterministic" in changes:
        assert outcome(Trainer(*clusters, run, state=state).run()) == outcome(result)


def a_state(units=3, words=9):
    weights = TrainingConfig(vector_size=4, objective="nce")
    from coterie.objectives.weights import make_weights

    return TrainingState(make_weights(5, weights), units, words, 512, 1.5, {"epochs": {}}, [{"loss": 1.25}])


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    checkpoints = Checkpoints(tmp_path / "deep" / "place", 1, None, pytest.fail)
    checkpoints.about = {"seed": 7}
    assert checkpoints.save(a_state(), wait=True)
    found = latest_checkpoint(tmp_path / "deep" / "place", pytest.fail)
    assert found.about == {"seed": 7}
    state, written = found.state, a_state()
    for name in ("units", "words", "chunk", "seconds", "losses", "metrics"):
        assert getattr(state, name) == getattr(written, name)
    for (name, matrix), (_, other) in zip(state.weights.matrices(), written.weights.matrices(), strict=True):
        np.testing.assert_array_equal(matrix, other, err_msg=name)
    assert state.weights.log_normaliser == written.weights.log_normaliser
    checkpoints.close()
    remove_checkpoints(tmp_path / "deep" / "place")
    assert not (tmp_path / "deep" / "place").exists()


def damaged(data, place, kind):
    match kind:
        case "cut":
            return data[: place % len(data)]
        case "flipped":
            at = place % len(data)
            return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        case "longer":
            return data + b"x"
        case "gone":
            return None


@settings(deadline=None, max_examples=60)
@given(
    file=st.sampled_from(["weights.safetensors", "state.json"]),
    place=st.integers(0, 10**6),
    kind=st.sampled_from(["cut", "flipped", "longer", "gone"]),
)
def test_damage_is_found_and_the_one_before_serves(tmp_path_factory, file, place, kind):
    folder = tmp_path_factory.mktemp("checkpoints")
    checkpoints = Checkpoints(folder, 1, None, pytest.fail)
    for units in (1, 2):
        checkpoints.save(a_state(units), wait=True)
    checkpoints.close()
    path = folder / f"{2:015}" / file
    broken = damaged(path.read_bytes(), place, kind)
    path.unlink() if broken is None else path.write_bytes(broken)
    told = []
    found = latest_checkpoint(folder, told.append)
    if kind == "longer" and file == "state.json":
        assert found.state.units in (1, 2)
    else:
        assert found.state.units == 1
        assert "no whole checkpoint" in told[0]


def test_where_there_is_no_checkpoint(tmp_path):
    with pytest.raises(FormatError, match="no checkpoint to go on from"):
        latest_checkpoint(tmp_path / "nowhere", pytest.fail)
    checkpoints = Checkpoints(tmp_path, 1, None, pytest.fail)
    checkpoints.save(a_state(), wait=True)
    checkpoints.close()
    (tmp_path / f"{3:015}" / "state.json").write_text("{}")
    with pytest.raises(FormatError, match="none of its checkpoints is whole"):
        latest_checkpoint(tmp_path, lambda message: None)


def test_a_newer_coteries_checkpoint_is_told(tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path, 1, None, pytest.fail)
    with monkeypatch.context() as changed:
        changed.setattr(checkpoint, "FORMAT_VERSION", 99)
        checkpoints.save(a_state(), wait=True)
    with pytest.raises(FormatError, match="format version is 99"):
        latest_checkpoint(tmp_path, lambda message: None)


def test_two_trainings_do_not_share_a_place(tmp_path):
    first, second = (Checkpoints(tmp_path, 1, None, pytest.fail) for _ in range(2))
    first.claim()
    with pytest.raises(ResourceError, match="a training that is running"):
        second.claim()
    first.close()
    second.claim()
    second.close()


def test_what_a_killed_writer_left_is_swept(tmp_path):
    (tmp_path / "000000000000007.partial").mkdir()
    (tmp_path / "000000000000007.partial" / "weights.safetensors").write_text("half")
    checkpoints = Checkpoints(tmp_path, 1, None, pytest.fail)
    checkpoints.save(a_state(), wait=True)
    checkpoints.close()
    assert [path.name for path in checkpoint._finished(tmp_path)] == [f"{3:015}"]
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("where", ["weights", "state"])
def test_a_full_disk_ends_no_training(clusters, tmp_path, monkeypatch, where):
    def full(*arguments, **options):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(*((checkpoint, "write_safetensors") if where == "weights" else (json, "dumps")), full)
    told = []
    checkpoints = Checkpoints(tmp_path, 1e-9, None, told.append)
    result = Trainer(*clusters, config(epochs=1), checkpoints=checkpoints).run()
    checkpoints.close()
    assert result.words == len(clusters[0].ids)
    assert told
    assert all("No space left" in message and "goes on" in message for message in told)
    assert not checkpoint._finished(tmp_path)


def test_units_of_another_length_are_refused(clusters):
    state = Trainer(*clusters, config())._state()
    with pytest.raises(ConfigError, match="counts units of 7 words"):
        Trainer(*clusters, config(), state=TrainingState(state.weights, 1, 7, 7, 0.0))


def test_a_training_that_failed_leaves_no_checkpoint(clusters, tmp_path):
    from coterie.errors import TrainingError

    checkpoints = Checkpoints(tmp_path, None, None, pytest.fail)
    with pytest.raises(TrainingError):
        Trainer(*clusters, config(alpha=1e4), checkpoints=checkpoints).run()
    assert not checkpoint._finished(tmp_path)
