"""What is fuzzed: a reader, whole files to begin with, and how checksums are made right again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzzing.mutations import Files

__all__ = ["Reader"]


def _as_it_is(files: Files) -> Files:
    return files


@dataclass(frozen=True)
class Reader:
    """A reader of files.

    Parameters
    ----------
    name
        Of the reader, for the table of executions.
    seeds
        Whole cases; without what ``pack`` adds.
    read
        Reads the files of a folder and checks that what it got is sound; raises a ``CoterieError`` or,
        where something is wrong with the reader, anything else.
    pack
        Adds what keeps most changes from coming further than to its check: checksums, compression. Cases are
        changed before it or after it.
    checked
        Of a format with checksums: what of the result they answer for. A whole file that is changed must give
        the same, or be refused.
    """

    name: str
    seeds: Callable[[], Sequence[Files]]
    read: Callable[[Path], Any]
    pack: Callable[[Files], Files] = _as_it_is
    checked: Callable[[Any], Any] | None = None
