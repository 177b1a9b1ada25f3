"""A training that was ended or killed goes on, and ends as if it had never stopped; no file is half there."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import coterie
from coterie.cli.options import interval

Run = Callable[..., Result]
Start = Callable[..., subprocess.Popen[str]]

# `make faults` asks for more.
KILLS = int(os.environ.get("COTERIE_KILLS", "6"))


def weights(model: Path) -> str:
    return hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()


def training(corpus: Path, model: Path, *more: object) -> list[object]:
    size = ["--vector-size", 32, "--workers", 1, "--no-cache"]
    return ["train", corpus, "-o", model, *size, "--checkpoint-every", "0.1s", *more]


def whole_checkpoints(place: Path) -> list[Path]:
    return [path for path in place.glob("checkpoint-*") if path.suffix != ".partial"]


def wait_for_a_checkpoint(process: subprocess.Popen[str], model: Path) -> None:
    place = model.with_name(model.name + ".checkpoints")
    until = time.monotonic() + 60
    while not whole_checkpoints(place):
        assert process.poll() is None, "it has ended before its first checkpoint"
        assert time.monotonic() < until
        time.sleep(0.01)


ONE, IN_STEP = [], ["--deterministic", "--workers", 2]


@pytest.mark.parametrize(
    ("mode", "number", "status"),
    [
        pytest.param(ONE, signal.SIGTERM, 143, id="one-terminated"),
        pytest.param(IN_STEP, signal.SIGKILL, -9, id="in-step-killed"),
        pytest.param(ONE, signal.SIGINT, 130, marks=pytest.mark.slow, id="one-interrupted"),
        pytest.param(ONE, signal.SIGKILL, -9, marks=pytest.mark.slow, id="one-killed"),
        pytest.param(IN_STEP, signal.SIGTERM, 143, marks=pytest.mark.slow, id="in-step-terminated"),
        pytest.param(IN_STEP, signal.SIGINT, 130, marks=pytest.mark.slow, id="in-step-interrupted"),
    ],
)
def test_it_goes_on_to_the_same_model(
    run: Run, start: Start, corpus: Path, tmp_path: Path, mode: list[object], number: int, status: int
) -> None:
    epochs = ["--epochs", 300]
    assert run(*training(corpus, tmp_path / "whole", *epochs, *mode)).exit_code == 0
    model = tmp_path / "m"
    process = start(training(corpus, model, *epochs, *mode))
    wait_for_a_checkpoint(process, model)
    process.send_signal(number)
    assert process.wait(timeout=60) == status
    assert process.stderr is not None
    told = process.stderr.read()
    assert "Traceback" not in told
    if number != signal.SIGKILL:
        assert f"to go on: coterie train --resume {model}" in told
        assert "interrupted after" in told
    result = run("train", "--resume", model, "--no-cache")
    assert result.exit_code == 0, result.stderr
    assert weights(model) == weights(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "whole"], "nothing else is left"
    before, after = (coterie.load_model(tmp_path / name).config for name in ("whole", "m"))
    for name in ("final_loss", "trained_words"):
        assert before["figures"][name] == after["figures"][name]


@pytest.mark.slow
def test_it_survives_being_killed_at_any_moment(run: Run, start: Start, corpus: Path, tmp_path: Path) -> None:
    """Whenever it is killed, while it starts, encodes, trains, writes a checkpoint or the model."""
    epochs = ["--epochs", 3000]
    assert run(*training(corpus, tmp_path / "whole", *epochs)).exit_code == 0
    expected = weights(tmp_path / "whole")
    draw = random.Random(1)
    kills = finished = 0
    round_ = 0
    while kills < KILLS:
        model = tmp_path / f"m{round_}"
        round_ += 1
        while kills < KILLS:
            place = model.with_name(model.name + ".checkpoints")
            known = bool(whole_checkpoints(place))
            again = ["train", "--resume", model, "--no-cache", "--checkpoint-every", "0.1s"]
            process = start(again if known else training(corpus, model, *epochs))
            try:
                status = process.wait(timeout=draw.uniform(0.2, 5))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
            else:
                assert process.stderr is not None
                assert status == 0, process.stderr.read()
                finished += 1
                break
            if model.exists():
                assert weights(model) == expected, "a model that is there is whole"
                assert len(coterie.load(model)) == 18
        if model.exists():
            assert weights(model) == expected
    last = tmp_path / f"m{round_ - 1}"
    if not last.exists():
        place = last.with_name(last.name + ".checkpoints")
        if whole_checkpoints(place):
            result = run("train", "--resume", last, "--no-cache")
            assert result.exit_code == 0, result.stderr
            assert weights(last) == expected
    print(f"survived {kills} kills, {finished} trainings ended meanwhile")


@pytest.fixture
def ended(start: Start, corpus: Path, tmp_path: Path) -> Path:
    """The place of a model whose training was killed."""
    process = start(training(corpus, tmp_path / "m", "--epochs", 10**6))
    wait_for_a_checkpoint(process, tmp_path / "m")
    process.kill()
    process.wait()
    return tmp_path / "m"


def test_what_may_not_change_is_refused(
    run: Run, start: Start, ended: Path, corpus: Path, tmp_path: Path
) -> None:
    for given, told in (
        (["--window", 3], "--window is given, but a training goes on with the settings"),
        (["--epochs", 2], "--epochs is 2, but the checkpoint is of a training of 1000000"),
        (["-o", tmp_path / "other"], "leave --output out"),
    ):
        result = run("train", "--resume", ended, *given)
        assert (result.exit_code, result.stdout) == (2, "")
        assert told in result.stderr
    other = tmp_path / "other.txt"
    other.write_text(corpus.read_text() + "one more line\n" * 9)
    result = run("train", "--resume", ended, other, "--no-cache")
    assert result.exit_code == 1
    assert "the text is another than that of" in result.stderr
    before = whole_checkpoints(ended.with_name("m.checkpoints"))
    moved = tmp_path / "moved.txt"
    moved.write_text(corpus.read_text())
    process = start(["train", "--resume", ended, moved, "--no-cache", "--checkpoint-every", "0.1s"])
    until = time.monotonic() + 60
    while whole_checkpoints(ended.with_name("m.checkpoints")) == before and time.monotonic() < until:
        time.sleep(0.01)
    assert process.poll() is None, "the same text at another place is the same"
    assert whole_checkpoints(ended.with_name("m.checkpoints")) != before


def test_a_new_training_in_the_place_of_one_that_did_not_end(
    run: Run, ended: Path, corpus: Path, tmp_path: Path
) -> None:
    options = ["--vector-size", 8, "--epochs", 1, "--no-cache"]
    place = ended.with_name("m.checkpoints")
    kept = whole_checkpoints(place)
    result = run("train", corpus, "-o", ended, *options)
    assert (result.exit_code, ended.exists()) == (2, False)
    assert "holds checkpoints of a training that did not end" in result.stderr
    assert run("train", corpus, "-o", ended, *options, "--checkpoint-every", "off").exit_code == 0
    assert whole_checkpoints(place) == kept, "not this training's"


def test_a_part_of_a_training_replaces_a_part(run: Run, start: Start, corpus: Path, tmp_path: Path) -> None:
    model = tmp_path / "m"
    begin = training(corpus, model, "--epochs", 10**6)
    again = ["train", "--resume", model, "--no-cache", "--checkpoint-every", "0.1s"]
    done = []
    for arguments in (begin, again):
        process = start(arguments)
        assert process.stderr is not None
        wait_for_a_checkpoint(process, model)
        for line in process.stderr:
            if line.startswith("epoch "):
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        done.append(coterie.load_model(model).config["figures"]["trained_words"])
    assert done[0] < done[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "m.checkpoints"]


def test_usage(run: Run, tmp_path: Path, corpus: Path) -> None:
    for arguments, told in (
        ([], "SOURCE... is missing"),
        ([corpus], "--output MODEL is missing"),
        (["--resume", tmp_path / "nothing"], "there is no checkpoint to go on from"),
        ([corpus, "-o", tmp_path / "m", "--checkpoint-every", "soon"], "'soon' is no interval"),
        ([corpus, "-o", "/"], "is not replaced"),
    ):
        result = run("train", *arguments)
        assert result.exit_code in (1, 2)
        assert told in result.stderr
        assert not list(tmp_path.iterdir())


def test_no_checkpoints(run: Run, tmp_path: Path, corpus: Path) -> None:
    options = ["--vector-size", 8, "--epochs", 1, "--no-cache"]
    assert run("train", corpus, "-o", tmp_path / "m", *options, "--checkpoint-every", "off").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_intervals() -> None:
    assert interval("1.5h") == (5400, None)
    assert interval("20000000 words") == (None, 20_000_000)
