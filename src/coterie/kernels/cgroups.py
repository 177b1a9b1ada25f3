"""What a container, or any control group of Linux, leaves to this process: memory and processor time.

A limit may stand at the process's own group or at any group above it, up to the root: the tightest counts.
Version 2 has one tree for everything, version 1 a tree for each controller, and systems are met that have
both. ``/proc/self/cgroup`` tells the group in each tree, ``/proc/self/mountinfo`` where the trees are to be
found. In a container a tree's mount may begin at the container's own group.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

__all__ = ["cpu_quota", "memory_left"]

_ROOT = Path("/")
# Version 1 has no word for "no limit" but the greatest number of pages.
_UNLIMITED = 1 << 60


def memory_left(root: Path = _ROOT) -> int | None:
    """Return the bytes that the groups' limits leave; ``None`` where there is no limit.

    What a group uses counts without the pages of files that nobody has read for a while: the system takes
    them away before it refuses anything.

    Parameters
    ----------
    root
        Where ``proc`` and the mounts are; another folder in tests.
    """
    left = []
    for group in _groups("memory", root):
        stat = _table(group / "memory.stat")
        found = [_number(group / name) for name in ("memory.max", "memory.high", "memory.limit_in_bytes")]
        limits = [limit for limit in found if limit is not None]
        used = _number(group / "memory.current") or _number(group / "memory.usage_in_bytes")
        if limits and used is not None:
            idle = stat.get("total_inactive_file", stat.get("inactive_file", 0))
            left.append(max(0, min(limits) - max(0, used - idle)))
    return min(left, default=None)


def cpu_quota(root: Path = _ROOT) -> float | None:
    """Return how many processors' time the groups may use; ``None`` where there is no limit.

    Parameters
    ----------
    root
        As in :func:`memory_left`.
    """
    quotas = []
    for group in _groups("cpu", root):
        words = _text(group / "cpu.max").split() or [
            _text(group / "cpu.cfs_quota_us").strip(),
            _text(group / "cpu.cfs_period_us").strip(),
        ]
        # "max", and -1 in version 1: no limit.
        if len(words) == 2 and all(word.isdecimal() and int(word) for word in words):
            quotas.append(int(words[0]) / int(words[1]))
    return min(quotas, default=None)


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """Yield the folders of this process's group and of those above it, in each tree that may limit it."""
    mounts = list(_mounts(root))
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        for kinds, top, place in mounts:
            if controller in kinds if controllers else kinds == {"cgroup2"}:
                yield from _upwards(root / place.lstrip("/"), PurePosixPath(path), PurePosixPath(top))
                break


def _mounts(root: Path) -> Iterator[tuple[set[str], str, str]]:
    """Yield each tree's controllers (``cgroup2``: all), the group that its mount begins at, and the mount."""
    for line in _text(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or len(kind) < 3:
            continue
        if kind[0] == "cgroup2":
            yield {"cgroup2"}, fields[3], fields[4]
        elif kind[0] == "cgroup":
            yield set(kind[2].split(",")), fields[3], fields[4]


def _upwards(mount: Path, group: PurePosixPath, top: PurePosixPath) -> Iterator[Path]:
    """Yield the group's folder below a mount that begins at `top`, and all above it, the mount included."""
    # A group that lies outside of the mount can't be seen: what can is the mount's own.
    inside = group.relative_to(top) if group.is_relative_to(top) else PurePosixPath()
    parts = () if ".." in inside.parts else inside.parts
    for count in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:count])


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    """Return what a file of one number holds; ``None`` for no limit, or where there is no such file."""
    text = _text(path).strip()
    return int(text) if text.isdecimal() and int(text) < _UNLIMITED else None


def _table(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in _text(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}
