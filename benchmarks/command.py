"""What the benchmarks' commands share: their sources checked, and the command as a page shows it."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable
from pathlib import Path

__all__ = ["check_sources", "shown_arguments"]

# Where results go and whether a run is taken up again say nothing about what was measured.
_LEFT_OUT, _LEFT_OUT_WITH_VALUE = {"--resume", "--report-only"}, {"--docs", "--output"}


def check_sources(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with an error if the corpus or the folder of evaluation sets is given and not there."""
    if options.corpus and not options.corpus.is_file():
        parser.error(f"--corpus {options.corpus}: no such file")
    if options.eval_dir and not (options.eval_dir / "questions-words.txt").is_file():
        parser.error(f"--eval-dir {options.eval_dir}: no questions-words.txt in it")


def shown_arguments(arguments: Iterable[str]) -> str:
    """Return the arguments with paths cut to their names, as a shell takes them: a page is for any machine.

    Examples
    --------
    >>> shown_arguments(["--corpus", "/data/my text.txt", "--words=5000", "--docs", "here", "--eval-dir=/e"])
    "--corpus 'my text.txt' --words=5000 --eval-dir=e"
    """
    shown, skip = [], False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if skip or option in _LEFT_OUT or option in _LEFT_OUT_WITH_VALUE:
            skip = not skip and option in _LEFT_OUT_WITH_VALUE and not equals
        elif equals and option.startswith("--"):
            shown.append(f"{option}={Path(value).name if '/' in value else value}")
        else:
            shown.append(Path(argument).name if "/" in argument else argument)
    return shlex.join(shown)
