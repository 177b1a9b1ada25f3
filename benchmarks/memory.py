"""Peak memory: the greatest anonymous resident memory of a process (mapped files do not count), sampled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["PeakMemory"]


class PeakMemory:
    """Of this process, until a child is to be watched instead."""

    def __init__(self) -> None:
        self.bytes = 0
        self._process = "self"

    def watch_child(self, pid: int) -> None:
        """Look at a child from now on; what was seen of this process is forgotten."""
        self._process, self.bytes = str(pid), 0

    def look(self) -> None:
        """Take one sample; a process that has ended adds nothing."""
        try:
            status = Path(f"/proc/{self._process}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return
        for line in status.splitlines():
            if line.startswith("RssAnon:"):
                self.bytes = max(self.bytes, int(line.split()[1]) * 1024)

    @contextmanager
    def sampled(self, every: float = 0.02) -> Iterator[None]:
        """Sample until the block ends."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(every):
                self.look()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            self.look()
