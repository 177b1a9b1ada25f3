"""The command ``coterie``: one file for each subcommand, loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import NoReturn

import click

from coterie import __version__
from coterie.cli.console import Examples, failures_as_exit_status

__all__ = ["main"]

_COMMANDS = {
    name: f"coterie.cli.{name}"
    for name in (
        "train",
        "phrases",
        "neighbours",
        "index",
        "analogy",
        "predict",
        "evaluate",
        "report",
        "info",
        "convert",
        "word2vec",
        "demo",
    )
}


class _Commands(click.Group):
    """A group whose commands are imported by name, in the order in which one meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            near = get_close_matches(name, _COMMANDS, n=1)
            offer = f"did you mean {near[0]!r}?" if near else f"the commands are {', '.join(_COMMANDS)}."
            ctx.fail(f"No such command {name!r}; {offer}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        with failures_as_exit_status():
            return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        Examples(
            "coterie demo",
            "coterie train corpus.txt.gz -o my-model",
            "coterie neighbours my-model paris london",
            "coterie analogy my-model man king woman",
        ).write(formatter)
        formatter.write_paragraph()
        formatter.write_text(
            "Each command has its own --help. Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted, "
            "143 terminated."
        )


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="coterie", message="%(prog)s %(version)s")
@click.pass_context
def _coterie(ctx: click.Context) -> None:
    """Train word vectors from your own text, and ask them questions.

    Skip-gram with negative sampling: words that keep the same company get similar vectors.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit status.

    Parameters
    ----------
    arguments
        Words of the command line after ``coterie``; those of this process by default.
    """
    _coterie.main(args=None if arguments is None else list(arguments), prog_name="coterie")
