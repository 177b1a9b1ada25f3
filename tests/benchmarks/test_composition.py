"""Sums of word vectors: the search on vectors made so that the answers are known, and beside a slow one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.composition.page import page
from benchmarks.composition.search import of_the_paper, random_pairs, search, vocabulary
from benchmarks.composition.sums import Related, combine, distinct, operands, places, unit_rows

ROOT = Path(__file__).parents[2]


def rows_of(words, word):
    return {words[row] for row in Related(words, "_", n_common=2).rows(word)}


def test_words_of_the_same_parts_are_related():
    words = [
        "of",
        "the",
        "river",
        "rivers",
        "river_bank",
        "riverside",
        "bank_of_the_river",
        "bank",
        "volga",
        "car",
    ]
    assert rows_of(words, "river") == {"river", "rivers", "river_bank", "riverside", "bank_of_the_river"}
    assert rows_of(words, "river_bank") == rows_of(words, "river") | {"bank"}
    assert rows_of(words, "volga") == {"volga"}
    assert rows_of(words, "of") == {"of"}  # too common to relate bank_of_the_river to anything


def test_short_words_are_related_to_what_begins_with_them():
    words = ["x", "y", "car", "cars", "carpet", "ca", "cat", "cater", "category", "categories"]
    assert rows_of(words, "car") == {"car", "cars", "carpet"}
    assert rows_of(words, "cars") == {"car", "cars"}
    assert rows_of(words, "ca") == {"ca"}
    assert rows_of(words, "categories") == {"cat", "category", "categories"}  # cater agrees in four letters


def planted():
    """Two words, each with four neighbours, and a word between the two that is nearer to no one of them."""
    a, b, away = np.eye(12)[:3]
    rows = [
        a,
        b,
        *(a + 0.3 * side for side in np.eye(12)[3:7]),
        *(b + 0.3 * side for side in np.eye(12)[7:11]),
    ]
    return unit_rows(np.array([*rows, a + b, away], dtype=np.float64))


def test_the_word_between_two_is_found():
    vectors = planted()
    both = operands(vectors[:2], [np.array([0]), np.array([1])], vectors, near=4)
    sums = combine(both, both, np.array([[0, 1]]), vectors, topn=3)
    assert sums.nearest[0, 0] == 10
    assert sums.found.tolist() == [True]
    assert sums.cosines[0, 0] == pytest.approx(1)
    assert [sums.left[0], sums.right[0], sums.lesser[0]] == pytest.approx([np.sqrt(0.5)] * 3)
    assert set(sums.nearest[0, 1:].tolist()) <= set(range(2, 10))
    assert places(both, np.array([0]), np.array([10]), vectors).tolist() == [5]
    wider = operands(vectors[:2], [np.array([0]), np.array([1])], vectors, near=5)
    assert combine(wider, wider, np.array([[0, 1]]), vectors).found.tolist() == [False]


def test_what_is_barred_for_either_word_is_not_found():
    vectors = planted()
    sides = [
        operands(vectors[:2], [np.array([0]), np.array(barred)], vectors, near=4) for barred in ([1], [1, 10])
    ]
    assert combine(sides[0], sides[1], np.array([[0, 1]]), vectors).nearest[0, 0] != 10
    assert combine(sides[1], sides[0], np.array([[0, 1]]), vectors).nearest[0, 0] == 10


def test_sums_agree_with_a_slow_search():
    generator = np.random.default_rng(3)
    vectors = unit_rows(generator.normal(size=(60, 5)))
    barred = [np.unique([row, *generator.integers(60, size=4)]) for row in range(60)]  # as in use, itself too
    side = operands(vectors, barred, vectors, near=3)
    pairs = random_pairs(60, 700, generator)  # more than a block of them
    sums = combine(side, side, pairs, vectors, topn=2)
    for number, (a, b) in enumerate(pairs):
        total = vectors[a].astype(float) + vectors[b]
        free = sorted(set(range(60)) - set(barred[a]) - set(barred[b]), key=lambda c: -(vectors[c] @ total))
        assert sums.nearest[number].tolist() == free[:2]
        near = [
            free[0]
            in sorted(set(range(60)) - set(barred[one]), key=lambda c: -(vectors[c] @ vectors[one]))[:3]
            for one in (a, b)
        ]
        assert [sums.near_left[number], sums.near_right[number]] == near
        assert sums.found[number] == (not any(near))


def test_pairs_are_of_different_words_and_reach_them_all():
    pairs = random_pairs(5, 2000, np.random.default_rng(0))
    assert set(map(tuple, pairs.tolist())) == {(a, b) for a in range(5) for b in range(5) if a != b}


def test_no_word_comes_twice_among_the_chosen():
    rows = np.array([[1, 2, 3], [4, 3, 5], [6, 7, 8], [8, 9, 10], [11, 12, 13]])
    assert distinct(np.array([0, 1, 2, 3, 4]), rows, 2) == [0, 2]
    assert distinct(np.array([3, 1, 2, 0, 4]), rows, 9) == [3, 1, 4]


def letters(number):
    return "".join(chr(97 + number // 26**place % 26) for place in range(4))


@pytest.fixture(scope="module")
def findings():
    """Words around 30 centres, and for 60 pairs of centres a word between the two."""
    generator = np.random.default_rng(5)
    centres = unit_rows(generator.normal(size=(30, 40)))
    groups = np.arange(900) % 30
    clustered = centres[groups] + 0.08 * generator.normal(size=(900, 40))
    between = random_pairs(30, 60, generator)
    mixed = centres[between[:, 0]] + centres[between[:, 1]] + 0.02 * generator.normal(size=(60, 40))
    # Letters backwards, so that neighbours in the list begin differently and are not related.
    words = vocabulary([letters(i * 7919 % 26**4) for i in range(960)], np.vstack([clustered, mixed]), "_")
    return words, search(words, 3000, seed=1)


def test_planted_words_are_found_more_often_than_with_random_vectors(findings):
    words, found = findings
    assert words.added.tolist() == list(range(300, 960))
    assert next(iter(found.sums)) == "another word"
    assert len(found.sums["another word"].pairs) == 3000
    clear = [(sums.found & (sums.lesser > 0.55)).mean() for sums in found.sums.values()]
    assert clear[0] > 0.01
    assert max(clear[1:]) < 0.001


def test_the_best_examples_are_finds_and_lie_between(findings):
    words, found = findings
    index = {word: row for row, word in enumerate(words.words)}
    seen = set()
    assert len(found.best) >= 5
    for example in found.best:
        assert min(example.places) > 20
        assert index[example.nearest[0]] >= 900  # one of the planted words
        a, b = (words.vectors[index[word]] for word in example.added)
        assert a @ b <= found.unrelated + 1e-6
        named = {*example.added, example.nearest[0]}
        assert not named & seen
        seen |= named
    lesser = [min(example.cosines[1:]) for example in found.best]
    assert lesser == sorted(lesser, reverse=True)


def test_the_page_tells_examples_shares_and_verdict(findings):
    _, found = findings
    text = "\n".join(page(found, ["Text: made", "Command: `none`"], 20))
    assert "- Text: made\n- Command: `none`\n" in text
    assert f"{found.sums['another word'].found.mean():.1%}" in text
    assert "It is not geometry alone." in text
    best = found.best[0]
    assert f"| {best.added[0]} + {best.added[1]} | **{best.nearest[0]}**, " in text
    assert text.count("one of the words is not there") == 5  # the paper's words


def test_the_verdict_can_be_that_random_vectors_do_as_well(findings):
    _, found = findings
    control = found.sums["a random direction"]
    text = "\n".join(
        page(type(found)(**{**vars(found), "sums": {"another word": control, "a": control}}), [], 20)
    )
    assert "It may be geometry alone." in text


def test_a_sum_of_the_paper_is_told_where_both_words_are_there():
    names = [letters(i * 7919 % 26**4) for i in range(400)]
    names[:2] = ["russian", "river"]
    words = vocabulary(names, np.random.default_rng(1).normal(size=(400, 10)), "_")
    assert len(of_the_paper(words, "russian", "river")) == 4
    assert of_the_paper(words, "russian", "rivulet") == []


def test_a_vocabulary_that_is_too_small_is_refused():
    with pytest.raises(SystemExit, match="too few"):
        vocabulary(["some", "words"], np.eye(2), "_")


@pytest.mark.slow
def test_the_command_writes_the_page(tmp_path):
    draw = np.random.default_rng(2)
    lines = [" ".join(letters(i * 7919 % 26**4) for i in draw.integers(500, size=20)) for _ in range(400)]
    (tmp_path / "text.txt").write_text("\n".join(lines))
    options = [
        "--corpus",
        tmp_path / "text.txt",
        "--epochs",
        "1",
        "--pairs",
        "200",
        "--output",
        tmp_path / "out.md",
    ]
    command = [sys.executable, "-m", "benchmarks.composition", *map(str, options)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page_text = (tmp_path / "out.md").read_text("utf-8")
    assert "text.txt, 8,000 words in 400 paragraphs" in page_text
    assert str(tmp_path) not in page_text
    assert "| another word | 200 |" in page_text
