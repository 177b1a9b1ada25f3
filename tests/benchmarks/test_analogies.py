"""The benchmark's evaluators beside gensim's, on vectors in which some answers are right."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.objectives.analogies import Section, accuracies, ask_analogies
from benchmarks.objectives.similarity import ask_similarities


@pytest.fixture
def vectors():
    """Vectors of 60 words: 20 in capitals too, 20 that are one direction away from others, all with noise."""
    generator = np.random.default_rng(1)
    size = 12
    base = generator.normal(size=(20, size))
    shifted = base + 2 * generator.normal(size=size) + 0.8 * generator.normal(size=base.shape)
    other = base + 0.3 * generator.normal(size=base.shape)
    words = [f"a{i}" for i in range(20)] + [f"b{i}" for i in range(20)] + [f"A{i}" for i in range(20)]
    return words, np.concatenate([base, shifted, other]).astype(np.float32)


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "questions.txt"
    pairs = [(i, j) for i in range(20) for j in range(20) if i != j]
    lines = [f"A{i} B{i} a{j} b{j}" for i, j in pairs]
    back = [f"b{i} a{i} b{j} a{j}" for i, j in pairs]
    path.write_text("\n".join([": family", *lines, "a1 b1 unknown b2", ": gram1-back", *back, ""]))
    return path


@pytest.mark.parametrize("most", [60, 50, 35])
def test_right_answers_are_those_that_gensim_counts(vectors, questions, most):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    words, matrix = vectors
    theirs = keyedvectors.KeyedVectors(matrix.shape[1])
    theirs.add_vectors(words, matrix)
    _, expected = theirs.evaluate_word_analogies(str(questions), restrict_vocab=most, case_insensitive=True)
    found = ask_analogies(questions, words, matrix, most)
    assert [(s.name, s.correct, s.asked) for s in found] == [
        (s["section"], len(s["correct"]), len(s["correct"]) + len(s["incorrect"])) for s in expected[:-1]
    ]
    assert all(0 < section.correct < section.asked for section in found)


def test_rows_beyond_the_limit_are_neither_asked_nor_answers(vectors, questions):
    words, matrix = vectors
    nearly, _ = ask_analogies(questions, words, matrix, 22)
    assert nearly.asked == 2, "a0 b0 a1 b1 and the reverse of it"


def test_a_damaged_file_of_questions_is_an_error(vectors, tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(": family\na b c\n")
    with pytest.raises(ValueError, match=r"questions\.txt, line 2"):
        ask_analogies(path, *vectors)


def test_accuracies_are_weighted_by_questions():
    sections = [Section("family", 1, 4), Section("city", 5, 6), Section("gram1-adverb", 0, 10)]
    assert accuracies(sections) == {
        "semantic": 0.6,
        "semantic_asked": 10,
        "syntactic": 0.0,
        "syntactic_asked": 10,
        "total": 0.3,
        "total_asked": 20,
    }
    assert accuracies([])["total"] is None


def test_similarity_is_gensims(vectors, tmp_path):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    words, matrix = vectors
    theirs = keyedvectors.KeyedVectors(matrix.shape[1])
    theirs.add_vectors(words, matrix)
    path = tmp_path / "pairs.tsv"
    path.write_text("\n".join(f"a{i}\tB{(3 * i) % 20}\t{i % 7}" for i in range(20)) + "\nno\tsuch\t1\n")
    _, spearman, _ = theirs.evaluate_word_pairs(str(path), case_insensitive=True)
    assert ask_similarities(path, words, matrix) == pytest.approx(spearman[0], abs=1e-6)


def test_similarity_of_too_few_known_words_is_none(vectors, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("no\tsuch\t1\n")
    assert ask_similarities(path, *vectors) is None
