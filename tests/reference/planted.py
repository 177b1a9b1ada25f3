"""A language of stems and endings: a word's stem and its ending each bring company of their own.

The word (stem s, form f) stands among words that tell of s and words that tell of f, so that the analogy
"(s, f) to (s, g) as (t, f) to what" has one right answer, (t, g), by construction.
"""

from __future__ import annotations

import numpy as np

STEMS, FORMS, COMPANY = 12, 3, 6
WORDS = STEMS * FORMS
VOCABULARY = WORDS + COMPANY * (STEMS + FORMS)


def sentences(number=6000, seed=0):
    """Ids: two words of company of the stem, the word, two of company of the form; and all of that again."""
    generator = np.random.default_rng(seed)
    stem, form = generator.integers(STEMS, size=(number, 1)), generator.integers(FORMS, size=(number, 1))
    of_stem = WORDS + stem * COMPANY + generator.integers(COMPANY, size=(number, 4))
    of_form = WORDS + (STEMS + form) * COMPANY + generator.integers(COMPANY, size=(number, 4))
    word = stem * FORMS + form
    columns = (of_stem[:, :2], word, of_form[:, :2], of_stem[:, 2:], word, of_form[:, 2:])
    return np.concatenate(columns, axis=1)


def right_answers(vectors):
    """The share of all analogies that 3CosAdd answers right among the words with a stem."""
    unit = vectors[:WORDS] / np.linalg.norm(vectors[:WORDS], axis=1, keepdims=True)
    s, t, f, g = (index.ravel() for index in np.indices((STEMS, STEMS, FORMS, FORMS)))
    asked = (s != t) & (f != g)
    a, b, c, d = ((stem * FORMS + form)[asked] for stem, form in ((s, f), (s, g), (t, f), (t, g)))
    cosines = (unit[b] - unit[a] + unit[c]) @ unit.T
    cosines[np.arange(len(a))[:, None], np.stack([a, b, c], axis=1)] = -np.inf
    return float(np.mean(cosines.argmax(axis=1) == d))
