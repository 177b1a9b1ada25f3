"""A table of results: what the terminal, Markdown and the HTML report show, each in its own manner."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Table"]


@dataclass(frozen=True)
class Table:
    """A titled table of text cells, and a note that explains it.

    Examples
    --------
    >>> print(Table("Norms", ("band", "words"), [("1–100", "100")], "By rank.").markdown())
    ### Norms
    <BLANKLINE>
    | band | words |
    |---|---|
    | 1–100 | 100 |
    <BLANKLINE>
    By rank.
    """

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""

    def markdown(self) -> str:
        """Return it as Markdown, whatever characters its cells hold."""
        lines = [_line(self.header), "|" + "---|" * len(self.header), *map(_line, self.rows)]
        parts = [f"### {_inline(self.title)}", "\n".join(lines), _inline(self.note)]
        return "\n\n".join(part for part in parts if part)


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(_inline, cells))} |"


def _inline(text: str) -> str:
    """Make any text harmless in a line of Markdown and in a table's cell."""
    text = " ".join(text.split())
    return "".join(f"\\{c}" if c in r"\`*_[]<>|#" else c for c in text)
