"""A script written for gensim, and the same with one line changed: both find what is planted in the text."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from grouped_words import GROUPS, sentences, share_found

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:the loss is .* little was learned"),
]

GUIDE = Path(__file__).parents[3] / "docs" / "gensim.md"
IMPORT = "from gensim.models import KeyedVectors, Phrases, Word2Vec"
CHANGED = "from coterie.compat.gensim import KeyedVectors, Phrases, Word2Vec"


def script():
    """The guide's example."""
    return GUIDE.read_text().split("```python\n" + CHANGED)[1].split("```")[0]


@pytest.mark.parametrize("line", [IMPORT, CHANGED])
def test_the_guides_script_runs_both_ways(line, tmp_path, monkeypatch):
    if line == IMPORT:
        pytest.importorskip("gensim")
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text("".join(" ".join(words) + "\n" for words in sentences(count=3000)))
    news = sentences("abcdefg", count=1500, seed=5)
    pairs = [(a, b) for a in GROUPS for b in GROUPS]
    Path("questions.txt").write_text(
        ": groups\n" + "".join(f"{a}0 {a}1 {b}0 {b}1\n" for a, b in pairs if a != b)
    )
    Path("pairs.tsv").write_text("".join(f"{a}1\t{b}2\t{9 if a == b else 1}\n" for a, b in pairs))
    names = {"news": news}
    exec(compile(line + script(), "script", "exec"), names)
    assert share_found(names["first"]) >= 0.9
    assert share_found(names["model"].wv, "fg") >= 0.9
    assert share_found(names["model"].wv) >= 0.9
    assert {word[0] for word, _ in names["neighbours"]} == {"a"}
    assert names["odd"] == "b1"
    assert names["spearman"] > 0.6
    assert 0 <= names["score"] <= 1


def test_gensim_is_not_imported(monkeypatch):
    import subprocess
    import sys

    heavy = ["gensim", "numba", "pyarrow", "scipy"]
    code = f"import sys, coterie.compat.gensim; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert told.strip() == "[]"
    assert logging.getLogger("coterie.compat.gensim").level == logging.NOTSET
