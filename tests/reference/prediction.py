"""The probabilities of output words, by hand: Python's floats, a loop for each sum.

Nothing here imports the package.
"""

from __future__ import annotations

import math


def mean(rows):
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def dot(row, hidden):
    return sum(a * b for a, b in zip(row, hidden, strict=True))


def softmax(output_rows, hidden):
    weights = [math.exp(dot(row, hidden)) for row in output_rows]
    return [weight / sum(weights) for weight in weights]


def negative_sampling(output_rows, hidden, counts, exponent):
    """q(j)·exp(s_j), normalised, with q(j) ∝ count^exponent and 0 for a word that never occurs."""
    q = [count**exponent if count else 0.0 for count in counts]
    weights = [q_j * math.exp(dot(row, hidden)) for q_j, row in zip(q, output_rows, strict=True)]
    return [weight / sum(weights) for weight in weights]


def hierarchical_softmax(tree, node_rows, hidden, numbers):
    """Down a tree of nested pairs, left with σ(s) and right with 1 − σ(s); `numbers` gives a pair's row."""
    if not isinstance(tree, tuple):
        return {tree: 1.0}
    left = 1 / (1 + math.exp(-dot(node_rows[numbers[tree]], hidden)))
    return {
        word: share * probability
        for share, branch in ((left, tree[0]), (1 - left, tree[1]))
        for word, probability in hierarchical_softmax(branch, node_rows, hidden, numbers).items()
    }
