"""``coterie train``: what it writes, says and returns."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

import coterie
from coterie.config import PRESETS

Run = Callable[..., Result]
Start = Callable[..., subprocess.Popen[str]]
SMALL = ["--vector-size", 8, "--epochs", 1, "--workers", 1]


def test_result_goes_to_the_folder_and_words_to_standard_error(
    run: Run, corpus: Path, tmp_path: Path
) -> None:
    result = run("train", corpus, "-o", tmp_path / "m", *SMALL, "--no-cache")
    assert result.exit_code == 0
    assert result.stdout == ""
    for expected in (
        "corpus's 12,000 words",
        "18 of 18 distinct words",
        "words/s",
        "loss",
        f"saved in {tmp_path / 'm'}",
    ):
        assert expected in result.stderr
    vectors = coterie.load(tmp_path / "m")
    assert (len(vectors), vectors.vector_size) == (18, 8)


def test_json(run: Run, corpus: Path, tmp_path: Path) -> None:
    result = run("train", corpus, "-o", tmp_path / "m", *SMALL, "--no-cache", "--json")
    told = json.loads(result.stdout)
    assert (told["words"], told["vector_size"], told["interrupted"]) == (18, 8, False)
    assert told["figures"]
    assert told["corpus"]


def test_quiet(run: Run, corpus: Path, tmp_path: Path) -> None:
    result = run("train", corpus, "-o", tmp_path / "m", *SMALL, "--no-cache", "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_options_reach_the_training(run: Run, corpus: Path, tmp_path: Path) -> None:
    options = (
        "--window 3 --negative 2 --alpha 0.05 --min-alpha 0.01 --no-shrink-windows --collisions keep --seed 9"
    )
    run(
        "train",
        corpus,
        "-o",
        tmp_path / "m",
        *SMALL,
        "--no-cache",
        *options.split(),
        "--negative-sharing",
        "pair",
    )
    training = coterie.load_model(tmp_path / "m").config["training"]
    wanted = {
        "vector_size": 8, "window": 3, "negative": 2, "alpha": 0.05, "min_alpha": 0.01,
        "shrink_windows": False, "collisions": "keep", "negative_sharing": "pair",
        "seed": 9, "epochs": 1, "workers": 1,
    }  # fmt: skip
    assert wanted.items() <= training.items()


def test_vocabulary_and_keep_words(run: Run, corpus: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("king 5\nqueen 3\ncrown\n")
    run("train", corpus, "-o", tmp_path / "a", *SMALL, "--no-cache", "--vocabulary", words)
    assert set(coterie.load(tmp_path / "a").words) == {"king", "queen", "crown"}
    text = tmp_path / "rare.txt"
    text.write_text("king queen\n" * 9 + "king jester dwarf\n")
    run("train", text, "-o", tmp_path / "b", *SMALL, "--no-cache", "--keep-word", "dwarf")
    assert set(coterie.load(tmp_path / "b").words) == {"king", "queen", "dwarf"}


def test_several_sources_and_a_field(run: Run, tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    for path, word in ((one, "plough"), (two, "harvest")):
        path.write_text(f'{{"body": "{word} corn barley"}}\n' * 9)
    run("train", one, two, "-o", tmp_path / "m", *SMALL, "--no-cache", "--text-field", "body")
    assert set(coterie.load(tmp_path / "m").words) == {"plough", "harvest", "corn", "barley"}


def test_standard_input(run: Run, text: str, tmp_path: Path) -> None:
    result = run("train", "-", "-o", tmp_path / "m", *SMALL, input=text)
    assert result.exit_code == 0, result.stderr
    assert len(coterie.load(tmp_path / "m")) == 18


def test_second_run_reuses_the_encoded_text_and_says_so(run: Run, corpus: Path, tmp_path: Path) -> None:
    arguments = ["train", corpus, "-o", tmp_path / "m", *SMALL, "--cache-dir", tmp_path / "cache"]
    first, second = run(*arguments), run(*arguments)
    assert "kept in the cache" in first.stderr
    assert "taken from the cache" in second.stderr
    assert "is replaced" in second.stderr


def test_same_seed_same_bytes(run: Run, corpus: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run("train", corpus, "-o", tmp_path / name, *SMALL, "--no-cache", "--seed", 3)
    a, b = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("a", "b"))
    assert a == b


def test_a_preset_settles_what_is_not_given(run: Run, corpus: Path, tmp_path: Path) -> None:
    # --epochs is given, though with the default's own value.
    run(
        "train",
        corpus,
        "-o",
        tmp_path / "m",
        "--preset",
        "fast",
        "--epochs",
        5,
        "--vector-size",
        8,
        "--no-cache",
    )
    training = coterie.load_model(tmp_path / "m").config["training"]
    wanted = {**PRESETS["fast"], "epochs": 5, "vector_size": 8}
    assert {name: training[name] for name in wanted} == wanted


def test_a_preset_for_another_objective(run: Run, corpus: Path, tmp_path: Path) -> None:
    result = run("train", corpus, "-o", tmp_path / "m", "--preset", "best", "--objective", "softmax")
    assert result.exit_code == 2
    assert "--preset is 'best', which is for objective 'negative_sampling'" in result.stderr
