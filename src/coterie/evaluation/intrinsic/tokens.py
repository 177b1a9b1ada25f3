"""Tokens that hint at a fault in the text or its tokenisation, told by their spelling alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

__all__ = ["OddTokens", "kinds_of", "odd_tokens", "shown"]

LONG = 30
"""Characters from which on a token is very long."""

# Characters that are no text: control, format (zero-width, direction marks), private, unassigned, surrogates.
_NO_TEXT = {"Cc", "Cf", "Co", "Cn", "Cs"}
# One writing system, whatever Unicode calls its parts.
_EAST_ASIAN = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO")
_SCRIPTS = dict.fromkeys(_EAST_ASIAN, "East Asian") | {
    name: name
    for row in (
        "LATIN GREEK COPTIC CYRILLIC ARMENIAN GEORGIAN HEBREW ARABIC SYRIAC ETHIOPIC DEVANAGARI BENGALI",
        "GURMUKHI GUJARATI ORIYA TAMIL TELUGU KANNADA MALAYALAM SINHALA THAI LAO TIBETAN MYANMAR KHMER",
        "MONGOLIAN CHEROKEE",
    )
    for name in row.split()
}


@dataclass(frozen=True)
class OddTokens:
    """Words of one kind: what is odd about them, how many there are, and the first of them."""

    kind: str
    words: int
    examples: tuple[str, ...]


def kinds_of(word: str) -> list[str]:
    r"""Return what is odd about a word's spelling.

    Examples
    --------
    >>> kinds_of("ship"), kinds_of("1999"), kinds_of("aaaa"), kinds_of("p\u0430ris"), kinds_of("a\u200bb")
    ([], ['digits only'], ['one character repeated'], ['mixed scripts'], ['control characters'])
    """
    kinds = []
    # Most words are ASCII letters, of which only the length can be odd, or a repetition.
    plain = word.isascii() and word.isalpha()
    if not plain and any(c.isdigit() for c in word) and not any(c.isalpha() for c in word):
        kinds.append("digits only")
    if len(word) >= 3 and word == word[0] * len(word):
        kinds.append("one character repeated")
    if not plain and any(_no_text(c) for c in word):
        kinds.append("control characters")
    if not word.isascii() and len({script for c in word if (script := _script(c))}) > 1:
        kinds.append("mixed scripts")
    if len(word) >= LONG:
        kinds.append(f"{LONG} characters or more")
    if not plain and not re.search(r"\w", word):
        kinds.append("no letter or digit")
    return kinds


def odd_tokens(words: Sequence[str], listed: int) -> tuple[OddTokens, ...]:
    """Sort out the odd words by kind, the kind with the most words first.

    Examples
    --------
    >>> odd_tokens(["1850", "ship", "1851", "--"], listed=1)[0]
    OddTokens(kind='digits only', words=2, examples=('1850',))
    """
    found: dict[str, list[str]] = {}
    for word in words:
        for kind in kinds_of(word):
            found.setdefault(kind, []).append(word)
    return tuple(
        OddTokens(kind, len(own), tuple(own[:listed]))
        for kind, own in sorted(found.items(), key=lambda item: -len(item[1]))
    )


def shown(word: str) -> str:
    r"""Return a word with what no one would see spelt out.

    Examples
    --------
    >>> shown("a\u200bb"), shown("Ä-b")
    ('a\\u200bb', 'Ä-b')
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in word)


@cache
def _no_text(character: str) -> bool:
    return character == "\N{REPLACEMENT CHARACTER}" or unicodedata.category(character) in _NO_TEXT


@cache
def _script(character: str) -> str | None:
    if not character.isalpha():
        return None
    return _SCRIPTS.get(unicodedata.name(character, "?").split()[0].partition("-")[0])
