"""What the quality gate measures: a finished model's exact loss, and the regular forms in its vectors."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from coterie.cli.kingjames import paragraphs

PAIRS, BLOCK = 8_000, 1_000
WINDOW, SAMPLE, EXPONENT = 5, 1e-3, 0.75


def sentences():
    """The demo's text as lists of words."""
    return [re.findall(r"[^\W_]+", paragraph.lower()) for paragraph in paragraphs()]


# Forms that the language of the text makes by rule, so that the questions are computed from its words.
RULES = (
    lambda word: word + "s",  # hand, hands
    lambda word: word + "eth",  # speak, speaketh
    lambda word: word + "ed",  # call, called
    lambda word: word[:-1] + "ies" if word.endswith("y") else "",  # city, cities
)


def regular_forms(text, least=30):
    """For each rule, the pairs of words that it joins, both frequent enough to be known well."""
    counts = Counter(word for sentence in text for word in sentence)
    frequent = [word for word, count in counts.most_common() if count >= least]
    return [
        [(w, rule(w)) for w in frequent if len(w) > 2 and counts.get(rule(w), 0) >= least] for rule in RULES
    ]


def ranks(queries, answers, excepted, unit):
    """How many words are nearer to each query than its answer is, some excepted."""
    cosines = queries @ unit.T
    rows = np.arange(len(queries))
    right = cosines[rows, answers]
    cosines[rows[:, None], excepted] = -np.inf
    return (cosines > right[:, None]).sum(axis=1)


def structure(words, matrix, forms):
    """Mean log rank of a form among the other's neighbours; mean reciprocal rank of "a to b as c to what"."""
    row = {word: i for i, word in enumerate(words)}
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    groups = [np.array([(row[one], row[other]) for one, other in pairs]) for pairs in forms]
    one, other = np.concatenate(groups).T
    near = np.concatenate([ranks(unit[a], b, a[:, None], unit) for a, b in ((one, other), (other, one))])
    found = []
    for group in groups:
        first, second = (index.ravel() for index in np.indices((len(group), len(group))))
        (a, b), (c, d) = group[first[first != second]].T, group[second[first != second]].T
        found.append(ranks(unit[b] - unit[a] + unit[c], d, np.stack([a, b, c], axis=1), unit))
    return float(np.log1p(near).mean()), float((1 / (1 + np.concatenate(found))).mean())


def drawn_pairs(text, words, counts, seed=7):
    """Pairs (input word, output word) as training draws them: subsampled, with a radius of 1 to 5."""
    generator = np.random.default_rng(seed)
    row = {word: i for i, word in enumerate(words)}
    ratio = SAMPLE * counts.sum() / counts
    keep = np.sqrt(ratio) + ratio
    pairs = []
    for place in generator.permutation(len(text)):
        ids = np.array([row[word] for word in text[place] if word in row], dtype=np.int64)
        ids = ids[generator.random(len(ids)) < keep[ids]]
        for i, radius in enumerate(generator.integers(1, WINDOW + 1, len(ids))):
            around = np.delete(ids[max(0, i - radius) : i + radius + 1], min(i, radius))
            pairs += [(other, ids[i]) for other in around]
        if len(pairs) >= PAIRS:
            return np.array(pairs[:PAIRS])
    raise AssertionError("the text is too short")


def exact_loss(pairs, counts, input_vectors, output_vectors, negative):
    """−log σ(s_O) − k Σ_j q(j) log σ(−s_j): the expectation over the negatives, none of them drawn."""
    q = counts**EXPONENT / (counts**EXPONENT).sum()
    total = 0.0
    for block in np.split(pairs, range(BLOCK, len(pairs), BLOCK)):
        scores = input_vectors[block[:, 0]] @ output_vectors.T
        right = scores[np.arange(len(block)), block[:, 1]]
        total += np.logaddexp(0, -right).sum() + negative * (np.logaddexp(0, scores) @ q).sum()
    return float(total / len(pairs))
