"""Readers of evaluation sets: analogies, similarity, lists of words."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from coterie.compat.word2vec_vocabulary import read_program_vocabulary
from coterie.evaluation.question_sets import read_analogies
from coterie.evaluation.similarity_sets import read_similarity
from coterie.evaluation.word_lists import read_word_lists
from fuzzing.mutations import Files
from fuzzing.reader import Reader

__all__ = ["SETS"]

_GOOGLE = b": capital\nAthens Greece Oslo Norway\nOslo Norway Rome Italy\n: gram1\na b c d\n"
_MSR = b"good better rough JJ_JJR rougher\nbetter good rougher JJR_JJ rough\n"
_PAIRS = [
    b"love\tsex\t6.77\ntiger\tcat\t7.35\n",
    b'word1,word2,tag,mean\nold,new,A,1.58\n"a, b",c,A,2\n',
    b"# comment\ncar;automobile;3.92;x\ngem;jewel;3.84;y\n",
    "köpek kedi 5\n".encode(),
]
_LISTS = {
    "targets": {"flowers": ["rose", "lily"], "insects": ["wasp", "gnat"]},
    "attributes": {"pleasant": ["joy"], "unpleasant": ["filth"]},
}
_TOML = '[targets]\nx = ["a"]\ny = ["b", "c"]\n[attributes]\np = ["c"]\nq = ["d"]\n'


def _one(name: str, *contents: bytes) -> Callable[[], Sequence[Files]]:
    return lambda: [{name: content} for content in contents]


def _bats(folder: Path) -> Any:
    (folder / "1_Inflectional_morphology").mkdir()
    for path in [path for path in folder.iterdir() if path.is_file()]:
        path.rename(folder / "1_Inflectional_morphology" / path.name)
    return len(read_analogies(folder)) > 0


def _analogies(name: str) -> Callable[[Path], Any]:
    def read(folder: Path) -> Any:
        found = read_analogies(folder / name)
        assert len(found) > 0
        assert len(found.word_pairs) == len(found.sections)
        return found

    return read


def _pairs(folder: Path) -> Any:
    found = read_similarity(folder / "s.tsv")
    assert len(found.pairs) == len(found.scores) > 0
    return found


SETS = [
    Reader("analogies Google", _one("q.txt", _GOOGLE, _MSR), _analogies("q.txt")),
    Reader(
        "analogies MSR",
        lambda: [{"q.questions": b"good better rough JJ_JJR\n", "q.answers": b"rougher\n"}],
        _analogies("q.questions"),
    ),
    Reader(
        "analogies BATS", _one("I01 [noun - plural].txt", b"cat\tcats\ndog\tdogs/hounds\nox\toxen\n"), _bats
    ),
    Reader("similarity", _one("s.tsv", *_PAIRS), _pairs),
    Reader(
        "word lists JSON",
        _one("w.json", json.dumps(_LISTS).encode()),
        lambda folder: read_word_lists(folder / "w.json"),
    ),
    Reader(
        "word lists TOML", _one("w.toml", _TOML.encode()), lambda folder: read_word_lists(folder / "w.toml")
    ),
    Reader(
        "word2vec vocabulary",
        _one("v.txt", b"</s> 9\nthe 5\nof 3\n"),
        lambda folder: read_program_vocabulary(folder / "v.txt", 1),
    ),
]
