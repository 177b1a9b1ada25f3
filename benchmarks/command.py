"""A command as a page shows it: the page is for other machines than the one that it was made on."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

__all__ = ["shown_arguments"]

# Where results go and whether a run is taken up again say nothing about what was measured.
_LEFT_OUT, _LEFT_OUT_WITH_VALUE = {"--resume", "--report-only"}, {"--docs", "--output"}


def shown_arguments(arguments: Iterable[str]) -> str:
    """Return the arguments with paths cut to their names, as a shell takes them.

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
