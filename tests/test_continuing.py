"""A training that goes on from a model, on other text."""

from __future__ import annotations

import numpy as np
import pytest

import coterie
from coterie import Callback
from coterie.continuing import Grown
from coterie.errors import ConfigError, FormatError
from coterie.objectives.weights import make_weights
from marks import mostly_slow
from reference import synthetic

QUICK = {"vector_size": 12, "min_count": 1, "sample": 0, "workers": 1, "cache": False}
STILL = {"alpha": 1e-12, "min_alpha": 1e-12, "epochs": 1}
OBJECTIVES = [
    {},
    {"architecture": "cbow"},
    {"objective": "nce"},
    {"objective": "hierarchical_softmax"},
    {"objective": "hierarchical_softmax", "negative": 2},
    {"objective": "softmax"},
    {"output_dtype": "bfloat16"},
]


@pytest.fixture(scope="module")
def sentences():
    found = synthetic.clustered_sentences(clusters=6, words=8)
    return [[f"w{word}" for word in sentence] for sentence in found]


@pytest.fixture(scope="module")
def old(sentences):
    return coterie.train([*sentences[:600], ["w0", "gone", "w1"] * 3], epochs=2, window=3, **QUICK)


@pytest.fixture(scope="module")
def newer(sentences):
    """Text that lacks a word and has others, of which one is rare."""
    return [*sentences[600:1200], *[["w2", "fresh", "w3"]] * 40, ["w2", "seldom"]]


def rows_of(model, name, words):
    matrix = model.vectors.matrix if name == "input_vectors" else getattr(model, name)
    return matrix[[model.vectors.index[word] for word in words]]


@pytest.mark.filterwarnings("ignore:the loss is")
@pytest.mark.parametrize("changes", mostly_slow(OBJECTIVES, fast=3), ids=str)
def test_every_row_goes_on_under_its_word(sentences, newer, changes):
    """A training that hardly learns shows the rows that it began with."""
    old = coterie.train([*sentences[:300], ["w0", "gone", "w1"] * 3], epochs=1, **QUICK, **changes)
    model = coterie.train(newer, start_from=old, workers=1, cache=False, **STILL)
    words = old.vectors.words
    assert set(model.vectors.words) == {*words, "fresh", "seldom"}
    counts = model.vectors.counts
    assert counts.tolist() == sorted(counts.tolist(), reverse=True)
    flat = [word for sentence in newer for word in sentence]
    for word in ("w0", "gone", "fresh", "seldom"):
        before = old.vectors.counts[old.vectors.index[word]] if word in old.vectors else 0
        assert counts[model.vectors.index[word]] == before + flat.count(word)
    np.testing.assert_allclose(
        rows_of(model, "input_vectors", words), rows_of(old, "input_vectors", words), atol=1e-7
    )
    if old.output_vectors is not None:
        slack = 2**-8 if changes.get("output_dtype") else 1e-7
        expected = rows_of(old, "output_vectors", words)
        np.testing.assert_allclose(
            rows_of(model, "output_vectors", words), expected, atol=slack * abs(expected).max()
        )
        assert abs(rows_of(model, "output_vectors", ["fresh"])).max() < 1e-6, "new rows begin at zero"
    assert model.config["objective"] == old.config["objective"]


@pytest.mark.filterwarnings("ignore:the loss is")
@pytest.mark.parametrize("changes", [*OBJECTIVES[2:5]], ids=str)
def test_the_same_text_again_predicts_as_before(sentences, changes):
    """Twice the counts make the same tree, whose nodes must have the same rows after the words' sorting."""
    old = coterie.train(sentences[:300], epochs=1, **QUICK, **changes)
    model = coterie.train(sentences[:300], start_from=old, workers=1, cache=False, **STILL)
    before, after = (dict(m.predict_output(["w5", "w6"], topn=None)) for m in (old, model))
    assert after == pytest.approx(before, rel=1e-3)


def test_a_word_that_the_text_lacks_keeps_its_vector(old, newer):
    model = coterie.train(newer, start_from=old, workers=1, cache=False)
    np.testing.assert_array_equal(model.vectors["gone"], old.vectors["gone"])
    assert (model.vectors["w2"] != old.vectors["w2"]).any()


def test_settings_are_the_models_where_none_are_given(old, newer):
    training = coterie.train(newer, start_from=old, cache=False).config["training"]
    expected = {**old.config["training"], "workers": None}
    assert training == expected
    changed = coterie.train(newer, start_from=old, epochs=1, alpha=0.01, min_count=5, cache=False)
    assert changed.config["training"] == {**expected, "epochs": 1, "alpha": 0.01}
    assert "seldom" not in changed.vectors
    assert "gone" in changed.vectors, "words of the model are kept, however rare"


@pytest.mark.parametrize(
    ("option", "value"), [("vector_size", 13), ("objective", "nce"), ("nce_partition", "one")]
)
def test_what_the_rows_were_made_for_cannot_change(old, newer, option, value):
    with pytest.raises(
        ConfigError, match=f"^{option} is .*, but the model to go on from has .*; leave {option} out"
    ):
        coterie.train(newer, start_from=old, **{option: value})
    coterie.train(newer, start_from=old, vector_size=12, epochs=1, cache=False)


def test_what_goes_on_learns_faster_than_what_begins(old, newer):
    begun = coterie.train(newer, epochs=1, **{**QUICK, "window": 3})
    gone_on = coterie.train(newer, start_from=old, epochs=1, workers=1, cache=False)
    assert gone_on.config["figures"]["final_loss"] < 0.97 * begun.config["figures"]["final_loss"]


@pytest.mark.filterwarnings("ignore:the loss is", "ignore:window is", "ignore:negative is")
def test_phrases_of_the_model_are_joined_in_the_text(tmp_path):
    text = ["she likes new york", "new york likes ships", "he likes ships"] * 30
    old = coterie.train(text, phrases=1, phrase_threshold=3, phrase_min_count=1, epochs=1, **QUICK)
    assert "new_york" in old.vectors
    model = coterie.train(["ships of new york"] * 9, start_from=old, epochs=1, workers=1)
    assert model.vectors.counts[model.vectors.index["new_york"]] == 60 + 9
    assert len(model.phrases) == len(old.phrases)


@pytest.mark.filterwarnings("ignore:the loss is")
def test_a_tokenizer_that_was_a_function_is_asked_for(sentences):
    text = [" ".join(sentence) for sentence in sentences[:50]]
    old = coterie.train(text, tokenizer=str.split, epochs=1, **QUICK)
    with pytest.raises(ConfigError, match="tokenizer was a function in Python, split; give it again"):
        coterie.train(text, start_from=old)
    again = coterie.train(text, start_from=old, tokenizer=str.split, cache=False, epochs=1)
    assert again.vectors.words == old.vectors.words


def test_growth_is_told_and_no_model_is_an_error(old, newer, tmp_path):
    told = []
    coterie.train(newer, start_from=old, cache=False, on_event=told.append)
    words = len(old.vectors)
    assert (
        f"of {words} words that the model has, {words - 1} occur in the text, which adds 2 new ones" in told
    )
    with pytest.raises(FormatError, match="none does not exist"):
        coterie.train(newer, start_from=tmp_path / "none")


class _EndedError(Exception):
    pass


class _Ending(Callback):
    def on_epoch_end(self, training):
        raise _EndedError


@pytest.mark.parametrize("saved", [True, False])
def test_a_training_that_goes_on_from_a_model_can_be_resumed(old, newer, tmp_path, saved):
    start = tmp_path / "old" if saved else old
    if saved:
        old.save(start)
    options = {"start_from": start, "epochs": 3, "workers": 1, "cache": False}
    whole = coterie.train(newer, **options)
    with pytest.raises(_EndedError):
        coterie.train(newer, checkpoints=tmp_path / "c", callbacks=_Ending(), **options)
    if not saved:
        with pytest.raises(ConfigError, match="start_from was an object in Python"):
            coterie.resume(tmp_path / "c", newer)
    model = coterie.resume(tmp_path / "c", newer, start_from=None if saved else old)
    assert model.vectors.words == whole.vectors.words
    np.testing.assert_array_equal(model.vectors.matrix, whole.vectors.matrix)
    np.testing.assert_array_equal(model.output_vectors, whole.output_vectors)
    assert model.config["training"] == whole.config["training"]


def test_a_model_that_is_another_by_now_is_refused(old, newer, tmp_path):
    old.save(tmp_path / "old")
    with pytest.raises(_EndedError):
        coterie.train(
            newer, start_from=tmp_path / "old", checkpoints=tmp_path / "c", callbacks=_Ending(), workers=1
        )
    coterie.train(newer, epochs=1, **QUICK).save(tmp_path / "old")
    with pytest.raises(ConfigError, match="goes on from has other words or counts now"):
        coterie.resume(tmp_path / "c", newer)


def test_rows_are_sorted_in_place():
    generator = np.random.default_rng(0)
    counts = generator.integers(0, 5, 50)
    weights = make_weights(50, coterie.config.TrainingConfig(vector_size=40))
    before = weights.input_vectors.copy()
    grown = Grown([f"w{i}" for i in range(50)], counts, None, np.arange(50))
    vocabulary = grown.in_order({"input_vectors": weights.input_vectors, "node_vectors": before[:49]})
    order = [int(word[1:]) for word in vocabulary.words]
    assert order == sorted(range(50), key=lambda i: (-counts[i], i))
    np.testing.assert_array_equal(weights.input_vectors, before[order])
