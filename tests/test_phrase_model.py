"""Phrase models: joining, files, their place in training and in a model's folder; settings."""

from __future__ import annotations

import json

import pytest

import coterie
from coterie import Phrase, PhraseModel
from coterie.config import PhraseConfig
from coterie.errors import ConfigError, CorpusError, FormatError

FILLERS = ["ship", "sail", "wave", "fish", "plough", "corn", "ox"]
# Neighbours by chance, but for two words.
SENTENCES = [
    " ".join([FILLERS[i % 7], FILLERS[i % 5], "new", "york", FILLERS[3 * i % 7], FILLERS[i * i % 7]])
    for i in range(105)
]


@pytest.fixture
def model():
    passes = [
        [Phrase(("ice", "cream"), 4)],
        [Phrase(("new", "york"), 12, 31.5)],
        [Phrase(("new_york", "times"), 5, 8.25), Phrase(("ice_cream", "van"), 5, 9.0)],
        [],
    ]
    return PhraseModel(passes, facts={"undercounts": [0, 3, 1]})


def test_passes_apply_in_order(model):
    assert model.join(["the", "new", "york", "times", "ice", "cream", "van", "new"]) == [
        "the",
        "new_york_times",
        "ice_cream_van",
        "new",
    ]
    assert model.join([]) == []
    assert model.join(iter(["new", "york"])) == ["new_york"]
    with pytest.raises(ConfigError, match="list of words"):
        model.join("new york")


def test_what_a_model_tells(model):
    assert len(model) == 4
    assert model.undercount == 3
    assert "ice_cream_van" in model
    assert "ice" not in model
    assert [model.joined(phrase) for phrase in model.best(3)] == [
        "new_york",
        "ice_cream_van",
        "new_york_times",
    ]
    assert model.best(None)[-1].score is None
    assert repr(model) == "PhraseModel(4 phrases, 3 passes, '_')"


@pytest.mark.parametrize("name", ["a.phrases", "a.phrases.gz", "a.zst"])
def test_a_file_gives_back_all_of_it(model, tmp_path, name):
    model.save(tmp_path / name)
    loaded = PhraseModel.load(tmp_path / name)
    assert loaded == model
    assert loaded.fingerprint == model.fingerprint
    assert loaded.passes[3] == ()
    assert loaded != PhraseModel(model.passes, delimiter="-", facts=model.facts)


def test_words_of_any_kind_survive(tmp_path):
    odd = PhraseModel([[Phrase(('a"b', "c\td", "e f", "ß\u2028"), 1)]], delimiter="␣")
    odd.save(tmp_path / "odd")
    assert PhraseModel.load(tmp_path / "odd") == odd


def _replace(old, new):
    return lambda lines: [line.replace(old, new) for line in lines]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda lines: [], "line 1: no phrases of Coterie's"),
        (lambda lines: [b"{}\n", *lines], "line 1: no phrases"),
        (lambda lines: lines[:-1], "line 5: the file ends after 3 phrases, and 4 were written"),
        (lambda lines: [*lines[:2], lines[2][:20]], "line 3: no JSON"),
        (lambda lines: [*lines, lines[-1]], "line 6: the phrase 'ice_cream van' is there twice"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "line 3: pass is 0; expected 1 to 3"),
        (lambda lines: [lines[0], b"[1]\n", *lines[1:]], "line 2: expected a JSON object, found"),
        (lambda lines: [lines[0], b"\xff\n", *lines[1:]], "line 2: no JSON"),
        (_replace(b'"count": 12', b'"count": -1'), "line 3: count is -1"),
        (_replace(b'"score": 31.5', b'"score": "x"'), "line 3: score is 'x'"),
        (_replace(b'"score": 31.5', b'"score": NaN'), "line 3: score is nan"),
        (_replace(b'["new", "york"]', b'["new"]'), "line 3: words is"),
        (_replace(b'"pass": 1', b'"pass": 7'), "line 3: pass is 7"),
        (_replace(b'"delimiter": "_"', b'"delimiter": 3'), "line 1: delimiter"),
        (_replace(b'"passes": 4', b'"passes": null'), "line 1: passes is None"),
        (_replace(b'"format_version": 1', b'"format_version": 0'), "line 1: format_version is 0"),
        (_replace(b'"format_version": 1', b'"format_version": 2'), "Upgrade it"),
    ],
)
def test_a_damaged_file_is_told_with_its_line(model, tmp_path, damage, told):
    path = tmp_path / "some.phrases"
    model.save(path)
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(FormatError, match=told) as caught:
        PhraseModel.load(path)
    assert str(path) in str(caught.value)


def test_phrases_that_are_none_are_refused():
    with pytest.raises(FormatError, match="twice"):
        PhraseModel([[Phrase(("a", "b"), 1), Phrase(("a", "b"), 2)]])
    with pytest.raises(FormatError, match="two words"):
        PhraseModel([[Phrase(("a",), 1)]])


def test_a_trained_model_keeps_its_phrases(tmp_path):
    trained = coterie.train(
        SENTENCES,
        vector_size=8,
        window=2,
        workers=1,
        epochs=1,
        on_event=[].append,
        phrases=1,
        phrase_threshold=5,
    )
    assert "new_york" in trained.vectors
    assert trained.config["phrases"]["phrases"] == 1
    trained.save(tmp_path / "model")
    loaded = coterie.load_model(tmp_path / "model")
    assert loaded.phrases == trained.phrases
    assert loaded.phrases.join(["ship", "new", "york", "sail"])[1] == "new_york"
    loaded.save(tmp_path / "model")  # its own file is no foreign one
    again = coterie.train(
        SENTENCES,
        vector_size=8,
        window=2,
        workers=1,
        epochs=1,
        phrase_model=tmp_path / "model" / "phrases.jsonl",
    )
    assert again.vectors.words == trained.vectors.words
    assert again.phrases == trained.phrases
    plain = coterie.train(SENTENCES, vector_size=8, window=2, workers=1, epochs=1, on_event=[].append)
    assert plain.phrases is None
    assert "phrases" not in plain.config
    plain.save(tmp_path / "model")
    assert coterie.load_model(tmp_path / "model").phrases is None


def test_learning_alone(tmp_path):
    text = tmp_path / "joined.txt"
    model = coterie.learn_phrases(SENTENCES, phrase_threshold=5, phrase_delimiter="+", text=text, workers=1)
    assert [model.joined(phrase) for phrase in model] == ["new+york"]
    lines = text.read_text("utf-8").splitlines()
    assert lines == [" ".join(model.join(sentence.split())) for sentence in SENTENCES]
    assert coterie.learn_phrases(SENTENCES, phrase_threshold=5, phrase_delimiter="+") == model
    with pytest.raises(ConfigError, match="nothing to join"):
        coterie.learn_phrases(SENTENCES, phrases=0)
    with pytest.raises(ConfigError, match="no option 'vector_size'"):
        coterie.learn_phrases(SENTENCES, vector_size=3)
    with pytest.raises(CorpusError, match=r"5 times \(phrase_min_count\).*Set phrase_min_count to 2"):
        coterie.learn_phrases(["a b a b"])


def test_an_error_tells_the_text_as_it_is(tmp_path):
    (tmp_path / "min_count (min).txt").write_text("a b a b\n")
    with pytest.raises(CorpusError, match=r"/min_count \(min\)\.txt: .*\(phrase_min_count\)"):
        coterie.learn_phrases(tmp_path / "min_count (min).txt")
    with pytest.raises(CorpusError, match=r"5 times \(min_count\).*Set min_count to 2"):
        coterie.train(["a b a b"], phrases=1)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"phrase_threshold": 5}, ("phrase_threshold is 5", "phrases is 0")),
        ({"phrase_min_count": 5}, ("phrase_min_count is 5", "phrases is 0")),
        ({"phrase_scoring": "npmi"}, ("phrase_scoring is 'npmi'", "phrases is 0")),
        ({"phrase_delimiter": "+"}, ("phrase_delimiter is '+'", "known_phrases")),
        ({"known_phrases": ["a b"], "phrase_threshold": 3}, ("phrase_threshold is 3", "phrases is 0")),
        (
            {"phrases": 1, "phrase_scoring": "npmi", "phrase_threshold": 1.5},
            ("phrase_threshold is 1.5", "phrase_scoring 'npmi'"),
        ),
        ({"phrases": 1, "phrase_threshold": -1}, ("phrase_threshold is -1", "phrase_scoring 'paper'")),
        ({"phrases": 2, "phrase_threshold": [1, 2, 3]}, ("phrase_threshold holds 3", "phrases is 2")),
        (
            {"phrases": 1, "phrase_scoring": "npmi", "phrase_discount": 3},
            ("phrase_discount is 3", "phrase_scoring 'npmi'"),
        ),
        ({"phrases": 1, "phrase_discount": -3}, ("phrase_discount is -3",)),
        ({"phrases": 1, "phrase_threshold": "9"}, ("phrase_threshold is '9'",)),
        ({"phrases": 1, "phrase_min_count": 0}, ("phrase_min_count is 0",)),
        ({"phrases": 1, "phrase_scoring": "pmi"}, ("phrase_scoring is 'pmi'", "npmi")),
        ({"phrases": 11}, ("phrases is 11",)),
        ({"phrases": True}, ("phrases is True",)),
        ({"phrases": 1, "phrase_delimiter": ""}, ("phrase_delimiter is ''",)),
        ({"phrases": 1, "phrase_delimiter": " "}, ("phrase_delimiter is ' '",)),
        ({"known_phrases": "new york"}, ("known_phrases is 'new york'",)),
        ({"known_phrases": ["york"]}, ("known_phrases holds 'york'",)),
        ({"known_phrases": [["a", 3]]}, ("known_phrases holds ['a', 3]",)),
    ],
)
def test_wrong_settings_name_the_options(given, named):
    with pytest.raises(ConfigError) as caught:
        PhraseConfig(**given)
    assert all(name in str(caught.value) for name in named)


def test_settings_settle_and_survive_json():
    assert PhraseConfig().to_dict() == {
        **dict.fromkeys(PhraseConfig.__dataclass_fields__),
        "phrases": 0,
        "known_phrases": (),
    }
    config = PhraseConfig(phrases=2, known_phrases=["a b", ("c", "d e")])
    assert config.phrase_threshold == (100.0, 100.0)
    assert (config.phrase_min_count, config.phrase_discount, config.phrase_delimiter) == (5, 5.0, "_")
    assert PhraseConfig(phrases=1, phrase_scoring="npmi").phrase_threshold == (0.5,)
    again = PhraseConfig(**json.loads(json.dumps(config.to_dict())))
    assert again == config
