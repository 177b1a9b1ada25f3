"""WEAT: the twin, its distribution without any association, and its files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.errors import ConfigError, CoterieError, FormatError
from coterie.evaluation.bias import weat
from coterie.evaluation.word_lists import evaluate_weat, read_word_lists
from coterie.vectors import WordVectors
from reference import intrinsic as twin

X, Y, A, B = (["x0", "x1", "x2"], ["y0", "y1", "y2"], ["a0", "a1", "a2"], ["b0", "b1", "b2"])


def random_vectors(seed: int) -> WordVectors:
    return WordVectors(X + Y + A + B, np.random.default_rng(seed).standard_normal((12, 4)).astype(np.float32))


def associated() -> WordVectors:
    """X lies with A, and Y with B."""
    matrix = np.repeat([[1, 0], [0, 1], [1, 0], [0, 1]], 3, axis=0)
    noise = np.random.default_rng(1).normal(0, 0.05, (12, 2))
    return WordVectors(X + Y + A + B, (matrix + noise).astype(np.float32))


@given(seed=st.integers(0, 10_000), left=st.integers(2, 3), right=st.integers(2, 3))
def test_twin(seed: int, left: int, right: int) -> None:
    vectors = random_vectors(seed)
    found = weat(vectors, X[:left], Y[:right], A, B)
    rows = [vectors[words].tolist() for words in (X[:left], Y[:right], A, B)]
    effect, p = twin.weat(*rows)
    assert found.effect_size == pytest.approx(effect, rel=1e-6)
    assert found.p_value == pytest.approx(p)
    assert found.exact
    assert found.balanced == (left == right)


def test_association_and_its_opposite() -> None:
    vectors = associated()
    found, opposite = weat(vectors, X, Y, A, B), weat(vectors, Y, X, A, B)
    assert found.p_value == pytest.approx(1 / 20)  # the smallest there is
    assert opposite.p_value == pytest.approx(1)
    assert found.effect_size == pytest.approx(-opposite.effect_size)  # type: ignore[operator]
    assert found.effect_size == pytest.approx(2 * np.sqrt(5 / 6), abs=0.01)  # all X alike, all Y alike


def test_p_is_uniform_where_there_is_no_association() -> None:
    names = [f"w{i}" for i in range(28)]
    draw = np.random.default_rng(5)
    values = []
    for _ in range(400):
        vectors = WordVectors(names, draw.standard_normal((28, 5)).astype(np.float32))
        values.append(weat(vectors, names[:5], names[5:10], names[10:19], names[19:]).p_value)
    values = np.sort(values)
    # Kolmogorov and Smirnov's distance at a level of 0.001, and one step of the 252 partings.
    assert np.abs(values - (np.arange(400) + 0.5) / 400).max() < 1.95 / 20 + 1 / 252


def test_drawn_partings_come_near_all_of_them() -> None:
    vectors = random_vectors(3)
    exact = weat(vectors, X, Y, A, B)
    drawn = weat(vectors, X, Y, A, B, permutations=19)
    many = WordVectors(
        [f"w{i}" for i in range(40)], np.random.default_rng(2).standard_normal((40, 6)).astype(np.float32)
    )
    lists = [many.words[i : i + 10] for i in range(0, 40, 10)]
    all_of_them, some = (weat(many, *lists, permutations=n) for n in (200_000, 20_000))
    assert exact.permutations == 20
    assert (drawn.permutations, drawn.exact) == (19, False)
    assert (drawn.p_value * 20) % 1 == pytest.approx(0)  # (r + 1) / (19 + 1)
    assert (all_of_them.permutations, all_of_them.exact) == (184_756, True)
    assert some.p_value == pytest.approx(all_of_them.p_value, abs=0.015)
    assert some == weat(many, *lists, permutations=20_000)
    assert some != weat(many, *lists, permutations=20_000, seed=2)


def test_drawn_p_is_never_zero() -> None:
    assert weat(associated(), X, Y, A, B, permutations=10, seed=4).p_value >= 1 / 11


def test_unknown_words_are_told_and_left_out() -> None:
    vectors = random_vectors(1)
    found = weat(vectors, ["gnu", *X], Y, A, [*B, "yak"])
    assert found.unknown == (("gnu",), (), (), ("yak",))
    assert found.words == (3, 3, 3, 3)
    assert found.effect_size == weat(vectors, X, Y, A, B).effect_size
    assert "gnu, yak" in found.tables()[0].note


def test_unequal_sizes_are_told() -> None:
    found = weat(random_vectors(1), X[:2], Y, A, B)
    assert not found.balanced
    assert "differ in size" in found.tables()[0].note


def test_case() -> None:
    vectors = random_vectors(1)
    upper = [word.upper() for word in X]
    assert weat(vectors, upper, Y, A, B) == weat(vectors, X, Y, A, B)
    with pytest.raises(ConfigError, match="targets_x has 0 words"):
        weat(vectors, upper, Y, A, B, case_insensitive=False)


def test_equal_associations_have_no_effect_size() -> None:
    vectors = WordVectors(X + Y + A + B, np.ones((12, 3), dtype=np.float32))
    found = weat(vectors, X, Y, A, B)
    assert (found.effect_size, found.p_value) == (None, 1)
    assert json.dumps(found.to_dict(), allow_nan=False)
    assert found.tables()[0].rows[0][1] == "—"


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ((X, [*Y, "x0"], A, B), "'x0' is in targets_x and in targets_y"),
        ((X, Y, A, ["a1", *B]), "'a1' is in attributes_a and in attributes_b"),
        ((["x0", "x0", "x1"], Y, A, B), "targets_x lists 'x0' twice"),
        ((["x0", "X0", "x1"], Y, A, B), "'x0' and 'X0', the same word here"),
        ((["x0", "gnu"], Y, A, B), "targets_x has 1 words .* not in the vocabulary: gnu"),
        (("x0 x1", Y, A, B), "give a list of words"),
        (([1, 2], Y, A, B), "give a list of words"),
    ],
)
def test_lists_that_are_no_test(lists: tuple[list[str], ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        weat(random_vectors(1), *lists)


def test_a_zero_vector_counts_as_unknown() -> None:
    vectors = random_vectors(1)
    vectors.matrix[0] = 0
    assert weat(vectors, X, Y, A, B).unknown[0] == ("x0",)


LISTS = {"targets": {"left": X, "right": Y}, "attributes": {"good": A, "bad": B}}


def test_json_and_toml_files(tmp_path: Path) -> None:
    as_json, as_toml = tmp_path / "test.json", tmp_path / "test.toml"
    as_json.write_text(json.dumps(LISTS), encoding="utf-8-sig")
    toml = [
        f"[{kind}]\n" + "".join(f"{n} = {json.dumps(w)}\n" for n, w in LISTS[kind].items()) for kind in LISTS
    ]
    as_toml.write_text("\n".join(toml), encoding="utf-8")
    vectors = random_vectors(1)
    one, other = (evaluate_weat(vectors, read_word_lists(path)) for path in (as_json, as_toml))
    assert one == other
    assert one.names == ("left", "right", "good", "bad")
    assert one.effect_size == weat(vectors, X, Y, A, B).effect_size
    assert one.tables()[0].title == "WEAT: left and right, good and bad"


def test_errors_name_the_lists_as_the_file_does(tmp_path: Path) -> None:
    path = tmp_path / "flowers.json"
    path.write_text(json.dumps({**LISTS, "targets": {"left": ["gnu"], "right": Y}}))
    with pytest.raises(ConfigError, match=r"flowers\.json: 'left' has 0 words"):
        evaluate_weat(random_vectors(1), read_word_lists(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no JSON"),
        ("[]", "found list"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"targets": {}, "atributes": {}}', "'atributes' is unknown"),
        ('{"targets": {"x": ["a"]}, "attributes": {}}', "targets must be two .*found 1 \\(x\\)"),
        ('{"targets": ["a"], "attributes": {}}', "targets must be two"),
        ('{"targets": {"x": ["a"], "y": "b"}}', "'y': expected a list of words"),
        ('{"targets": {"x": ["a"], "y": [3]}}', "'y': expected a list of words"),
        ('{"targets": {"x": ["a"], "y": ["b"]}}', "attributes must be two"),
        ('{"targets": {"x": ["a"], "x": ["b"]}}', "'x' is there twice"),
    ],
)
def test_files_that_are_no_word_lists(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "lists.json"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_word_lists(path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    for name in ("lists.json", "lists.toml"):
        (tmp_path / name).write_bytes(b"\xff\xfe{}")
        with pytest.raises(FormatError, match="is no "):
            read_word_lists(tmp_path / name)
    with pytest.raises(FormatError, match="does not exist"):
        read_word_lists(tmp_path / "none.json")
    with pytest.raises(CoterieError, match="can't be read"):
        read_word_lists(tmp_path)
