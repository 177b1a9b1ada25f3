"""The report: every section is there, whatever the model lacks; nothing is loaded; no word is markup."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import coterie
from coterie.config import TrainingConfig, VocabularyConfig
from coterie.evaluation.bias import weat
from coterie.evaluation.report import model_report
from coterie.evaluation.report.markup import escaped
from coterie.evaluation.report.plots import Axis, number
from coterie.evaluation.tables import Table
from coterie.model import Model
from coterie.vectors import WordVectors

SECTIONS = [
    *("corpus", "settings", "training", "scores", "neighbours"),
    *("checks", "odd", "weat", "versions", "reproduce"),
]
VOID = {"meta", "link", "br", "img", "hr", "input"}
HOSTILE = [
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "'><img src=x onerror=alert(1)>",
    "</title></style><script>",
    "${title}",
    "$title",
    "--><b>",
    "a\u202eb",
    "nul\x00",
    "\ud800",
    "&lt;b&gt;",
    "http://example.com/x.js",
    "x" * 500,
]


class Page(HTMLParser):
    """What is on a page; tags that are not closed in their order are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def count(self, tag: str) -> int:
        return sum(found == tag for found, _ in self.tags)


def check(text: str) -> Page:
    """What holds for every page."""
    text.encode("utf-8")
    page = Page(text)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert [attributes["id"] for tag, attributes in page.tags if tag == "section"] == SECTIONS
    assert page.count("h1") == 1
    assert page.count("h2") == len(SECTIONS)
    for tag, attributes in page.tags:
        assert tag not in {"script", "img", "link", "iframe", "object", "embed", "form", "base"}
        assert not any(name.startswith("on") for name in attributes)
        assert all(name not in attributes for name in ("src", "srcset", "action", "style"))
        if "href" in attributes:
            assert attributes["href"].removeprefix("#") in SECTIONS  # type: ignore[union-attr]
        if tag == "svg":
            title, description = (attributes["aria-labelledby"] or "").split()
            assert {title, description} <= set(ids)
        if tag == "th":
            assert attributes["scope"] in ("row", "col")
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert page.count("table") == page.count("caption")
    return page


def vectors(words: list[str], size: int = 12, *, counts: bool = True) -> WordVectors:
    matrix = np.random.default_rng(1).standard_normal((len(words), size)).astype(np.float32)
    return WordVectors(words, matrix, np.arange(len(words), 0, -1) * 7 if counts else None)


def names(count: int) -> list[str]:
    return [f"w{''.join(chr(97 + int(digit)) for digit in str(i))}" for i in range(count)]


def model(words: list[str], **config: Any) -> Model:
    trained = vectors(words)
    metrics = [
        {"words": 100 * i, "loss": 3 - i / 10 if i else None, "learning_rate": 0.02, "words_per_second": 9e5}
        for i in range(6)
    ]
    described = {
        "objective": "negative_sampling",
        "coterie_version": "0.1.0",
        "training": TrainingConfig(vector_size=12, seed=7).to_dict(),
        "vocabulary": VocabularyConfig(min_count=2).to_dict(),
        "corpus": {"tokenizer": "words", "text_field": "text"},
        "corpus_statistics": {"tokens": 1_234_567, "fingerprint": "abc123"},
        "figures": {"final_loss": 2.5, "words_per_second": 900_000.0, "interrupted": False},
    }
    return Model(trained, np.zeros_like(trained.matrix), described | config, metrics)


def test_a_whole_model_with_everything() -> None:
    words = names(300)
    made = model(words)
    found = weat(made.vectors, words[:4], words[4:8], words[8:12], words[12:16])
    scores = [
        Table("Analogies of questions-words.txt", ("section", "right"), [("capitals", "51.0%")], "Note.")
    ]
    page = check(
        model_report(
            made,
            "my-model",
            scores=scores,
            weat=[found],
            against=made.vectors,
            against_name="other-model",
            version="9.9.9",
        )
    )
    text = " ".join(page.texts)
    for told in (
        *("my-model", "Skip-gram with negative sampling", "1,234,567", "capitals", "51.0%", "WEAT: X and Y"),
        *("Neighbour stability", "The other model is other-model", "Hubness", "Isotropy", "9.9.9", "abc123"),
        *("Loss.", "Learning rate.", "Speed.", "Norm against frequency.", "Spectrum.", "Count against rank."),
    ):
        assert told in text
    assert page.count("svg") == 8
    assert "None found" in text  # nothing is unstable
    assert 'class="missing"' in model_report(made, "my-model")


def test_how_to_reproduce_it() -> None:
    text = " ".join(check(model_report(model(names(60)), "my-model")).texts)
    code = text[text.index("model = coterie.train(") : text.index("model.save")]
    assert "vector_size=12" in code
    assert "seed=7" in code
    assert "min_count=2" in code
    assert "window" not in code  # a default
    for call in (code.strip().removeprefix("model = "),):
        compile(call, "<report>", "eval")


def test_reproduced_settings_are_the_recorded_ones() -> None:
    config = TrainingConfig(objective="hierarchical_softmax", architecture="cbow", negative=3, sample=0.0)
    text = " ".join(
        check(model_report(model(names(40), training=config.to_dict(), vocabulary={}), "m")).texts
    )
    code = text[text.index("coterie.train(") : text.index("model.save")].strip()
    given: dict[str, Any] = {}

    class Recorder:
        @staticmethod
        def train(source: str, **settings: Any) -> None:
            given.update(settings)

    exec(compile(code, "<report>", "exec"), {"coterie": Recorder})
    assert TrainingConfig(**given) == config


def test_a_long_list_of_words_is_left_to_the_settings_file() -> None:
    text = model_report(model(names(40), vocabulary={"keep_words": names(21), "min_count": 3}), "m")
    code = " ".join(check(text).texts)
    code = code[code.index("coterie.train(") : code.index("model.save")].strip()
    assert "keep_words=...,  # 21 entries" in code
    compile(code, "<report>", "eval")


def test_vectors_alone_say_what_they_lack() -> None:
    page = check(model_report(vectors(names(200), counts=False), "vectors.txt"))
    text = " ".join(page.texts)
    for told in ("without a model's settings", "nothing is recorded about their text", "There are no counts"):
        assert told in text
    assert "There are no counts: the words' order stands for their frequency." in text
    assert page.count("svg") == 4


@pytest.mark.parametrize(
    "few",
    [
        WordVectors([], np.empty((0, 3), np.float32)),
        WordVectors(["a"], np.ones((1, 3), np.float32)),
        WordVectors(["a", "b"], np.eye(2, dtype=np.float32)),
        WordVectors(["a", "b", "c"], np.ones((3, 1), np.float32), np.array([5, 5, 5])),
        WordVectors(names(40), np.zeros((40, 3), np.float32)),
        WordVectors(names(40), np.ones((40, 3), np.float32), np.zeros(40, np.int64)),
    ],
    ids=["none", "one", "two", "one dimension", "zeros", "all alike"],
)
def test_small_and_degenerate_vectors(few: WordVectors) -> None:
    check(model_report(few, "few", against=few))


def test_an_interrupted_model_without_reports() -> None:
    made = model(names(30))
    made.metrics.clear()
    text = " ".join(check(model_report(made, "m")).texts)
    assert "The course of the training was not recorded" in text


def test_hostile_words_are_inert() -> None:
    words = HOSTILE + names(40)
    hostile = model(
        words,
        corpus_statistics={"<i>": "<script>x</script>"},
        training={"window": "<script>x</script>", "objective": "</pre><script>"},
        corpus={"tokenizer": "<b>"},
        versions={"<u>": "<u>"},
        figures={"final_loss": float("nan"), "<s>": [["<s>"]]},
    )
    hostile.metrics.append({"words": "<b>", "loss": "<b>"})
    found = weat(
        hostile.vectors, words[:3], words[3:6], words[6:9], words[9:12], names=("<x>", "<y>", "<a>", "<b>")
    )
    scores = [Table("<script>", ("<b>",), [("<script>",)], "<script>")]
    text = model_report(
        hostile,
        "<script>name</script>",
        scores=scores,
        weat=[found],
        against=hostile.vectors,
        against_name="<b>",
    )
    page = check(text)
    shown = "".join(page.texts)
    assert "<script>alert(1)</script>" in shown
    assert "${title}" in shown
    assert "\\ud800" in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e\ud800-\udfff]", text)


@given(words=st.lists(st.text(min_size=1, max_size=12), min_size=20, max_size=25, unique=True))
@settings(max_examples=15, deadline=None)
def test_any_words_give_a_whole_page(words: list[str]) -> None:
    check(model_report(vectors(words, 4), words[0]))


def test_the_same_page_from_the_same_model() -> None:
    made = model(names(120))
    assert model_report(made, "m") == model_report(made, "m")
    assert model_report(made, "m", seed=2) != model_report(made, "m")


def test_phrases_and_functions_that_one_must_give_again() -> None:
    made = model(names(30), corpus={"tokenizer": "my_tokens"})
    made.phrases = coterie.learn_phrases([["new", "york"]] * 20, phrase_threshold=0)
    text = " ".join(check(model_report(made, "m")).texts)
    assert "phrases.jsonl as phrase_model" in text
    assert "my_tokens" in text


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis("", 0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (Axis("", -3, 12), [0, 5, 10]),
        (Axis("", 1, 1000, log=True), [1, 10, 100, 1000]),
        (Axis("", 2, 9, log=True), [2, 4, 6, 8]),
        (Axis.over("", [5.0, 5.0]), [4.6, 4.8, 5, 5.2, 5.4]),
    ],
)
def test_ticks_are_round_and_on_the_axis(axis: Axis, ticks: list[float]) -> None:
    assert axis.ticks() == pytest.approx(ticks)


@example(low=687194768.0, width=0.05)  # where the last tick is rounded upwards
@given(low=st.floats(-1e9, 1e9), width=st.floats(1e-3, 1e9))
def test_every_axis_has_some_ticks(low: float, width: float) -> None:
    axis = Axis("", low, low + width)
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 8
    assert all(-1e-6 <= axis.share(tick) <= 1 + 1e-6 for tick in ticks)


@given(low=st.floats(1e-3, 1e6), factor=st.floats(1.1, 1e9))
def test_every_logarithmic_axis_too(low: float, factor: float) -> None:
    axis = Axis("", low, low * factor, log=True)
    assert 1 <= len(axis.ticks()) <= 8
    assert all(-1e-6 <= axis.share(tick) <= 1 + 1e-6 for tick in axis.ticks())


def test_numbers_of_axes() -> None:
    assert [number(value) for value in (1_500, 2e6, 3e9, 0.0001, -2_000)] == [
        "1.5k",
        "2M",
        "3G",
        "0.0001",
        "-2k",
    ]
    assert escaped("<a href='x'>") == "&lt;a href=&#x27;x&#x27;&gt;"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_a_browser_shows_it_without_running_or_loading_anything(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    attack = "document.title='pwned'"
    hostile = [*HOSTILE, f"<script>{attack}</script>", f'<img src=x onerror="{attack}">']
    path.write_text(model_report(model([*hostile, *names(60)]), "a report"), encoding="utf-8")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        ["chromium", *flags, "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "<title>a report</title>" in done.stdout
    assert done.stdout.count("<section") == len(SECTIONS)
