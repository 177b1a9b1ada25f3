"""Word2Vec by gensim's interface: what it learns, how it goes on learning, what it refuses, and its files."""

from __future__ import annotations

import bz2
import copy
import dataclasses
import logging
import warnings

import numpy as np
import pytest
from grouped_words import sentences, share_found

import coterie
from coterie.compat.gensim import (
    RULE_DEFAULT,
    RULE_DISCARD,
    RULE_KEEP,
    CallbackAny2Vec,
    KeyedVectors,
    LineSentence,
    PathLineSentences,
    Word2Vec,
)
from coterie.compat.gensim.refusals import AbsentError, NotSentencesError, NoVocabularyError
from coterie.config import TrainingConfig
from coterie.errors import ConfigError, CorpusError, FormatError, TrainingInterrupted
from coterie.sampling.plan import Sentences
from coterie.training.trainer import Trainer

# Many of these trainings are too short to learn much, which is told; one test sees to it that it is.
pytestmark = pytest.mark.filterwarnings("ignore:the loss is .* little was learned")

SMALL = {"vector_size": 16, "min_count": 1, "sample": 0, "workers": 1, "alpha": 0.05, "epochs": 4}
ARCHITECTURES = [{"sg": 1}, {"sg": 0}, {"sg": 1, "hs": 1, "negative": 0}, {"sg": 0, "hs": 1}]


def made(text=None, **changes):
    return Word2Vec(text, **{**SMALL, **changes})


def matrices(model):
    return [matrix[:, : model.vector_size] for _, matrix in model._weights.matrices()]


def same(one, other):
    return all((a == b).all() for a, b in zip(matrices(one), matrices(other), strict=True))


@pytest.mark.parametrize("settings", ARCHITECTURES)
def test_planted_groups_are_found(text, settings):
    model = made(text, epochs=8, **settings)
    assert share_found(model.wv) >= 0.9
    assert share_found(made(text[:40], epochs=1, **settings).wv) < 0.9, "the test can fail"
    assert model.corpus_count == len(text)
    assert model.corpus_total_words == sum(map(len, text))
    assert model.wv.get_vecattr("a0", "count") == sum(sentence.count("a0") for sentence in text)
    assert hasattr(model, "syn1") == bool(settings.get("hs"))
    assert hasattr(model, "syn1neg") == (settings.get("negative", 5) > 0)


def test_it_is_the_trainers_own_run(text):
    """The same numbers as the trainer has by itself, with the settings that the arguments mean."""
    model = made(text, sg=0, seed=7, window=3, negative=4, ns_exponent=0.5, epochs=2, sample=1e-2)
    ids = np.array([model.wv.key_to_index[word] for words in text for word in words], np.uint32)
    offsets = np.cumsum([0, *map(len, text)], dtype=np.int64)
    counts = np.bincount(ids).astype(np.int64)
    config = TrainingConfig(
        architecture="cbow",
        cbow_gradient="word2vec",
        vector_size=16,
        window=3,
        negative=4,
        ns_exponent=0.5,
        sample=1e-2,
        alpha=0.05,
        epochs=2,
        workers=1,
        seed=7,
    )
    weights = Trainer(Sentences(ids, offsets), counts, config).run().weights
    assert (model.wv.vectors == weights.input_vectors[:, :16]).all()
    assert (model.syn1neg == weights.output_vectors[:, :16]).all()
    assert model.wv.index_to_key == sorted(
        model.wv.index_to_key, key=lambda w: -model.wv.get_vecattr(w, "count")
    )


@pytest.mark.parametrize("settings", ARCHITECTURES)
def test_build_then_train_is_the_constructor(text, settings):
    model = made(**settings)
    model.build_vocab(text)
    before = model.wv.vectors.copy()
    words, raw = model.train(text, total_examples=model.corpus_count, epochs=model.epochs)
    assert (words, raw) == (4 * 13_500, 4 * 13_500)
    assert (model.wv.vectors != before).any()
    assert same(model, made(text, **settings))


def test_a_generator_will_do_and_files_are_read_whatever_their_name(text, tmp_path):
    expected = made(text)
    lines = "".join(" ".join(words) + "\n" for words in text)
    plain, packed = tmp_path / "text.corpus", tmp_path / "text.csv.bz2"
    plain.write_text(lines)
    packed.write_bytes(bz2.compress(lines.encode()))
    assert same(expected, made(words for words in text))
    for source in ({"corpus_file": str(plain)}, {"corpus_file": packed}):
        assert same(expected, Word2Vec(**source, **SMALL))
    assert same(expected, made(LineSentence(str(plain))))
    with plain.open("rb") as file:
        assert same(expected, made(LineSentence(file, max_sentence_length=50)))
    halves = tmp_path / "halves"
    halves.mkdir()
    (halves / "1.x").write_text(lines[: lines.index("\n", 9000) + 1])
    (halves / "2.x").write_text(lines[lines.index("\n", 9000) + 1 :])
    assert same(expected, made(PathLineSentences(halves)))


@pytest.mark.parametrize("settings", ARCHITECTURES)
def test_new_words_are_learned_and_old_ones_kept(text, settings):
    model = made(text, epochs=8, **settings)
    old_words, old = list(model.wv.index_to_key), [matrix.copy() for matrix in matrices(model)]
    new_text = sentences("abcdefg", seed=5)
    model.build_vocab(new_text, update=True)
    assert model.wv.index_to_key[: len(old_words)] == old_words
    assert len(model.wv) == len(old_words) + 12
    kept = matrices(model)[: 1 if settings.get("hs") else None]
    for before, after in zip(old, kept, strict=False):
        assert (after[: len(before)] == before).all()
    model.train(new_text, total_examples=model.corpus_count, epochs=8, start_alpha=0.05)
    assert share_found(model.wv, "fg") >= 0.9
    assert share_found(model.wv) >= 0.9


def test_vectors_that_were_added_stay_when_the_vocabulary_grows(text):
    model = made(text)
    given = np.arange(16, dtype=np.float32)
    model.wv.add_vectors(["mine", "f1"], [given, -given])
    new_text = sentences("f", seed=5)
    model.build_vocab(new_text, update=True)
    assert model.wv["mine"].tolist() == given.tolist()
    assert model.wv["f1"].tolist() == (-given).tolist()
    assert model.wv["f2"].any()
    model.train(new_text, total_examples=model.corpus_count, epochs=1)
    assert model.wv["mine"].tolist() == given.tolist(), "it is in no window"
    assert model.wv["f1"].tolist() != (-given).tolist()


def test_successive_trainings_draw_anew(text):
    """One epoch twice is not twice the same epoch, and yet reproducible."""
    models = [made(), made()]
    for model in models:
        model.build_vocab(text)
        for _ in range(2):
            start = model.wv.vectors.copy()
            model.train(text, total_examples=model.corpus_count, epochs=1, start_alpha=1e-3, end_alpha=1e-3)
            model.steps = [*getattr(model, "steps", []), model.wv.vectors - start]
    assert same(*models)
    first, second = models[0].steps
    assert np.abs(first - second).max() > 0.1 * np.abs(first).max()


class Listener(CallbackAny2Vec):
    def __init__(self):
        self.told, self.losses = [], []

    def on_train_begin(self, model):
        self.told.append("begin")

    def on_epoch_begin(self, model):
        self.told.append(round(float(model.wv.vectors[0, 0]), 6))

    def on_epoch_end(self, model):
        self.losses.append(model.get_latest_training_loss())

    def on_train_end(self, model):
        self.told.append("end")


@pytest.mark.parametrize("settings", ARCHITECTURES)
def test_callbacks_hear_every_epoch_and_change_nothing(text, settings):
    listener = Listener()
    model = made(text, callbacks=[listener], compute_loss=True, **settings)
    assert same(model, made(text, **settings))
    assert listener.told[0] == "begin"
    assert listener.told[-1] == "end"
    assert len(set(listener.told[1:-1])) == 4
    epochs = np.diff([0, *listener.losses])
    assert (epochs > 0).all()
    assert epochs[-1] < epochs[0]
    whole = made(text, compute_loss=True, **settings)
    assert model.get_latest_training_loss() == pytest.approx(whole.get_latest_training_loss())
    assert made(text, **settings).get_latest_training_loss() == 0


def test_the_learning_rate_may_be_changed_between_trainings(text, caplog):
    model = made(text)
    assert (model.alpha, model.min_alpha_yet_reached) == (0.05, pytest.approx(0.0001))
    with caplog.at_level(logging.WARNING):
        model.train(text, total_examples=len(text), epochs=2, start_alpha=0.01, end_alpha=0.002)
    assert "higher than previous" in caplog.text
    assert (model.alpha, model.min_alpha, model.epochs, model.train_count) == (0.01, 0.002, 2, 2)
    before = model.wv.vectors.copy()
    model.alpha = model.min_alpha = 1e-6
    model.train(text, total_examples=len(text), epochs=1)
    assert 0 < np.abs(model.wv.vectors - before).max() < 1e-3


def test_word_vectors_given_before_training_are_where_it_starts(text):
    model, other = made(epochs=1), made(epochs=1)
    for one in (model, other):
        one.build_vocab(text)
    given = np.random.default_rng(0).normal(size=model.wv.vectors.shape).astype(np.float32)
    model.wv.vectors = given.copy()
    other.wv.vectors[:] = given
    for one in (model, other):
        one.train(text, total_words=one.corpus_total_words, epochs=1)
    assert same(model, other)
    assert np.corrcoef(model.wv.vectors.ravel(), given.ravel())[0, 1] > 0.8


def test_vocabulary_options():
    text = [["a", "b", "c"], ["a", "b"], ["a", "d"], ["a", "c"]]
    model = Word2Vec(min_count=1)
    model.build_vocab(text, keep_raw_vocab=True)
    assert model.wv.index_to_key == ["a", "b", "c", "d"]
    assert model.raw_vocab == {"a": 4, "b": 2, "c": 2, "d": 1}

    def rule(word, count, min_count):
        return {"a": RULE_DISCARD, "d": RULE_KEEP}.get(word, RULE_DEFAULT)

    for options, expected in (
        ({"min_count": 2}, ["a", "b", "c"]),
        ({"min_count": 1, "max_final_vocab": 2}, ["a"]),
        ({"min_count": 1, "max_vocab_size": 2}, ["a", "b"]),
        ({"min_count": 0}, ["a", "b", "c", "d"]),
    ):
        model = Word2Vec(**options)
        model.build_vocab(text)
        assert model.wv.index_to_key == expected
    model = Word2Vec(min_count=2)
    model.build_vocab(text, trim_rule=rule)
    assert model.wv.index_to_key == ["b", "c", "d"]
    with pytest.raises(ConfigError, match="returned 7"):
        model.build_vocab(text, trim_rule=lambda *_: 7)
    model.build_vocab_from_freq({"x": 3, "y": 9}, corpus_count=5)
    assert (model.wv.index_to_key, model.corpus_count) == (["y", "x"], 5)
    model.build_vocab_from_freq({"y": 1, "z": 2}, update=True)
    assert model.wv.expandos["count"].tolist() == [10, 3, 2]


def test_the_report_about_a_vocabulary():
    model = Word2Vec(min_count=2, sample=0.1)
    assert model.scan_vocab([["a"] * 50 + ["b"] * 2 + ["c"], []]) == (53, 2)
    report = model.prepare_vocab(dry_run=True)
    assert report["drop_unique"] == 1
    assert report["retain_total"] == 52
    assert report["downsample_unique"] == 1
    kept = np.sqrt(5.2 / 50) + 5.2 / 50
    assert report["downsample_total"] == int(50 * kept + 2)
    assert len(model.wv) == 0
    assert model.estimate_memory(1000)["vectors"] == 1000 * 112 * 4
    by_count = Word2Vec(sample=20, min_count=1)
    by_count.raw_vocab = {"a": 500, "b": 30}
    assert by_count.prepare_vocab(dry_run=True)["downsample_unique"] == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"cbow_mean": 0}, "cbow_mean"),
        ({"hashfxn": len}, "hashfxn"),
        ({"null_word": 1}, "null_word"),
        ({"sorted_vocab": 0}, "sorted_vocab"),
        ({"hs": 0, "negative": 0}, "hs and negative"),
        ({"window": 0}, "window"),
        ({"alpha": -1.0}, "alpha"),
        ({"workers": 0}, "workers"),
        ({"sample": -1}, "sample"),
        ({"min_count": -1}, "min_count"),
        ({"max_final_vocab": 0}, "max_final_vocab"),
        ({"trim_rule": len}, "trim_rule"),
        ({"callbacks": [CallbackAny2Vec()]}, "callbacks"),
        ({"callbacks": [object()]}, "has no method on_train_begin"),
    ],
)
def test_what_coterie_does_not_have_is_an_error(options, told):
    with pytest.raises(ConfigError, match=told):
        Word2Vec(**options)


def test_unknown_arguments_are_errors(text):
    with pytest.raises(TypeError, match="size"):
        Word2Vec(text, size=10)
    model = made(text)
    with pytest.raises(TypeError, match="iter"):
        model.train(text, iter=5)
    with pytest.raises(ConfigError, match="word_count"):
        model.train(text, total_examples=1, epochs=1, word_count=5)


@pytest.mark.parametrize("given", [["a text", "more"], "text", b"text", [["a"], "b"], [None], 5, [[1, 2]]])
def test_what_is_no_sentences_is_a_type_error(given):
    with pytest.raises(NotSentencesError):
        made(given)
    assert issubclass(NotSentencesError, TypeError)


def test_errors_that_scripts_expect(text, tmp_path):
    with pytest.raises(TypeError):
        Word2Vec(text, corpus_file="x")
    with pytest.raises(RuntimeError, match="no words"):
        made([])
    with pytest.raises(RuntimeError, match="no word is kept"):
        made(text, min_count=10**6)
    with pytest.raises(RuntimeError, match="build_vocab"):
        Word2Vec().train(text, total_examples=1, epochs=1)
    with pytest.raises(RuntimeError, match="without update"):
        Word2Vec().build_vocab(text, update=True)
    with pytest.raises(CorpusError, match="no such file"):
        Word2Vec(corpus_file=tmp_path / "none.txt")
    model = made(text)
    for missing in ({"epochs": 1}, {"total_examples": 1}, {"total_examples": 1, "epochs": 0}):
        with pytest.raises(ValueError, match=r"total_examples|epochs"):
            model.train(text, **missing)
    with pytest.raises(NoVocabularyError, match="none of the text's words"):
        model.train([["x", "y"]], total_examples=1, epochs=1)
    with pytest.raises(NoVocabularyError, match="there is no vocabulary"):
        Word2Vec().save(tmp_path / "empty")
    with pytest.raises(AttributeError, match="on the class"):
        model.load(tmp_path / "m")
    model.wv.vectors_lockf = np.zeros(len(model.wv), np.float32)
    with pytest.raises(ConfigError, match="vectors_lockf"):
        model.train(text, total_examples=1, epochs=1)


def test_vectors_that_are_not_the_models_own_cannot_be_trained(text):
    model = made(text)
    with pytest.warns(UserWarning, match="add_vector"):
        model.wv.add_vector("zz", np.ones(16))
    with pytest.raises(NoVocabularyError, match="31 keys"):
        model.train(text, total_examples=1, epochs=1)
    model = Word2Vec(vector_size=16)
    model.wv = made(text).wv
    with pytest.raises(NoVocabularyError):
        model.train(text, total_examples=1, epochs=1)


def test_another_number_of_sentences_than_given_is_told(text, caplog):
    model = made()
    model.build_vocab(text)
    with caplog.at_level(logging.WARNING):
        model.train(text, total_examples=7, epochs=1)
    assert "total_examples is 7, but the text has 1500" in caplog.text


def test_ctrl_c_leaves_what_was_learned(text, monkeypatch):
    run = Trainer.run
    monkeypatch.setattr(Trainer, "run", lambda self: dataclasses.replace(run(self), interrupted=True))
    with pytest.raises(KeyboardInterrupt) as stopped:
        made(text, epochs=8)
    assert isinstance(stopped.value, TrainingInterrupted)
    assert share_found(stopped.value.model.wv) >= 0.9
    heard = Listener()
    with pytest.raises(KeyboardInterrupt):
        made(text, callbacks=[heard])
    assert len(heard.told) == 2


def test_models_and_vectors_can_be_copied(text):
    model = made(text)
    other = copy.deepcopy(model)
    for one in (model, other):
        one.train(text, total_examples=len(text), epochs=1)
    assert same(model, other)
    assert not np.shares_memory(model.wv.vectors, other.wv.vectors)


@pytest.mark.parametrize("settings", ARCHITECTURES)
@pytest.mark.parametrize("mmap", [None, "r"])
def test_a_saved_model_goes_on_where_it_was(text, tmp_path, settings, mmap):
    model = made(text, comment="mine", **settings)
    model.save(str(tmp_path / "m.model"), sep_limit=0)
    loaded = Word2Vec.load(str(tmp_path / "m.model"), mmap=mmap)
    assert same(model, loaded)
    assert loaded.wv.vectors.flags.writeable == (mmap is None)
    for name in (
        "sg",
        "hs",
        "alpha",
        "epochs",
        "comment",
        "corpus_count",
        "train_count",
        "seed",
        "min_count",
    ):
        assert getattr(loaded, name) == getattr(model, name)
    assert loaded.wv.expandos.keys() == model.wv.expandos.keys()
    for one in (model, loaded):
        one.build_vocab([["a0", "new", "a1"]] * 5, update=True)
        one.train(text, total_examples=len(text), epochs=1)
    assert same(model, loaded)
    loaded.save(tmp_path / "m.model")
    assert len(Word2Vec.load(tmp_path / "m.model").wv) == 31


def test_a_model_folder_is_coteries(text, tmp_path):
    model = made(text)
    model.save(tmp_path / "m")
    whole = coterie.load_model(tmp_path / "m")
    assert whole.config["training"]["cbow_gradient"] == "word2vec"
    assert (whole.vectors.matrix == model.wv.vectors).all()
    assert whole.vectors.most_similar("a0", topn=3)[0][0] == model.wv.most_similar("a0", topn=3)[0][0]
    assert sum(p for _, p in model.as_model().predict_output(["a0"], topn=None)) == pytest.approx(1)
    assert (KeyedVectors.load(tmp_path / "m")["a0"] == model.wv["a0"]).all()
    own = coterie.train(text[:100], vector_size=8, min_count=1, workers=1)
    own.save(tmp_path / "own")
    with pytest.raises(FormatError, match=r"coterie.load_model"):
        Word2Vec.load(tmp_path / "own")


def test_that_little_was_learned_is_told_once(text):
    with pytest.warns(UserWarning, match="little was learned"):
        model = made(text[:40], epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.train(text[:40], total_examples=40, epochs=1)


def test_pickles_are_refused_with_a_way_out(tmp_path):
    (tmp_path / "old.model").write_bytes(b"\x80\x04\x95abc")
    for kind in (Word2Vec, KeyedVectors):
        with pytest.raises(FormatError, match=r"is a pickle.*save_word2vec_format"):
            kind.load(tmp_path / "old.model")
    with pytest.raises(FormatError, match="does not exist"):
        Word2Vec.load(tmp_path / "none")
    with pytest.raises(ConfigError, match="mmap"):
        Word2Vec.load(tmp_path / "none", mmap="w")


def test_predictions(text):
    model = made(text, sg=1, epochs=8)
    best = model.predict_output_word(["a1", "a2", "not there"], topn=4)
    assert len(best) == 4
    assert {word[0] for word, _ in best} == {"a"}
    everything = model.predict_output_word([model.wv.get_index("a1")], topn=100)
    assert sum(share for _, share in everything) == pytest.approx(1)
    h = model.wv["a1"].astype(float)
    scores = np.exp(model.syn1neg.astype(float) @ h)
    assert dict(everything)["b1"] == pytest.approx(scores[model.wv.get_index("b1")] / scores.sum(), rel=1e-5)
    assert model.predict_output_word(["not there"]) is None
    both = model.predict_output_word(["a1", "a2"], topn=1)[0][1]
    model.cbow_mean = 0
    assert model.predict_output_word(["a1", "a2"], topn=1)[0][1] > both, "the sum is twice the mean"
    model.cbow_mean = 1
    with pytest.raises(AbsentError):
        made(text, hs=1, negative=0).predict_output_word(["a1"])
    with pytest.raises(ConfigError, match="list of words"):
        model.predict_output_word("a1")


@pytest.mark.parametrize("sg", [0, 1])
def test_scores_are_log_probabilities_by_the_tree(text, sg):
    model = made(text, sg=sg, hs=1, negative=0, window=2, epochs=6)
    sentence = ["a1", "a0", "unknown", "a3", "b2"]
    (score,) = model.score([sentence])
    logs = np.log(
        [
            [dict(model.as_model().predict_output([c], topn=None))[o] for o in model.wv.index_to_key]
            for c in model.wv.index_to_key
        ]
    )
    at, rows = model.wv.key_to_index, [word for word in sentence if word != "unknown"]
    expected = 0.0
    for i, word in enumerate(rows):
        near = [rows[j] for j in range(max(0, i - 2), min(4, i + 3)) if j != i]
        if sg:
            expected += sum(logs[at[other], at[word]] for other in near)
        else:
            expected += np.log(dict(model.as_model().predict_output(near, topn=None))[word])
    assert score == pytest.approx(expected, rel=1e-4)
    assert len(model.score(text, total_sentences=3)) == 3
    with pytest.raises(AbsentError, match="hs=1"):
        made(text).score(text)


def test_reset_from_takes_the_vocabulary(text):
    model, other = made(text), made(text[:100], seed=9)
    other.reset_from(model)
    assert other.wv.key_to_index == model.wv.key_to_index
    assert not other.syn1neg.any()
    fresh = made(seed=9)
    fresh.build_vocab(text)
    assert (other.wv.vectors == fresh.wv.vectors).all()


def test_codes_and_points_are_those_of_the_tree(text):
    model = made(text, hs=1, negative=0)
    counts = model.wv.expandos["count"]
    lengths = np.array([len(code) for code in model.wv.expandos["code"]])
    assert (0.5**lengths).sum() == 1
    assert lengths[counts.argmax()] == lengths.min()
    assert model.wv.get_vecattr("a0", "point")[0] == len(model.wv) - 2
    assert model.syn1.shape == (len(model.wv), 16)
