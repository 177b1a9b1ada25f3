"""``coterie evaluate``: what it prints for people, for other programs and for Markdown."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import coterie
from coterie.cli import _coterie
from coterie.evaluation import evaluate_analogies, evaluate_similarity, read_analogies, read_similarity

Run = Callable[..., Result]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """Return the options that name a set of each kind."""
    folder = tmp_path_factory.mktemp("sets")
    words = ["ship", "sail", "wave", "king", "queen", "throne"]
    pairs = list(zip(words[:3], words[3:], strict=True))
    asked = [f"{a} {b} {c} {d}" for (a, b), (c, d) in permutations(pairs, 2)]
    questions, similar = folder / "questions.txt", folder / "pairs.csv"
    questions.write_text("\n".join([": themes", *asked, ": gram-unknown", "ship ships sail sails"]))
    scores = [f"{a},{b},{(a in words[:3]) == (b in words[:3])}" for a, b in permutations(words, 2)]
    rows = [row.replace("True", "9").replace("False", "1.5") for row in scores]
    similar.write_text("\n".join(["one,other,mean", *rows, "ship,galleon,9"]))
    return ["--analogies", questions, "--similarity", similar]


@pytest.fixture(scope="module")
def random_vectors(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors of the same words that mean nothing."""
    vectors = coterie.load(model)
    matrix = np.random.default_rng(1).normal(size=vectors.matrix.shape).astype(np.float32)
    path = tmp_path_factory.mktemp("random") / "random.bin"
    coterie.WordVectors(vectors.words, matrix).save_word2vec_format(path, binary=True)
    return path


def test_json_has_the_numbers_of_python(run: Run, model: Path, sets: list[Path]) -> None:
    result = run("evaluate", model, *sets, "--json", "--method", "3cosmul", "--confidence", 0.9)
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    vectors = coterie.load(model)
    analogies = evaluate_analogies(vectors, read_analogies(sets[1]), method="3cosmul")
    similarity = evaluate_similarity(vectors, read_similarity(sets[3]))
    (found,), (agreement,) = told["analogies"], told["similarity"]
    assert found.items() >= {"model": "themes-model", **analogies.to_dict()}.items()
    assert found["intervals"]["total"]["low"] <= found["total"]["accuracy"]
    assert agreement.items() >= similarity.to_dict().items()
    assert agreement["interval"]["low"] < agreement["spearman"] < agreement["interval"]["high"]
    assert agreement["interval"]["confidence"] == told["confidence"] == 0.9
    assert (found["total"]["out_of_vocabulary"], agreement["out_of_vocabulary"]) == (1, 1)
    assert told["comparisons"] == []


def test_lines_for_other_programs(run: Run, model: Path, random_vectors: Path, sets: list[Path]) -> None:
    result = run("evaluate", random_vectors, model, *sets)
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    names = ("themes", "gram-unknown", "semantic", "syntactic", "total")
    expected = [(m, "questions.txt", name) for m in ("random.bin", "themes-model") for name in names]
    expected += [(m, "pairs.csv", "spearman") for m in ("random.bin", "themes-model")]
    assert [tuple(line[:3]) for line in lines[:-2]] == expected
    assert [line[6:] for line in lines[:5]] == [["6", "0"], ["0", "1"], ["6", "0"], ["0", "1"], ["6", "1"]]
    analogies, similarity = lines[-2:]
    assert analogies[:3] == ["themes-model", "questions.txt", "minus random.bin"]
    assert similarity[8] == "better", "themes against noise"
    assert "pairs.csv: themes-model is better than random.bin: ρ 0." in result.stderr
    again = run("evaluate", random_vectors, model, *sets, "--quiet")
    assert (again.stdout, again.stderr) == (result.stdout, "")


def test_the_comparison_in_json(run: Run, model: Path, random_vectors: Path, sets: list[Path]) -> None:
    told = json.loads(run("evaluate", model, random_vectors, *sets, "--json").stdout)
    assert [(c["a"], c["b"], c["name"]) for c in told["comparisons"]] == [
        ("themes-model", "random.bin", "questions.txt"),
        ("themes-model", "random.bin", "pairs.csv"),
    ]
    assert told["comparisons"][1]["verdict"] == "worse"
    assert told["comparisons"][1]["common"] == 30


def test_options_reach_the_evaluation(run: Run, model: Path, sets: list[Path]) -> None:
    options = ["--restrict-vocab", 5, "--case-sensitive", "--dummy4unknown", "--seed", 4]
    told = json.loads(run("evaluate", model, *sets, *options, "--score-column", "mean", "--json").stdout)
    assert told["seed"] == 4
    for found in (told["analogies"][0], told["similarity"][0]):
        assert (found["restrict_vocab"], found["case_insensitive"], found["dummy4unknown"]) == (
            5,
            False,
            True,
        )
    assert told["analogies"][0]["total"]["asked"] == 7
    assert told["similarity"][0]["pairs"] == 31
    missing = run("evaluate", model, *sets, "--score-column", 9)
    assert missing.exit_code == 2
    assert "--score-column is 9" in missing.stderr


def test_markdown(run: Run, model: Path, random_vectors: Path, sets: list[Path]) -> None:
    lines = run("evaluate", model, random_vectors, *sets, "--markdown").stdout.splitlines()
    assert "### questions.txt: 3CosAdd among the first 300,000 words" in lines
    assert "| section | themes-model | random.bin |" in lines
    assert "| questions asked | 6 | 6 |" in lines
    assert "| set | model | Spearman | Pearson | pairs | unknown |" in lines
    assert lines[-1].startswith("pairs.csv: random.bin is worse than themes-model")


@pytest.mark.parametrize("columns", [80, 120])
def test_tables_fit_the_terminal(
    monkeypatch: pytest.MonkeyPatch, model: Path, random_vectors: Path, sets: list[Path], columns: int
) -> None:
    for models in ([model], [model, random_vectors]):
        screen = Terminal()
        monkeypatch.setattr(sys, "stdout", screen)
        for name, value in (("TERM", "xterm"), ("COLUMNS", str(columns)), ("NO_COLOR", "1")):
            monkeypatch.setenv(name, value)
        _coterie.main([str(a) for a in ("evaluate", *models, *sets, "-q")], standalone_mode=False)
        shown = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue())
        assert "In brackets: 95% confidence intervals" in shown
        tables = [line for line in shown.splitlines() if "─" in line or line.startswith(" ")]
        assert max(len(line.rstrip()) for line in tables) <= columns
        assert "pairs.csv" in shown
        assert "30 (96.8%)" in shown


def test_without_a_set_it_says_what_to_do(run: Run, model: Path) -> None:
    result = run("evaluate", model)
    assert result.exit_code == 2
    assert "--analogies gensim:questions-words.txt" in result.stderr


def test_a_model_named_twice(run: Run, model: Path, sets: list[Path]) -> None:
    result = run("evaluate", model, model, *sets)
    assert result.exit_code == 2
    assert "named twice" in result.stderr


def test_a_damaged_set_is_an_error_before_any_model_is_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text(": a\nb c\n")
    result = run("evaluate", tmp_path / "no-model", "-a", tmp_path / "questions.txt")
    assert result.exit_code == 1
    assert "questions.txt, line 2: expected four words" in result.stderr
