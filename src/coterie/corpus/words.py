"""The ``words`` tokenizer's rules: which characters make a word, as array operations over code points.

A word is a run of letters, digits and other numbers with the marks that follow them (accents, vowel signs),
and of joiners between two of these: apostrophe, hyphen, underscore, and a few that single languages need. A
full stop or comma joins two decimal digits. Everything else separates.

The rules look at the class of each character and of its neighbours only, so they run over millions of
characters as NumPy operations. Words never span white space: it is enough to treat each distinct
white-space-separated chunk of the text once, which is what :mod:`coterie.corpus.tokenize` does.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from coterie.config import Lowercase

__all__ = ["lower", "spaced_words"]

# ' and the typographic apostrophe; hyphen-minus, hyphen, non-breaking hyphen; the Catalan middle dot
# (col·lecció); Hebrew geresh and gershayim; zero-width (non-)joiner, which Persian and Indic scripts
# write inside words.
_JOINERS = "'\u2019-\u2010\u2011_\u00b7\u05f3\u05f4\u200c\u200d"
_DIGIT_JOINERS = ".,\u066b\u066c"
# Two ways to type one word become one.
_FOLDED = {"\u2019": "'", "\u2010": "-", "\u2011": "-"}
# Soft hyphens and variation selectors say how to draw a word, not which word it is.
_INVISIBLE = ["\u00ad", *map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0xE0100, 0xE01F0))]
_LETTER, _DIGIT, _MARK, _JOINER, _DIGIT_JOINER, _DROPPED, _NEWLINE = range(1, 8)

# May compose with the character before it, or be reordered: only near these a text can differ from its
# composed form (NFC).
_UNSETTLED = 0x80
_PLANE = 1 << 16


def lower(text: str, how: Lowercase) -> str:
    """Return ``text`` in lower case; a final capital sigma becomes ς.

    İ becomes i everywhere (Python's own rule would leave a combining dot behind, and so a second
    spelling); ``"turkish"`` also makes I the dotless ı.

    Examples
    --------
    >>> lower("ISPARTA İstanbul", "turkish"), lower("ISPARTA İstanbul", "unicode"), lower("ΟΔΟΣ", "unicode")
    ('ısparta istanbul', 'isparta istanbul', 'οδος')
    """
    if how == "none":
        return text
    # Typed as one character or as two, the dotted capital is one letter.
    text = text.replace("I\u0307", "i").replace("İ", "i")
    if how == "turkish":
        text = text.replace("I", "ı")
    return text.lower()


def spaced_words(text: str, how: Lowercase) -> str:
    r"""Return ``text`` with everything between words made a space; newlines stay.

    Examples
    --------
    >>> spaced_words("Well-known: «L’été», 3.14 -- (don't)\nना 'हिन्दी'.", "unicode").split("\n")[0].split()
    ['well-known', "l'été", '3.14', "don't"]
    """
    text = lower(text, how)
    codes = _code_points(text)
    classes = _classes(codes)
    unsettled = np.flatnonzero(classes & _UNSETTLED)
    if len(unsettled):
        codes = _code_points(_composed(text, unsettled, np.flatnonzero(classes == _NEWLINE)))
        classes = _classes(codes)
    classes &= ~np.uint8(_UNSETTLED)
    if text.isascii():
        kept = _inside_words(classes)
    else:
        seen = classes != _DROPPED
        codes, classes = codes[seen], classes[seen]
        kept = _inside_words(classes)
        for typed, folded in _FOLDED.items():
            codes = np.where(codes == ord(typed), np.uint32(ord(folded)), codes)
    return np.where(kept, codes, np.uint32(ord(" "))).astype("<u4").tobytes().decode("utf-32-le")


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def _composed(text: str, unsettled: NDArray[np.int64], newlines: NDArray[np.int64]) -> str:
    """Return the text with its lines composed (NFC), where they may not be: NFC takes 17 ns a character."""
    bounds = np.concatenate(([0], newlines + 1, [len(text) + 1]))
    parts: list[str] = []
    done = 0
    for line in np.unique(np.searchsorted(newlines, unsettled)).tolist():
        start, end = int(bounds[line]), int(bounds[line + 1]) - 1
        parts += (text[done:start], unicodedata.normalize("NFC", text[start:end]))
        done = end
    return "".join([*parts, text[done:]])


def _inside_words(classes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Say of each character whether it stays: newlines, and all that belongs to a word."""
    if not len(classes):
        return np.zeros(0, np.bool_)
    base = classes.copy()
    marks = classes == _MARK
    if marks.any():
        # A mark counts as the character that carries it; without one (a mark after a space) it separates.
        carrier = np.maximum.accumulate(np.where(marks, 0, np.arange(len(classes))))
        base = np.where(marks, np.where(classes[carrier] <= _DIGIT, classes[carrier], 0), classes)
    core = (base == _LETTER) | (base == _DIGIT)
    kept = core | (classes == _NEWLINE)
    joiner = np.flatnonzero((classes == _JOINER) | (classes == _DIGIT_JOINER))
    joiner = joiner[(joiner > 0) & (joiner < len(classes) - 1)]
    before, after = base[joiner - 1], classes[joiner + 1]
    digits = (before == _DIGIT) & (after == _DIGIT)
    letters = core[joiner - 1] & core[joiner + 1]
    kept[joiner] = np.where(classes[joiner] == _JOINER, letters, digits)
    inside: NDArray[np.bool_] = kept
    return inside


def _classes(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return the class of each character."""
    classes: NDArray[np.uint8] = _table(int(codes.max(initial=0)) // _PLANE)[codes]
    return classes


@cache
def _table(last_plane: int) -> NDArray[np.uint8]:
    """Return the class of each code point of the planes up to this one; 0 separates.

    Most texts need the first of the seventeen only, which takes 15 ms instead of 200.
    """
    table = np.zeros((last_plane + 1) * _PLANE, np.uint8)
    for code in range(len(table)):
        category = unicodedata.category(chr(code))
        if category[0] == "M":
            table[code] = _MARK
        elif category == "Nd":
            table[code] = _DIGIT
        elif category[0] in "LN":
            table[code] = _LETTER
    for characters, kind in ((_JOINERS, _JOINER), (_DIGIT_JOINERS, _DIGIT_JOINER), (_INVISIBLE, _DROPPED)):
        for character in characters:
            if ord(character) < len(table):
                table[ord(character)] = kind
    table[ord("\n")] = _NEWLINE
    table[_unsettled(len(table))] |= _UNSETTLED
    return table


def _unsettled(end: int) -> list[int]:
    """List the code points below ``end`` whose NFC quick check is not "yes"."""
    found = {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}  # Hangul vowels and finals compose by rule
    for code in range(0xC0, end):
        character = chr(code)
        parts = unicodedata.decomposition(character)
        if unicodedata.combining(character) or (parts and not unicodedata.is_normalized("NFC", character)):
            found.add(code)
        if parts and parts[0] != "<" and " " in parts:
            found.add(int(parts.split()[1], 16))
    return sorted(found)
