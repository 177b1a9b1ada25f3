"""What the figures of a page are from: machine, text and command, once for all sections that share them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.results import Results
from benchmarks.tables import bullet

__all__ = ["circumstances"]


def circumstances(results: Results, measured: Sequence[str]) -> list[str]:
    """Return the lines for the sections that have been measured."""
    shared: dict[str, list[str]] = {}
    for name in measured:
        about = "\n".join(_about(results.sections[name]))
        shared.setdefault(about, []).append(name)
    if len(shared) == 1:
        return [*shared, ""]
    lines = []
    for about, names in shared.items():
        lines += [f"{', '.join(names).capitalize()}:\n", about, ""]
    return lines


def _about(section: dict[str, Any]) -> list[str]:
    return [
        *(bullet(line) for line in section["machine"]),
        bullet(_told(section["text"])),
        bullet(f"Command: `{section['command']}`"),
    ]


def _told(text: dict[str, Any]) -> str:
    """Return what there is to say about a text; one that was made by a program tells it itself."""
    if "made" in text:
        return f"Text: {text['made']}"
    told = (
        f"Text: {text['name']}, {text['words']:,} words in {text['sentences']:,} paragraphs, "
        "lower-cased, punctuation removed"
    )
    if text.get("shuffled", True):
        told += ", the paragraphs in a fixed random order"
    if "distinct" in text:
        told += f"; {text['distinct']:,} distinct words, {text['distinct_5']:,} of them 5 times or more"
    return told
