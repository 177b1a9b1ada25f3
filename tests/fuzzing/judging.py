"""One case: its files are written and read; what comes of it is a result, an error of ours, or a finding."""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
import time
import traceback
import unicodedata
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import coterie
from coterie.errors import CoterieError, ResourceError
from fuzzing.mutations import Files
from fuzzing.reader import Reader

__all__ = ["SLOW", "Arcs", "Outcome", "judged"]

SLOW = 5.0
"""Seconds of processor time that no case of a fraction of a megabyte may take."""

_MEMORY = 256 << 20
_LONGEST_MESSAGE = 2_100
_UNSHOWN = ("Cc", "Cs", "Zl", "Zp")
_SOURCES = str(Path(coterie.__file__).parent)


@dataclass(frozen=True)
class Outcome:
    """Of one case: ``finding`` tells what is wrong, if anything; ``told`` is what checksums answer for."""

    read: bool
    finding: str | None = None
    told: Any = None


class Arcs:
    """The ways from line to line that Coterie's own code has gone, as a context manager.

    ``sys.settrace`` is in every Python that is supported, and can be afforded: readers do their work in few
    lines.
    """

    def __init__(self) -> None:
        self.seen: set[tuple[int, int]] = set()
        self._last = 0
        self._before: Any = None

    def __enter__(self) -> Arcs:
        self._last = 0
        self._before = sys.gettrace()  # such as that of a measurement of coverage
        sys.settrace(self._called)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._lines if frame.f_code.co_filename.startswith(_SOURCES) else None

    def _lines(self, frame: FrameType, event: str, argument: Any) -> Any:
        here = hash((frame.f_code, frame.f_lineno))
        self.seen.add((self._last, here))
        self._last = here
        return self._lines


def judged(reader: Reader, files: Files, folder: Path, arcs: Arcs) -> Outcome:
    """Write the files into a new folder, read them, and judge what comes of it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with contextlib.suppress(OSError):  # a system that does not let one begin anew
        Path("/proc/self/clear_refs").write_text("5")
    began, memory = time.process_time(), _peak()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            # The only warning of a reader: docs/formats.md tells of it.
            warnings.filterwarnings("ignore", message=".*repeat a word")
            with arcs:
                result = reader.read(folder)
        outcome = Outcome(True, told=reader.checked(result) if reader.checked else None)
    except CoterieError as error:
        outcome = Outcome(False, _fault_of(error, folder, files))
    except Exception:  # noqa: BLE001 - that is what is looked for
        outcome = Outcome(False, traceback.format_exc())
    seconds, grown = time.process_time() - began, _peak() - memory
    if outcome.finding is None and seconds > SLOW:
        return Outcome(outcome.read, f"{seconds:.1f} s of processor time")
    if outcome.finding is None and grown > _MEMORY:
        return Outcome(outcome.read, f"{grown / 2**20:,.0f} MiB of memory")
    return outcome


def _fault_of(error: CoterieError, folder: Path, files: Files) -> str | None:
    """Tell what is wrong with a message, and where it comes from."""
    message, fault = str(error), None
    if isinstance(error, ResourceError) and "memory" in message:
        fault = "a small file asks for more memory than there is"
    elif not any(name in message for name in (str(folder), *files)):
        fault = "the message names no file"
    elif len(message) > _LONGEST_MESSAGE:
        fault = "the message is too long"
    elif any(unicodedata.category(character) in _UNSHOWN for character in message):
        fault = "the message has control characters"
    if fault is None:
        return None
    return f"{''.join(traceback.format_tb(error.__traceback__))}{fault}: {ascii(message)[:500]}"


def _peak() -> int:
    """Return the most memory that the process has held since it began anew."""
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) << 10 if found else 0
