"""``coterie train`` with a limit of memory, with mapped matrices, and on a disk without room."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import Result

Run = Callable[..., Result]
Start = Callable[..., subprocess.Popen[str]]
SMALL = ["--vector-size", 20, "--workers", 1, "--no-cache"]


def weights(model: Path) -> bytes:
    return (model / "model.safetensors").read_bytes()


def test_a_limit_that_is_too_small_is_told_at_once(run: Run, corpus: Path, tmp_path: Path) -> None:
    result = run("train", corpus, "-o", tmp_path / "m", *SMALL, "--memory-limit", "100MB")
    assert result.exit_code != 0
    assert "--memory-limit is 100,000,000 bytes; it bounds the whole process" in result.stderr
    assert not (tmp_path / "m").exists()


def test_a_training_beyond_the_limit_is_refused(
    run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coterie.training import resources

    monkeypatch.setattr(resources, "held_memory", lambda: 299 << 20)
    result = run("train", corpus, "-o", tmp_path / "m", *SMALL, "--memory-limit", "300MiB")
    assert result.exit_code == 1
    for expected in ("and 300 MiB are allowed (--memory-limit)", "raise --memory-limit", "(--matrices-dir)"):
        assert expected in result.stderr
    assert not (tmp_path / "m").exists()


def test_a_disk_without_room_is_told_before_the_training(
    run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=400_000))
    size = ["--vector-size", 2000, "--epochs", 1]
    result = run("train", corpus, "-o", tmp_path / "m", *SMALL, *size)
    assert result.exit_code == 1
    assert "not enough disk in" in result.stderr
    assert "--checkpoint-every off" in result.stderr
    assert not list(tmp_path.iterdir())
    result = run("train", corpus, "-o", tmp_path / "m", *SMALL, *size, "--checkpoint-every", "off")
    assert result.exit_code == 0, result.stderr


def test_mapped_matrices_survive_a_kill_and_go_on(
    run: Run, start: Start, corpus: Path, tmp_path: Path
) -> None:
    disk, model = tmp_path / "disk", tmp_path / "m"
    disk.mkdir()
    options = [*SMALL, "--epochs", 200, "--checkpoint-every", "0.1s"]
    assert run("train", corpus, "-o", tmp_path / "whole", *options).exit_code == 0
    process = start(["train", corpus, "-o", model, *options, "--matrices-dir", disk])
    place, until = tmp_path / "m.checkpoints", time.monotonic() + 60
    while not [path for path in place.glob("checkpoint-*") if path.suffix != ".partial"]:
        assert process.poll() is None, "it has ended before its first checkpoint"
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=60) == -9
    assert list(disk.iterdir()) == []
    result = run("train", "--resume", model, "--no-cache", "--matrices-dir", disk)
    assert result.exit_code == 0, result.stderr
    assert weights(model) == weights(tmp_path / "whole")
    assert list(disk.iterdir()) == []


def test_a_folder_for_matrices_that_is_not_there(run: Run, corpus: Path, tmp_path: Path) -> None:
    result = run("train", corpus, "-o", tmp_path / "m", *SMALL, "--matrices-dir", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "is no folder; the matrices go there (--matrices-dir)" in result.stderr


def test_help_tells_what_the_limit_bounds(run: Run) -> None:
    told = " ".join(run("train", "--help").stdout.split())
    assert "Most memory that the program may take, such as 4GB" in told
    assert "--matrices-dir" in told
