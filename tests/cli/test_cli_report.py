"""``coterie report``: the page is written whole, and not over something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from coterie.vectors import WordVectors

Run = Callable[..., Result]


def test_a_model_with_everything(run: Run, model: Path, tmp_path: Path) -> None:
    analogies, similarity, weat = (tmp_path / name for name in ("a.txt", "s.tsv", "w.toml"))
    analogies.write_text(": themes\nship wave corn barley\nship sail king queen\n")
    similarity.write_text("ship\tsail\t9\nship\tcorn\t1\nking\tqueen\t8\nking\tox\t2\n")
    weat.write_text(
        '[targets]\nsea = ["ship", "sail"]\nfield = ["corn", "ox"]\n'
        '[attributes]\nwater = ["wave", "fish"]\nearth = ["seed", "barley"]\n'
    )
    page = tmp_path / "deep" / "page.html"
    page.parent.mkdir()
    result = run(
        *("report", model, "-o", page, "--analogies", analogies, "--similarity", similarity),
        *("--weat", weat, "--against", model, "--json"),
    )
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == {"report": str(page), "bytes": page.stat().st_size}
    text = page.read_text(encoding="utf-8")
    for told in (
        *("themes-model", "Skip-gram with negative sampling", "3CosAdd", "Spearman", "confidence intervals"),
        *("WEAT: sea and field", "Neighbour stability", "final loss", "coterie.train("),
    ):
        assert told in text


def test_vectors_alone_and_the_default_name(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["<script>", *(f"w{i}" for i in range(30))]
    matrix = np.random.default_rng(1).standard_normal((31, 4)).astype(np.float32)
    WordVectors(words, matrix).save_word2vec_format("vectors.bin", binary=True)
    result = run("report", "vectors.bin")
    assert result.exit_code == 0, result.stderr
    assert "report written to vectors.bin.html" in result.stderr
    text = Path("vectors.bin.html").read_text(encoding="utf-8")
    assert "Word vectors alone" in text
    assert "<script>" not in text


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["-o", "model.bin"], 2, "does not end in .html"),
        (["--weat", "none.json"], 1, "none.json does not exist"),
        (["--against", "none"], 1, "none"),
        (["--analogies", "none.txt"], 1, "none.txt"),
    ],
)
def test_what_goes_wrong_leaves_no_page(
    run: Run,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("report", model, *arguments)
    assert result.exit_code == status
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_missing_model(run: Run, tmp_path: Path) -> None:
    result = run("report", tmp_path / "none", "-o", tmp_path / "page.html")
    assert result.exit_code == 1
    assert not (tmp_path / "page.html").exists()
