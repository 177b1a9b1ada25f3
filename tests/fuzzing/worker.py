"""The process that runs cases, all readers in turn, and may come to harm: another one looks on."""

from __future__ import annotations

import hashlib
import json
import resource
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from fuzzing.judging import Arcs, judged
from fuzzing.mutations import Files, mutated
from fuzzing.reader import Reader

__all__ = ["Campaign", "Case", "Hunt", "read_case", "signature", "total", "work", "write_case"]

_TURN = 3.0
"""Seconds before the next reader has its turn."""

_POOL = 2_000
_ADDRESSES = 8 << 30
"""Bytes of address space beyond what a worker begins with."""


@dataclass(frozen=True)
class Case:
    """Files to be read: ``packed`` as they are; ``whole`` if they are whole but for a change on the disk."""

    files: Files
    packed: bool = False
    whole: bool = False


class Hunt:
    """The cases of one reader: those that came on new ways through the code are changed further."""

    def __init__(self, reader: Reader, random: Random) -> None:
        self.reader, self._random = reader, random
        self.arcs = Arcs()
        self._pool = [Case(files) for files in reader.seeds()]
        self._seeds = len(self._pool)
        self._told: list[Any] = []  # what the checksums of the whole cases answer for
        self.executions = self.read = 0

    @property
    def kept(self) -> int:
        """How many cases found something new."""
        return len(self._pool) - self._seeds

    def next_case(self) -> Case:
        """Return one of the whole cases first, then changed ones."""
        pool, random = self._pool, self._random
        if self.executions < self._seeds:
            return pool[self.executions]
        if self.reader.checked and random.random() < 0.3:
            whole = [self.reader.pack(case.files) for case in pool[: self._seeds]]
            return Case(mutated(random.choice(whole), whole, random), packed=True, whole=True)
        case = random.choice(pool[-20:] if random.random() < 0.5 else pool)
        if not case.packed and random.random() < 0.2:
            case = Case(self.reader.pack(case.files), packed=True)
        others = random.sample(pool, min(4, len(pool)))
        donors = [other.files for other in others if other.packed == case.packed]
        return Case(mutated(case.files, donors, random), case.packed)

    def as_read(self, case: Case) -> Files:
        """Return the files of a case as they are on the disk."""
        return case.files if case.packed else self.reader.pack(case.files)

    def run(self, folder: Path, case: Case, as_read: Files) -> str | None:
        """Read a case and return the finding, if there is one."""
        before = len(self.arcs.seen)
        outcome = judged(self.reader, as_read, folder, self.arcs)
        self.executions += 1
        self.read += outcome.read
        if self.executions <= self._seeds:
            self._told.append(outcome.told)
            return outcome.finding
        if case.whole and outcome.read and outcome.told not in self._told:
            return "damage that the checksums should have told of"
        if len(self.arcs.seen) > before and outcome.finding is None:
            self._pool.append(case)
            if len(self._pool) > _POOL:
                del self._pool[self._seeds]
        return outcome.finding


class Campaign:
    """What has been done: in one folder the case at hand and the counts, in another the findings."""

    def __init__(self, place: Path, found: Path) -> None:
        self.place, self.found = place, found
        self.case, self.counts = place / "case", place / "counts.json"

    def begin_case(self, number: int, reader: Reader, files: Files) -> None:
        """Write down what is read now, for the case that this process does not survive it."""
        write_case(self.case, reader.name, files)
        (self.place / "beat").write_text(f"{number}")

    def report(self, reader: str, files: Files, finding: str) -> bool:
        """Keep a finding and its files, if there is none alike; tell whether it is new."""
        place = self.found / f"{reader.replace(' ', '-')}-{signature(finding)}"
        if place.exists():
            return False
        write_case(place, reader, files)
        (place / "finding").write_text(finding)
        return True


def work(campaign: Campaign, readers: Sequence[Reader], seconds: float, seed: int) -> None:
    """Run cases for so many seconds."""
    _limit_memory()
    random = Random(seed)
    hunts = [Hunt(reader, random) for reader in readers]
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        for hunt in hunts:
            turn_ends = time.monotonic() + min(_TURN, seconds / len(hunts))
            while time.monotonic() < turn_ends:
                number += 1
                case = hunt.next_case()
                as_read = hunt.as_read(case)
                campaign.begin_case(number, hunt.reader, as_read)
                finding = hunt.run(campaign.place / "files", case, as_read)
                if finding is not None and campaign.report(hunt.reader.name, as_read, finding):
                    print(
                        f"FOUND in {hunt.reader.name}: {finding.strip().splitlines()[-1][:300]}", flush=True
                    )
            campaign.counts.write_text(json.dumps({hunt.reader.name: _figures(hunt) for hunt in hunts}))


def _figures(hunt: Hunt) -> dict[str, int]:
    return {
        "executions": hunt.executions,
        "read": hunt.read,
        "kept": hunt.kept,
        "arcs": len(hunt.arcs.seen),
    }


def _limit_memory() -> None:
    """Let the system refuse what a header claims, rather than look for the room."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + _ADDRESSES, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def signature(finding: str) -> str:
    """Return what is the same for findings of the same place in the code.

    Examples
    --------
    >>> signature("the message names no file: a 1") == signature("the message names no file: a 23")
    True
    """
    lines = finding.strip().splitlines()
    frames = [line.strip() for line in lines if line.strip().startswith("File ")]
    told = "\n".join([*frames[-3:], lines[-1].partition(":")[0]])
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def write_case(place: Path, reader: str, files: Files) -> None:
    """Write a case into a folder, to be read again."""
    data = place / "files"
    data.mkdir(parents=True, exist_ok=True)
    for path in data.iterdir():
        path.unlink()
    for name, content in files.items():
        (data / name).write_bytes(content)
    (place / "reader").write_text(reader)


def read_case(place: Path) -> tuple[str, dict[str, bytes]]:
    """Return the reader's name and the files of a case."""
    files = {path.name: path.read_bytes() for path in sorted((place / "files").iterdir())}
    return (place / "reader").read_text(), files


def total(counts: Sequence[dict[str, Any]]) -> dict[str, Counter[str]]:
    """Add the counts of several workers, by reader; arcs are those of the worker that found most."""
    sums: dict[str, Counter[str]] = {}
    for one in counts:
        for name, figures in one.items():
            found = sums.setdefault(name, Counter())
            arcs = max(found["arcs"], figures["arcs"])
            found.update(figures)
            found["arcs"] = arcs
    return sums
