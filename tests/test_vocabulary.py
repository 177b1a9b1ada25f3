import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.errors import CoterieError, WordNotFoundError
from coterie.vocabulary import Vocabulary, missing_word, nearest_spellings

WORDS = ["the", "Zürich", "zebra", "colour", "colours", "chat", "château", "ПРИВЕТ", "straße"]


def test_ids_are_ranks():
    vocabulary = Vocabulary(["b", "a"], [3, 1])
    assert [vocabulary[w] for w in vocabulary] == [0, 1]
    assert vocabulary.counts.dtype == np.int64
    assert repr(vocabulary) == "Vocabulary(2 words, 4 occurrences)"


def test_counts_must_fit_and_words_be_distinct():
    with pytest.raises(ValueError, match="2 words but counts"):
        Vocabulary(["a", "b"], [1])
    with pytest.raises(ValueError, match="twice"):
        Vocabulary(["a", "a"], [1, 1])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("zurich", "Zürich"),
        ("ZÜRICH", "Zürich"),
        ("Zu\u0308rich", "Zürich"),
        ("color", "colour"),
        ("coluor", "colour"),
        ("chateau", "château"),
        ("привет", "ПРИВЕТ"),
        ("STRASSE", "straße"),
        ("teh", "the"),
    ],
)
def test_offers_what_was_meant_first(typed, meant):
    assert nearest_spellings(typed, WORDS)[0] == meant


def test_differing_only_in_case_beats_a_more_frequent_near_word():
    assert nearest_spellings("paris", ["pari", "parish", "Paris"])[0] == "Paris"


def test_ties_go_to_the_more_frequent_word():
    assert nearest_spellings("cut", ["cat", "cot", "cup"]) == ["cat", "cot", "cup"]


@pytest.mark.parametrize("typed", ["", "qqqq", "x" * 5_000, "\n", "\ud800"])
def test_nothing_near_offers_nothing(typed):
    assert nearest_spellings(typed, WORDS) == []
    assert "did you mean" not in str(missing_word(typed, WORDS))


def test_error_is_a_key_error_with_a_readable_message():
    with pytest.raises(
        WordNotFoundError, match="'colr' is not in the vocabulary of 9 words; did you mean 'colour'"
    ):
        Vocabulary(WORDS, [1] * 9)["colr"]
    assert issubclass(WordNotFoundError, KeyError)
    assert issubclass(WordNotFoundError, CoterieError)


def test_a_long_text_is_not_repeated_whole_in_the_message():
    assert len(str(missing_word("word " * 1000, WORDS))) < 250


@given(st.lists(st.text(), unique=True, min_size=1, max_size=30), st.data())
def test_a_word_of_the_vocabulary_is_its_own_nearest(words, data):
    word = data.draw(st.sampled_from(words))
    near = nearest_spellings(word, words, n=len(words))
    assert set(near) <= set(words)
    if near:
        # Others may fold to the same letters; none can come nearer than those.
        assert word in near


def test_a_large_vocabulary_is_searched_across_blocks():
    words = [f"w{i:06d}" for i in range(150_000)]
    words[140_000] = "Needle"
    assert nearest_spellings("neédle", words)[0] == "Needle"
