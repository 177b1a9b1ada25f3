"""A small language with planted clusters, and the C program where it is installed."""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import pytest

THEMES = {
    "sea": ["ship", "sail", "wave", "harbour", "anchor", "fish", "naïve", "łódź"],
    "field": ["plough", "corn", "barley", "ox", "harvest", "seed", "hay", "barn"],
    "court": ["king", "queen", "throne", "crown", "palace", "prince", "guard", "oath"],
}


def themed_lines(lines: int = 1500, seed: int = 7) -> list[str]:
    """Lines about one theme each, with words of no theme and ties among the rare ones."""
    draw = random.Random(seed)
    made = []
    for i in range(lines):
        words = draw.choices(THEMES[draw.choice(list(THEMES))], k=8)
        made.append(" ".join([*words, draw.choice(["the", "of"]), f"rare{i % 150}"]))
    return made


@pytest.fixture(scope="session")
def themes() -> dict[str, list[str]]:
    return THEMES


@pytest.fixture(scope="session")
def lines() -> list[str]:
    return themed_lines()


@pytest.fixture(scope="session")
def corpus(lines: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "themes.tokens"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def program() -> str:
    """The C program's path."""
    found = shutil.which("word2vec") or shutil.which("word2vec", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("the C program word2vec is not installed (pip install word2vec)")
    return found
