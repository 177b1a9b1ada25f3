"""The lines of a small text file that the user wrote, and what to say when it can't be read."""

from __future__ import annotations

from pathlib import Path

from coterie.errors import FormatError, MissingFileError, ResourceError

__all__ = ["read_lines"]


def read_lines(path: Path, what: str) -> list[str]:
    """Read the lines of a UTF-8 file, without its byte-order mark; `what` it holds is told in errors.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is no UTF-8; the message tells the line.
    ResourceError
        The system refuses.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingFileError(f"{path}: no such file ({what}).") from None
    except OSError as error:
        raise ResourceError(f"{path}: cannot be read ({error.strerror}).") from error
    try:
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        bad = data.count(b"\n", 0, error.start) + 1
        raise FormatError(f"{path}, line {bad:,}: not UTF-8; save {what} as UTF-8.") from None
