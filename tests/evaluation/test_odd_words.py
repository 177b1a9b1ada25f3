"""Odd words: what was planted is found, and nothing else."""

from __future__ import annotations

import json
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.errors import ConfigError
from coterie.evaluation.intrinsic import intrinsic_checks, odd_words
from coterie.evaluation.intrinsic.tokens import kinds_of, odd_tokens
from coterie.vectors import WordVectors


def of(matrix: np.ndarray) -> WordVectors:
    return WordVectors([f"word{'abcdefghij'[i // 10]}{i % 10}" for i in range(len(matrix))], matrix)


def planted() -> WordVectors:
    draw = np.random.default_rng(1)
    centres = draw.standard_normal((5, 30))
    matrix = centres[np.arange(60) % 5] + draw.normal(0, 0.3, (60, 30))
    matrix[3] *= 50
    matrix[4] /= 50
    matrix[10] = draw.standard_normal(30) * 5  # in no group
    matrix[20] = matrix[21] * 3
    matrix[30] = 0
    return of(matrix.astype(np.float32))


def test_what_was_planted() -> None:
    vectors = planted()
    found = odd_words(vectors, listed=1)
    assert [at.word for at in (*found.longest, *found.shortest, *found.isolated)] == [
        vectors.words[3],
        vectors.words[4],
        vectors.words[10],
    ]
    (pair,) = found.duplicates
    assert {pair.word, pair.neighbour} == {vectors.words[20], vectors.words[21]}
    assert pair.similarity == pytest.approx(1)
    assert (found.duplicates_found, found.zero, found.words, found.sampled) == (1, 1, 59, 59)


def test_nearest_neighbours_are_those_of_most_similar() -> None:
    vectors = planted()
    found = odd_words(vectors, listed=59)
    expected = sorted(
        vectors.most_similar(word, topn=1)[0][1] for word in vectors.words if vectors[word].any()
    )
    assert [pair.similarity for pair in found.isolated] == pytest.approx(expected, abs=1e-6)


def test_a_zero_vector_is_nobodys_nearest() -> None:
    matrix = np.array([[0, 0], [1, 0], [-1, 0]], dtype=np.float32)
    found = odd_words(of(matrix))
    assert {pair.neighbour for pair in found.isolated} == {"worda1", "worda2"}
    assert found.isolated[0].similarity == -1


@pytest.mark.parametrize(
    ("word", "kinds"),
    [
        ("1850", ["digits only"]),
        ("3.14", ["digits only"]),
        ("٣٤", ["digits only"]),
        ("4th", []),
        ("aaa", ["one character repeated"]),
        ("aa", []),
        ("000", ["digits only", "one character repeated"]),
        ("a\x00b", ["control characters"]),
        ("so\u00adft", ["control characters"]),
        ("bad\ufffd", ["control characters"]),
        ("\ud800x", ["control characters"]),
        ("pаris", ["mixed scripts"]),
        ("straße", []),
        ("naïve", []),
        ("日本のテレビ", []),
        ("Москва", []),
        ("x" * 30, ["one character repeated", "30 characters or more"]),
        ("donaudampfschifffahrtsgesellschaft", ["30 characters or more"]),
        ("new_york", []),
        ("--", ["no letter or digit"]),
        ("don't", []),
        ("5µm", []),
    ],
)
def test_kinds(word: str, kinds: list[str]) -> None:
    assert kinds_of(word) == kinds


@given(st.text(alphabet=string.ascii_letters, min_size=1, max_size=29))
def test_plain_words_are_not_odd(word: str) -> None:
    assert kinds_of(word) in ([], ["one character repeated"])


@given(st.text(min_size=1, max_size=6))
def test_any_text_can_be_told(word: str) -> None:
    kinds_of(word)


def test_kinds_with_most_words_come_first() -> None:
    found = odd_tokens(["7", "aaa", "8", "ship", "9"], listed=2)
    assert [(kind.kind, kind.words, kind.examples) for kind in found] == [
        ("digits only", 3, ("7", "8")),
        ("one character repeated", 1, ("aaa",)),
    ]


def test_what_cannot_be_seen_is_spelt_out() -> None:
    vectors = WordVectors(["a\u200bb", "c\x1b[31m"], np.eye(2, dtype=np.float32))
    text = "".join(table.markdown() for table in odd_words(vectors).tables())
    assert "\x1b" not in text
    assert "\u200b" not in text


def test_what_cannot_be_asked() -> None:
    with pytest.raises(ConfigError, match="two vectors that are not zero"):
        odd_words(of(np.zeros((3, 2), np.float32)))
    with pytest.raises(ConfigError, match="same is 2"):
        odd_words(planted(), same=2)


def test_all_checks_at_once() -> None:
    vectors = planted()
    checks = intrinsic_checks(vectors, against=vectors)
    assert list(checks.found) == ["stability", "isotropy", "hubness", "norms", "odd_words"]
    told = json.loads(json.dumps(checks.to_dict(), allow_nan=False))
    assert told["impossible"] == {}
    assert told["stability"]["share"] == 1
    for table in checks.tables():
        assert all(len(row) == len(table.header) for row in table.rows)


def test_a_small_vocabulary_has_some_of_the_checks() -> None:
    checks = intrinsic_checks(of(np.eye(3, dtype=np.float32)))
    assert set(checks.found) == {"isotropy", "norms", "odd_words"}
    assert "topn is 10" in checks.impossible["hubness"]
