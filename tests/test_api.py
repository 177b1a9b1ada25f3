"""The Python API end to end, on small corpora."""

from __future__ import annotations

import json
import re
import time
import warnings
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

import coterie
from coterie.errors import ConfigError, CorpusError, FormatError, TrainingInterrupted
from coterie.training import trainer
from reference import synthetic

QUICK = {"vector_size": 16, "workers": 1, "sample": 0, "min_count": 1}


@pytest.fixture(scope="module")
def sentences():
    return [[f"w{word}" for word in sentence] for sentence in synthetic.clustered_sentences().tolist()]


@pytest.fixture(scope="module")
def text(sentences, tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in sentences), encoding="utf-8")
    return path


def test_from_text_to_neighbours_and_back_from_disk(text, tmp_path):
    model = coterie.train(text, epochs=8, alpha=0.05, cache_dir=tmp_path / "cache", **QUICK)
    for word, cluster in (("w0", 0), ("w17", 2)):
        neighbours = [int(found[1:]) // 8 for found, _ in model.vectors.most_similar(word, topn=3)]
        assert neighbours == [cluster] * 3
    model.save(tmp_path / "model")
    vectors, again = coterie.load(tmp_path / "model"), coterie.load_model(tmp_path / "model")
    np.testing.assert_array_equal(vectors.matrix, model.vectors.matrix)
    np.testing.assert_array_equal(again.output_vectors, model.output_vectors)
    assert again.config["training"]["vector_size"] == 16
    assert again.config["objective"] == "negative_sampling"
    assert again.config["corpus_statistics"]["tokens"] == 22_500
    assert again.metrics[-1]["loss"] == pytest.approx(again.config["figures"]["final_loss"], rel=0.05)
    model.vectors.save_word2vec_format(tmp_path / "vectors.bin", binary=True)
    np.testing.assert_array_equal(coterie.load(tmp_path / "vectors.bin").matrix, model.vectors.matrix)


def test_every_kind_of_source_gives_the_same_model(text, sentences, tmp_path):
    settings = {**QUICK, "epochs": 1, "cache": False}
    matrices = [
        coterie.train(source, **settings).vectors.matrix
        for source in (
            text,
            str(text),
            [text],
            sentences,
            (sentence for sentence in sentences),
            [" ".join(sentence) for sentence in sentences],
        )
    ]
    for matrix in matrices[1:]:
        np.testing.assert_array_equal(matrix, matrices[0])


def test_a_generator_serves_every_epoch(sentences):
    model = coterie.train((sentence for sentence in sentences), epochs=5, **QUICK)
    assert model.config["figures"]["trained_words"] == 5 * 22_500


def test_an_unchanged_source_starts_at_once_and_says_so(text, tmp_path):
    told = []
    for _ in range(2):
        model = coterie.train(text, epochs=1, cache_dir=tmp_path, on_event=told.append, **QUICK)
    assert model.config["figures"]["encoded_before"]
    assert any("cache" in message for message in told)


def test_a_string_among_token_lists():
    with pytest.raises(CorpusError, match="string"):
        coterie.train([["a", "b"], "a b"], **QUICK)


def test_all_words_below_min_count():
    with pytest.raises(CorpusError, match="min_count"):
        coterie.train([["a", "b"], ["a", "c"]], min_count=5)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"size": 100}, "there is no option 'size'; here it is vector_size"),
        ({"vectorsize": 100}, "there is no option 'vectorsize'; did you mean vector_size?"),
        ({"sg": 1}, "there is no option 'sg'. It is architecture='skip_gram'"),
        ({"corpus_file": "a"}, "The text is the first argument"),
        ({"zzz": 1}, "Options: alpha"),
        ({"window": 0}, "window is 0; it must be between 1 and"),
        ({"negative": 2.5}, "negative is 2.5; it must be a whole number"),
        ({"alpha": float("nan")}, "alpha is nan; it must be a finite number"),
        ({"alpha": 0}, "alpha is 0; it must be above 0"),
        ({"min_alpha": 1.0}, "min_alpha is 1, above alpha"),
        ({"collisions": "drop"}, "collisions is 'drop'; choose one of skip, keep"),
        ({"keep_words": "ship"}, "keep_words is the string 'ship'; give a list of words"),
        ({"words": []}, "words is empty"),
        ({"sample": -1}, "sample is -1; it must be at least 0"),
    ],
)
def test_a_wrong_option_is_named(option, says):
    with pytest.raises(ConfigError, match=re.escape(says)):
        coterie.train([["a", "b"]], **option)


def test_remarks_are_messages_or_warnings(sentences):
    told = []
    coterie.train(sentences, window=50, epochs=1, on_event=told.append, **QUICK)
    assert any(message.startswith("window is 50, but the longest sentence has 9 words") for message in told)
    assert any("MiB" in message for message in told)
    with pytest.warns(UserWarning, match="window is 50"):
        coterie.train(sentences, window=50, epochs=1, **QUICK)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        coterie.train(sentences, epochs=1, **QUICK)


def test_a_source_has_to_be_named():
    with pytest.raises(ConfigError, match="needs a text as its first argument"):
        coterie.train(window=5)
    with pytest.raises(ConfigError, match="The text is the first argument, without a name"):
        coterie.train(sentences=[["a", "b"]])


def test_strings_that_name_files_are_not_texts(text):
    with pytest.raises(CorpusError, match=r"strings that name files .* make every one a pathlib\.Path"):
        coterie.train([str(text), str(text)], **QUICK)
    with pytest.raises(CorpusError, match="call it, if it is a generator function"):
        coterie.train(lambda: iter([]), **QUICK)
    with pytest.raises(CorpusError, match="to train on text itself, pass a list of strings"):
        coterie.train("some text with spaces", **QUICK)


def test_gensims_names_are_translated(sentences):
    model = coterie.train(sentences[:50], **QUICK)
    with pytest.raises(AttributeError, match=r"'Model' has no attribute 'wv'; here it is \.vectors$"):
        _ = model.wv
    with pytest.raises(AttributeError, match=r"'index_to_key'; here it is \.words$"):
        _ = model.vectors.index_to_key
    with pytest.raises(AttributeError, match=r"'Model' has no attribute 'nonsense'$"):
        _ = model.nonsense


def test_a_training_that_learned_little_says_so(sentences):
    told = []
    coterie.train(sentences[:50], alpha=1e-4, min_alpha=1e-5, on_event=told.append, **QUICK)
    assert any("untrained vectors have 4.16: little was learned" in message for message in told)
    with pytest.warns(UserWarning, match="little was learned") as warned:
        coterie.train(sentences[:50], alpha=1e-4, min_alpha=1e-5, **QUICK)
    assert warned[0].filename == __file__, "the warning points at the caller's line"


def test_one_word_cannot_be_trained():
    with pytest.raises(CorpusError, match="the vocabulary has 1 word"):
        coterie.train([["a", "a", "a"]] * 10, **QUICK)


def test_interruption_carries_the_model(sentences, monkeypatch):
    monkeypatch.setattr(trainer, "_TICK", 0.001)
    stages = []

    def callback(progress):
        stages.append(progress.stage)
        if progress.stage == "train" and progress.words_done > 0:
            raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted, match="interrupted after") as caught:
        coterie.train(sentences, epochs=500, callbacks=callback, **QUICK)
    assert stages[0] == "encode"
    model = caught.value.model
    assert model.config["figures"]["interrupted"]
    assert len(model.vectors.most_similar("w0", topn=3)) == 3


def test_rare_words_can_be_kept_and_a_vocabulary_given(sentences):
    extra = [*sentences, ["w0", "seldom"]]
    model = coterie.train(extra, epochs=1, **{**QUICK, "min_count": 50, "keep_words": ["seldom"]})
    assert "seldom" in model.vectors
    model = coterie.train(extra, epochs=1, negative=2, words=["w0", "w1", "seldom"], **QUICK)
    assert set(model.vectors.words) == {"w0", "w1", "seldom"}


class _EndedError(Exception):
    """What a callback ends a training with."""


def _end_at(words):
    def callback(progress):
        if progress.stage == "train" and progress.words_done >= words:
            raise _EndedError

    return callback


@pytest.fixture
def slow(monkeypatch):
    """A training that takes some time, and is looked at often."""
    train_unit = trainer.Trainer._train_unit

    def slowly(self, *arguments, **options):
        time.sleep(0.002)
        train_unit(self, *arguments, **options)

    monkeypatch.setattr(trainer, "_TICK", 0.001)
    monkeypatch.setattr(trainer.Trainer, "_train_unit", slowly)


def test_a_training_from_an_iterable_goes_on(sentences, tmp_path, slow):
    whole = coterie.train(sentences, epochs=3, **QUICK)
    with pytest.raises(_EndedError):
        coterie.train(sentences, epochs=3, checkpoints=tmp_path, callbacks=_end_at(2000), **QUICK)
    with pytest.raises(ConfigError, match="the checkpoint's text was no file or folder"):
        coterie.resume(tmp_path)
    model = coterie.resume(tmp_path, sentences)
    np.testing.assert_array_equal(model.vectors.matrix, whole.vectors.matrix)
    assert model.config["training"] == whole.config["training"]
    assert model.metrics[-1]["words"] == whole.metrics[-1]["words"]


def test_a_training_with_a_function_as_tokenizer_goes_on(text, tmp_path, slow):
    whole = coterie.train(text, tokenizer=str.split, epochs=2, **QUICK)
    with pytest.raises(_EndedError):
        coterie.train(
            text, tokenizer=str.split, epochs=2, checkpoints=tmp_path, callbacks=_end_at(2000), **QUICK
        )
    with pytest.raises(ConfigError, match="tokenizer was an object in Python"):
        coterie.resume(tmp_path)
    model = coterie.resume(tmp_path, tokenizer=str.split)
    np.testing.assert_array_equal(model.vectors.matrix, whole.vectors.matrix)


def test_more_epochs_and_other_workers(text, tmp_path, slow):
    with pytest.raises(_EndedError):
        coterie.train(text, epochs=2, checkpoints=tmp_path, callbacks=_end_at(2000), cache=False, **QUICK)
    told = []
    model = coterie.resume(tmp_path, epochs=3, workers=2, cache=False, on_event=told.append)
    assert model.config["training"]["epochs"] == 3
    assert model.config["figures"]["trained_words"] == 3 * model.config["corpus_statistics"]["tokens"]
    for expected in ("workers is 2 and was 1", "epochs is 3 and was 2: the learning rate goes on from"):
        assert any(expected in message for message in told)


@pytest.mark.parametrize("given", ["pattern", "folder", "paths"])
def test_files_are_found_again_from_another_folder(text, tmp_path, slow, monkeypatch, given):
    """Also where the folder's own name looks like a pattern."""
    here = tmp_path / "[x]"
    (here / "news").mkdir(parents=True)
    (here / "news" / "a.txt").write_text(text.read_text())
    monkeypatch.chdir(here)
    source = {"pattern": "news/*.txt", "folder": "news", "paths": (Path("news/a.txt"),)}[given]
    options = {"epochs": 2, "phrases": 1, "memory_limit": 8 << 30, "cache": False, **QUICK}
    whole = coterie.train(source, **options)
    with pytest.raises(_EndedError):
        coterie.train(source, checkpoints=tmp_path / "place", callbacks=_end_at(2000), **options)
    monkeypatch.chdir("/")
    model = coterie.resume(tmp_path / "place", cache=False)
    np.testing.assert_array_equal(model.vectors.matrix, whole.vectors.matrix)
    again = coterie.train(text, checkpoints=tmp_path / "place", **options)  # that one has ended
    assert len(again.vectors) == len(whole.vectors)


@pytest.mark.parametrize("option", ["checkpoint_every", "checkpoint_every_words"])
def test_intervals_of_checkpoints(sentences, tmp_path, option):
    with pytest.raises(ConfigError, match=f"{option} is 0"):
        coterie.train(sentences, checkpoints=tmp_path, **{option: 0})
    assert not list(tmp_path.iterdir())
    with pytest.raises(ConfigError, match="no folder for them"):
        coterie.train(sentences, **{option: 1000})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("own_tokenizer", None),
        ("memory_limit", "much"),
        ("memory_limit", 0),
        ("source", [7]),
        ("start_from", 3),
        ("training", []),
        ("fingerprint", None),
    ],
)
def test_a_strangers_checkpoint_says_nothing_that_is_believed(sentences, tmp_path, slow, name, value):
    """Its checksums may be right; what it says of the training is looked at before it is used."""
    with pytest.raises(_EndedError):
        coterie.train(sentences, checkpoints=tmp_path, callbacks=_end_at(2000), **QUICK)
    for path in tmp_path.glob("checkpoint-*/state.json"):
        told = json.loads(json.loads(path.read_text())["state"])
        told["about"][name] = value
        text = json.dumps(told)
        path.write_text(json.dumps({"crc32": crc32(text.encode()), "state": text}))
    with pytest.raises(FormatError, match="its settings can't be read"):
        coterie.resume(tmp_path, sentences)
