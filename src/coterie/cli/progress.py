"""Progress of a training: a live bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from coterie.cli.console import Speaker

if TYPE_CHECKING:
    from coterie.training.progress import Progress

__all__ = ["shown_progress"]

SECONDS_BETWEEN_LINES = 10.0

_Callback = Callable[["Progress"], None]


def _facts(progress: Progress) -> list[str]:
    """Tell speed, loss, learning rate: what is known at this stage."""
    facts = [f"{progress.words_per_second:,.0f} words/s"]
    if progress.loss is not None:
        facts.append(f"loss {progress.loss:.3f}")
    if progress.learning_rate is not None:
        facts.append(f"rate {progress.learning_rate:.4f}")
    return facts


def _stage(progress: Progress) -> str:
    return "reading text" if progress.stage == "encode" else f"epoch {progress.epoch + 1}/{progress.epochs}"


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
        last, stage = time.monotonic(), progress.stage
        done = "" if progress.fraction is None else f" {progress.fraction:.0%}"
        facts = [*_facts(progress), _time_left(progress.seconds_left)]
        speaker.message(f"{_stage(progress)}{done}: {', '.join(filter(None, facts))}")

    return say


@contextmanager
def shown_progress(speaker: Speaker) -> Iterator[_Callback | None]:
    """Yield the callback for a training, or None when nothing is to be shown."""
    if speaker.quiet:
        yield None
    elif not sys.stderr.isatty():
        yield _lines(speaker)
    else:
        with _bar() as callback:
            yield callback


@contextmanager
def _bar() -> Iterator[_Callback]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<11}"),
        BarColumn(bar_width=min(40, max(8, console.width - 72))),
        TaskProgressColumn(),
        TextColumn("{task.fields[facts]}"),
        TextColumn("{task.fields[left]}"),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def draw(progress: Progress) -> None:
            if progress.stage not in tasks:
                for task in tasks.values():
                    bars.remove_task(task)
                tasks.clear()
                tasks[progress.stage] = bars.add_task("", facts="", left="")
            bars.update(
                tasks[progress.stage],
                description=_stage(progress),
                total=None if progress.fraction is None else 1.0,
                completed=progress.fraction or 0.0,
                facts=", ".join(_facts(progress)),
                left=_time_left(progress.seconds_left),
            )

        yield draw
