"""The C program's files: their layout, and what it does with line ends and vocabularies."""

from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import coterie
from coterie.cli import _coterie
from coterie.compat import word2vec_run
from coterie.compat.word2vec_classes import word_classes
from coterie.compat.word2vec_vocabulary import read_program_vocabulary, split_at_line_ends
from coterie.config import CorpusConfig, VocabularyConfig
from coterie.corpus import encode
from coterie.errors import FormatError
from coterie.training.trainer import TrainingResult

Run = Callable[..., Result]
QUICK = ("-size", 8, "-iter", 1, "-threads", 1, "-debug", 0)


@pytest.fixture(scope="module")
def run() -> Run:
    def call(*words: object) -> Result:
        result = CliRunner().invoke(_coterie, ["word2vec", *map(str, words)], prog_name="coterie")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def test_without_words_it_shows_its_help(run: Run) -> None:
    assert run().stdout == run("--help").stdout
    assert "-read-vocab <file>" in run().stdout


def test_text_layout(run: Run, corpus: Path, tmp_path: Path) -> None:
    target = tmp_path / "vectors"
    result = run("-train", corpus, "-output", target, *QUICK)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    header, *rows, end = target.read_bytes().split(b"\n")
    assert header == b"177 8"
    assert end == b""
    assert len(rows) == 177
    assert rows[0].startswith(b"</s> ")
    for row in rows:
        word, *numbers, after = row.split(b" ")
        assert word
        assert len(numbers) == 8
        assert after == b""
        assert all(len(number.split(b".")[1]) == 6 for number in numbers)
    assert len(coterie.load(target)) == 177


def test_binary_is_text_with_all_digits(run: Run, corpus: Path, tmp_path: Path) -> None:
    for name, binary in (("v.txt", 0), ("v.bin", 1)):
        assert run("-train", corpus, "-output", tmp_path / name, "-binary", binary, *QUICK).exit_code == 0
    text, binary_ = coterie.load(tmp_path / "v.txt"), coterie.load(tmp_path / "v.bin")
    assert text.words == binary_.words
    np.testing.assert_allclose(text.matrix, binary_.matrix, atol=6e-7)
    row = 8 * 4 + 2  # a blank, the numbers, a newline
    expected = len("177 8\n") + sum(len(word.encode()) + row for word in text.words)
    assert (tmp_path / "v.bin").stat().st_size == expected


def test_sizes_on_standard_output_and_progress_on_standard_error(
    run: Run, corpus: Path, tmp_path: Path
) -> None:
    result = run("-train", corpus, "-output", tmp_path / "v", *QUICK[:-1], 2)
    assert result.stdout == (
        f"Starting training using file {corpus}\nVocab size: 177\nWords in train file: 16500\n"
    )
    assert "words/s" in result.stderr


def test_line_ends_are_counted_and_end_sentences(run: Run, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("b a c a b\n\n a </s> b\tc\nc a b\r\n")
    saved = tmp_path / "counts"
    assert run("-train", text, "-save-vocab", saved, "-min-count", 1, "-debug", 0).exit_code == 0
    assert saved.read_bytes() == b"</s> 5\nb 4\na 4\nc 3\n"  # of equal counts the first seen is first
    with encode(text, CorpusConfig(tokenizer="whitespace"), VocabularyConfig(min_count=1)) as encoded:
        words = encoded.vocabulary.words
        sentences = split_at_line_ends(encoded)
        found = [
            [words[i] for i in sentences.ids[start:stop]]
            for start, stop in zip(sentences.offsets, sentences.offsets[1:], strict=False)
        ]
    assert found == [list("bacab"), ["a"], ["b", "c"], ["c", "a", "b"]]


def test_a_file_is_text_whatever_its_name(run: Run, lines: list[str], tmp_path: Path) -> None:
    text = tmp_path / "text.jsonl"
    text.write_text("\n".join(lines[:200]) + "\n")
    assert run("-train", text, "-save-vocab", tmp_path / "c", "-debug", 0).exit_code == 0
    assert (tmp_path / "c").read_text().startswith("</s> 200\n")


def test_a_read_vocabulary_gives_words_and_counts(run: Run, corpus: Path, tmp_path: Path) -> None:
    given, saved, target = tmp_path / "given", tmp_path / "saved", tmp_path / "v"
    given.write_text("</s> 3\nking 20\nqueen 50\nunheard 30\nship 4\nsail 20\n")
    result = run("-train", corpus, "-output", target, "-read-vocab", given, "-save-vocab", saved, *QUICK)
    assert result.exit_code == 0, result.stderr
    assert saved.read_text() == "</s> 3\nqueen 50\nunheard 30\nking 20\nsail 20\n"
    assert coterie.load(target).words == ["</s>", "queen", "unheard", "king", "sail"]


def test_a_read_vocabulary_without_line_ends_gets_none(run: Run, corpus: Path, tmp_path: Path) -> None:
    given, target = tmp_path / "given", tmp_path / "v"
    given.write_text("king 20\nqueen 50\nship 40\n")
    assert run("-train", corpus, "-output", target, "-read-vocab", given, *QUICK).exit_code == 0
    assert coterie.load(target).words == ["king", "queen", "ship"]  # the first stays first


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("</s> 1\nking\n", "line 2"),
        ("</s> 1\nking many\n", "line 2"),
        ("</s> 1\nking 9\nking 8\n", "line 3"),
        ("</s> 1\nking 2\n", "no word with a count of 5"),
        ("", "no word with"),
    ],
)
def test_a_bad_vocabulary_is_an_error(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "given"
    path.write_text(content)
    with pytest.raises(FormatError, match=told):
        read_program_vocabulary(path, min_count=5)


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["-train", "{none}", "-output", "{out}"], 1, "no such file"),
        (["-train", "{text}", "-output", "{none}/v"], 1, "-output is"),
        (["-train", "{text}", "-output", "{folder}"], 1, "a folder"),
        (["-train", "{folder}", "-output", "{out}"], 1, "no regular file"),
        (["-train", "{text}", "-output", "{out}", "-min-count", "9999"], 1, "Set -min-count to"),
        (["-train", "{text}", "-output", "{out}", "-read-vocab", "{none}"], 1, "no such file"),
        (["-train", "{latin}", "-output", "{out}"], 1, "iconv -f LATIN1 -t UTF-8)."),
        (["-train", "{empty}", "-output", "{out}"], 1, "empty"),
        (["-train", "{text}", "-output", "{out}", "-sise", "3"], 2, "-size"),
    ],
)
def test_failures(run: Run, corpus: Path, tmp_path: Path, words: list[str], status: int, told: str) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9 a b\n" * 20)
    (tmp_path / "empty").touch()
    names = {name: tmp_path / name for name in ("out", "none", "latin", "empty")}
    result = run(*(word.format(text=corpus, folder=tmp_path, **names) for word in words))
    assert result.exit_code == status
    assert told in result.stderr
    assert not (tmp_path / "out").exists()


def test_what_ctrl_c_left_has_another_name(
    run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = word2vec_run.guarded_run

    def interrupted(*arguments: Any) -> TrainingResult:
        return dataclasses.replace(train(*arguments), interrupted=True)

    monkeypatch.setattr(word2vec_run, "guarded_run", interrupted)
    result = run("-train", corpus, "-output", tmp_path / "v", *QUICK)
    assert result.exit_code == 130
    assert [path.name for path in tmp_path.iterdir()] == ["v.interrupted"]
    assert "v.interrupted" in result.stderr


def test_the_kernels_are_compiled_while_the_text_is_read(
    run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Any] = []
    monkeypatch.setattr(word2vec_run, "warm_up", begun.append)
    run("-train", corpus, "-save-vocab", tmp_path / "vocabulary", *QUICK)
    assert not begun, "without vectors to learn"
    run("-train", tmp_path / "none", "-output", tmp_path / "v", *QUICK)
    run("-train", corpus, "-output", tmp_path / "v", *QUICK, "-window", 7)
    assert [config.window for config in begun] == [7]


def test_a_compressed_text_is_unpacked(run: Run, lines: list[str], tmp_path: Path) -> None:
    text = tmp_path / "text.gz"
    text.write_bytes(gzip.compress("\n".join([*lines[:200], ""]).encode()))
    assert run("-train", text, "-save-vocab", tmp_path / "c", "-debug", 0).exit_code == 0
    assert (tmp_path / "c").read_text().startswith("</s> 200\n")


def test_classes(run: Run, corpus: Path, themes: dict[str, list[str]], tmp_path: Path) -> None:
    target = tmp_path / "classes"
    words = ("-train", corpus, "-output", target, "-classes", 5, "-cbow", 0, "-min-count", 100)
    assert run(*words, "-size", 16, "-iter", 5, "-threads", 1, "-debug", 0).exit_code == 0
    rows = [line.split(" ") for line in target.read_text().splitlines()]
    assert rows[0][0] == "</s>"
    assert {int(label) for _, label in rows} <= set(range(5))
    of = dict(rows)
    sea, court = ({of[word] for word in themes[name]} for name in ("sea", "court"))
    assert not sea & court


def test_classes_are_the_directions_apart() -> None:
    rng = np.random.default_rng(3)
    truth = np.repeat(np.arange(4), 30)
    matrix = (np.eye(4, 10)[truth] + rng.normal(0, 0.05, (120, 10))) * rng.uniform(1, 9, (120, 1))
    labels = word_classes(matrix.astype(np.float32), 4)
    assert len({(a, b) for a, b in zip(truth.tolist(), labels.tolist(), strict=True)}) == 4


def test_more_classes_than_words() -> None:
    labels = word_classes(np.eye(3, dtype=np.float32), 7)
    assert sorted(labels.tolist()) == [0, 1, 2]
