"""The small parts of the command line: sizes, spelling of options, progress."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import click
import pytest

from coterie.cli import progress as progress_module
from coterie.cli.console import Speaker, dashed
from coterie.cli.options import size
from coterie.cli.progress import shown_progress


@pytest.mark.parametrize(
    ("written", "expected"),
    [("20GB", 20 * 10**9), ("512MiB", 2**29), ("1.5 k", 1500), ("7", 7), ("7B", 7), ("2Ti", 2**41)],
)
def test_sizes(written: str, expected: int) -> None:
    assert size(written) == expected


@pytest.mark.parametrize("written", ["", "GB", "ten", "-1GB", "1 XB", "1iB"])
def test_no_sizes(written: str) -> None:
    with pytest.raises(click.BadParameter, match="write for example 20GB"):
        size(written)


def test_messages_name_options_as_the_command_line_does() -> None:
    assert dashed("min_alpha is 1, above alpha (0.5); see ns_exponent.") == (
        "--min-alpha is 1, above alpha (0.5); see --ns-exponent."
    )
    assert dashed("seed is -1; a seed") == "--seed is -1; a seed"
    assert dashed("words is empty; name at least one word") == "--vocabulary is empty; name at least one word"
    for unchanged in (
        "window.txt: is empty",
        "min_count.txt, line 3: no",
        "/data/min_count/a.txt is missing",
    ):
        assert dashed(unchanged) == unchanged
    assert dashed("Set min_count to 3 or less.") == "Set --min-count to 3 or less."
    assert dashed("give --text-field, not vector_sizes") == "give --text-field, not vector_sizes"


def _progress(**changes: Any) -> Any:
    values = {
        "stage": "train", "epoch": 1, "epochs": 5, "fraction": 0.41,
        "words_per_second": 1_910_000.0, "loss": 2.31, "learning_rate": 0.0187, "seconds_left": 41.0,
    }  # fmt: skip
    return SimpleNamespace(**(values | changes))


def test_lines_of_progress_come_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now)
    with shown_progress(Speaker(quiet=False, as_json=False)) as callback:
        assert callback is not None
        callback(_progress(stage="encode", loss=None, learning_rate=None, fraction=None))
        for now in (1.0, 2.0, 10.9, 11.0, 12.0, 22.0):
            callback(_progress(seconds_left=3700.0 if now > 20 else 41.0))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0] == "epoch 2/5 41%: 1,910,000 words/s, loss 2.310, rate 0.0187, 0:41 left"
    assert lines[2].endswith("1:01:40 left")


def test_quiet_has_no_progress() -> None:
    with shown_progress(Speaker(quiet=True, as_json=False)) as callback:
        assert callback is None
