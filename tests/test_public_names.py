"""The public names are pinned, and importing them stays cheap."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

import coterie

PUBLIC = {
    "Callback",
    "ConfigError",
    "CorpusError",
    "CoterieError",
    "FormatError",
    "MissingFileError",
    "Model",
    "Phrase",
    "PhraseModel",
    "Progress",
    "ResourceError",
    "Training",
    "TrainingError",
    "TrainingInterrupted",
    "WordNotFoundError",
    "WordVectors",
    "__version__",
    "learn_phrases",
    "load",
    "load_model",
    "resume",
    "train",
}


def test_public_names() -> None:
    assert set(coterie.__all__) == PUBLIC
    assert all(getattr(coterie, name) is not None for name in PUBLIC)


def test_import_loads_nothing_heavy() -> None:
    program = (
        "import sys, coterie\n"
        "heavy = {'numba', 'llvmlite', 'pyarrow', 'scipy', 'rich', 'click'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name", [module.name for module in pkgutil.walk_packages(coterie.__path__, "coterie.")]
)
def test_every_module_lists_its_names(name: str) -> None:
    module = importlib.import_module(name)
    if hasattr(module, "__path__") and not hasattr(module, "__all__"):
        return  # a package that re-exports nothing
    assert all(hasattr(module, public) for public in module.__all__)
