"""Ctrl-C during a training: it ends at once, with status 130 and a usable model."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import coterie

Start = Callable[..., subprocess.Popen[str]]


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupt_saves_what_was_learned(start: Start, corpus: Path, tmp_path: Path, workers: int) -> None:
    process = start(
        [
            "train",
            corpus,
            "-o",
            tmp_path / "m",
            "--epochs",
            10**6,
            "--workers",
            workers,
            "--no-cache",
            "--json",
        ]
    )
    assert process.stderr is not None
    assert process.stdout is not None
    for line in process.stderr:
        if line.startswith("epoch "):
            break
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert time.monotonic() - began < 3  # a second, with room for a loaded machine
    rest = process.stderr.read()
    assert "interrupted" in rest
    assert "Traceback" not in rest
    assert json.loads(process.stdout.read())["interrupted"] is True
    vectors = coterie.load(tmp_path / "m")
    assert len(vectors) == 18
    assert vectors.most_similar("king", topn=3)


def test_an_earlier_model_outlives_an_interrupted_training(
    start: Start, run: Callable[..., Result], corpus: Path, tmp_path: Path
) -> None:
    arguments = ["train", corpus, "-o", tmp_path / "m", "--no-cache"]
    run(*arguments, "--epochs", 1, "--vector-size", 8)
    before = (tmp_path / "m" / "model.safetensors").read_bytes()
    process = start([*arguments, "--epochs", 10**6])
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch "):
            break
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    rest = process.stderr.read()
    assert f"the earlier model in {tmp_path / 'm'}/ is as it was" in rest
    assert (tmp_path / "m" / "model.safetensors").read_bytes() == before
    assert coterie.load(tmp_path / "m.interrupted").vector_size == 100


def test_interrupt_before_anything_is_learned(start: Start, corpus: Path, tmp_path: Path) -> None:
    process = start(["train", corpus, "-o", tmp_path / "m", "--no-cache"])
    assert process.stderr is not None
    for line in process.stderr:
        if "training takes" in line:  # told before the kernels are compiled, which takes seconds
            break
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert time.monotonic() - began < 5  # the compiler is let go at its next step
    assert process.stderr.read() in ("interrupted\n", "interrupted before the training began\n")
    assert not (tmp_path / "m").exists()


def test_interrupt_while_reading_leaves_nothing(start: Start, text: str, tmp_path: Path) -> None:
    process = start(["train", "-", "-o", tmp_path / "m"], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()  # and it stays open: the reader waits for more
    time.sleep(1.5)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert time.monotonic() - began < 3
    assert process.stderr is not None
    assert process.stderr.read() == "interrupted\n"
    assert not (tmp_path / "m").exists()
