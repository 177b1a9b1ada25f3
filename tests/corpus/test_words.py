import unicodedata

import corpus_twin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.corpus.words import _table, lower, spaced_words


def found(text, how="unicode"):
    return spaced_words(text, how).split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Die Straße ist über Öl, STRASSE!", ["die", "straße", "ist", "über", "öl", "strasse"]),
        ("L'été, aujourd'hui — c’est", ["l'été", "aujourd'hui", "c'est"]),
        ("Ёлка и ЁЛКА", ["ёлка", "и", "ёлка"]),
        ("ΟΔΟΣ, Ὀδυσσεύς ΟΔΟΣ-ΟΔΟΣ", ["οδος", "ὀδυσσεύς", "οδος-οδος"]),
        ("हिन्दी भाषा।", ["हिन्दी", "भाषा"]),
        ("İstanbul ISPARTA", ["istanbul", "isparta"]),
        (
            "don't 'quoted' dogs' well-known -- rock'n'roll",
            ["don't", "quoted", "dogs", "well-known", "rock'n'roll"],
        ),
        ("3.14 1,000. v2.0 a.b 1, 2", ["3.14", "1,000", "v2.0", "a", "b", "1", "2"]),
        ("new_york _emphasis_ __init__", ["new_york", "emphasis", "init"]),
        ("m² ½ x₂", ["m²", "½", "x₂"]),
        ("col·lecció · a", ["col·lecció", "a"]),
        ("שלום צה״ל שָׁלוֹם", ["שלום", "צה״ל", unicodedata.normalize("NFC", "שָׁלוֹם")]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("Donau\u00addampf\u00adschiff", ["donaudampfschiff"]),
        ("I ❤\ufe0f you ❤", ["i", "you"]),
        ("one\u00a0two\u3000three\u2028four", ["one", "two", "three", "four"]),
        ("u\u0308ber", ["über"]),
        ("H\u0331 \u212a", ["\u1e96", "k"]),
        ("\u0301alone a-\u0301b", ["alone", "a", "b"]),
        ("한국 \u1112\u1161\u11ab\u1100\u116e\u11a8", ["한국", "한국"]),
        ("... -- '' _", []),
        ("", []),
    ],
)
def test_words_of_many_languages(text, expected):
    assert found(text) == expected
    assert corpus_twin.words(text) == expected


def test_turkish_has_two_letters_i():
    assert found("ISPARTA İSTANBUL I\u0307zmir ılık", "turkish") == ["ısparta", "istanbul", "izmir", "ılık"]


def test_a_final_sigma_is_final_before_an_apostrophe_only_at_the_end():
    assert found("ΟΔΟΣ ΟΔΟΣ' ΣΑΣ") == ["οδος", "οδος", "σας"]


def test_case_is_kept_without_lowercasing():
    assert found("The Straße", "none") == ["The", "Straße"]


def test_lines_stay_lines():
    assert [line.split() for line in spaced_words("a. b\n\n-c-\n", "unicode").split("\n")] == [
        ["a", "b"],
        [],
        ["c"],
        [],
    ]


_CHARACTERS = st.one_of(
    st.sampled_from(
        "aAbIİıiΣσςÉé'’-‐_.,12٣ \t\n·״\u200c\u00ad\ufe0f"
        "\u0301\u0331\u0307\u0323हि\u094dकКё\u1100\u1161\u11a8Ⅷ²"
    ),
    st.characters(codec="utf-8"),
)


@settings(deadline=None)  # the first character of a plane makes its table
@given(st.text(_CHARACTERS), st.sampled_from(["unicode", "turkish", "none"]))
def test_words_agree_with_the_twin(text, how):
    text = text.replace("\r", " ")
    lines = spaced_words(text, how).split("\n")
    assert [w for line in lines for w in line.split()] == corpus_twin.words(text, how)


@pytest.mark.parametrize("last_plane", [0, 1, 14])
def test_the_classes_of_a_plane_do_not_depend_on_the_planes_behind_it(last_plane):
    assert (_table(last_plane) == _table(16)[: (last_plane + 1) << 16]).all()


@given(st.text(_CHARACTERS))
def test_lowercasing_twice_changes_nothing(text):
    assert lower(lower(text, "unicode"), "unicode") == lower(text, "unicode")
