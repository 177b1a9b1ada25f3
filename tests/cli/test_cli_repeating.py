"""``coterie info --command``: the command that it prints makes the same model again."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import coterie
from coterie.cli.repeating import command_of

Run = Callable[..., Result]


@pytest.mark.parametrize(
    "options",
    [
        "",
        "--vector-size 7 --window 3 --no-shrink-windows --alpha 0.04 --sample 0 --min-count 2 --seed 5",
        "--objective nce --nce-partition one --negative 3 --deterministic",
        "--objective hierarchical_softmax --negative 2 --max-vocab-size 10",
        "--architecture cbow --cbow-gradient word2vec",
        "--architecture cbow --objective softmax",
        "--preset fast --output-dtype bfloat16 --ns-exponent 0.5",
        "--phrases 2 --phrase-threshold 5,3 --phrase-min-count 2 --tokenizer whitespace --lowercase none",
        "--phrases 1 --phrase-scoring npmi --phrase-delimiter +",
    ],
)
def test_it_makes_the_same_model(run: Run, corpus: Path, tmp_path: Path, options: str) -> None:
    usual = "" if "--vector-size" in options else "--vector-size 6"
    words = shlex.split(f"{options} {usual} --workers 1 --no-cache")
    assert run("train", corpus, "-o", tmp_path / "m", *words).exit_code == 0
    told = run("info", tmp_path / "m", "--command")
    program, command, *arguments = shlex.split(told.stdout)
    assert (program, command, told.stderr) == ("coterie", "train", "")
    arguments[arguments.index("-o") + 1] = str(tmp_path / "again")
    assert run(command, *arguments, "--no-cache").exit_code == 0
    first, again = (coterie.load_model(tmp_path / name) for name in ("m", "again"))
    np.testing.assert_array_equal(first.vectors.matrix, again.vectors.matrix)
    for part in ("training", "vocabulary", "corpus", "source", "versions"):
        assert first.config[part] == again.config[part]
    assert first.config["versions"]["CPU"]


def test_what_can_not_be_repeated_is_told(run: Run, tmp_path: Path) -> None:
    sentences = [[f"w{(i * j) % 9}" for j in range(12)] for i in range(90)]
    coterie.train(sentences, keep_words=["w1"], vector_size=4, workers=2, epochs=9, alpha=0.2).save(
        tmp_path / "m"
    )
    told = run("info", tmp_path / "m", "--command")
    assert told.stdout.startswith("coterie train TEXT -o m ")
    assert "--keep-words KEEP_WORDS.txt" in told.stdout
    for expected in ("an object in Python", "had 1 entries", "several threads ran free"):
        assert expected in told.stderr
    assert run("info", tmp_path / "m", tmp_path, "--command").exit_code == 2


def test_names_are_quoted() -> None:
    line, _ = command_of("my model", {"source": ["it's.txt"], "training": {"workers": 1}})
    assert shlex.split(line)[2:5] == ["it's.txt", "-o", "my model"]


def test_a_model_that_goes_on_from_another_is_repeated(
    run: Run, model: Path, corpus: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    options = ("--from", model, "--workers", 1, "--epochs", 2, "--window", 5, "--no-cache")
    result = run("train", corpus, *options, "-o", first)
    assert result.exit_code == 0, result.stderr
    arguments = shlex.split(run("info", first, "--command").stdout)
    assert arguments[:2] == ["coterie", "train"]
    arguments[arguments.index("-o") + 1] = str(second)
    assert run(*arguments[1:], "--no-cache").exit_code == 0
    one, other = coterie.load_model(first), coterie.load_model(second)
    assert one.vectors.words == other.vectors.words
    np.testing.assert_array_equal(one.vectors.matrix, other.vectors.matrix)


@pytest.mark.parametrize("options", ["--pairs --min-count 5 --epochs 3", "--pairs --weight-field weight"])
def test_a_model_of_pairs_is_repeated(run: Run, tmp_path: Path, options: str) -> None:
    edges = tmp_path / "edges.txt"
    edges.write_text("\n".join(f"n{i % 9} n{i * i % 11} {1 + i % 3}" for i in range(300)))
    words = [*shlex.split(options), "--vector-size", 6, "--workers", 1, "--no-cache"]
    assert run("train", edges, "-o", tmp_path / "m", *words).exit_code == 0
    arguments = shlex.split(run("info", tmp_path / "m", "--command").stdout)
    arguments[arguments.index("-o") + 1] = str(tmp_path / "again")
    result = run(*arguments[1:], "--no-cache")
    assert result.exit_code == 0, result.stderr
    one, other = (coterie.load_model(tmp_path / name) for name in ("m", "again"))
    assert one.config["vocabulary"] == other.config["vocabulary"]
    np.testing.assert_array_equal(one.vectors.matrix, other.vectors.matrix)


def test_the_test_set_of_a_training_is_repeated(run: Run, corpus: Path, tmp_path: Path) -> None:
    judged = tmp_path / "pairs.tsv"
    judged.write_text("ship\tsail\t9\nking\tcorn\t1\nwave\tharbour\t7\n")
    words = ("--evaluate-on", judged, "--early-stopping", 2, "--workers", 1, "--no-cache")
    assert run("train", corpus, "-o", tmp_path / "m", "--vector-size", 6, *words).exit_code == 0
    told = run("info", tmp_path / "m", "--command").stdout
    assert f"--evaluate-on {judged}" in told
    other = tmp_path / "other.tsv"
    other.write_text("xx\tyy\t9\nzz\tqq\t1\n")
    result = run("train", corpus, "-o", tmp_path / "n", "--evaluate-on", other, "--no-cache")
    assert result.exit_code == 1
    assert "too few of its lines for a score" in result.stderr
    assert "after 1 epochs" not in result.stderr, "that is found before the training"
