"""What a person at a terminal sees: a live bar, drawn tables, colours unless they are unwanted."""

from __future__ import annotations

import io
import re
import sys
import time

import pytest

from coterie.cli.console import Speaker, print_table
from coterie.cli.progress import shown_progress
from coterie.training.progress import Progress

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7][0-9;]*m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Called in the test, not a fixture: pytest sets its own streams between the two."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", screen)
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return screen


def _train(screen: Terminal) -> str:
    with shown_progress(Speaker(quiet=False, as_json=False)) as callback:
        assert callback is not None
        callback(Progress("encode", 1000, None, 0.5, fraction=0.25))
        callback(
            Progress("train", 41, 100, 4.1, epoch=1, epochs=5, loss=2.31, learning_rate=0.0187, fraction=0.41)
        )
    return screen.getvalue()


def test_bar_tells_stage_share_speed_loss_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _train(terminal(monkeypatch))
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    last = next(line for line in reversed(re.split(r"[\r\n]+", plain)) if "epoch" in line)
    for expected in ("epoch 2/5", "41%", "10 words/s", "loss 2.310", "rate 0.0187", "0:06 left"):
        assert expected in last
    assert len(last.rstrip()) <= 80
    assert COLOUR.search(shown)


def test_messages_stand_on_lines_of_their_own_above_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    speaker = Speaker(quiet=False, as_json=False)
    with shown_progress(speaker) as callback:
        assert callback is not None
        callback(Progress("encode", 1000, None, 0.5))
        speaker.message("a message [of some] length")
        callback(Progress("compile", 0, 100, 1.0))
        time.sleep(0.3)  # the bar is drawn ten times a second
    speaker.message("after it")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", plain)]
    assert "a message [of some] length" in lines
    assert "after it" in lines
    assert "%" not in plain, "no share of what has no known length"
    assert "compiling kernels" in plain


def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOUR.search(_train(screen))


def test_table_takes_words_literally_and_names_a_group_once(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    print_table("title", ("word", "neighbour"), [("[red]", "a"), ("[red]", "b"), ("king", "queen")])
    shown = screen.getvalue()
    assert shown.count("[red]") == 1
    assert "neighbour" in shown
    assert "\t" not in shown


def test_table_elsewhere_is_lines_with_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("title", ("word", "neighbour"), [("[red]", "a"), ("[red]", "b")])
    assert capsys.readouterr().out == "[red]\ta\n[red]\tb\n"
