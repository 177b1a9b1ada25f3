"""Everything that can be wrong with the input or the machine: a message, a status, no traceback."""

from __future__ import annotations

import gzip
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
Start = Callable[..., subprocess.Popen[str]]
SMALL = ["--vector-size", 8, "--epochs", 1, "--workers", 1, "--no-cache"]


def refused(run: Run, *arguments: object, status: int = 1, **settings: Any) -> str:
    """Return the error of a command that must fail with this status and say nothing else on stdout."""
    result = run(*arguments, **settings)
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, result.stderr
    assert "Traceback" not in result.stderr
    return errors[0]


def test_missing_file(run: Run, tmp_path: Path) -> None:
    assert "absent.txt" in refused(run, "train", tmp_path / "absent.txt", "-o", tmp_path / "m", *SMALL)
    assert not (tmp_path / "m").exists()


def test_broken_gzip(run: Run, text: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.txt.gz"
    path.write_bytes(gzip.compress(text.encode())[:-2000])
    assert "broken.txt.gz" in refused(run, "train", path, "-o", tmp_path / "m", *SMALL)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.txt", b"", ["empty.txt"]),
        ("lines.jsonl", b'{"text": "a b"}\n{"text": \n', ["lines.jsonl", "line 2"]),
        (
            "field.jsonl",
            b'{"text": "a b"}\n{"body": "a", "id": 1}\n',
            ["line 2", '"text"', "body", "--text-field"],
        ),
        ("latin.txt", b"caf\xe9 au lait\n" * 9, ["latin.txt", "UTF-8", "encoding"]),
        ("rare.txt", b"every word is here but once\n", ["min"]),
    ],
)
def test_bad_text(run: Run, tmp_path: Path, name: str, content: bytes, expected: list[str]) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    message = refused(run, "train", path, "-o", tmp_path / "m", *SMALL)
    assert all(part in message for part in expected), message
    assert not (tmp_path / "m").exists()


def test_encoding_errors_can_be_replaced(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes(b"caf\xe9 au lait\n" * 9)
    result = run("train", path, "-o", tmp_path / "m", *SMALL, "--encoding-errors", "ignore")
    assert result.exit_code == 0, result.stderr


def test_bad_option_is_named_as_the_command_line_spells_it(run: Run, corpus: Path, tmp_path: Path) -> None:
    options = ["--vector-size", 0]
    message = refused(run, "train", corpus, "-o", tmp_path / "m", *options, "--no-cache", status=2)
    assert message.startswith("error: --vector-size is 0")


def test_output_is_checked_before_the_work(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = refused(run, "train", tmp_path / "absent.txt", "-o", tmp_path / "file", *SMALL)
    assert "is a file" in message
    assert "/proc/model" in refused(run, "train", tmp_path / "absent.txt", "-o", "/proc/model", *SMALL)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter-1.tex").write_text("")
    message = refused(run, "train", tmp_path / "absent.txt", "-o", tmp_path / "thesis", *SMALL)
    assert "other things" in message


def test_unknown_word_offers_spellings(run: Run, model: Path) -> None:
    message = refused(run, "neighbours", model, "harbuor")
    assert "'harbour'" in message


def test_missing_and_truncated_model(run: Run, model: Path, tmp_path: Path) -> None:
    assert "absent" in refused(run, "neighbours", tmp_path / "absent", "king")
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in model.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    matrices = broken / "model.safetensors"
    matrices.write_bytes(matrices.read_bytes()[:-100])
    assert "model.safetensors" in refused(run, "neighbours", broken, "king")
    matrices.unlink()
    assert "model.safetensors" in refused(run, "info", broken)


@pytest.mark.parametrize("limit", [4_000, 100_000], ids=["while-encoding", "while-saving"])
def test_disk_full(start: Start, corpus: Path, tmp_path: Path, limit: int) -> None:
    """RLIMIT_FSIZE: no file may grow beyond the limit. The ids take 48 kB, the matrices 144 kB."""
    process = start(
        ["train", corpus, "-o", tmp_path / "m", "--vector-size", 1000, "--epochs", 1, "--no-cache"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 1, stderr
    assert stdout == ""
    assert [line for line in stderr.splitlines() if line.startswith("error: ")], stderr
    assert "Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []  # neither a broken model nor a temporary folder


def test_a_reader_that_closes_early(start: Start, model: Path) -> None:
    process = start(["neighbours", model, "king"])
    assert process.stdout is not None
    process.stdout.close()  # long before the first line is written
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 1
