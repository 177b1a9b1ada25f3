"""Fuzz every reader: ``python -m fuzzing --minutes 60``, with ``tests`` on the path.

A worker runs the cases and this process looks on: a worker that dies or takes too long over a case is ended,
its case kept, and another one begins. ``--case FOLDER`` reads a kept one again.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fuzzing.judging import Arcs, judged
from fuzzing.reader import Reader
from fuzzing.worker import Campaign, read_case, total, work

_LOOK = 0.2


def main(arguments: list[str] | None = None) -> int:
    """Fuzz, and return 1 if something was found."""
    parser = argparse.ArgumentParser(prog="fuzzing", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--reader", action="append", help="a part of a reader's name; may be repeated")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="where findings are kept")
    parser.add_argument("--case", type=Path, help="a folder of a finding, to be read again")
    parser.add_argument("--table", default="fuzzing.readers", help="the module whose READERS are fuzzed")
    parser.add_argument("--hang", type=float, default=60, help="seconds that no case may take")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    readers: dict[str, Reader] = importlib.import_module(options.table).READERS
    if options.case:
        return _again(options.case, readers)
    parts = options.reader or [""]
    chosen = [reader for name, reader in readers.items() if any(part in name for part in parts)]
    if not chosen:
        parser.error(f"no reader has such a name; there are {', '.join(readers)}.")
    if options.worker:
        work(Campaign(options.worker, options.out), chosen, options.minutes * 60, options.seed)
        return 0
    print(f"{len(chosen)} readers, {options.minutes:g} minutes, seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="coterie-fuzz-", dir=_memory_disk()) as place:
        counts, found = _watch(Campaign(Path(place), options.out), options)
    _tell(counts, found, options.out)
    return 1 if found else 0


def _memory_disk() -> str | None:
    """Return a disk in memory, where there is one: a case is a matter of some thousand files a minute."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _again(case: Path, readers: dict[str, Reader]) -> int:
    name, files = read_case(case)
    with tempfile.TemporaryDirectory() as folder:
        outcome = judged(readers[name], files, Path(folder, "files"), Arcs())
    print(outcome.finding or ("it is read" if outcome.read else "it is refused, as it should be"))
    return 1 if outcome.finding else 0


def _watch(campaign: Campaign, options: argparse.Namespace) -> tuple[list[dict[str, Any]], list[Path]]:
    """Run workers until the time is over; return what each one counted, and the findings."""
    end = time.monotonic() + options.minutes * 60
    counts: list[dict[str, Any]] = []
    before = set(options.out.glob("*")) if options.out.is_dir() else set()
    while (left := end - time.monotonic()) > 1:
        ended = _one_worker(campaign, options, left, len(counts))
        if campaign.counts.exists():
            counts.append(json.loads(campaign.counts.read_text()))
            campaign.counts.unlink()
        if ended is None:
            break
        name, files = read_case(campaign.case)
        if campaign.report(name, files, f"{ended}: {name}"):
            print(f"FOUND in {name}: {ended}", flush=True)
    return counts, sorted(set(options.out.glob("*")) - before) if options.out.is_dir() else []


def _one_worker(campaign: Campaign, options: argparse.Namespace, seconds: float, number: int) -> str | None:
    """Look after a worker until its end; return what was wrong with that, if anything."""
    command = [sys.executable, "-m", "fuzzing", "--worker", str(campaign.place), "--out", str(options.out)]
    command += [
        "--minutes",
        f"{seconds / 60}",
        "--seed",
        f"{options.seed + number}",
        "--table",
        options.table,
    ]
    for name in options.reader or ():
        command += ["--reader", name]
    beat, since = "", time.monotonic()
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            time.sleep(_LOOK)
            now = (campaign.place / "beat").read_text() if (campaign.place / "beat").exists() else ""
            if now != beat:
                beat, since = now, time.monotonic()
            elif time.monotonic() - since > options.hang:
                process.kill()
                process.wait()
                return f"a case took more than {options.hang:g} s"
    if process.returncode == 0:
        return None
    if not campaign.case.exists():
        raise SystemExit(f"the worker ended with status {process.returncode} before its first case.")
    return f"the process ended with status {process.returncode}"


def _tell(counts: list[dict[str, Any]], found: list[Path], out: Path) -> None:
    sums = total(counts)
    print(f"{'reader':32} {'executions':>12} {'read':>12} {'new ways':>12} {'arcs':>12}")
    for name, figures in sums.items():
        print(
            f"{name:32}" + "".join(f" {figures[key]:12,}" for key in ("executions", "read", "kept", "arcs"))
        )
    executions = sum(figures["executions"] for figures in sums.values())
    print(f"{'all':32} {executions:12,}; {len(found)} finding(s){f' in {out}' if found else ''}")
    for place in found:
        print(f"  {place}: {(place / 'finding').read_text().strip().splitlines()[-1][:200]}")


if __name__ == "__main__":
    sys.exit(main())
