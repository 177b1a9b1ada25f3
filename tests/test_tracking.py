"""Reports as they come: JSON lines, TensorBoard's event files, Weights & Biases without a network."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys

import pytest

import coterie
from coterie import tracking
from coterie.errors import ConfigError, ResourceError
from reference import synthetic

OPTIONS = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2, "validation": 0.1}


@pytest.fixture(scope="module")
def sentences():
    found = synthetic.clustered_sentences(clusters=6, words=8)
    return [[f"w{word}" for word in sentence] for sentence in found]


def test_json_lines_are_the_models_own_reports(sentences, tmp_path):
    model = coterie.train(sentences, callbacks=tracking.JsonLines(tmp_path / "m.jsonl"), **OPTIONS)
    lines = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    assert lines == model.metrics
    assert sum("validation_loss" in line for line in lines) == 2
    usual = {"epoch", "words", "seconds", "words_per_second", "learning_rate", "loss"}
    assert all(set(line) - {"validation_loss"} == usual for line in lines)


def test_a_training_that_goes_on_adds_its_lines(sentences, tmp_path):
    class Failing(coterie.Callback):
        def on_epoch_end(self, training):
            raise InterruptedError

    path = tmp_path / "m.jsonl"
    with pytest.raises(InterruptedError):
        coterie.train(
            sentences,
            checkpoints=tmp_path / "c",
            callbacks=[tracking.JsonLines(path), Failing()],
            **OPTIONS,
        )
    before = path.read_text()
    assert "validation_loss" in before
    model = coterie.resume(tmp_path / "c", sentences, callbacks=tracking.JsonLines(path))
    assert path.read_text().startswith(before)
    assert [json.loads(line) for line in path.read_text().splitlines()] == model.metrics


def test_a_file_that_cannot_be_written_is_told(sentences, tmp_path):
    with pytest.raises(ResourceError, match=r"m\.jsonl can't be written: No such file"):
        coterie.train(sentences, callbacks=tracking.JsonLines(tmp_path / "no" / "m.jsonl"), **OPTIONS)


def scalars(folder):
    """All scalars of the one event file: (tag, step) → value."""
    from tensorboardX.proto.event_pb2 import Event

    (file,) = folder.iterdir()
    data, at, found = file.read_bytes(), 0, {}
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        event = Event.FromString(data[at + 12 : at + 12 + length])
        for value in event.summary.value:
            found[value.tag, event.step] = value.simple_value
        at += length + 16
    return found


def test_tensorboard_gets_every_report(sentences, tmp_path):
    pytest.importorskip("tensorboardX")
    model = coterie.train(sentences, callbacks=tracking.TensorBoard(tmp_path / "events"), **OPTIONS)
    found = scalars(tmp_path / "events")
    expected = {
        (name, report["words"]): report[name]
        for report in model.metrics
        for name in ("loss", "learning_rate", "validation_loss", "words_per_second")
        if name in report
    }
    assert set(found) == set(expected)
    assert found == pytest.approx(expected, rel=1e-5)


def test_what_is_not_installed_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ConfigError, match=r"pip install 'coterie\[tensorboard\]'"):
        tracking.TensorBoard(tmp_path)
    with pytest.raises(ConfigError, match=r"pip install 'coterie\[wandb\]'"):
        tracking.WeightsAndBiases("project")


@pytest.mark.slow
def test_weights_and_biases_offline(sentences, tmp_path):
    """The command line, in a process of its own: wandb starts another that writes the file."""
    pytest.importorskip("wandb")
    text = tmp_path / "text.txt"
    text.write_text("\n".join(" ".join(sentence) for sentence in sentences))
    command = ["train", text, "-o", tmp_path / "model", "--epochs", "2", "--validation", "0.1", "--no-cache"]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from coterie.cli import main; main()",
            *map(str, command),
            "--wandb",
            "novels",
        ],
        env={**os.environ, "WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "WANDB_SILENT": "true"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (log,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    written = log.read_bytes()
    assert all(name in written for name in (b"validation_loss", b"learning_rate", b"words_per_second"))
