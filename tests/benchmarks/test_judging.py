"""The figures of the tables about quality, by their names."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.judging import ask_analogies, ask_similarity

WORDS = ["king", "queen", "man", "woman", "ship"]
MATRIX = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1], [-1, 0, 0]], dtype=np.float32)


def test_shares_are_weighted_by_questions(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(
        ": a\nman king woman queen\nman king woman ship\nno king woman ship\n: gram\nMan Woman King Queen\n"
    )
    assert ask_analogies(path, WORDS, MATRIX) == {
        "semantic": 0.5,
        "semantic_asked": 2,
        "syntactic": 1.0,
        "syntactic_asked": 1,
        "total": pytest.approx(2 / 3),
        "total_asked": 3,
    }
    path.write_text(": family\nno such words here\n")
    assert ask_analogies(path, WORDS, MATRIX)["total"] is None


def test_similarity(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("king\tqueen\t9\nman\tship\t2\nking\tship\t1\n")
    assert ask_similarity(path, WORDS, MATRIX) == pytest.approx(1)
    path.write_text("no\tsuch\t1\n")
    assert ask_similarity(path, WORDS, MATRIX) is None
