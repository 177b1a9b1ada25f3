"""``coterie word2vec``: the C program's flags and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from coterie.cli.console import Command, Speaker
from coterie.cli.progress import shown_progress
from coterie.compat.word2vec import FLAGS, Flag, Request, in_flags, read_flags
from coterie.errors import CoterieError

if TYPE_CHECKING:
    from coterie.compat.word2vec_run import Prepared, Trained

__all__ = ["command"]

_QUIET, _ALL = 0, 2


class _FlagCommand(Command):
    """A command that gets its words as they are: click would take ``-size`` for ``-s -i -z -e``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Leave the words to the function; without any, show the help as the program does."""
        if not args or args[0] in ctx.help_option_names:
            click.echo(ctx.get_help())
            ctx.exit()
        ctx.params = {"words": tuple(args)}
        return []

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Show what is needed."""
        return ["-train FILE -output FILE [FLAGS]"]


def _option(flag: Flag) -> click.Option:
    """Return the flag as an option that stands in the help; it is read by :func:`read_flags`."""
    name = flag.name.replace("-", "_")
    return click.Option([f"-{flag.name}", name], metavar=f"<{flag.kind}>", help=flag.told)


@click.command(
    "word2vec",
    cls=_FlagCommand,
    params=[_option(flag) for flag in FLAGS],
    examples=(
        "coterie word2vec -train text8 -output vectors.bin -binary 1 -cbow 0 -size 200 -window 8",
        "coterie word2vec -train text8 -output classes.txt -classes 500",
        "coterie word2vec -train text8 -save-vocab counts.txt -min-count 1",
    ),
)
def command(words: Sequence[str]) -> None:
    """Take the flags of the C program word2vec, and write its files.

    For scripts written for that program: flags have one dash and the value in the next word. The
    text is UTF-8, whatever the file's name ends in; words stand between white space, and the first
    row of all files is </s>, the end of a line. Training is Coterie's.
    """
    from coterie.kernels.cores import available_cores

    request = read_flags(words, available_cores())
    speaker = Speaker(quiet=request.debug < _ALL, as_json=False)
    with _said_in_flags():
        _run(request, speaker)


@contextmanager
def _said_in_flags() -> Iterator[None]:
    """Spell the options in errors as this command's flags."""
    try:
        yield
    except CoterieError as error:
        error.args = (in_flags(str(error)), *error.args[1:])
        raise


def _run(request: Request, speaker: Speaker) -> None:
    from coterie.compat import word2vec_run

    def tell(message: str) -> None:
        speaker.message(in_flags(message))

    for flag in request.repeated:
        tell(f"{flag} is given more than once; the first counts")
    word2vec_run.check_places(request)
    with shown_progress(speaker) as callback, word2vec_run.prepared(request, callback, tell) as text:
        _tell_sizes(request, text)
        if request.save_vocab is not None:
            word2vec_run.save_vocabulary(request.save_vocab, text)
        if request.output is None:
            return
        trained = word2vec_run.train_prepared(text, request, callback, tell)
    place = _place(request, trained)
    word2vec_run.write_output(place, trained, request)
    _end(request, trained, place, speaker.message)


def _tell_sizes(request: Request, text: Prepared) -> None:
    """Say on standard output what the program says there."""
    if request.debug > _QUIET:
        click.echo(f"Starting training using file {request.train}")
        click.echo(f"Vocab size: {len(text.vocabulary.words)}")
        click.echo(f"Words in train file: {text.vocabulary.total}")


def _place(request: Request, trained: Trained) -> str:
    """Return where to write: what Ctrl-C left has another name, so that no script takes it for the whole."""
    return f"{request.output}.interrupted" if trained.result.interrupted else str(request.output)


def _end(request: Request, trained: Trained, place: str, say: Callable[[str], Any]) -> None:
    result = trained.result
    if result.interrupted:
        click.echo(f"interrupted; what had been learned by then is in {place}", err=True)
        raise click.exceptions.Exit(130)
    what = f"{request.classes} classes" if request.classes else "vectors"
    say(
        f"trained {result.words:,} words in {result.seconds:.1f} s: {result.words_per_second:,.0f} words/s; "
        f"{what} of {len(trained.words):,} words are in {place}"
    )
