"""Readers with every fault that fuzzing has to find, to see that it does."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from coterie.errors import FormatError
from fuzzing.reader import Reader

__all__ = ["READERS"]

_HELD: list[bytes] = []


def _raises(folder: Path) -> None:
    int((folder / "n").read_text())


def _hangs(folder: Path) -> None:
    while (folder / "n").exists():
        time.sleep(0.1)


def _dies(folder: Path) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _hoards(folder: Path) -> None:
    _HELD.append(b"1" * (300 << 20))
    _HELD.clear()


def _asks(folder: Path) -> None:
    bytearray(1 << 45)


def _says_nothing(folder: Path) -> None:
    raise FormatError("it is damaged.")


def _whole(folder: Path) -> Any:
    return (folder / "n").read_bytes()


READERS = {
    name: Reader(name, lambda: [{"n": b"x"}], read)
    for name, read in {
        "raises": _raises,
        "hangs": _hangs,
        "dies": _dies,
        "hoards": _hoards,
        "asks": _asks,
        "says nothing": _says_nothing,
        "whole": _whole,
    }.items()
} | {"damaged": Reader("damaged", lambda: [{"n": b"x"}], _whole, checked=bytes)}
