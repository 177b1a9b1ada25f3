"""Model.predict_output: the words around a context, by each objective's own formula."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from coterie.config import TrainingConfig
from coterie.errors import ConfigError, FormatError, WordNotFoundError
from coterie.model import Model
from coterie.vectors import WordVectors
from reference import huffman, prediction

WORDS = ["the", "New York", "sea", "ship", "sail", "gold", "silver", "king"]
COUNTS = [400, 90, 40, 30, 30, 12, 5, 1]
SIZE = 6
OBJECTIVES = {
    "negative_sampling": {"ns_exponent": 0.6},
    "nce": {"objective": "nce"},
    "softmax": {"objective": "softmax"},
    "hierarchical_softmax": {"objective": "hierarchical_softmax"},
    "hierarchical_softmax and negatives": {"objective": "hierarchical_softmax", "negative": 3},
}


def make_model(name, seed=0, value=None):
    config = TrainingConfig(vector_size=SIZE, **OBJECTIVES[name])
    generator = np.random.default_rng(seed)
    inputs, outputs, nodes = (
        generator.normal(size=(n, SIZE)).astype(np.float32) for n in (len(WORDS), len(WORDS), len(WORDS) - 1)
    )
    if value is not None:
        inputs[2] = value
    described = {"objective": config.objective, "training": config.to_dict()}
    if config.nce_partition == "learned":
        described["log_normaliser"] = 0.5
    hierarchical = config.objective == "hierarchical_softmax"
    return Model(
        WordVectors(WORDS, inputs, np.array(COUNTS)),
        None if hierarchical and not config.negative else outputs,
        described,
        [],
        node_vectors=nodes if hierarchical else None,
    )


def by_hand(name, model, context):
    hidden = prediction.mean([model.vectors[word].tolist() for word in context])
    if name == "negative_sampling":
        return prediction.negative_sampling(model.output_vectors.tolist(), hidden, COUNTS, 0.6)
    if name in ("nce", "softmax"):
        return prediction.softmax(model.output_vectors.tolist(), hidden)
    pairs = huffman.merges(COUNTS)
    numbers = {pair: number for number, pair in enumerate(pairs)}
    told = prediction.hierarchical_softmax(pairs[-1], model.node_vectors.tolist(), hidden, numbers)
    return [told[row] for row in range(len(WORDS))]


@pytest.mark.parametrize("context", [["sea"], ["sea", "ship", "New York"], ("king", "king", "gold")])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_objective_by_hand(name, context):
    model = make_model(name)
    told = model.predict_output(context, topn=None)
    expected = dict(zip(WORDS, by_hand(name, model, context), strict=True))
    assert [word for word, _ in told] == sorted(WORDS, key=expected.get, reverse=True)
    np.testing.assert_allclose([p for _, p in told], [expected[word] for word, _ in told], rtol=1e-9)
    assert sum(p for _, p in told) == pytest.approx(1, abs=1e-12)
    assert model.predict_output(context, topn=3) == told[:3]
    assert model.predict_output(context, topn=100) == told


@pytest.mark.parametrize("name", ["negative_sampling", "nce", "softmax"])
def test_a_mean_is_the_geometric_mean_of_the_words_own_predictions(name):
    model, context = make_model(name), ["sea", "gold", "king"]
    alone = [dict(model.predict_output(word, topn=None)) for word in context]
    product = np.array([np.prod([told[word] for told in alone]) ** (1 / 3) for word in WORDS])
    together = dict(model.predict_output(context, topn=None))
    np.testing.assert_allclose([together[word] for word in WORDS], product / product.sum(), rtol=1e-9)


def test_answers_are_plain_words_and_numbers():
    (answer,) = make_model("negative_sampling").predict_output("sea", topn=np.int64(1))
    assert [type(part) for part in answer] == [str, float]


def test_of_equal_probabilities_the_more_frequent_word_comes_first():
    config = {"objective": "softmax"}
    vectors = WordVectors(WORDS, np.ones((8, 2), np.float32), np.array(COUNTS))
    model = Model(vectors, np.ones((8, 2), np.float32), config, [])
    assert [word for word, _ in model.predict_output("sea", topn=5)] == WORDS[:5]


def test_a_context_that_is_none_is_told():
    model = make_model("softmax")
    assert model.predict_output("New York") == model.predict_output(["New York"])
    with pytest.raises(ConfigError, match=r"context is the string 'the sea'; .* such as \['the', 'sea'\]"):
        model.predict_output("the sea")
    for empty in ([], (), None, 3, {"sea"}):
        with pytest.raises(ConfigError, match=r"it needs at least one word in a list"):
            model.predict_output(empty)
    with pytest.raises(WordNotFoundError, match=r"the word 'shp' is not .* did you mean 'ship'"):
        model.predict_output(["sea", "shp"])
    with pytest.raises(WordNotFoundError):
        model.predict_output([3])
    for topn in (0, -1, 2.5, True, "3"):
        with pytest.raises(ConfigError, match=r"topn is .* at least 1 or None for all"):
            model.predict_output("sea", topn=topn)


def test_a_vector_that_is_none_is_told_with_its_word():
    model = make_model("softmax", value=np.nan)
    assert model.predict_output("ship")
    with pytest.raises(FormatError, match="the vector of 'sea' holds NaN"):
        model.predict_output(["ship", "sea"])


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({}, "have no objective, which predictions depend on"),
        ({"objective": "negative_sampling"}, "have no ns_exponent"),
        ({"objective": "negative_sampling", "training": {"ns_exponent": "x"}}, "ns_exponent is 'x'"),
        ({"objective": "margin"}, "objective is 'margin'; choose one of"),
    ],
)
def test_settings_that_tell_no_formula_are_an_error(config, told):
    model = make_model("softmax")
    with pytest.raises(FormatError, match=told):
        Model(model.vectors, model.output_vectors, config, []).predict_output("sea")


@pytest.mark.parametrize("cbow_mean", [0, 1])
def test_gensim_differs_by_the_formula_alone(cbow_mean):
    """On the same vectors its prediction is the softmax of the scores; ours multiplies that by q."""
    word2vec = pytest.importorskip("gensim.models.word2vec")
    model = make_model("negative_sampling")
    theirs = word2vec.Word2Vec(vector_size=SIZE, min_count=1, negative=3, cbow_mean=cbow_mean)
    theirs.build_vocab_from_freq(dict(zip(WORDS, COUNTS, strict=True)))
    order = [WORDS.index(word) for word in theirs.wv.index_to_key]
    theirs.wv.vectors, theirs.syn1neg = model.vectors.matrix[order], model.output_vectors[order]
    context = ["sea", "gold"] if cbow_mean else ["sea"]

    told = dict(theirs.predict_output_word(context, topn=len(WORDS)))
    softmax = Model(model.vectors, model.output_vectors, {"objective": "softmax"}, [])
    for word, probability in softmax.predict_output(context, topn=None):
        assert told[word] == pytest.approx(probability, rel=1e-4)

    weights = {word: told[word] * count**0.6 for word, count in zip(WORDS, COUNTS, strict=True)}
    for word, probability in model.predict_output(context, topn=None):
        assert weights[word] / sum(weights.values()) == pytest.approx(probability, rel=1e-4)


def test_predictions_from_a_folder_need_no_compiler(tmp_path):
    make_model("negative_sampling").save(tmp_path / "m")
    program = (
        "import sys, coterie\n"
        "coterie.load_model(sys.argv[1]).predict_output(['sea', 'ship'])\n"
        "sys.exit('numba' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "m"], check=True)
