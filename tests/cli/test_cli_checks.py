"""``coterie evaluate`` without a test set: intrinsic checks, a second model, association tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from coterie.vectors import WordVectors

Run = Callable[..., Result]

LISTS = {
    "targets": {"sea": ["ship", "sail", "wave"], "field": ["plough", "corn", "ox"]},
    "attributes": {"water": ["harbour", "anchor", "FISH"], "earth": ["barley", "harvest", "seed", "spade"]},
}


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    path = tmp_path / "sea-field.json"
    path.write_text(json.dumps(LISTS), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    import coterie

    vectors = coterie.load(model)
    path = tmp_path_factory.mktemp("other") / "turned.bin"
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((16, 16)))[0]
    WordVectors(vectors.words, (vectors.matrix @ turn).astype(np.float32)).save_word2vec_format(
        path, binary=True
    )
    return path


def test_json_has_every_check(run: Run, model: Path, other: Path, lists: Path) -> None:
    result = run("evaluate", model, "--intrinsic", "--against", other, "--weat", lists, "--json")
    (told,) = json.loads(result.stdout)["checks"]
    assert told["model"] == "themes-model"
    assert set(told["intrinsic"]) == {
        "stability",
        "isotropy",
        "hubness",
        "norms",
        "odd_words",
        "impossible",
    }
    assert told["intrinsic"]["stability"]["share"] == 1
    (test,) = told["weat"]
    assert test["effect_size"] > 1.5  # the themes are what the text is about
    assert test["p_value"] == 0.05
    assert test["unknown"] == [[], [], [], ["spade"]]


def test_markdown_has_every_table(run: Run, model: Path, other: Path, lists: Path) -> None:
    shown = run("evaluate", model, "--intrinsic", "--against", other, "--weat", lists, "--markdown").stdout
    for title in (
        "Neighbour stability",
        "Isotropy",
        "Hubness",
        "Norm against frequency",
        "WEAT: sea and field",
    ):
        assert f"### {title}" in shown


def test_lines_for_other_programs(run: Run, model: Path, lists: Path) -> None:
    lines = [
        line.split("\t")
        for line in run("evaluate", model, "--intrinsic", "--weat", lists).stdout.splitlines()
    ]
    assert all(len(line) == 4 and line[0] == "themes-model" for line in lines)
    values = {(check, what): float(value) for _, check, what, value in lines}
    assert -1 <= values["isotropy", "mean_cosine"] <= 1
    assert values["hubness", "sampled"] == 18
    assert values["weat sea/field/water/earth", "p_value"] == 0.05


def test_a_second_model_alone_asks_for_stability_alone(run: Run, model: Path, other: Path) -> None:
    checks = {line.split("\t")[1] for line in run("evaluate", model, "--against", other).stdout.splitlines()}
    assert checks == {"stability"}


def test_several_models_are_told_apart(run: Run, model: Path, other: Path, lists: Path) -> None:
    shown = run("evaluate", model, other, "--weat", lists, "--markdown").stdout
    assert "themes-model: WEAT" in shown
    assert "turned.bin: WEAT" in shown


def test_a_check_that_cannot_be_made_is_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "few.txt"
    WordVectors(["a", "b", "c"], np.eye(3, dtype=np.float32)).save_word2vec_format(path)
    result = run("evaluate", path, "--intrinsic", "--json")
    assert result.exit_code == 0
    assert "hubness was not checked" in result.stderr
    assert "topn is 10" in json.loads(result.stdout)["checks"][0]["intrinsic"]["impossible"]["hubness"]
    asked_alone = run("evaluate", path, "--against", path)
    assert asked_alone.exit_code == 2
    assert "neighbour lists need more words" in asked_alone.stderr


def test_case(run: Run, model: Path, lists: Path) -> None:
    (test,) = json.loads(run("evaluate", model, "--weat", lists, "--case-sensitive", "--json").stdout)[
        "checks"
    ][0]["weat"]
    assert test["unknown"][2] == ["FISH"]


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        ("{", 1, "is no JSON"),
        (json.dumps({**LISTS, "targets": {"a": ["ship", "sail"], "b": ["gnu"]}}), 2, "'b' has 0 words"),
        (
            json.dumps({**LISTS, "targets": {"a": ["ship", "sail"], "b": ["sail", "ox"]}}),
            2,
            "'sail' is in 'a'",
        ),
    ],
)
def test_word_lists_that_are_no_test(
    run: Run, model: Path, tmp_path: Path, content: str, status: int, message: str
) -> None:
    path = tmp_path / "lists.json"
    path.write_text(content)
    result = run("evaluate", model, "--weat", path)
    assert result.exit_code == status
    assert message in result.stderr
    assert result.stdout == ""
