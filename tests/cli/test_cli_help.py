"""Help, version and wrong usage: what one meets before anything runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields

import click
import pytest
from click.testing import Result

from coterie import __version__
from coterie.cli import _COMMANDS, _coterie
from coterie.config import CorpusConfig, PhraseConfig, TrainingConfig, VocabularyConfig
from coterie.corpus import TOKENIZERS

Run = Callable[..., Result]


def commands() -> dict[str, click.Command]:
    context = click.Context(_coterie)
    return {name: _coterie.get_command(context, name) for name in _COMMANDS}  # type: ignore[misc]


def test_alone_it_shows_its_help(run: Run) -> None:
    alone, asked = run(), run("--help")
    assert alone.exit_code == asked.exit_code == 0
    assert alone.stdout == asked.stdout
    assert all(name in alone.stdout for name in _COMMANDS)


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"coterie {__version__}\n"


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_help_ends_with_examples_of_that_command(run: Run, name: str) -> None:
    shown = run(name, "--help").stdout
    examples = shown.split("Examples:\n")[1].splitlines()
    assert 2 <= len(examples) <= 5
    assert all(f"coterie {name}" in line for line in examples)


def test_examples_use_options_that_exist() -> None:
    for name, command in commands().items():
        known = {option for parameter in command.params for option in parameter.opts}
        for line in command.examples.lines:  # type: ignore[attr-defined]
            mine = line.split(f"coterie {name}")[1].split("|")[0]
            used = {word for word in mine.split() if word.startswith("-") and word != "-"}
            assert used <= known, line


def test_every_setting_is_an_option_of_train() -> None:
    command = commands()["train"]
    parameters = {parameter.name: parameter for parameter in command.params}
    for config in (TrainingConfig, VocabularyConfig, PhraseConfig, CorpusConfig):
        for field in fields(config):
            name = "vocabulary" if field.name == "words" else field.name
            assert name in parameters
            if field.name not in ("words", "keep_words", "known_phrases"):
                assert parameters[name].default == field.default


def test_every_tokenizer_can_be_chosen() -> None:
    option = next(option for option in commands()["train"].params if option.name == "tokenizer")
    assert set(option.type.choices) == set(TOKENIZERS)  # type: ignore[attr-defined]


def test_an_unknown_command_gets_the_nearest(run: Run) -> None:
    result = run("trian")
    assert result.exit_code == 2
    assert "'train'" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["train"],
        ["train", "x.txt"],
        ["train", "x.txt", "-o", "m", "--no-such"],
        ["neighbours", "m"],
        ["predict", "m"],
        ["evaluate", "m"],
        ["evaluate", "m", "-s", "x.tsv", "--json", "--markdown"],
        ["evaluate", "m", "-s", "x.tsv", "--confidence", "1"],
        ["info"],
    ],
)
def test_wrong_usage_is_status_2(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: coterie" in result.stderr


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom coterie.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numba', 'pyarrow', 'llvmlite', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
