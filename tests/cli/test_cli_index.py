"""``coterie index`` and ``coterie neighbours --approximate``."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import coterie

# Not importorskip: see `coterie.index.graph` on what must be imported before usearch.
pytestmark = pytest.mark.skipif(importlib.util.find_spec("usearch") is None, reason="needs usearch")
Run = Callable[..., Result]


@pytest.fixture
def own(model: Path, tmp_path: Path) -> Path:
    """A model that a test may write into."""
    return Path(shutil.copytree(model, tmp_path / "own"))


def test_an_index_in_a_model_folder(run: Run, own: Path) -> None:
    told = json.loads(run("index", own, "--json", "--threads", 1).stdout)
    assert told["output"] == str(own / "neighbours.usearch")
    assert told["bytes"] == (own / "neighbours.usearch").stat().st_size
    assert (told["words"], told["recall"]["value"]) == (18, 1.0)
    assert told["coterie_version"] == coterie.__version__
    assert told["parameters"] == {
        "connectivity": 16,
        "expansion_add": 128,
        "expansion_search": 128,
        "dtype": "f16",
        "threads": 1,
    }
    exact, approximate = (
        run("neighbours", own, "king", "ship", "-n", 3, *extra) for extra in ([], ["--approximate"])
    )
    assert approximate.stdout == exact.stdout
    both = (run("neighbours", own, "king", "--json", *extra).stdout for extra in ([], ["--approximate"]))
    assert next(both) == next(both)


def test_an_index_beside_a_file(run: Run, model: Path, tmp_path: Path) -> None:
    run("convert", model, tmp_path / "v.bin")
    result = run("index", tmp_path / "v.bin", "--dtype", "i8")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "index of 18 words built in" in result.stderr
    assert "it finds 100.0% of the 10 nearest words" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "v.bin",
        "v.bin.neighbours",
        "v.bin.neighbours.json",
    ]
    assert run("neighbours", tmp_path / "v.bin", "king", "--approximate", "-n", 1).stdout.startswith("king\t")


def test_without_an_index_the_command_to_build_it_is_told(run: Run, model: Path) -> None:
    result = run("neighbours", model, "king", "--approximate")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"Build it: coterie index {model}" in result.stderr


def test_a_stale_index_is_refused(run: Run, own: Path, model: Path, corpus: Path) -> None:
    run("index", own, "--quiet")
    settings = ["--vector-size", 16, "--epochs", 1, "--workers", 1, "--no-cache"]
    assert run("train", corpus, "-o", own.parent / "other", *settings).exit_code == 0
    for name in ("neighbours.usearch", "neighbours.usearch.json"):
        shutil.copy(own / name, own.parent / "other" / name)
    result = run("neighbours", own.parent / "other", "king", "--approximate")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is the index of other vectors" in result.stderr
    assert "coterie index" in result.stderr


def test_a_model_that_is_saved_again_has_no_index(run: Run, own: Path) -> None:
    """The folder may be replaced though an index is in it, and what killed writers left there."""
    run("index", own, "--quiet")
    (own / ".neighbours.usearch.1a2b3c4d.partial").write_bytes(b"a part")
    (own / ".neighbours.usearch.json.1a2b3c4d.partial").write_bytes(b"a part")
    coterie.load_model(own).save(own)
    assert not list(own.glob("*neighbours*"))
    assert not list(own.glob(".*"))
    assert "has no index" in run("neighbours", own, "king", "--approximate").stderr


def test_something_else_in_the_folder_still_is_not_replaced(own: Path) -> None:
    (own / ".neighbours.partial").write_bytes(b"mine")
    with pytest.raises(coterie.FormatError, match="other things in it"):
        coterie.load_model(own).save(own)


@pytest.mark.parametrize("option", ["--connectivity", "--expansion-add", "--expansion-search"])
def test_wrong_settings_are_told_as_they_were_written(run: Run, own: Path, option: str) -> None:
    result = run("index", own, option, 0)
    assert result.exit_code == 2
    assert f"{option} is 0" in result.stderr
    assert not list(own.glob("*neighbours*"))


def test_that_nothing_can_be_written_is_told_before_the_work(
    run: Run, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coterie.errors import ResourceError
    from coterie.formats import replacing

    def refused(path: Path) -> None:
        raise ResourceError(f"{path} can't be written.")

    monkeypatch.setattr(replacing, "try_folder", refused)
    monkeypatch.setattr("coterie.index.NeighbourIndex.build", lambda *_, **__: pytest.fail("it was built"))
    assert "can't be written" in run("index", own).stderr
