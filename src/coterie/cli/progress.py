"""Progress of a training: a live bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from coterie.cli.console import Speaker

if TYPE_CHECKING:
    from coterie.training.progress import Progress

__all__ = ["shown_progress"]

SECONDS_BETWEEN_LINES = 10.0

_Callback = Callable[["Progress"], None]


def _facts(progress: Progress) -> list[str]:
    """Tell speed, loss, learning rate: what is known at this stage."""
    facts = [f"{progress.words_per_second:,.0f} words/s"] if progress.words_per_second else []
    if progress.loss is not None:
        facts.append(f"loss {progress.loss:.3f}")
    if progress.learning_rate is not None:
        facts.append(f"rate {progress.learning_rate:.4f}")
    return facts


def _stage(progress: Progress) -> str:
    names = {"encode": "reading text", "compile": "compiling kernels"}
    return names.get(progress.stage, f"epoch {progress.epoch + 1}/{progress.epochs}")


def _time_left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} left" if hours else f"{minutes}:{rest:02} left"


def _lines(speaker: Speaker) -> _Callback:
    """Return a callback that says a line when training begins, and then every ten seconds."""
    last, stage = time.monotonic(), "encode"

    def say(progress: Progress) -> None:
        nonlocal last, stage
        if time.monotonic() - last < SECONDS_BETWEEN_LINES and progress.stage == stage:
            return
        if progress.stage == "compile":
            return
        last, stage = time.monotonic(), progress.stage
        done = "" if progress.fraction is None else f" {progress.fraction:.0%}"
        facts = [*_facts(progress), _time_left(progress.seconds_left)]
        speaker.message(f"{_stage(progress)}{done}: {', '.join(filter(None, facts)) or 'begins'}")

    return say


@contextmanager
def shown_progress(speaker: Speaker) -> Iterator[_Callback | None]:
    """Yield the callback for a training, or None when nothing is to be shown."""
    if speaker.quiet:
        yield None
    elif not sys.stderr.isatty():
        yield _lines(speaker)
    else:
        with _bar(speaker) as callback:
            yield callback


@contextmanager
def _bar(speaker: Speaker) -> Iterator[_Callback]:
    from rich.console import Console
    from rich.progress import BarColumn, Task, TaskID, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    class Percentage(TaskProgressColumn):
        """The done part, where it is known."""

        def render(self, task: Task) -> Text:
            return Text() if task.total is None else super().render(task)

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<11}"),
        BarColumn(bar_width=min(40, max(8, console.width - 72))),
        Percentage(),
        TextColumn("{task.fields[facts]}"),
        TextColumn("{task.fields[left]}"),
    )
    with (
        Bars(*columns, console=console, transient=True) as bars,
        # Above the bar, which would otherwise be drawn into the message's line.
        speaker.through(lambda text: console.print(Text(text), soft_wrap=True)),
    ):
        tasks: dict[str, TaskID] = {}

        def draw(progress: Progress) -> None:
            shown: dict[str, Any] = {
                "description": _stage(progress),
                "total": None if progress.fraction is None else 1.0,
                "completed": progress.fraction or 0.0,
                "facts": ", ".join(_facts(progress)),
                "left": _time_left(progress.seconds_left),
            }
            if progress.stage in tasks:
                bars.update(tasks[progress.stage], **shown)
                return
            for task in tasks.values():
                bars.remove_task(task)
            tasks.clear()
            tasks[progress.stage] = bars.add_task(**shown)

        yield draw
