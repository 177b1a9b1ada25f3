"""HTML from text that may hold anything: words come from strangers' text and are never markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from coterie.evaluation.intrinsic.tokens import shown
from coterie.evaluation.tables import Table

__all__ = [
    "escaped",
    "facts",
    "figures_row",
    "missing",
    "neighbour_table",
    "note",
    "section",
    "table",
    "words",
]

_NUMBER = re.compile(r"[+−-]?[\d.,]+(e[+-]?\d+)?%?|[—–]|")


def escaped(text: object) -> str:
    r"""Return text that is inert in HTML, in elements and attributes; what no one would see is spelt out.

    Examples
    --------
    >>> escaped("<b>"), escaped('a"b'), escaped("a\x00b")
    ('&lt;b&gt;', 'a&quot;b', 'a\\x00b')
    """
    return html.escape(shown(str(text)))


def words(several: Iterable[str]) -> str:
    """Return words with commas between, each kept together whatever direction it is written in."""
    return ", ".join(f"<bdi>{escaped(word)}</bdi>" for word in several)


def note(text: str) -> str:
    """Return a remark, or nothing where there is none."""
    return f'<p class="note">{escaped(text)}</p>' if text else ""


def missing(text: str) -> str:
    """Return what stands where there is no data."""
    return f'<p class="missing">{escaped(text)}</p>'


def section(name: str, heading: str, *parts: str) -> str:
    """Return a section with its heading; ``name`` is its anchor."""
    return f'<section id="{name}"><h2>{escaped(heading)}</h2>{"".join(parts)}</section>'


def figures_row(*figures: str) -> str:
    """Return figures beside each other where there is room."""
    return f'<div class="figures">{"".join(figures)}</div>'


def table(content: Table) -> str:
    """Return a table, or a line that says that it is empty."""
    if not content.rows:
        return f"<h3>{escaped(content.title)}</h3>{missing('None found.')}{note(content.note)}"
    return _table(content.title, content.header, [[*map(escaped, row)] for row in content.rows], content.note)


def neighbour_table(title: str, rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return words and their neighbours."""
    return _table(title, ("word", "nearest"), [[words([word]), words(near)] for word, near in rows], "")


def facts(title: str, rows: Iterable[tuple[str, object]]) -> str:
    """Return names and what they are."""
    told = _table(title, None, [[escaped(name), escaped(value)] for name, value in rows], "")
    return f'<div class="facts">{told}</div>'


def _table(title: str, header: Sequence[str] | None, rows: list[list[str]], remark: str) -> str:
    columns = zip(*rows, strict=True)
    numeric = [header is not None and all(_NUMBER.fullmatch(cell) for cell in column) for column in columns]
    numeric[0] = False  # it names the row
    heads = "" if header is None else _row("th", header and [*map(escaped, header)], numeric, "col")
    body = "".join(
        f'<tr><th scope="row">{first}</th>'
        + "".join(
            f"<td{_number(is_number)}>{cell}</td>" for cell, is_number in zip(cells, numeric[1:], strict=True)
        )
        + "</tr>"
        for first, *cells in rows
    )
    head = f"<thead>{heads}</thead>" if heads else ""
    return (
        f'<div class="scroll" role="region" aria-label="{escaped(title)}" tabindex="0">'
        f"<table><caption>{escaped(title)}</caption>{head}<tbody>{body}</tbody></table></div>{note(remark)}"
    )


def _row(tag: str, cells: Sequence[str], numeric: Sequence[bool], scope: str) -> str:
    return (
        "<tr>"
        + "".join(
            f'<{tag} scope="{scope}"{_number(is_number)}>{cell}</{tag}>' if cell else "<td></td>"
            for cell, is_number in zip(cells, numeric, strict=True)
        )
        + "</tr>"
    )


def _number(is_number: bool) -> str:
    return ' class="number"' if is_number else ""
