"""How numbers, paragraphs and tables are written in Markdown."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence

__all__ = ["bullet", "counted", "digits", "paragraph", "percent", "short", "table"]

_WIDTH = 110


def paragraph(*sentences: str) -> str:
    """Return the sentences as lines, and an empty one."""
    return _filled(" ".join(sentences)) + "\n"


def bullet(text: str) -> str:
    """Return an entry of a list."""
    return _filled(text, initial_indent="- ", subsequent_indent="  ")


def _filled(text: str, **indents: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False, **indents)  # type: ignore[arg-type]


def table(header: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> list[str]:
    """Return the lines of a table whose first columns are texts and the others numbers, and an empty line."""
    lines = [header, ["---"] * texts + ["---:"] * (len(header) - texts), *rows]
    return [*("| " + " | ".join(line) + " |" for line in lines), ""]


def digits(value: float, least: int = 3) -> str:
    """Return a number with at least so many digits that tell something, thousands apart."""
    if value == 0:
        return "0"
    return f"{value:,.{max(0, least - 1 - math.floor(math.log10(abs(value))))}f}"


def short(value: float) -> str:
    """Return a setting as people write it: 5, 0.75, 1e-5."""
    return f"{value:.0e}".replace("e-0", "e-") if 0 < value < 0.01 else f"{value:g}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}" + ("s" if number != 1 else "")


def percent(share: float | None) -> str:
    """Return a share in percent without the sign; a dash for none."""
    return "–" if share is None else f"{100 * share:.1f}"
