"""What the benchmark of the objectives counts and computes to hold scores against."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from benchmarks.objectives import probabilities
from benchmarks.objectives.page import page
from benchmarks.objectives.speed import distinct_inputs, softmax_speed
from benchmarks.objectives.text import encode_text
from benchmarks.results import Results
from coterie.config import TrainingConfig
from coterie.sampling.plan import Sentences

ABOUT = {
    "machine": ["A CPU"],
    "text": {"name": "text.txt", "words": 1, "sentences": 1, "distinct": 1, "distinct_5": 1},
    "command": "python -m benchmarks.objectives",
}


def random_sentences(words=7, number=40, seed=0):
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 15, number)
    ids = generator.integers(0, words, lengths.sum()).astype(np.uint32)
    return Sentences(ids, np.concatenate(([0], np.cumsum(lengths))).astype(np.int64))


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """A text in which a word's neighbours say what it is: pairs (2 i, 2 i + 1) come together."""
    generator = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("text") / "text.txt"
    pairs = generator.integers(0, 10, (3000, 6))
    lines = [" ".join(f"w{2 * i} w{2 * i + 1}" for i in line) for line in pairs]
    path.write_text("\n".join(lines), encoding="utf-8")
    return encode_text(path, None, tmp_path_factory.mktemp("encoded"), 1)[0]


def test_contexts_are_counted_as_a_plain_loop_counts_them():
    sentences, inputs = random_sentences(), np.array([1, 4, 6])
    expected = np.zeros((3, 7))
    for start, stop in itertools.pairwise(sentences.offsets):
        line = sentences.ids[start:stop].tolist()
        for a, b in itertools.permutations(range(len(line)), 2):
            if line[a] in inputs and abs(a - b) <= 5:
                expected[inputs.tolist().index(line[a]), line[b]] += (6 - abs(a - b)) / 5
    np.testing.assert_allclose(probabilities.contexts_of(inputs, sentences, 7), expected)


def test_held_out_pairs_are_neighbours_after_the_start():
    sentences = random_sentences(words=500, number=400)
    ids, offsets = sentences.ids.astype(np.int64), sentences.offsets
    start = int(offsets[100])
    near = set()
    for first, last in itertools.pairwise(offsets[100:]):
        line = ids[first:last]
        near |= {(a, b) for i, a in enumerate(line) for b in [*line[max(0, i - 5) : i], *line[i + 1 : i + 6]]}
    found = probabilities.pairs_after(sentences, start, seed=1)
    assert len(found) > 1000
    assert set(map(tuple, found.tolist())) <= near


def test_distinct_inputs_are_those_of_the_windows():
    # With windows of random size one at the least: every word is some window's context.
    sentences, config = random_sentences(), TrainingConfig(objective="softmax", sample=0, epochs=1)
    lengths = np.diff(sentences.offsets)
    alone = np.repeat(lengths == 1, lengths)
    expected = len(set(sentences.ids[~alone].tolist()))
    assert distinct_inputs(sentences, np.bincount(sentences.ids), config) == [expected]


def test_scores_are_near_the_theory_where_the_text_is_simple(text):
    settings = {"objective": "negative_sampling", "negative": 5, "vector_size": 24, "sample": 0}
    job = {
        "text": text.folder,
        "words": 20,
        "epochs": 5,
        "threads": 1,
        "seed": 1,
        "eval_dir": None,
        "settings": {**settings, "collisions": "keep", "window": 5},
    }
    found = probabilities.optimum(job)
    assert found["inputs"] == found["vocabulary"] == 20
    assert found["correlation"] > 0.9
    assert found["negatives_seen"] > 0.99, "all words meet"
    assert found["sum_of_estimates"][1] > 1.2


@pytest.mark.parametrize("objective", ["nce", "softmax"])
def test_probabilities_are_better_than_counts_alone(text, objective):
    settings = {"objective": objective, "vector_size": 24, "sample": 0, "window": 5}
    job = {"text": text.folder, "words": 20, "tokens": 30_000, "epochs": 5, "threads": 1, "seed": 1}
    found = probabilities.prediction({**job, "settings": settings})
    assert found["loss"] < found["unigram_loss"] - 0.1
    if objective == "nce":
        assert found["partition"][0] == pytest.approx(1, abs=0.3)
    else:
        assert found["partition"] is None


def test_the_page_tells_them(text, tmp_path):
    job = {"objective": "softmax", "negative": 0, "sizes": [20], "rounds": 1, "seconds": 0.1}
    job |= {"vector_size": 16, "threads": 1, "seed": 1}
    measured = softmax_speed({**job, "text": text.folder})
    (point,) = measured["points"]
    assert point["rows"] == 20
    assert point["rate"] > 0
    results = Results(tmp_path / "none.json", {})
    results.begin("speed", ABOUT, resume=False)
    results.add("speed", "softmax", job, {"points": [point | {"rate": 30e9, "sgemm": 40e9}]})
    results.begin("prediction", ABOUT, resume=False)
    shared = {"words": 1000, "vocabulary": 20, "pairs": 500, "seconds": 2.0, "unigram_loss": 3.0}
    results.add("prediction", "ns1", {}, {**shared, "loss": 2.5, "partition": None})
    results.add("prediction", "nce5", {}, {**shared, "loss": 2.25, "partition": [0.9, 1.0, 1.2]})
    told = page(Results(Path("none.json"), results.sections))
    assert "| 20 | 20 | 30.0 | 40.0 | **75.0** (75.0–75.0) |" in told
    assert "| NS, k = 1 | 2.500 | 2.00 | – |" in told
    assert "| NCE, k = 5 | 2.250 | 2.00 | 1.00 (0.90–1.20) |" in told
    assert "| counts alone | 3.000 | – | – |" in told
