"""The page that the benchmark of neighbours writes its section of, and that its measurements run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.neighbours import BEGIN, END, KINDS, markdown, replace_section

pytest.importorskip("gensim")
JOB = {"model": None, "rows": 600, "vector_size": 8, "runs": 1}


def test_the_page_has_room_for_the_section():
    page = (Path(__file__).parents[2] / "docs" / "neighbours.md").read_text(encoding="utf-8")
    assert page.count(BEGIN) == page.count(END) == 1
    written = replace_section(page, iter(["| new |"]))
    assert written.split(BEGIN)[0] == page.split(BEGIN)[0]
    assert written.split(BEGIN)[1].split(END)[0].strip() == "| new |"
    assert replace_section(written, iter(["| new |"])) == written


def test_what_is_measured_is_told():
    results = {
        kind: [{"name": "few", "single": False, **KINDS[kind](dict(JOB))}]
        for kind in ("exact", "whole", "index")
    }
    assert results["exact"][0]["same"]
    text = "\n".join(markdown(results, ["a machine"], "python -m benchmarks.neighbours"))
    assert "| few | default | " in text
    assert "The neighbours of all words (few) take" in text
    assert text.count("| few | 0 s | ") == 3
    assert "- a machine\n- Command: `python" in text
