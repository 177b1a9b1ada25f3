"""Anonymous resident memory of this process: what mapped files don't account for."""

from __future__ import annotations

from pathlib import Path

__all__ = ["greatest_memory", "held_memory"]

_STATUS = Path("/proc/self/status")


def held_memory() -> int:
    """Return the bytes that the process holds now; 0 where the system does not tell."""
    return _fields().get("RssAnon", 0)


def greatest_memory() -> int:
    """Return the most bytes that the process has held, about; 0 where the system does not tell.

    The system remembers the greatest sum of all resident pages: those of files that are mapped now, most of
    them libraries, are taken off.
    """
    fields = _fields()
    mapped = fields.get("RssFile", 0) + fields.get("RssShmem", 0)
    return max(fields.get("VmHWM", 0) - mapped, fields.get("RssAnon", 0))


def _fields() -> dict[str, int]:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split() for line in lines if line.startswith(("Rss", "VmHWM")))
    return {pair[0].rstrip(":"): int(pair[1]) * 1024 for pair in pairs}
