"""``coterie phrases``, and phrases in ``coterie train``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import coterie

FILLERS = ["ship", "sail", "wave", "fish", "plough", "corn", "ox"]
LINES = "".join(
    " ".join([FILLERS[i % 7], FILLERS[i % 5], "new", "york", FILLERS[3 * i % 7], FILLERS[i * i % 7]]) + "\n"
    for i in range(105)
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_phrases_are_found_shown_and_saved(run, source, tmp_path):
    out, text = tmp_path / "new" / "some.phrases", tmp_path / "joined.txt"
    result = run("phrases", source, "-o", out, "--text", text, "--phrase-threshold", 5, "-n", 50)
    assert result.exit_code == 0, result.stderr
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert rows == [["new_york", "5.714", "105"]]
    assert f"{len(rows)} phrases saved in {out}" in result.stderr
    model = coterie.PhraseModel.load(out)
    assert text.read_text("utf-8").splitlines() == [
        " ".join(model.join(line.split())) for line in LINES.splitlines()
    ]


def test_json(run, source, tmp_path):
    known = tmp_path / "known.txt"
    known.write_text("ship ship\n")
    out = tmp_path / "some.phrases"
    result = run(
        "phrases", source, "-o", out, "--json", "--phrases", 2, "--phrase-threshold", "3,2",
        "--known-phrases", known, "-n", 1,
    )  # fmt: skip
    told = json.loads(result.stdout)
    model = coterie.PhraseModel.load(out)
    assert told["phrases"] == str(out)
    assert (told["known"], told["learned"]) == (1, [len(phrases) for phrases in model.passes[1:]])
    assert told["undercount"] == 0
    assert len(told["best"]) == 1
    assert model.facts["phrase_threshold"] == [3.0, 2.0]


def test_train_learns_or_takes_phrases(run, source, tmp_path):
    small = ("--vector-size", 4, "--epochs", 1, "--workers", 1, "--no-cache")
    result = run("train", source, "-o", tmp_path / "one", "--phrases", 1, "--phrase-threshold", 5, *small)
    assert result.exit_code == 0, result.stderr
    one = coterie.load_model(tmp_path / "one")
    assert "new_york" in one.vectors
    assert f"phrases: {len(one.phrases)}, kept in the model" in result.stderr
    kept = tmp_path / "one" / "phrases.jsonl"
    assert run("train", source, "-o", tmp_path / "two", "--phrase-model", kept, *small).exit_code == 0
    assert coterie.load_model(tmp_path / "two").phrases == one.phrases
    known = tmp_path / "known.txt"
    known.write_text("ship new york\n")
    run("train", source, "-o", tmp_path / "three", "--known-phrases", known, *small)
    assert "ship_new_york" in coterie.load_model(tmp_path / "three").vectors


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--phrase-threshold", 5), ("--phrase-threshold is 5", "phrases is 0")),
        (("--phrases", 1, "--phrase-scoring", "npmi", "--phrase-threshold", 5), ("--phrase-scoring 'npmi'",)),
        (("--phrases", 1, "--phrase-threshold", "a,b"), ("no number",)),
    ],
)
def test_wrong_combinations_are_wrong_usage(run, source, tmp_path, options, told):
    result = run("train", source, "-o", tmp_path / "m", *options)
    assert result.exit_code == 2
    assert all(part in result.stderr for part in told)


def test_one_file_can_not_be_both(run, source, tmp_path):
    result = run("phrases", source, "-o", tmp_path / "a", "--text", tmp_path / "a")
    assert result.exit_code == 2
    assert not (tmp_path / "a").exists()


def test_a_place_that_can_not_be_written_is_told_first(run, source, tmp_path):
    result = run("phrases", source, "-o", source / "a.phrases")
    assert result.exit_code == 1
    assert "can't be written" in result.stderr
    assert "reading" not in result.stderr
