"""All measurements in one JSON file, written after each of them: a run that is stopped loses none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Results"]


@dataclass
class Results:
    """The sections by name, each with its machine, text, command and measurements."""

    path: Path
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read the file, if there is one."""
        sections = json.loads(path.read_text(encoding="utf-8"))["sections"] if path.exists() else {}
        return cls(path, sections)

    def begin(self, section: str, about: dict[str, Any], *, resume: bool) -> None:
        """Start a section anew, or go on with it if machine, versions and text are the same."""
        before = self.sections.get(section)
        kept = []
        if resume and before and before["text"] == about["text"]:
            # The first two lines are the machine and the versions; then may come what else it was doing.
            same = before["machine"][:2] == about["machine"][:2]
            kept = before["measurements"] if same else []
        self.sections[section] = {**about, "measurements": kept}

    def has(self, section: str, job: dict[str, Any]) -> bool:
        """Whether this job has been done in this section."""
        return any(done["job"] == job for done in self.sections[section]["measurements"])

    def add(self, section: str, name: str, job: dict[str, Any], result: dict[str, Any]) -> None:
        """Keep a measurement, and write the file."""
        self.sections[section]["measurements"].append({"name": name, "job": job, "result": result})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps({"sections": self.sections}, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.path)

    def of(self, section: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Yield name, job and result of each measurement of a section."""
        for done in self.sections.get(section, {}).get("measurements", []):
            yield done["name"], done["job"], done["result"]
