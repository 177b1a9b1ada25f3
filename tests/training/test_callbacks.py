"""Hooks: told at the right moments, able to stop a run; what goes wrong in them or in a thread ends it."""

from __future__ import annotations

import threading
import time
import traceback

import numpy as np
import pytest

import coterie
from coterie import Callback
from coterie.config import TrainingConfig
from coterie.errors import ConfigError
from coterie.sampling.plan import Sentences
from coterie.training import trainer
from coterie.training.callbacks import Watch
from coterie.training.checkpoint import Checkpoints
from coterie.training.trainer import Trainer
from reference import synthetic

QUICK = {"vector_size": 8, "min_count": 1, "sample": 0, "workers": 1, "cache": False}
HOOKS = ("on_start", "on_interval", "on_epoch_end", "on_end")
MODES = [{"workers": 1}, {"workers": 3}, {"workers": 2, "deterministic": True}]


@pytest.fixture(scope="module")
def sentences():
    found = synthetic.clustered_sentences(clusters=6, words=8)
    return [[f"w{word}" for word in sentence] for sentence in found]


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(trainer, "_TICK", 0.001)


class Listener(Callback):
    def __init__(self):
        self.heard = []

    def on_start(self, training):
        self.heard.append(("start", training.progress.words_done))

    def on_interval(self, training):
        self.heard.append(("interval", training.progress.words_done))

    def on_epoch_end(self, training):
        first = training.vectors.matrix.copy()
        time.sleep(0.01)
        assert (training.vectors.matrix == first).all(), "nobody writes to them meanwhile"
        self.heard.append(("epoch", training.progress.words_done))

    def on_end(self, training):
        assert threading.current_thread() is threading.main_thread()
        self.heard.append(("end", training.progress.words_done))


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_hooks_hear_of_the_start_of_each_epochs_end_and_of_the_end(sentences, mode):
    listener = Listener()
    model = coterie.train(sentences, epochs=3, callbacks=listener, **{**QUICK, **mode})
    tokens = model.config["corpus_statistics"]["tokens"]
    heard = [entry for entry in listener.heard if entry[0] != "interval"]
    assert heard == [
        ("start", 0),
        *(("epoch", tokens * epoch) for epoch in (1, 2, 3)),
        ("end", 3 * tokens),
    ]
    assert ("interval", 3 * tokens) in listener.heard


@pytest.mark.parametrize("hook", HOOKS[:3])
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_hook_can_stop_the_training(sentences, hook, mode):
    class Stopper(Callback):
        pass

    def stop(self, training):
        training.stop(f"{hook} had enough")

    setattr(Stopper, hook, stop)
    model = coterie.train(sentences, epochs=50, callbacks=[Stopper()], **{**QUICK, **mode})
    figures = model.config["figures"]
    assert figures["stopped"] == f"{hook} had enough"
    assert not figures["interrupted"]
    planned = 50 * model.config["corpus_statistics"]["tokens"]
    assert figures["trained_words"] < planned
    if hook == "on_epoch_end":
        assert figures["trained_words"] == planned / 50


class _EndedError(Exception):
    pass


@pytest.mark.parametrize("hook", HOOKS[1:3])
@pytest.mark.parametrize("mode", [MODES[0], MODES[2]], ids=str)
def test_an_error_in_a_hook_leaves_a_checkpoint_to_go_on_from(sentences, tmp_path, hook, mode):
    class Failing(Callback):
        pass

    def fail(self, training):
        if hook != "on_interval" or training.progress.words_done:
            raise _EndedError

    setattr(Failing, hook, fail)
    options = {**QUICK, **mode, "validation": 0.1, "epochs": 3}
    whole = coterie.train(sentences, **options)
    with pytest.raises(_EndedError):
        coterie.train(sentences, checkpoints=tmp_path, callbacks=Failing(), **options)
    assert threading.active_count() == 1
    listener = Listener()
    model = coterie.resume(tmp_path, sentences, callbacks=listener)
    np.testing.assert_array_equal(model.vectors.matrix, whole.vectors.matrix)

    def losses(model):
        return [report["validation_loss"] for report in model.metrics if "validation_loss" in report]

    assert losses(model) == losses(whole)
    assert len(losses(whole)) == 3
    assert listener.heard[0][0] == "start"


def test_callbacks_are_told_apart(sentences):
    seen = []
    coterie.train(sentences[:200], epochs=1, callbacks=seen.append, **QUICK)
    assert {progress.stage for progress in seen} == {"encode", "compile", "train"}
    with pytest.raises(
        ConfigError, match=r"callbacks holds 7; give objects of coterie\.Callback, or functions"
    ):
        coterie.train(sentences, callbacks=[7], **QUICK)
    with pytest.raises(ConfigError, match="callbacks holds <class"):
        coterie.train(sentences, callbacks=Listener, **QUICK)
    with pytest.raises(ConfigError, match="'callback'; here it is callbacks"):
        coterie.train(sentences, callback=seen.append, **QUICK)


def test_hooks_do_not_change_what_is_learned(sentences):
    options = {**QUICK, "epochs": 2, "workers": 2, "deterministic": True}
    models = [coterie.train(sentences, callbacks=hooks, **options) for hooks in ([], [Listener()])]
    np.testing.assert_array_equal(models[0].vectors.matrix, models[1].vectors.matrix)


def test_vectors_are_not_to_be_written_to(sentences):
    class Writer(Callback):
        def on_epoch_end(self, training):
            training.vectors.matrix[:] = 0

    with pytest.raises(ValueError, match="read-only"):
        coterie.train(sentences, epochs=1, callbacks=Writer(), **QUICK)


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("late", [0, 5])
def test_an_error_in_a_thread_stops_all_and_tells_where(mode, late, monkeypatch):
    ids = np.random.default_rng(0).integers(0, 40, 40_000).astype(np.uint32)
    text = Sentences(ids, np.arange(0, 40_001, 10))
    run = Trainer(text, np.bincount(ids), TrainingConfig(vector_size=8, epochs=3, **mode))
    train_unit, calls = run._train_unit, iter(range(10**9))

    def a_broken_kernel():
        raise RuntimeError("a kernel broke")

    def failing(*arguments, **options):
        if next(calls) >= late:
            a_broken_kernel()
        train_unit(*arguments, **options)

    monkeypatch.setattr(run, "_train_unit", failing)
    with pytest.raises(RuntimeError, match="a kernel broke") as caught:
        run.run()
    assert "a_broken_kernel" in "".join(traceback.format_exception(caught.value))
    assert threading.active_count() == 1


def test_a_watch_asks_for_the_ends_of_epochs_only_if_it_hears_of_them():
    assert not Watch((Callback(),), ()).epoch_ends
    assert Watch((Callback(), Listener()), ()).epoch_ends


def test_an_error_before_anything_is_trained_leaves_nothing_to_go_on_from(sentences, tmp_path):
    class Failing(Callback):
        def on_start(self, training):
            raise _EndedError

    with pytest.raises(_EndedError):
        coterie.train(sentences, checkpoints=tmp_path / "c", callbacks=Failing(), **QUICK)
    model = coterie.train(sentences, checkpoints=tmp_path / "c", epochs=1, **QUICK)
    assert model.config["figures"]["training_seconds"] < 100


@pytest.mark.parametrize("error", [ValueError("no disk"), KeyboardInterrupt()], ids=repr)
def test_what_goes_wrong_at_the_end_costs_no_model(sentences, error):
    class Failing(Callback):
        def on_end(self, training):
            raise error

    listener, told = Listener(), []
    model = coterie.train(sentences, epochs=1, callbacks=[Failing(), listener], on_event=told.append, **QUICK)
    assert len(model.vectors)
    assert listener.heard[-1][0] == "end", "the others are told"
    failed = [message for message in told if "the callback Failing failed at the end" in message]
    assert len(failed) == isinstance(error, ValueError)


@pytest.mark.parametrize("mode", [MODES[0], MODES[2]], ids=str)
def test_a_measurement_that_is_interrupted_is_made_when_the_training_goes_on(sentences, tmp_path, mode):
    scores = iter([1, KeyboardInterrupt, 2, 3])

    def score(vectors):
        found = next(scores)
        if found is KeyboardInterrupt:
            raise KeyboardInterrupt
        return found

    options = {**QUICK, **mode, "epochs": 3, "evaluate_on": score}
    with pytest.raises(coterie.TrainingInterrupted):
        coterie.train(sentences, checkpoints=tmp_path, **options)
    model = coterie.resume(tmp_path, sentences, evaluate_on=score)
    found = [(report["epoch"], report["score"]) for report in model.metrics if "score" in report]
    assert found == [(0, 1), (1, 2), (2, 3)]


def test_a_thread_that_dies_lets_nobody_wait(monkeypatch, tmp_path):
    """The main thread waits for a crew's round, to write a checkpoint, and the round will never be done."""
    ids = np.random.default_rng(0).integers(0, 40, 40_000).astype(np.uint32)
    text = Sentences(ids, np.arange(0, 40_001, 10))
    config = TrainingConfig(vector_size=8, epochs=3, workers=2, deterministic=True)
    with Checkpoints(tmp_path, 1e-9, None, print) as checkpoints:
        run = Trainer(text, np.bincount(ids), config, checkpoints=checkpoints)
        train_unit, calls = run._train_unit, iter(range(10**9))

        def failing(*arguments, **options):
            if next(calls) >= 5:
                time.sleep(0.1)
                raise MemoryError("no more")
            train_unit(*arguments, **options)

        monkeypatch.setattr(run, "_train_unit", failing)
        with pytest.raises(MemoryError, match="no more"):
            run.run()
    assert threading.active_count() == 1
