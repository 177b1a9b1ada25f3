"""Phrases by gensim's interface: counted, scored, joined and saved; without gensim."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coterie
from coterie.compat.gensim import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phraser, Phrases
from coterie.compat.gensim import phrases as phrases_module
from coterie.compat.gensim.phrase_scores import npmi_scorer, original_scorer
from coterie.compat.gensim.refusals import NotSentencesError
from coterie.errors import ConfigError, FormatError

TEXT = [
    ["she", "likes", "new", "york"],
    ["new", "york", "likes", "ships"],
    ["bank", "of", "america", "likes", "new", "york"],
    ["the", "bank", "of", "america"],
    [],
    ["of"],
]


def test_counts_of_words_and_pairs():
    phrases = Phrases(TEXT, min_count=1, threshold=1)
    assert phrases.vocab["new_york"] == phrases.vocab["new"] == 3
    assert phrases.vocab["bank_of"] == 2
    assert phrases.corpus_word_count == sum(map(len, TEXT))
    connected = Phrases(TEXT, min_count=1, threshold=1, connector_words=["of", "the"])
    assert connected.vocab["bank_of_america"] == 2
    assert "of" not in connected.vocab
    assert "bank_of" not in connected.vocab
    assert connected.corpus_word_count == sum(map(len, TEXT))
    twice = Phrases(TEXT[:3], min_count=1, threshold=1)
    twice.add_vocab(TEXT[3:])
    assert (twice.vocab, twice.corpus_word_count) == (phrases.vocab, phrases.corpus_word_count)
    assert (
        str(twice) == f"Phrases<{len(twice.vocab)} vocab, min_count=1, threshold=1, max_vocab_size=40000000>"
    )


def test_scores():
    phrases = Phrases(TEXT, min_count=1, threshold=0.1)
    found = phrases.find_phrases([["new", "york"]])
    assert found == {"new_york": pytest.approx((3 - 1) / 9 * len(phrases.vocab))}
    npmi = Phrases(TEXT, min_count=1, threshold=0.5, scoring="npmi")
    assert npmi.find_phrases([["new", "york"]]) == {"new_york": pytest.approx(1)}
    assert npmi_scorer(1, 1, 1, 0, 2, 10) == -float("inf")
    assert original_scorer(0, 1, 1, 9, 1, 10) == -float("inf")

    def mine(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
        return bigram_count

    assert set(Phrases(TEXT, threshold=2, scoring=mine).export_phrases()) == {"new_york"}


def test_sentences_and_texts_are_joined():
    phrases = Phrases(TEXT, min_count=1, threshold=2.5)
    assert phrases[["in", "new", "york"]] == ["in", "new_york"]
    assert phrases[[]] == []
    assert phrases[(word for word in ["new", "york"])] == ["new_york"]
    joined = phrases[TEXT]
    assert len(joined) == len(TEXT)
    assert list(joined) == list(joined)
    assert list(joined)[2] == ["bank_of", "america", "likes", "new_york"]
    assert [*phrases[iter(TEXT)]] == list(joined)
    assert list(phrases[(iter(words) for words in TEXT)]) == list(joined)
    for wrong in ("new york", ["new", ["york"]]):
        with pytest.raises((ConfigError, TypeError)):
            phrases[wrong]
    with pytest.raises(NotSentencesError):
        Phrases(["new york", "new york"])


def test_connector_words_stand_inside():
    phrases = Phrases(TEXT, min_count=1, threshold=0.5, connector_words=ENGLISH_CONNECTOR_WORDS)
    assert phrases[["the", "bank", "of", "america", "of"]] == ["the", "bank_of_america", "of"]
    assert phrases[["bank", "of", "of", "america"]] == ["bank", "of", "of", "america"]
    assert "bank_of_america" in phrases.export_phrases()
    assert len(ENGLISH_CONNECTOR_WORDS) == 15
    with pytest.raises(ConfigError, match="string"):
        Phrases(TEXT, connector_words="of")


def test_phrases_of_phrases_keep_their_parts():
    """A joined token is taken apart at the right place: gensim takes the outer words of its pieces."""
    text = [["new", "york", "times"]] * 20 + [["new", "york"], ["the", "times"], ["a", "new", "day"]] * 5
    pairs = Phrases(text, min_count=1, threshold=0.2)
    triples = Phrases(pairs[text], min_count=1, threshold=0.2)
    score = triples.find_phrases(pairs[text])["new_york_times"]
    assert triples.export_phrases()["new_york_times"] == score
    frozen = triples.freeze()
    assert ("new_york", "times") in {phrase.words for phrase in frozen.as_phrase_model()}
    assert frozen[pairs[["new", "york", "times"]]] == ["new_york_times"]


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=8), min_size=1, max_size=12), st.booleans())
def test_frozen_phrases_are_the_phrases(text, connected):
    phrases = Phrases(text, min_count=0.5, threshold=0.5, connector_words={"d"} if connected else ())
    frozen = phrases.freeze()
    assert list(frozen[text]) == list(phrases[text])
    assert {w for s in frozen[text] for w in s if "_" in w} <= set(frozen.phrasegrams)
    if not connected:
        assert [frozen.as_phrase_model().join(words) for words in text] == list(frozen[text])


def test_saved_and_loaded(tmp_path):
    phrases = Phrases(TEXT, min_count=1, threshold=2, connector_words={"of"}, delimiter="+")
    phrases.save(str(tmp_path / "p"), pickle_protocol=4)
    loaded = Phrases.load(str(tmp_path / "p"))
    assert type(loaded) is Phrases
    assert loaded.vocab == phrases.vocab
    assert loaded.connector_words == {"of"}
    loaded.add_vocab(TEXT)
    assert loaded.vocab["new+york"] == 6
    frozen = Phraser(phrases)
    frozen.save(tmp_path / "f")
    again = Phrases.load(tmp_path / "f")
    assert type(again) is FrozenPhrases
    assert again.phrasegrams == frozen.phrasegrams
    assert list(again[TEXT]) == list(phrases[TEXT])
    assert (again.threshold, again.min_count, again.delimiter) == (2, 1, "+")
    model = coterie.PhraseModel.load(tmp_path / "f")
    assert model.join(["in", "new", "york"]) == ["in", "new+york"]
    learned = coterie.learn_phrases(TEXT * 10, phrase_threshold=1)
    learned.save(tmp_path / "own")
    assert list(FrozenPhrases.load(tmp_path / "own")[TEXT]) == [learned.join(words) for words in TEXT]


def test_what_is_not_saved_or_loaded(tmp_path):
    phrases = Phrases(
        TEXT,
        threshold=1,
        scoring=lambda worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count: 5,
    )
    with pytest.raises(FormatError, match="function of your own"):
        phrases.save(tmp_path / "p")
    with pytest.raises(FormatError, match="can't be compressed"):
        Phrases(TEXT).save(tmp_path / "p.gz")
    phrases.freeze().save(tmp_path / "p")
    assert FrozenPhrases.load(tmp_path / "p").scoring is None
    (tmp_path / "old").write_bytes(b"\x80\x04abc")
    with pytest.raises(FormatError, match="is a pickle"):
        Phrases.load(tmp_path / "old")
    with pytest.raises(FormatError, match="does not exist"):
        Phrases.load(tmp_path / "none")
    with pytest.raises(ConfigError, match="'compress'"):
        phrases.freeze().save(tmp_path / "p", compress=True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"min_count": 0}, "min_count"),
        ({"threshold": -1}, "threshold"),
        ({"scoring": "npmi", "threshold": 2}, "between"),
        ({"scoring": "other"}, "scoring"),
        ({"scoring": 5}, "scoring"),
        ({"scoring": lambda a: a}, "lacks the arguments"),
        ({"delimiter": ""}, "delimiter"),
        ({"max_vocab_size": 0}, "max_vocab_size"),
    ],
)
def test_bad_options(options, told):
    with pytest.raises(ConfigError, match=told):
        Phrases(TEXT, **options)


def test_memory_is_bounded(caplog):
    with caplog.at_level(logging.INFO):
        phrases = Phrases(TEXT * 5, max_vocab_size=5, progress_per=3)
    assert 0 < len(phrases.vocab) <= 5
    assert "sentences" in caplog.text
    assert phrases.vocab <= Phrases(TEXT * 5).vocab


def test_memory_is_bounded_between_two_reports(monkeypatch):
    sizes = []
    prune = phrases_module._prune
    monkeypatch.setattr(
        phrases_module,
        "_prune",
        lambda counts, most, least: sizes.append(len(counts)) or prune(counts, most, least),
    )
    text = ([f"w{number}", f"x{number}"] for number in range(300))
    assert len(Phrases(text, max_vocab_size=50, progress_per=10**9).vocab) <= 50
    assert max(sizes) <= 53, "never more than a sentence adds"
