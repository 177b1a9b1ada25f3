"""Readers of what the classes with gensim's interface save."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coterie.compat.gensim import KeyedVectors, Phrases
from coterie.errors import CoterieError
from fuzzing.mutations import Files
from fuzzing.reader import Reader

__all__ = ["GENSIMS"]

_SENTENCES = [["new", "york", "is", "big"], ["new", "york", "times"], ["a", "big", "city"]] * 5


def _saved(name: str, *made: Callable[[], Any]) -> Callable[[], Sequence[Files]]:
    def seeds() -> Sequence[Files]:
        cases = []
        for make in made:
            with tempfile.TemporaryDirectory() as folder:
                make().save(str(Path(folder, name)))
                cases.append({name: Path(folder, name).read_bytes()})
        return cases

    return seeds


def _vectors() -> KeyedVectors:
    made = KeyedVectors(vector_size=3)
    made.add_vectors(["a", "naïve", "日本語"], np.eye(3, dtype=np.float32))
    made.set_vecattr("a", "count", 3)
    return made


def _keyed(folder: Path) -> KeyedVectors:
    found = KeyedVectors.load(str(folder / "v.kv"))
    assert len(found.index_to_key) == len(found.vectors)
    return found


def _phrases(folder: Path) -> Any:
    found = Phrases.load(str(folder / "p"))
    try:
        found[["new", "york"]]
    except CoterieError:  # as of settings that no scorer takes
        return None
    return found


GENSIMS = [
    Reader("gensim keyed vectors", _saved("v.kv", _vectors), _keyed),
    Reader(
        "gensim phrases",
        _saved(
            "p",
            lambda: Phrases(_SENTENCES, min_count=1, threshold=1),
            lambda: Phrases(_SENTENCES, min_count=1, threshold=0.1, scoring="npmi").freeze(),
        ),
        _phrases,
    ),
]
