"""The same analogy questions to gensim: the same right and wrong answers, question by question."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from coterie.evaluation import evaluate_analogies, read_analogies
from coterie.vectors import WordVectors

keyedvectors = pytest.importorskip("gensim.models.keyedvectors")

PAIRS, SIZE = 13, 10


def planted(seed, variants=()):
    """Return vectors in which some analogies hold: b is a shifted, with noise; variants are spellings."""
    generator = np.random.default_rng(seed)
    base = generator.normal(size=(PAIRS, SIZE))
    shifted = base + 2 * generator.normal(size=SIZE) + 0.5 * generator.normal(size=base.shape)
    words = [f"a{i}x" for i in range(PAIRS)] + [f"b{i}x" for i in range(PAIRS)]
    rows = [*base, *shifted]
    for spelling, noise in variants:
        words += [spelling(word) for word in words[: 2 * PAIRS]]
        rows += [row + noise * generator.normal(size=SIZE) for row in rows[: 2 * PAIRS]]
    words += [f"other{i}" for i in range(200)]
    rows += list(generator.normal(size=(200, SIZE)))
    order = generator.permutation(len(words))
    return [words[i] for i in order], np.array(rows, dtype=np.float32)[order]


def both(words, matrix):
    theirs = keyedvectors.KeyedVectors(matrix.shape[1])
    theirs.add_vectors(words, matrix)
    return WordVectors(words, matrix), theirs


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Questions forwards and backwards, with words in capitals, unknown words, and words asked twice."""
    places = list(itertools.permutations(range(PAIRS), 2))
    there = [f"a{i}x b{i}x a{j}x b{j}x" for i, j in places]
    back = [f"B{i}X a{i}x b{j}x A{j}x" for i, j in places]
    odd = [f"a{i}x b{j}x a{i}x b{i}x" for i, j in places[::7]]
    odd += [f"a{i}x a{i}x b{i}x a{j}x" for i, j in places[::7]]
    odd += [f"a{i}x b{i}x b{i}x b{j}x" for i, j in places[::7]]
    odd += [f"a{i}x b{i}x a{j}x a{j}x" for i, j in places[::7]]
    unknown = ["a0x b0x nowhere b1x", "a0x b0x a1x nowhere", "nowhere b0x a1x b1x"]
    lines = [": family", *there, *unknown, ": gram1-back", *back, ": odd", *odd, ": empty", *unknown]
    path = tmp_path_factory.mktemp("questions") / "questions.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def sorted_out(result):
    """Return per section the right and the wrong questions, as gensim's evaluator does."""
    told, found = iter(result.outcomes.tolist()), []
    for section in result.questions.sections:
        lists = {1: [], 0: [], -1: []}
        for a, b, c, (answer,) in section.questions:
            question = (a, b, c, answer)
            if result.case_insensitive:
                question = tuple(word.upper() for word in question)
            lists[next(told)].append(question)
        found.append({"section": section.name, "correct": lists[1], "incorrect": lists[0]})
    return found


def assert_same(ours, theirs, file, **options):
    _, expected = theirs.evaluate_word_analogies(str(file), **options)
    result = evaluate_analogies(ours, read_analogies(file), **options)
    found = sorted_out(result)
    assert found == expected[:-1]
    for score, section in zip(result.sections, expected, strict=False):
        assert (score.correct, score.asked) == (
            len(section["correct"]),
            len(section["correct"]) + len(section["incorrect"]),
        )
    assert (result.total.correct, result.total.asked) == (
        len(expected[-1]["correct"]),
        len(expected[-1]["correct"]) + len(expected[-1]["incorrect"]),
    )
    return result


VARIANTS = {
    "one spelling": [],
    "near duplicates": [(str.upper, 0.3)],
    "three spellings": [(str.upper, 0.05), (str.capitalize, 0.1)],
    "so many that they fill the list": [
        (str.upper, 0.02),
        (str.capitalize, 0.03),
        (lambda word: word[0] + word[1:].upper(), 0.04),
    ],
}


@pytest.mark.parametrize("variants", VARIANTS.values(), ids=VARIANTS.keys())
@pytest.mark.parametrize("seed", range(2))
def test_planted_analogies(file, seed, variants):
    ours, theirs = both(*planted(seed, variants))
    result = assert_same(ours, theirs, file)
    assert result.total.out_of_vocabulary == 6
    for restrict in (90, 10**6):
        assert_same(ours, theirs, file, restrict_vocab=restrict)
    assert_same(ours, theirs, file, case_insensitive=False)
    assert_same(ours, theirs, file, dummy4unknown=True, restrict_vocab=90)


def test_the_planted_analogies_are_neither_all_right_nor_all_wrong(file):
    result = evaluate_analogies(both(*planted(0))[0], read_analogies(file))
    family, back, odd, empty = result.sections
    assert all(0 < section.correct < section.asked for section in (family, back))
    assert odd.asked
    assert (empty.asked, empty.out_of_vocabulary) == (0, 3)
    assert (result.semantic.asked, result.syntactic.asked) == (
        family.asked + odd.asked + empty.asked,
        back.asked,
    )


@pytest.mark.parametrize("rows", [4, 5, 6, 9])
def test_hardly_any_words(file, tmp_path, rows):
    words = ["a0x", "b0x", "a1x", "A0X", "b1x", "B0X", "A1X", "A0x", "B0x"][:rows]
    ours, theirs = both(words, np.random.default_rng(rows).normal(size=(rows, 5)).astype(np.float32))
    questions = tmp_path / "few.txt"
    lines = [" ".join(words) for words in itertools.product(("a0x", "b0x", "a1x", "b1x"), repeat=4)]
    questions.write_text("\n".join([": all", *lines]), encoding="utf-8")
    assert_same(ours, theirs, questions)
    assert_same(ours, theirs, questions, case_insensitive=False)


def test_more_words_than_one_block_takes(file, monkeypatch):
    from coterie.evaluation import solving

    ours, theirs = both(*planted(5, [(str.upper, 0.3)]))
    monkeypatch.setattr(solving, "_COSINES", 1)
    monkeypatch.setattr(solving, "_FEWEST", 37)
    monkeypatch.setattr(solving, "_WORDS", 11)
    assert_same(ours, theirs, file)


def test_trained_vectors(tmp_path):
    from gensim.models import Word2Vec

    draw = random.Random(3)
    topics = [draw.choices(range(6), k=2) for _ in range(2000)]
    text = [[f"{kind}{topic}" for topic in pair for kind in draw.sample("pqrs", 2)] for pair in topics]
    theirs = Word2Vec(text, sg=1, vector_size=12, window=2, min_count=1, workers=1, seed=1, epochs=8).wv
    pairs = [
        (f"{one}{i}", f"{other}{i}") for i in range(6) for one, other in itertools.combinations("pqrs", 2)
    ]
    questions = tmp_path / "trained.txt"
    asked = [f"{a} {b} {c} {d}" for (a, b), (c, d) in itertools.permutations(pairs, 2)]
    questions.write_text("\n".join([": pairs", *asked]), encoding="utf-8")
    result = assert_same(WordVectors(theirs.index_to_key, theirs.vectors), theirs, questions)
    assert 0 < result.total.correct < result.total.asked


@pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")
def test_3cosmul_is_gensims_most_similar_cosmul(file):
    ours, theirs = both(*planted(2))
    result = evaluate_analogies(ours, read_analogies(file), method="3cosmul")
    for (a, b, c, (answer,)), outcome in list(zip(result.questions, result.outcomes, strict=True))[::23]:
        words = [word.lower() for word in (a, b, c, answer)]
        if all(word in theirs for word in words):
            best = theirs.most_similar_cosmul(positive=words[1:3], negative=words[:1], topn=1)[0][0]
            assert outcome == (best == words[3])
        else:
            assert outcome == -1
    assert 0 < result.total.correct < result.total.asked


@pytest.mark.parametrize(("spellings", "right"), [(2, True), (3, False)])
def test_only_the_five_nearest_rows_are_looked_at(tmp_path, spellings, right):
    """As in gensim: words of the question, in other letters, can take all five places before the answer."""
    generator = np.random.default_rng(1)
    written = ["abcd", "bcde", "cdef", "defg"]
    rows = list(np.eye(4, 6)[[3, 0, 0, 0]] + 0.02 * generator.normal(size=(4, 6)))
    rows[3][1] += 1  # the answer, further away than the other spellings
    for word, row in zip(written[1:3], rows[1:3], strict=True):
        for i in range(spellings):
            written.append(word[:i] + word[i:].upper())
            rows.append(row + 0.02 * generator.normal(size=6))
    written += [f"other{i}" for i in range(9)]
    rows += list(np.eye(6)[[4, 5, 4, 5, 4, 5, 4, 5, 4]] + 0.1 * generator.normal(size=(9, 6)))
    questions = tmp_path / "questions.txt"
    questions.write_text(
        ": one\nabcd bcde cdef defg\n: its own word\nabcd bcde cdef bcde\nabcd bcde cdef cdef\n"
    )
    result = assert_same(*both(written, np.array(rows, dtype=np.float32)), questions)
    assert result.outcomes[0] == right
