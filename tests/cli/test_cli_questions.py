"""neighbours, analogy, predict, info, convert: what they answer, for a person and for a program."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import coterie
from coterie.corpus import CacheConfig, encode

Run = Callable[..., Result]


def test_neighbours_as_lines(run: Run, model: Path) -> None:
    lines = [
        line.split("\t") for line in run("neighbours", model, "king", "ship", "-n", 3).stdout.splitlines()
    ]
    assert [line[0] for line in lines] == ["king"] * 3 + ["ship"] * 3
    expected = coterie.load(model).most_similar("king", topn=3)
    assert [(word, f"{value:.4f}") for word, value in expected] == [tuple(line[1:]) for line in lines[:3]]
    assert {line[1] for line in lines[:3]} <= {"queen", "throne", "crown", "palace", "prince"}


def test_an_unknown_word_does_not_cost_the_others_their_answers(run: Run, model: Path) -> None:
    result = run("neighbours", model, "kign", "king", "shp", "-n", 1)
    assert result.exit_code == 1
    assert result.stdout.startswith("king\t")
    assert result.stderr.count("error: the word") == 2
    assert "did you mean 'king'" in result.stderr
    told = run("neighbours", model, "king", "shp", "-n", 1, "--json")
    assert (told.exit_code, list(json.loads(told.stdout))) == (1, ["king"])


def test_neighbours_as_json(run: Run, model: Path) -> None:
    told = json.loads(run("neighbours", model, "king", "-n", 2, "--json").stdout)
    assert len(told["king"]) == 2
    assert set(told["king"][0]) == {"word", "similarity"}


@pytest.mark.parametrize("extra", [[], ["--cosmul"]])
def test_analogy(run: Run, model: Path, extra: list[str]) -> None:
    vectors = coterie.load(model)
    ask = vectors.most_similar_cosmul if extra else vectors.most_similar
    expected = [word for word, _ in ask(positive=["queen", "ship"], negative=["king"], topn=4)]
    lines = run("analogy", model, "king", "queen", "ship", "-n", 4, *extra).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == expected
    told = json.loads(run("analogy", model, "king", "queen", "ship", "-n", 4, "--json", *extra).stdout)
    assert [answer["word"] for answer in told["answers"]] == expected


def test_predict_as_lines(run: Run, model: Path) -> None:
    result = run("predict", model, "king", "throne", "-n", 3)
    assert (result.exit_code, result.stderr) == (0, "")
    expected = coterie.load_model(model).predict_output(["king", "throne"], topn=3)
    assert result.stdout.splitlines() == [f"{word}\t{value:.4g}" for word, value in expected]
    court = {"king", "queen", "throne", "crown", "palace", "prince"}
    assert {line.split("\t")[0] for line in result.stdout.splitlines()} <= court


def test_predict_as_json(run: Run, model: Path) -> None:
    told = json.loads(run("predict", model, "ship", "-n", 99, "--json").stdout)
    assert told["context"] == ["ship"]
    assert len(told["answers"]) == 18
    assert sum(answer["probability"] for answer in told["answers"]) == pytest.approx(1)


def test_a_word_counts_as_often_as_it_is_given(run: Run, model: Path) -> None:
    once, twice = (run("predict", model, *words).stdout for words in (["king"], ["king", "ship", "king"]))
    assert once != twice != run("predict", model, "king", "ship").stdout
    assert run("predict", model, "king", "king").stdout == once


def test_predict_answers_from_the_words_it_knows(run: Run, model: Path) -> None:
    result = run("predict", model, "kign", "king", "shp", "--json")
    assert result.exit_code == 1
    assert result.stderr.count("error: the word") == 2
    assert "did you mean 'king'" in result.stderr
    assert json.loads(result.stdout) == json.loads(run("predict", model, "king", "--json").stdout)
    nothing = run("predict", model, "kign", "shp", "--json")
    assert (nothing.exit_code, nothing.stdout) == (1, "")
    assert nothing.stderr.count("error: the word") == 2


def test_predict_needs_a_whole_model(run: Run, model: Path, tmp_path: Path) -> None:
    run("convert", model, tmp_path / "v.bin")
    result = run("predict", tmp_path / "v.bin", "king")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "v.bin is not a Coterie model: it is a file" in result.stderr


def test_info_of_a_model(run: Run, model: Path) -> None:
    told = json.loads(run("info", model, "--json").stdout)
    assert (told["words"], told["training"]["vector_size"]) == (18, 16)
    lines = dict(line.split("\t") for line in run("info", model).stdout.splitlines())
    assert lines["words"] == "18"
    assert lines["training.epochs"] == "5"
    assert lines["vocabulary.keep_words"] == lines["corpus.lowercase"] == "not set"
    assert lines["figures.interrupted"] == "no"


@pytest.mark.parametrize(
    "name",
    [
        "vectors.bin",
        "vectors.vec.gz",
        "vectors.safetensors",
        "vectors.glove.txt",
        "vectors.npy",
        "vectors.parquet",
        "vectors.tsv",
    ],
)
def test_convert_and_read_again(run: Run, model: Path, tmp_path: Path, name: str) -> None:
    result = run("convert", model, tmp_path / name)
    assert result.exit_code == 0, result.stderr
    original, again = coterie.load(model), coterie.load(tmp_path / name)
    assert list(again.words) == list(original.words)
    np.testing.assert_allclose(again.matrix, original.matrix, rtol=1e-5, atol=1e-6)
    assert json.loads(run("info", tmp_path / name, "--json").stdout)["words"] == 18


def test_convert_onto_itself_is_refused(run: Run, model: Path, tmp_path: Path) -> None:
    run("convert", model, tmp_path / "v.bin")
    before = (tmp_path / "v.bin").read_bytes()
    assert run("convert", tmp_path / "v.bin", tmp_path / "v.bin").exit_code == 2
    assert (tmp_path / "v.bin").read_bytes() == before


@pytest.mark.parametrize(("source", "target"), [("v.words.txt", "v.npy"), ("v.metadata.tsv", "v.tsv")])
def test_convert_does_not_write_a_part_of_a_pair_onto_its_source(
    run: Run, model: Path, tmp_path: Path, source: str, target: str
) -> None:
    run("convert", model, tmp_path / "v.vec")
    (tmp_path / "v.vec").rename(tmp_path / source)
    before = (tmp_path / source).read_bytes()
    result = run("convert", tmp_path / source, tmp_path / target)
    assert result.exit_code == 2
    assert "IN would be replaced" in result.stderr
    assert (tmp_path / source).read_bytes() == before


def test_convert_says_which_names_it_can_write(run: Run, model: Path, tmp_path: Path) -> None:
    result = run("convert", model, tmp_path / "vectors.npz")
    assert result.exit_code == 1
    assert ".safetensors" in result.stderr


def test_convert_limit(run: Run, model: Path, tmp_path: Path) -> None:
    told = json.loads(run("convert", model, tmp_path / "v.txt", "--limit", 5, "--json").stdout)
    assert told == {"output": str(tmp_path / "v.txt"), "words": 5, "vector_size": 16}
    assert list(coterie.load(tmp_path / "v.txt").words) == list(coterie.load(model).words)[:5]


def test_info_of_a_text(run: Run, corpus: Path) -> None:
    told = json.loads(run("info", corpus, "--json").stdout)
    assert told["kind"] == "text"
    assert told["files"][str(corpus)] == {"format": "text", "bytes": corpus.stat().st_size}
    assert told["bytes"] == corpus.stat().st_size


def test_info_of_the_cache_and_clearing_it(run: Run, corpus: Path, tmp_path: Path) -> None:
    with encode(str(corpus), cache=CacheConfig(tmp_path / "cache")) as encoded:
        size = encoded.size
    place = ["--cache-dir", tmp_path / "cache"]
    told = json.loads(run("info", "--cache", *place, "--json").stdout)
    assert [(c["sources"], c["tokens"], c["words"]) for c in told["caches"]] == [([str(corpus)], 12_000, 18)]
    assert abs(told["caches"][0]["bytes"] - size) < 4096
    assert str(corpus) in run("info", "--cache", *place).stdout
    cleared = json.loads(run("info", "--clear-cache", *place, "--json").stdout)
    assert cleared["freed"] > 0
    assert cleared["caches"] == []
