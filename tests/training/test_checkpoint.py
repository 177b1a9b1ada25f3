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
from coterie.errors import ConfigError, FormatError, ResourceError, TrainingError
from coterie.sampling.plan import Sentences
from coterie.training import checkpoint, trainer
from coterie.training.checkpoint import Checkpoints, TrainingState, latest_checkpoint, remove_finished
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
    with Checkpoints(place, None, None, pytest.fail) as checkpoints:
        try:
            SlowTrainer(*corpus, settings, stopping_at(words), checkpoints=checkpoints, **more).run()
        except EndedError:
            return True
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
        before, state = state, latest_checkpoint(tmp_path, pytest.fail).state()
        assert state.words > done
        stops += 1
        if stops == 4:  # and then to its end
            break
    assert stops >= 2, "it was ended in the midst"
    assert 0 < state.words < total
    assert before.units < state.units
    assert outcome(Trainer(*clusters, run, state=state).run()) == whole
    another = latest_checkpoint(tmp_path, pytest.fail).state()
    assert outcome(Trainer(*clusters, config(**changes, seed=2), state=another).run()) != whole, "it can fail"


def test_free_threads_go_on_with_all_of_their_work(clusters, tmp_path):
    run = config(workers=3)
    assert interrupted(clusters, run, tmp_path, 5000)
    state = latest_checkpoint(tmp_path, pytest.fail).state()
    result = Trainer(*clusters, run, state=state).run()
    assert result.words == len(clusters[0].ids) * run.epochs
    whole = Trainer(*clusters, run).run()
    assert result.loss == pytest.approx(whole.loss, rel=0.02)


@pytest.mark.parametrize("changes", [{"workers": 3}, {"deterministic": True, "workers": 2}], ids=str)
def test_checkpoints_are_written_while_it_trains(clusters, tmp_path, changes, monkeypatch):
    monkeypatch.setattr(checkpoint, "_MOST_WAITING", 1e9)
    seen = set()

    def look(progress):
        seen.update(path.name for path in checkpoint._finished(tmp_path))

    run = config(**changes, epochs=6)
    with Checkpoints(tmp_path, 1e-9, None, pytest.fail) as checkpoints:
        result = SlowTrainer(*clusters, run, look, checkpoints=checkpoints).run()
    assert len(seen) >= 2
    assert 1 <= len(checkpoint._finished(tmp_path)) <= 2, "the last two are kept"
    state = latest_checkpoint(tmp_path, pytest.fail).state()
    assert 0 < state.words <= result.words
    assert state.seconds > 0
    assert threading.active_count() == 1
    if "deterministic" in changes:
        assert outcome(Trainer(*clusters, run, state=state).run()) == outcome(result)


def a_state(units=3, words=9):
    weights = TrainingConfig(vector_size=4, objective="nce")
    from coterie.objectives.weights import make_weights

    return TrainingState(make_weights(5, weights), units, words, 512, 1.5, {"epochs": {}}, [{"loss": 1.25}])


def written(folder, *units, told=None):
    """Write checkpoints of one run."""
    with Checkpoints(folder, 1, None, (told or []).append) as checkpoints:
        checkpoints.about = {"seed": 7}
        for number in units:
            checkpoints.save(a_state(number), wait=True)
        return checkpoints


def units_in(folder):
    return [int(path.name[-15:]) for path in checkpoint._finished(folder)]


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    written(tmp_path / "deep" / "place", 3)
    found = latest_checkpoint(tmp_path / "deep" / "place", pytest.fail)
    assert found.about == {"seed": 7}
    state, expected = found.state(), a_state()
    for name in ("units", "words", "chunk", "seconds", "losses", "metrics"):
        assert getattr(state, name) == getattr(expected, name)
    for (name, matrix), (_, other) in zip(state.weights.matrices(), expected.weights.matrices(), strict=True):
        np.testing.assert_array_equal(matrix, other, err_msg=name)
    assert state.weights.log_normaliser == expected.weights.log_normaliser


def test_checkpoints_go_when_the_training_is_done(tmp_path):
    place = tmp_path / "place"
    with Checkpoints(place, 1, None, pytest.fail) as checkpoints:
        checkpoints.save(a_state())
        remove_finished(place)  # it has not ended, and is running
        checkpoints.finish()
        remove_finished(place)
        assert units_in(place) == [3]
    remove_finished(place)
    assert not place.exists()


def test_what_is_not_a_checkpoints_own_stays(tmp_path):
    for name in ("2019", "000000000000002", "download.partial", f"checkpoint-{1:020}-{2:015}.txt"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "2019")
    (tmp_path / f"checkpoint-{1:020}-{9:015}").symlink_to(tmp_path / "2019")
    before = sorted(tmp_path.iterdir())
    with Checkpoints(tmp_path, 1, None, pytest.fail) as checkpoints:
        checkpoints.refuse_others()
        checkpoints.save(a_state())
        checkpoints.finish()
    remove_finished(tmp_path)
    assert sorted(tmp_path.iterdir()) == before
    with Checkpoints(tmp_path / "2019", 1, None, pytest.fail):
        pass
    assert (tmp_path / "2019").is_dir(), "a folder that was there stays, though empty"


def test_a_training_that_did_not_end_is_not_lost_to_another(tmp_path):
    written(tmp_path, 50_000, 60_000)
    refused = pytest.raises(ConfigError, match="that did not end")
    with Checkpoints(tmp_path, 1, None, pytest.fail) as checkpoints, refused:
        checkpoints.refuse_others()
    assert units_in(tmp_path) == [50_000, 60_000]
    with Checkpoints(tmp_path, 1, None, pytest.fail) as checkpoints:
        checkpoints.go_on(latest_checkpoint(tmp_path, pytest.fail))
        checkpoints.save(a_state(60_000), wait=True)  # there is one of these
        checkpoints.save(a_state(70_000), wait=True)
        checkpoints.finish()
    assert units_in(tmp_path) == [60_000, 70_000]
    with Checkpoints(tmp_path, 1, None, pytest.fail) as checkpoints:
        checkpoints.refuse_others()  # that one has ended
        checkpoints.save(a_state(1), wait=True)
    assert units_in(tmp_path) == [1]


def test_a_later_run_of_fewer_units_is_the_latest(tmp_path):
    """As after a kill between its first checkpoint and the removal of an earlier run's."""
    written(tmp_path, 50_000)
    written(tmp_path, 10)
    assert latest_checkpoint(tmp_path, pytest.fail).progress["units"] == 10


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
    written(folder, 1, 2)
    path = checkpoint._finished(folder)[-1] / file
    broken = damaged(path.read_bytes(), place, kind)
    path.unlink() if broken is None else path.write_bytes(broken)
    told = []
    assert latest_checkpoint(folder, told.append).state().units == 1
    assert "no whole checkpoint" in told[0]
    with Checkpoints(folder, 1, None, pytest.fail) as checkpoints:
        checkpoints.go_on(latest_checkpoint(folder, told.append))
        checkpoints.save(a_state(2), wait=True)  # in the place of the damaged one
    assert latest_checkpoint(folder, pytest.fail).state().units == 2


def test_where_there_is_no_checkpoint(tmp_path):
    with pytest.raises(FormatError, match="no checkpoint to go on from"):
        latest_checkpoint(tmp_path / "nowhere", pytest.fail)
    written(tmp_path, 3)
    (checkpoint._finished(tmp_path)[0] / "state.json").write_text("{}")
    with pytest.raises(FormatError, match="none of its checkpoints is whole"):
        latest_checkpoint(tmp_path, lambda message: None)


def test_what_is_no_damage_is_not_taken_for_it(tmp_path, monkeypatch):
    written(tmp_path, 1)
    with monkeypatch.context() as changed:
        changed.setattr(checkpoint, "FORMAT_VERSION", 99)
        written(tmp_path, 2)
    with pytest.raises(FormatError, match="format version is 99; this Coterie reads 1"):
        latest_checkpoint(tmp_path, pytest.fail)

    def refuse(path):
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(checkpoint, "FORMAT_VERSION", 99)
    monkeypatch.setattr(checkpoint, "_checksum", refuse)
    with pytest.raises(ResourceError, match="can't be read: Permission denied"):
        latest_checkpoint(tmp_path, pytest.fail)


def test_two_trainings_do_not_share_a_place(tmp_path):
    refused = pytest.raises(ResourceError, match="a training that is running")
    with Checkpoints(tmp_path, 1, None, pytest.fail), refused:
        Checkpoints(tmp_path, 1, None, pytest.fail).__enter__()
    with Checkpoints(tmp_path, 1, None, pytest.fail):
        pass
    assert not list(tmp_path.iterdir())


def test_what_a_killed_writer_left_is_swept(tmp_path):
    left = tmp_path / f"checkpoint-{5:020}-{7:015}.partial"
    left.mkdir()
    (left / "weights.safetensors").write_text("half")
    written(tmp_path, 3)
    assert units_in(tmp_path) == [3]
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("where", ["weights", "state"])
def test_a_full_disk_ends_no_training(clusters, tmp_path, monkeypatch, where):
    def full(*arguments, **options):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(*((checkpoint, "write_safetensors") if where == "weights" else (json, "dumps")), full)
    told = []
    with Checkpoints(tmp_path, 1e-9, None, told.append) as checkpoints:
        result = SlowTrainer(*clusters, config(epochs=1), checkpoints=checkpoints).run()
    assert result.words == len(clusters[0].ids)
    assert told
    assert all("No space left" in message for message in told)
    assert not list(tmp_path.iterdir())


def test_on_a_full_disk_a_new_checkpoint_takes_the_older_ones_place(tmp_path, monkeypatch):
    write, room = checkpoint.write_safetensors, 2

    def limited(file, arrays):
        if len(list(tmp_path.glob("checkpoint-*/weights.safetensors"))) > room:
            raise OSError(28, os.strerror(28))
        write(file, arrays)

    monkeypatch.setattr(checkpoint, "write_safetensors", limited)
    written(tmp_path, 1, 2, 3, 4)
    assert units_in(tmp_path) == [3, 4]


def test_units_of_another_length_are_refused(clusters):
    state = Trainer(*clusters, config())._state()
    with pytest.raises(ConfigError, match="counts units of 7 words"):
        Trainer(*clusters, config(), state=TrainingState(state.weights, 1, 7, 7, 0.0))


@pytest.mark.parametrize("found", ["by the loss", "by the guard", "by the checkpoint"])
def test_a_training_that_went_wrong_leaves_no_checkpoint_of_it(clusters, tmp_path, monkeypatch, found):
    every = None
    if found != "by the loss":
        monkeypatch.setattr(trainer, "check_loss", lambda *arguments: None)
        monkeypatch.setattr(trainer, "_GUARD_EVERY", 0 if found == "by the guard" else 1e9)
        every = None if found == "by the guard" else 1e-9
    with Checkpoints(tmp_path, every, None, pytest.fail) as checkpoints:
        with pytest.raises(TrainingError):
            SlowTrainer(*clusters, config(alpha=1e4, epochs=4), checkpoints=checkpoints).run()
        assert (
            not checkpoint._finished(tmp_path)
            or np.isfinite(latest_checkpoint(tmp_path, pytest.fail).state().weights.input_vectors).all()
        )


def test_nces_untrained_loss_is_that_of_the_beginning(clusters):
    first = Trainer(*clusters, config(objective="nce"))
    run = first.run()
    assert run.weights.log_normaliser[0] != pytest.approx(np.log(48), abs=1e-3)
    again = Trainer(*clusters, config(objective="nce"), weights=run.weights)
    assert again._objective.untrained_loss == first._objective.untrained_loss


@pytest.mark.parametrize(
    ("every", "every_words", "seconds", "words", "most"),
    [
        (600, None, 20, 10**6, 1),
        (600, None, 300, 10**6, 2),
        (600, None, 10_000, 10**9, 3),
        (None, 10**6, 5, 10**6 - 1, 1),
        (None, 10**6, 5, 10**8, 3),
        (None, None, 10**6, 10**9, 1),
    ],
)
def test_how_many_there_may_be_at_once(tmp_path, every, every_words, seconds, words, most):
    """Three, but a short training's only one is that of Ctrl-C."""
    assert Checkpoints(tmp_path, every, every_words, print).most(seconds, words) == most
