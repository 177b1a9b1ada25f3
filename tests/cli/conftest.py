"""A small language, a model of it, and the command line as a function and as a process."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from coterie.cli import _coterie

PROGRAM = [sys.executable, "-c", "from coterie.cli import main; main()"]
THEMES = {
    "sea": ["ship", "sail", "wave", "harbour", "anchor", "fish"],
    "field": ["plough", "corn", "barley", "ox", "harvest", "seed"],
    "court": ["king", "queen", "throne", "crown", "palace", "prince"],
}


@pytest.fixture(scope="session")
def text() -> str:
    """Lines about one theme each: words of a theme keep each other's company."""
    draw = random.Random(7)
    lines = [" ".join(draw.choices(THEMES[draw.choice(list(THEMES))], k=8)) for _ in range(1500)]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def corpus(text: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "themes.txt"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def run() -> Callable[..., Result]:
    """Call the command line in this process."""

    def call(*arguments: object, **settings: Any) -> Result:
        result = CliRunner().invoke(_coterie, [str(a) for a in arguments], prog_name="coterie", **settings)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture(scope="session")
def model(corpus: Path, run: Callable[..., Result], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "themes-model"
    result = run(
        "train", corpus, "-o", folder, "--vector-size", 16, "--epochs", 5, "--workers", 1, "--no-cache"
    )
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command line as a process of its own; what still runs at the test's end is killed."""
    with contextlib.ExitStack() as stack:

        def begin(arguments: Sequence[object], **settings: Any) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [*PROGRAM, *map(str, arguments)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                **{"stdin": subprocess.DEVNULL} | settings,
            )
            stack.enter_context(process)  # waits, and closes the pipes
            stack.callback(process.kill)
            return process

        yield begin
