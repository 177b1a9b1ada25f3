"""Analogies beyond gensim's evaluator: several answers, totals, wrong options, use as a scorer."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.errors import ConfigError, FormatError
from coterie.evaluation import AnalogyQuestion, AnalogySection, AnalogySet, evaluate_analogies
from coterie.vectors import WordVectors

WORDS = [f"w{i}" for i in range(30)] + ["W3", "W4"]


def vectors(seed=0, size=7):
    return WordVectors(WORDS, np.random.default_rng(seed).normal(size=(len(WORDS), size)).astype(np.float32))


def ask(*questions, kind=None):
    return AnalogySet("some", (AnalogySection("all", tuple(questions), kind),))


def best(of, a, b, c, method, *, fold=str.upper):
    """Return the answer, the slow way: in float64, one candidate after the other."""
    unit = of.matrix.astype(np.float64) / np.linalg.norm(of.matrix.astype(np.float64), axis=1, keepdims=True)
    rows = [next(i for i, word in enumerate(of.words) if fold(word) == fold(x)) for x in (a, b, c)]
    to_a, to_b, to_c = (unit @ unit[row] for row in rows)
    if method == "3cosadd":
        scores = to_b - to_a + to_c
    else:
        scores = (1 + to_b) / 2 * (1 + to_c) / 2 / ((1 + to_a) / 2 + 1e-6)
    names = [fold(word) for word in of.words]
    allowed = [i for i in range(len(names)) if names[i] not in {fold(a), fold(b), fold(c)}]
    return names[max(allowed, key=scores.__getitem__)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(*[st.sampled_from(WORDS)] * 3), min_size=1, max_size=30),
    st.sampled_from(["3cosadd", "3cosmul"]),
    st.integers(0, 5),
    st.booleans(),
)
def test_answers_are_those_of_the_slow_way(triples, method, seed, case_insensitive):
    of, fold = vectors(seed), str.upper if case_insensitive else str
    names = list(dict.fromkeys(map(fold, WORDS)))
    asked = [AnalogyQuestion(*triple, (name,)) for triple in triples for name in names]
    result = evaluate_analogies(of, ask(*asked), method=method, case_insensitive=case_insensitive)
    told = result.outcomes.reshape(len(triples), len(names))
    assert (told.sum(axis=1) == 1).all()
    found = [names[i] for i in told.argmax(axis=1)]
    assert found == [best(of, *triple, method, fold=fold) for triple in triples]


def test_any_of_several_answers_is_right():
    of = vectors()
    right = best(of, "w0", "w1", "w2", "3cosadd")
    wrong = next(word for word in WORDS if word.upper() not in (right, "W0", "W1", "W2"))
    asked = [("nowhere", right), (wrong, right.lower()), (wrong,), ("nowhere", wrong), ("nowhere",)]
    result = evaluate_analogies(of, ask(*(AnalogyQuestion("w0", "w1", "w2", answers) for answers in asked)))
    assert result.outcomes.tolist() == [1, 1, 0, 0, -1]
    assert (result.total.correct, result.total.asked, result.total.out_of_vocabulary) == (2, 4, 1)


def test_a_zero_vector_answers_nothing_and_may_be_asked_about():
    of = vectors()
    of.matrix[5] = 0
    triples = [("w5", "w1", "w2"), ("w0", "w5", "w2"), ("w5", "w5", "w5")]
    for method in ("3cosadd", "3cosmul"):
        result = evaluate_analogies(of, ask(*(AnalogyQuestion(*t, ("w9",)) for t in triples)), method=method)
        assert result.total.asked == 3


def test_damaged_vectors_are_an_error():
    of = vectors()
    of.matrix[5, 1] = np.nan
    with pytest.raises(FormatError, match="'w5' holds NaN"):
        evaluate_analogies(of, ask(AnalogyQuestion("w0", "w1", "w2", ("w3",))))


def test_totals_are_weighted_by_questions_and_ready_for_json():
    of = vectors()
    right = AnalogyQuestion("w0", "w1", "w2", (best(of, "w0", "w1", "w2", "3cosadd"),))
    wrong, unknown = AnalogyQuestion("w0", "w1", "w2", ("w0",)), AnalogyQuestion("x", "w1", "w2", ("w0",))
    sections = (
        AnalogySection("one", (right, wrong, wrong, wrong), "semantic"),
        AnalogySection("two", (right, right, unknown), "semantic"),
        AnalogySection("gram", (wrong,), "syntactic"),
        AnalogySection("else", (unknown,)),
    )
    result = evaluate_analogies(of, AnalogySet("mixed", sections))
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert (told["semantic"]["accuracy"], told["syntactic"]["accuracy"]) == (0.5, 0.0)
    assert told["total"] == {
        "name": "total",
        "kind": None,
        "accuracy": pytest.approx(3 / 7),
        "correct": 3,
        "asked": 7,
        "out_of_vocabulary": 2,
    }
    assert told["sections"][3]["accuracy"] is None
    harder = evaluate_analogies(of, AnalogySet("mixed", sections), dummy4unknown=True)
    assert (harder.total.correct, harder.total.asked, harder.total.out_of_vocabulary) == (3, 9, 2)
    assert harder.outcomes.min() == 0


def test_nothing_asked():
    result = evaluate_analogies(vectors(), ask(AnalogyQuestion("a", "b", "c", ("d",))))
    assert np.isnan(result.total.accuracy)
    assert result.total.out_of_vocabulary == 1
    empty = evaluate_analogies(vectors(), AnalogySet("empty", ()))
    assert (empty.sections, empty.total.asked, len(empty.outcomes)) == ((), 0, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "cosadd"}, "method is 'cosadd'; it must be one of 3cosadd, 3cosmul"),
        ({"restrict_vocab": 0}, "restrict_vocab is 0"),
        ({"restrict_vocab": 2.5}, "restrict_vocab is 2.5"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ConfigError, match=message):
        evaluate_analogies(vectors(), ask(), **options)


def test_a_path_is_to_be_read_first():
    with pytest.raises(ConfigError, match=r"read_analogies\('questions.txt'\)"):
        evaluate_analogies(vectors(), "questions.txt")


def test_it_is_a_scorer():
    """A training that stops early is handed a function of word vectors."""
    of = vectors()
    questions = ask(*(AnalogyQuestion(*words) for words in [("w0", "w1", "w2", ("w3",))]))

    def scorer(vectors: WordVectors) -> float:
        return evaluate_analogies(vectors, questions).total.accuracy

    wide = np.zeros((len(WORDS), 16), dtype=np.float32)  # rows padded as in training
    wide[:, :7] = of.matrix
    assert scorer(of) == scorer(WordVectors(of.words, wide[:, :7])) in (0.0, 1.0)


def test_memory_stays_bounded(monkeypatch):
    """What is held for many questions over many words does not grow with either."""
    import tracemalloc

    rows = 40_000
    words = [f"w{i}" for i in range(rows)]
    of = WordVectors(words, np.random.default_rng(1).normal(size=(rows, 8)).astype(np.float32))
    pairs = list(itertools.permutations(range(60), 2))
    asked = ask(*(AnalogyQuestion(f"w{i}", f"w{i + 100}", f"w{j}", (f"w{j + 100}",)) for i, j in pairs))
    evaluate_analogies(of, ask(AnalogyQuestion("w0", "w1", "w2", ("w3",))))  # what is made once
    tracemalloc.start()
    evaluate_analogies(of, asked)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 2**20 < 4 * len(pairs) * rows


def test_importing_evaluation_loads_nothing_heavy():
    program = (
        "import sys, coterie.evaluation\n"
        "heavy = {'numba', 'pyarrow', 'scipy', 'rich', 'click', 'gensim'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
