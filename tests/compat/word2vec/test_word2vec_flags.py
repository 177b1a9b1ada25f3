"""The C program's flags as settings."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.compat.word2vec import FLAGS, in_flags, read_flags
from coterie.compat.word2vec_run import check_places
from coterie.config import TrainingConfig
from coterie.errors import ConfigError, FormatError

NEEDED = ["-train", "text", "-output", "out"]


def config(*flags: str, cores: int = 64) -> TrainingConfig:
    return read_flags([*NEEDED, *flags], cores).config


def test_defaults_are_the_programs() -> None:
    request = read_flags(NEEDED, cores=64)
    assert (request.train, request.output, request.save_vocab, request.read_vocab) == (
        "text",
        "out",
        None,
        None,
    )
    assert (request.binary, request.classes, request.debug, request.min_count) == (False, 0, 2, 5)
    assert request.config == TrainingConfig(
        architecture="cbow",
        cbow_gradient="word2vec",
        vector_size=100,
        window=5,
        negative=5,
        sample=1e-3,
        alpha=0.05,
        min_alpha=0.05 * 1e-4,
        epochs=5,
        workers=12,
    )


def test_all_flags_arrive_in_any_order() -> None:
    line = (
        "-iter 3 -threads 2 -cbow 0 -sample 1e-4 -alpha .1 -negative 7 -window 8 -size 200 -debug 1 "
        "-min-count 2 -save-vocab s -read-vocab r -binary 1 -classes 9 -hs 0 -output o -train t"
    )
    words = line.split()
    request = read_flags(words, cores=1)
    assert (request.train, request.output, request.save_vocab, request.read_vocab) == ("t", "o", "s", "r")
    assert (request.binary, request.classes, request.debug, request.min_count) == (True, 9, 1, 2)
    assert request.config == TrainingConfig(
        vector_size=200,
        window=8,
        negative=7,
        sample=1e-4,
        alpha=0.1,
        min_alpha=0.1 * 1e-4,
        epochs=3,
        workers=2,
    )
    assert {word[1:] for word in words[::2]} == {flag.name for flag in FLAGS}


def test_objectives() -> None:
    both = config("-hs", "1", "-cbow", "0")
    assert (both.objective, both.negative) == ("hierarchical_softmax", 5)
    alone = config("-hs", "1", "-negative", "0")
    assert (alone.objective, alone.negative, alone.cbow_gradient) == ("hierarchical_softmax", 0, "word2vec")
    assert config("-cbow", "0").alpha == 0.025


def test_threads_left_out_are_no_more_than_the_cores() -> None:
    assert config(cores=2).workers == 2
    assert config("-threads", "20", cores=2).workers == 20


def test_the_first_of_a_repeated_flag_counts() -> None:
    request = read_flags([*NEEDED, "-size", "7", "-size", "8"], cores=1)
    assert (request.config.vector_size, request.repeated) == (7, ("-size",))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-sise", "3"], r"no flag '-sise'; did you mean -size\?"),
        (["--min_count", "3"], r"no flag '--min_count'; did you mean -min-count\?"),
        (["stray"], "found 'stray' where a flag should be"),
        (["-size"], "-size is the last word; its value"),
        (["-size", "big"], "-size is 'big'; it must be a whole number"),
        (["-size", "10.5"], "-size is '10.5'"),
        (["-size", "0"], "-size is 0; it must be between 1"),
        (["-window", "0"], "-window is 0"),
        (["-negative", "-1"], "-negative is -1"),
        (["-iter", "0"], "-iter is 0"),
        (["-threads", "0"], "-threads is 0"),
        (["-alpha", "nan"], "-alpha is 'nan'; it must be a number"),
        (["-alpha", "0"], "-alpha is 0"),
        (["-sample", "-1"], "-sample is -1"),
        (["-min-count", "-2"], "-min-count is -2"),
        (["-classes", "-2"], "-classes is -2"),
        (["-negative", "0"], "-negative is 0 and -hs is 0"),
    ],
)
def test_wrong_usage_names_flag_and_value(words: list[str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        config(*words)


@pytest.mark.parametrize(("words", "told"), [(["-output", "o"], "-train"), (["-train", "t"], "-output")])
def test_files_that_are_needed(words: list[str], told: str) -> None:
    with pytest.raises(ConfigError, match=f"{told} is missing"):
        read_flags(words, cores=1)


@settings(max_examples=50)
@given(st.lists(st.text(max_size=8), max_size=6))
def test_any_words_are_settings_or_a_told_error(words: list[str]) -> None:
    with contextlib.suppress(ConfigError):
        assert read_flags(words, cores=1).train


def test_messages_name_flags() -> None:
    assert in_flags("vector_size is 3") == "-size is 3"
    assert in_flags("the run (epochs, now 5) or min_count") == "the run (-iter, now 5) or -min-count"
    assert in_flags("text.min_count.txt is there") == "text.min_count.txt is there"


def test_an_output_that_is_no_file_is_refused_before_the_training(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.bin")
    for place in ("/dev/null", str(tmp_path / "pipe.bin")):
        with pytest.raises(FormatError, match="not a regular file"):
            check_places(read_flags(["-train", "text", "-output", place], cores=1))
    check_places(read_flags(["-train", "text", "-output", str(tmp_path / "v.bin")], cores=1))
