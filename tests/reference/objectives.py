"""The losses of one example and their gradients as a student would write them: float64, formula by formula.

Nothing here imports the package. An example has an input vector h: a row of the input vectors (Skip-gram), or
the mean of some (CBOW). P is a matrix of output rows: one a word, or one a node of the tree. A gradient has
the shape of what it is taken by.
"""

from __future__ import annotations

import itertools

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, dtype=np.float64)))


def softplus(x):
    return np.logaddexp(0, x)  # −log σ(−x)


def logistic_loss(h, P, rows, labels, offsets=0.0, weights=1.0):
    """Σ w (−t log σ(x) − (1 − t) log σ(−x)) over the listed rows, x = P_row · h − offset.

    With weights that are probabilities this is an exact expectation over the rows.
    """
    x = P[rows] @ h - offsets
    t = np.asarray(labels, dtype=np.float64)
    return float(np.sum(weights * (t * softplus(-x) + (1 - t) * softplus(x))))


def logistic_gradients(h, P, rows, labels, offsets=0.0, weights=1.0):
    """Its derivatives by h, by P, and by a number that is taken from every score."""
    errors = weights * (sigmoid(P[rows] @ h - offsets) - labels)
    dP = np.zeros_like(P)
    for row, error in zip(rows, errors, strict=True):
        dP[row] += error * h
    return errors @ P[rows], dP, -float(errors.sum())


# ── negative sampling (arXiv 1310.4546, equation 4) ──


def ns_rows(output, negatives, skip=False):
    """The rows and labels of an example; `skip` leaves out negatives that equal the positive word."""
    negatives = [word for word in negatives if not (skip and word == output)]
    return [output, *negatives], [1] + [0] * len(negatives)


def ns_loss(h, P, output, negatives, skip=False):
    return logistic_loss(h, P, *ns_rows(output, negatives, skip))


def ns_gradients(h, P, output, negatives, skip=False):
    return logistic_gradients(h, P, *ns_rows(output, negatives, skip))[:2]


# ── noise-contrastive estimation (arXiv 1410.8251): every score s_j is s_j − c − log(k q_j) ──


def nce_offsets(rows, k, q, c):
    return np.array([c + np.log(k * q[row]) for row in rows])


def nce_loss(h, P, c, output, noise, q):
    """`noise`: the k words drawn from q, kept whatever they are; c: the log-normaliser, 0 if fixed at one."""
    rows, labels = ns_rows(output, noise)
    return logistic_loss(h, P, rows, labels, nce_offsets(rows, len(noise), q, c))


def nce_gradients(h, P, c, output, noise, q):
    """By h, P and c."""
    rows, labels = ns_rows(output, noise)
    return logistic_gradients(h, P, rows, labels, nce_offsets(rows, len(noise), q, c))


# ── hierarchical softmax (arXiv 1310.4546, equation 3): p(left) = σ(s_node), left is bit 0 ──


def tree_paths(tree):
    """The path of every word in a tree of pairs (left, right): (node, bit) pairs, root first and node 0."""
    paths, nodes = {}, itertools.count()

    def walk(place, path):
        if isinstance(place, tuple):
            node = next(nodes)
            for bit, child in enumerate(place):
                walk(child, [*path, (node, bit)])
        else:
            paths[place] = path

    walk(tree, [])
    return [paths[word] for word in range(len(paths))]


def hs_rows(path):
    return [node for node, _ in path], [1 - bit for _, bit in path]


def hs_loss(h, nodes, path):
    return logistic_loss(h, nodes, *hs_rows(path))


def hs_gradients(h, nodes, path):
    return logistic_gradients(h, nodes, *hs_rows(path))[:2]


def hs_probabilities(h, nodes, paths):
    """p(word | h) of every word: the product of the turns on its path."""
    return np.array(
        [np.prod([sigmoid((1 - 2 * bit) * nodes[node] @ h) for node, bit in path]) for path in paths]
    )


# ── full softmax ──


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def softmax_loss(h, P, output):
    scores = P @ h
    return float(scores.max() + np.log(np.exp(scores - scores.max()).sum()) - scores[output])


def softmax_gradients(h, P, output):
    errors = softmax(P @ h)
    errors[output] -= 1
    return errors @ P, np.outer(errors, h)


# ── CBOW: one example a window, its input the mean of the context's rows (arXiv 1301.3781) ──


def cbow_input(V, contexts):
    return V[contexts].mean(axis=0)


def cbow_gradient(V, contexts, dh, divided=True):
    """What dh, the derivative by the mean, is by V: a share 1/M to each (arXiv 2012.15332).

    Not `divided` it is what the released word2vec does, and no derivative of the loss.
    """
    dV = np.zeros_like(V)
    for word in contexts:
        dV[word] += dh / len(contexts) if divided else dh
    return dV
