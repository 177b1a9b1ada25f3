"""The guide to negative sampling shows lines of the sources: they must be there, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = (DOCS / "negative-sampling.md").read_text(encoding="utf-8")
LINK_OR_BLOCK = re.compile(r"\]\((\.\./src/[^)#]+)\)|^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def excerpts():
    """Each Python block with the source file that was named last before it."""
    source = None
    for link, language, block in LINK_OR_BLOCK.findall(GUIDE):
        if link:
            source = DOCS / link
        elif language == "python":
            yield source, block


def lines_of(text):
    """The lines without their common indentation, which an excerpt has lost."""
    lines = [line for line in text.splitlines() if line.strip()]
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return [line[margin:] for line in lines]


@pytest.mark.parametrize(("source", "block"), [pytest.param(*e, id=e[1][:30].strip()) for e in excerpts()])
def test_excerpts_are_lines_of_the_sources(source, block):
    wanted = lines_of(block)
    source_lines = [line for line in source.read_text(encoding="utf-8").splitlines() if line.strip()]
    found = any(
        lines_of("\n".join(source_lines[start : start + len(wanted)])) == wanted
        for start in range(len(source_lines) - len(wanted) + 1)
    )
    assert found, f"{source.name} no longer has these lines:\n{block}"


def test_every_formula_has_its_excerpt_or_figure():
    assert GUIDE.count("```math") >= 8
    assert len(list(excerpts())) >= 8
    assert len(re.findall(r"^!\[[^]]+\]\(figures/[\w-]+\.svg\)$", GUIDE, re.MULTILINE)) >= 3


def anchors(page):
    """The names that headings have on GitHub."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-").lower() for heading in headings}


def test_links_lead_somewhere():
    for page in [*DOCS.glob("*.md"), *(DOCS / "decisions").glob("*.md"), DOCS.parent / "README.md"]:
        for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")):
            if "://" in target:
                continue
            path = page.parent / target if target else page
            assert path.exists(), f"{page.name}: {target}"
            if anchor:
                assert anchor in anchors(path), f"{page.name}: {target}#{anchor}"
