"""How every command talks: results on standard output, messages on standard error, exit status."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from coterie.config import CorpusConfig, IndexConfig, PhraseConfig, TrainingConfig, VocabularyConfig
from coterie.errors import ConfigError, CoterieError, WordNotFoundError, spelt_out

__all__ = [
    "Command",
    "Examples",
    "Option",
    "Speaker",
    "common_options",
    "failures_as_exit_status",
    "print_table",
    "report_missing",
]

_AnyFunction = TypeVar("_AnyFunction", bound=Callable[..., object])

# Options that the command line calls otherwise than Python.
_RENAMED = {"words": "--vocabulary", "keep_words": "--keep-words"}
_OPTIONS = [
    field.name
    for kind in (TrainingConfig, VocabularyConfig, PhraseConfig, CorpusConfig, IndexConfig)
    for field in dataclasses.fields(kind)
] + ["preset", "phrase_model", "cache_dir", "cache_limit", "memory_limit", "matrices_dir", "score_column"]


def dashed(message: str) -> str:
    """Spell the option names in a message as the command line does.

    A plain word such as ``window`` is an option only where the message starts with it and tells its value.

    Examples
    --------
    >>> dashed("vector_size is 0; it must be at least 1.")
    '--vector-size is 0; it must be at least 1.'
    >>> dashed("window is 0; a window is at least 1.")
    '--window is 0; a window is at least 1.'
    """

    def spell(match: re.Match[str]) -> str:
        return _RENAMED.get(match[0], "--" + match[0].replace("_", "-"))

    message = re.sub(rf"^({'|'.join(_OPTIONS)})(?= is | holds )", spell, message)
    underscored = "|".join(name for name in _OPTIONS if "_" in name)
    return re.sub(rf"(?<![\w./-])({underscored})\b(?!\.\w|/)", spell, message)


class _Failed(click.ClickException):
    """Ends the command with ``error: …`` on standard error."""

    def show(self, file: Any = None) -> None:
        color = False if os.environ.get("NO_COLOR") else None  # None: click looks whether it is a terminal
        click.echo(f"{click.style('error:', fg='red', bold=True)} {self.message}", err=True, color=color)


class _WrongOption(_Failed):
    """The same with the status of wrong usage."""

    exit_code = 2


@contextmanager
def failures_as_exit_status() -> Iterator[None]:
    """Turn errors that are meant for the user into a message and an exit status, without a traceback."""
    try:
        yield
    except ConfigError as error:
        raise _WrongOption(dashed(str(error))) from error
    except CoterieError as error:
        raise _Failed(dashed(str(error))) from error
    except KeyboardInterrupt as interruption:
        click.echo(str(interruption) or "interrupted", err=True)
        raise click.exceptions.Exit(130) from None
    except BrokenPipeError:
        raise  # click ends quietly: the reader, such as `head`, has seen enough
    except MemoryError as error:
        raise _Failed("the machine has not enough memory for this.") from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise _Failed(f"{where}{error.strerror or error}.") from error


class Examples:
    """The examples that end a help text."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines

    def write(self, formatter: click.HelpFormatter) -> None:
        """Write them as a section, one a line and never wrapped: they are to be copied."""
        with formatter.section("Examples"):
            for line in self.lines:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Option(click.Option):
    """An option that stands under a heading of its own in the help."""

    def __init__(self, *arguments: Any, section: str = "Options", **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.section = section


class Command(click.Command):
    """A command whose help groups its options and ends with examples."""

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.examples = Examples(*examples)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section for each heading, in the order in which they first appear."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                sections.setdefault(getattr(parameter, "section", "Options"), []).append(record)
        sections["Options"] = sections.pop("Options", [])
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        self.examples.write(formatter)


def common_options(function: _AnyFunction) -> _AnyFunction:
    """Add ``--json`` and ``--quiet``."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="No messages; results and errors only.")
    as_json = click.option("--json", "as_json", is_flag=True, help="One JSON result on standard output.")
    return as_json(quiet(function))


def _to_standard_error(text: str) -> None:
    click.echo(text, err=True)


class Speaker:
    """Says the messages (standard error) and the result (standard output) of one command.

    Parameters
    ----------
    quiet
        Leave the messages out.
    as_json
        The result is one JSON object, and nothing else goes to standard output.
    """

    def __init__(self, *, quiet: bool, as_json: bool) -> None:
        self.quiet = quiet
        self.as_json = as_json
        self._say: Callable[[str], None] = _to_standard_error

    def message(self, text: str) -> None:
        """Say something on the way."""
        if not self.quiet:
            self._say("\n".join(map(spelt_out, dashed(text).split("\n"))))

    @contextmanager
    def through(self, say: Callable[[str], None]) -> Iterator[None]:
        """Say messages through something else for a while, such as a live display."""
        before, self._say = self._say, say
        try:
            yield
        finally:
            self._say = before

    def json(self, result: object) -> None:
        """Print the result for a program to read."""
        click.echo(json.dumps(result, ensure_ascii=False, default=_plain_number))


def _plain_number(value: Any) -> object:
    """Turn numpy's scalars into Python's numbers, and anything else into its text."""
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


def report_missing(missing: Sequence[WordNotFoundError]) -> None:
    """End with status 1 if words were missing, after the answers for the others."""
    for error in missing[:-1]:
        click.echo(f"error: {error}", err=True)
    if missing:
        raise missing[-1]


def print_table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, tab-separated lines elsewhere (for ``cut``, ``sort``, ``awk``)."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
        return
    draw_table(title, columns, rows)


def draw_table(
    title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = False
) -> None:
    """Draw a table, also where standard output is no terminal; a repeated first cell is shown once.

    With ``numbers`` the cells after the first stand at the right.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_header=any(columns))
    for i, column in enumerate(columns):
        table.add_column(
            column,
            style="bold" if i == 0 else "",
            overflow="fold",
            justify="right" if numbers and i > 0 else "left",
        )
    before = None
    for first, *others in rows:
        # Text: words such as "[red]" are no markup, nor are those with control characters the terminal's.
        cells = ("" if first == before else first, *others)
        table.add_row(*(Text(spelt_out(cell)) for cell in cells))
        before = first
    console = Console(highlight=False)
    if title:
        console.print(Text(spelt_out(title), style="bold"))
    console.print(table)
