"""Beside the C program: a script in which only the program's name is exchanged writes equal files."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import coterie
from coterie.vectors import WordVectors

SCRIPT = """\
set -e
PROGRAM="$1"
$PROGRAM -train "$2" -save-vocab counts.txt -min-count 2 > /dev/null
$PROGRAM -train "$2" -output skip.bin -read-vocab counts.txt -size 20 -window 5 -sample 1e-2 \\
    -negative 5 -hs 0 -binary 1 -cbow 0 -iter 15 -threads 1 -min-count 5 > /dev/null
$PROGRAM -train "$2" -output cbow.txt -save-vocab kept.txt -size 20 -sample 1e-2 -iter 15 -threads 1 \\
    -min-count 5 -debug 0 > /dev/null
$PROGRAM -train "$2" -output tree.txt -size 20 -cbow 0 -hs 1 -negative 0 -iter 15 -threads 1 > /dev/null
$PROGRAM -train "$2" -output classes.txt -classes 4 -size 20 -cbow 0 -iter 5 -threads 1 > /dev/null
"""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Our program as one word, as a script would have it after the exchange."""
    path = tmp_path_factory.mktemp("bin") / "coterie"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from coterie.cli import main; main()" "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f"{path} word2vec"


@pytest.fixture(scope="module")
def folders(
    program: str, ours: str, corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """What the same script leaves when either program runs it."""
    made = {}
    for name, called in (("theirs", program), ("ours", ours)):
        made[name] = tmp_path_factory.mktemp(name)
        done = subprocess.run(
            ["sh", "-c", SCRIPT, "script", called, str(corpus)],
            cwd=made[name],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return made


@pytest.mark.slow
def test_the_same_files(folders: dict[str, Path]) -> None:
    names = [sorted(path.name for path in folder.iterdir()) for folder in folders.values()]
    assert names[0] == names[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["counts.txt", "kept.txt"])
def test_vocabularies_are_equal_byte_for_byte(folders: dict[str, Path], name: str) -> None:
    assert (folders["ours"] / name).read_bytes() == (folders["theirs"] / name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["skip.bin", "cbow.txt", "tree.txt"])
def test_equal_words_in_equal_order_and_planted_clusters_in_both(
    folders: dict[str, Path], themes: dict[str, list[str]], name: str
) -> None:
    ours, theirs = (coterie.load(folders[who] / name) for who in ("ours", "theirs"))
    assert ours.words == theirs.words
    assert ours.words[0] == "</s>"
    assert ours.matrix.shape == theirs.matrix.shape
    assert np.abs(ours["</s>"]).max() <= 0.5 / 20  # never trained, as there
    found = [share_of_right_neighbours(vectors, themes) for vectors in (ours, theirs)]
    assert min(found) > 0.9, found


@pytest.mark.slow
def test_layouts_are_equal_but_for_the_numbers(folders: dict[str, Path]) -> None:
    shapes = []
    for folder in folders.values():
        lines = (folder / "cbow.txt").read_text().split("\n")
        shapes.append([(line.split(" ")[0], line.count(" "), line[-1:]) for line in lines])
    assert shapes[0] == shapes[1]
    assert len({(folder / "skip.bin").stat().st_size for folder in folders.values()}) == 1


@pytest.mark.slow
def test_classes_have_a_line_for_each_word(folders: dict[str, Path]) -> None:
    words = [
        [line.split(" ")[0] for line in (folder / "classes.txt").read_text().splitlines()]
        for folder in folders.values()
    ]
    assert words[0] == words[1]


@pytest.mark.parametrize(
    "text",
    [
        "one line\ntwo  blanks\ta tab\n\n</s> spelt out\r\n one two </s>\n",
        "no line end but the last word is lost there: twice twice twice \n",
        "ties b a c a b c\n" * 3 + "łódź naïve łódź\n",
    ],
)
def test_vocabulary_of_odd_texts(program: str, ours: str, tmp_path: Path, text: str) -> None:
    (tmp_path / "text").write_bytes(text.encode())
    saved = []
    for name, called in (("theirs", program), ("ours", ours)):
        command = [*called.split(), "-train", "text", "-save-vocab", name, "-min-count", "1", "-debug", "0"]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
        saved.append((tmp_path / name).read_bytes())
    assert saved[0] == saved[1]


def share_of_right_neighbours(vectors: WordVectors, themes: dict[str, list[str]]) -> float:
    right = asked = 0
    for words in themes.values():
        for word in words:
            near = [other for other, _ in vectors.most_similar(word, topn=5)]
            right += sum(other in words for other in near)
            asked += len(near)
    return right / asked
