"""Skip-gram with negative sampling as a student would write it from the papers: float64, lists, loops.

Nothing here imports the package. Arrays named X are input rows, Y output rows.
"""

from __future__ import annotations

import math

import numpy as np

MASK = (1 << 64) - 1


def sigmoid(s):
    return 1 / (1 + np.exp(-np.asarray(s, dtype=np.float64)))


def softplus(x):
    return np.logaddexp(0, x)


def block_loss(X, Y, labels):
    """Σ −log σ(s) over positive rows, Σ −log σ(−s) over negative ones (arXiv 1310.4546, equation 4)."""
    scores = Y @ X.T
    return float(
        sum(softplus(-row if label else row).sum() for row, label in zip(scores, labels, strict=True))
    )


def block_changes(X, Y, labels, rate):
    """One step of gradient descent on block_loss: the changes of X and of Y."""
    G = rate * (np.asarray(labels, dtype=np.float64)[:, None] - sigmoid(Y @ X.T))
    return G.T @ Y, G @ X


def step(inputs, outputs, labels, V, P, rate):
    """The step on rows `inputs` of V and `outputs` of P, in place; returns the loss before it."""
    X, Y = V[inputs], P[outputs]
    loss = block_loss(X, Y, labels)
    dX, dY = block_changes(X, Y, labels, rate)
    np.add.at(V, inputs, dX)
    np.add.at(P, outputs, dY)
    return loss


def splitmix64(key, counter):
    x = (key + counter * 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def keep_probability(count, total, sample, formula):
    """Paper: √(t/f). The released program: (√(f/t) + 1)·t/f."""
    if sample == 0:
        return 1.0
    f = count / total
    kept = math.sqrt(sample / f) if formula == "paper" else (math.sqrt(f / sample) + 1) * sample / f
    return min(kept, 1.0)


def windows(sentences, keep, window, shrink, key):
    """Every (position, centre, contexts) of a corpus; positions count over all its tokens."""
    start = 0
    for sentence in sentences:
        survivors = []
        for i, word in enumerate(sentence):
            bits = splitmix64(key, start + i)
            if (bits & 0xFFFFFFFF) <= keep[word]:
                radius = 1 + ((bits >> 32) * window >> 32) if shrink else window
                survivors.append((start + i, word, radius))
        for c, (position, word, radius) in enumerate(survivors):
            around = survivors[max(0, c - radius) : c] + survivors[c + 1 : c + 1 + radius]
            yield position, word, [w for _, w, _ in around]
        start += len(sentence)


def draws(table, key, position, group, slots, k):
    """The k negatives of a window or pair, from an alias table of (threshold, alias)."""
    words = []
    for i in range(k):
        bits = splitmix64(key, ((position * slots + group) * k + i) & MASK)
        entry = (bits >> 32) * len(table) >> 32
        threshold, alias = table[entry]
        words.append(entry if (bits & 0xFFFFFFFF) < threshold else alias)
    return words


def blocks(sentences, keep, table, keys, *, window, shrink, negative, shared, skip):
    """Every block of an epoch in order: (position of its centre, input words, output words, labels)."""
    for position, centre, contexts in windows(sentences, keep, window, shrink, keys[0]):
        groups = [contexts] if shared else [[word] for word in contexts]
        for g, inputs in enumerate(groups):
            if not inputs:
                continue
            negatives = draws(table, keys[1], position, g, 1 if shared else 2 * window, negative)
            if skip:
                negatives = [w for w in negatives if w != centre]
            yield position, inputs, [centre, *negatives], [1] + [0] * len(negatives)
