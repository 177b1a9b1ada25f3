import ast
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.formats.card import model_card
from coterie.model import Model, load_vectors
from coterie.vectors import WordVectors

CONFIG = {
    "format_version": 1,
    "coterie_version": "0.1.0",
    "training": {"vector_size": 5, "seed": 12345, "alpha": 0.025, "shrink_windows": True, "workers": None},
    "vocabulary": {"min_count": 5, "keep_words": ["a|b"], "words": [str(i) for i in range(1000)]},
    "objective": "negative_sampling",
    "corpus_statistics": {"tokens": 1_234_567, "sources": ["king*.txt"]},
    "figures": {"words_per_second": 2_100_000.4, "seconds": 12.345, "final_loss": 0.4321987},
}


def test_it_tells_the_facts_of_the_settings():
    card = model_card("wiki", CONFIG, ["ship"], 5)
    for line in (
        "# wiki",
        "| tokens | 1,234,567 |",
        r"| sources | king\*.txt |",
        "| words per second | 2,100,000 words/s |",
        "| seconds | 12.35 s |",
        "| final loss | 0.4322 |",
        "| `seed` | 12345 |",
        "| `alpha` | 0.025 |",
        "| `shrink_windows` | yes |",
        "| `workers` | not set |",
        r"| `vocabulary.keep_words` | a\|b |",
        "| `vocabulary.words` | 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … (1,000) |",
        "| Coterie | 0.1.0 |",
        "coterie neighbours wiki ship",
    ):
        assert line in card.splitlines()


def test_it_invents_nothing():
    card = model_card("m", {}, [], 3)
    assert "Figures" not in card
    assert "Settings" not in card
    assert "Versions" not in card
    assert "objective not recorded" in card
    assert "most_similar" not in card
    assert set(re.findall(r"\d+", card)) == {"0", "3", "32"}  # words, dimensions, float32


def test_its_python_runs(tmp_path, monkeypatch):
    words = [*(f"x{i}" for i in range(60)), "ship", "boat"]
    matrix = np.random.default_rng(1).standard_normal((62, 4)).astype(np.float32)
    Model(WordVectors(words, matrix, np.arange(62)), matrix, CONFIG, []).save(tmp_path / "it's mine")
    card = (tmp_path / "it's mine" / "README.md").read_text(encoding="utf-8")
    lines = re.search(r"```python\n(.*?)```", card, re.DOTALL).group(1).split("\n")
    monkeypatch.chdir(tmp_path)
    vectors = load_vectors(
        ast.literal_eval(lines[2].removeprefix("vectors = coterie.load(").removesuffix(")"))
    )
    call = lines[3].removeprefix("vectors.most_similar(").removesuffix(", topn=5)")
    assert ast.literal_eval(call) == "ship"
    assert len(vectors.most_similar("ship", topn=5)) == 5
    assert "coterie neighbours 'it'\"'\"'s mine' ship" in card


@given(
    name=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1),
    text=st.text(),
    words=st.lists(st.text(), max_size=5),
)
def test_no_text_breaks_out_of_its_line(name, text, words):
    plain = model_card("m", {"corpus": {"x": "y"}}, [], 3).count("\n")
    card = model_card(name, {"corpus": {"x": text}}, [], 3)
    assert card.count("\n") == plain
    assert model_card(name, {"corpus": {"x": text}}, words, 3)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_figure_that_is_no_number_is_left_open(value):
    assert "| loss | — |" in model_card("m", {"figures": {"loss": value}}, [], 3)
