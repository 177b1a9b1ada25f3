"""A slow twin of the encoder, written from docs/corpus.md; it imports nothing of the package."""

import unicodedata
from collections import Counter

JOINERS = "'’-‐‑_·׳״\u200c\u200d"
DIGIT_JOINERS = ".,٫٬"
INVISIBLE = {0x00AD, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
WHITE_SPACE = " \t\n\v\f\r"


def lower(text, how):
    if how == "none":
        return text
    text = text.replace("I\u0307", "i").replace("İ", "i")
    if how == "turkish":
        text = text.replace("I", "ı")
    return text.lower()


def is_mark(character):
    return unicodedata.category(character).startswith("M")


def is_core(character):
    return unicodedata.category(character)[0] in "LN"


def words(text, how="unicode"):
    """Return the words of a text, character by character."""
    text = unicodedata.normalize("NFC", lower(text, how))
    text = [c for c in text if ord(c) not in INVISIBLE]
    kind = []  # what each character counts as: its own category, or that of the letter a mark sits on
    for i, character in enumerate(text):
        if character in JOINERS or character in DIGIT_JOINERS:
            kind.append("joiner")
        elif is_mark(character):
            kind.append(kind[i - 1] if i and kind[i - 1] in ("letter", "digit") else "other")
        elif is_core(character):
            kind.append("digit" if unicodedata.category(character) == "Nd" else "letter")
        else:
            kind.append("other")
    found, word = [], ""
    for i, character in enumerate(text):
        inside = kind[i] in ("letter", "digit")
        if kind[i] == "joiner" and 0 < i < len(text) - 1:
            around = (kind[i - 1], kind[i + 1])
            inside = set(around) <= ({"letter", "digit"} if character in JOINERS else {"digit"})
            inside = inside and not is_mark(text[i + 1])
        if inside:
            word += {"’": "'", "‐": "-", "‑": "-"}.get(character, character)
        elif word:
            found.append(word)
            word = ""
    return [*found, word] if word else found


def whitespace(text, how="none"):
    """Return what stands between ASCII white space."""
    found, token = [], ""
    for character in lower(text, how) + " ":
        if character not in WHITE_SPACE:
            token += character
        elif token:
            found.append(token)
            token = ""
    return found


def encode(sentences, min_count=1, max_vocab_size=None, words=None, keep_words=()):
    """Return (vocabulary, counts, sentences of ids) of token lists."""
    counts = Counter(token for sentence in sentences for token in sentence)  # in the order of appearance
    if words is not None:
        eligible = [word for word in counts if word in set(words)]
    else:
        eligible = [word for word in counts if counts[word] >= min_count]
    ranked = sorted(eligible, key=lambda word: -counts[word])
    kept = set(ranked[:max_vocab_size]) | {word for word in keep_words if word in counts}
    vocabulary = sorted([word for word in counts if word in kept], key=lambda word: -counts[word])
    rank = {word: i for i, word in enumerate(vocabulary)}
    encoded = [[rank[token] for token in sentence if token in rank] for sentence in sentences]
    return vocabulary, [counts[word] for word in vocabulary], [sentence for sentence in encoded if sentence]
