"""Training with every objective in both architectures, a block at a time, in float64.

Nothing here imports the package. A block is what changes the weights at once: a window of Skip-gram (a pair,
if each pair draws its own negatives), or the one example of a CBOW window. Its gradients are all taken before
anything changes. The arrays of a model have the names inputs, outputs, nodes and c.
"""

from __future__ import annotations

import itertools

import numpy as np

from reference import objectives, skip_gram


def windows(sentences, keep, table, keys, *, window, shrink, negative, shared):
    """Every window of an epoch in order: the list of its blocks, each (context words, centre, negatives)."""
    for position, centre, contexts in skip_gram.windows(sentences, keep, window, shrink, keys[0]):
        groups = [contexts] if shared else [[word] for word in contexts]
        slots = 1 if shared else 2 * window
        yield [
            (inputs, centre, skip_gram.draws(table, keys[1], position, g, slots, negative))
            for g, inputs in enumerate(groups)
            if inputs
        ]


class NegativeSampling:
    def __init__(self, skip):
        self.skip = skip

    def loss(self, model, h, centre, negatives):
        return objectives.ns_loss(h, model["outputs"], centre, negatives, self.skip)

    def gradients(self, model, h, centre, negatives):
        dh, dP = objectives.ns_gradients(h, model["outputs"], centre, negatives, self.skip)
        return dh, {"outputs": dP}

    def listing(self, model, centre, negatives):
        """The matrix of an example's output rows, which rows, their labels and offsets."""
        return "outputs", *objectives.ns_rows(centre, negatives, self.skip), 0.0


class NCE:
    """Its log-normaliser is learned if the model has one, and 0 otherwise."""

    def __init__(self, q):
        self.q = q

    def loss(self, model, h, centre, negatives):
        c = model.get("c", [0])[0]
        return objectives.nce_loss(h, model["outputs"], c, centre, negatives, self.q)

    def gradients(self, model, h, centre, negatives):
        c = model.get("c", [0])[0]
        dh, dP, dc = objectives.nce_gradients(h, model["outputs"], c, centre, negatives, self.q)
        return dh, {"outputs": dP} | ({"c": dc} if "c" in model else {})

    def listing(self, model, centre, negatives):
        rows, labels = objectives.ns_rows(centre, negatives)
        offsets = objectives.nce_offsets(rows, len(negatives), self.q, model.get("c", [0])[0])
        return "outputs", rows, labels, offsets


class HierarchicalSoftmax:
    def __init__(self, paths):
        self.paths = paths

    def loss(self, model, h, centre, negatives):
        return objectives.hs_loss(h, model["nodes"], self.paths[centre])

    def gradients(self, model, h, centre, negatives):
        dh, dP = objectives.hs_gradients(h, model["nodes"], self.paths[centre])
        return dh, {"nodes": dP}

    def listing(self, model, centre, negatives):
        path = self.paths[centre]
        return "nodes", [node for node, _ in path], [1 - bit for _, bit in path], 0.0


class FullSoftmax:
    def loss(self, model, h, centre, negatives):
        return objectives.softmax_loss(h, model["outputs"], centre)

    def gradients(self, model, h, centre, negatives):
        dh, dP = objectives.softmax_gradients(h, model["outputs"], centre)
        return dh, {"outputs": dP}

    def curvatures(self, model, h):
        """(bound along h, bound along each row).

        diag(p) − ppᵀ is at most diag(p), and a sum of outer products at most its trace.
        """
        P = model["outputs"]
        p = objectives.softmax(P @ h)
        return p @ (P * P).sum(axis=1), {"outputs": (p * (h @ h))[:, None]}


def _examples(V, inputs, cbow):
    """Each example's input vector, and the words whose rows it is made of."""
    return [(objectives.cbow_input(V, inputs), inputs)] if cbow else [(V[word], [word]) for word in inputs]


def block_gradients(model, objective, inputs, centre, negatives, *, cbow=False, divided=True):
    """(summed loss, number of examples, gradient by the name of the array) of one block."""
    V = model["inputs"]
    total = {name: np.zeros_like(array) for name, array in model.items()}
    examples = _examples(V, inputs, cbow)
    losses = 0.0
    for h, words in examples:
        losses += objective.loss(model, h, centre, negatives)
        dh, others = objective.gradients(model, h, centre, negatives)
        total["inputs"] += objectives.cbow_gradient(V, words, dh, divided)
        for name, gradient in others.items():
            total[name] += gradient
    return losses, len(examples), total


def block_curvatures(model, objective, inputs, *, cbow=False, divided=True):
    """The bound of the curvature along each row, by the name of the array, of one block."""
    V = model["inputs"]
    total = {name: np.zeros((len(array), 1)) for name, array in model.items()}
    for h, words in _examples(V, inputs, cbow):
        of_h, others = objective.curvatures(model, h)
        total["inputs"] += objectives.cbow_gradient(V[:, :1], words, np.array([of_h]), divided)
        for name, curvature in others.items():
            total[name] += curvature
    return total


def train(model, objective, blocks, rate, **architecture):
    """Train on blocks one after another; returns the summed loss and the examples."""
    losses = examples = 0
    for block in blocks:
        loss, count, gradients = block_gradients(model, objective, *block, **architecture)
        losses, examples = losses + loss, examples + count
        for name, gradient in gradients.items():
            model[name] -= rate * gradient
    return losses, examples


def train_at_once(model, objective, blocks, rate, **architecture):
    """Train on all blocks in one step, each row's divided by 1 + rate · curvature."""
    sums = {name: np.zeros_like(array) for name, array in model.items()}
    curvatures = {name: np.zeros((len(array), 1)) for name, array in model.items()}
    losses = examples = 0
    for inputs, centre, negatives in blocks:
        loss, count, gradients = block_gradients(model, objective, inputs, centre, negatives, **architecture)
        losses, examples = losses + loss, examples + count
        for name, curvature in block_curvatures(model, objective, inputs, **architecture).items():
            sums[name] += gradients[name]
            curvatures[name] += curvature
    for name, gradient in sums.items():
        model[name] -= rate * gradient / (1 + rate * curvatures[name])
    return losses, examples


def batches(windows, runs, run):
    """The windows of each batch: `runs` runs of neighbours, which are dealt out in turns."""
    cut = [windows[i : i + run] for i in range(0, len(windows), run)]
    turns = -(-len(cut) // runs)
    return [list(itertools.chain(*cut[turn::turns])) for turn in range(turns)]


def train_in_batches(model, objective, windows, rate, shape, *, cbow=False, divided=True):
    """Train with errors σ(s) − t that are all taken at the start of a batch of windows.

    The blocks then change their rows one after another, by errors times the rows as they have become; the
    log-normaliser changes at the end of the batch, damped by the bound of its curvature. Returns the summed
    loss and the examples.
    """
    losses = examples = 0
    for batch in batches(windows, *shape):
        waiting, of_c, pairs = [], 0.0, 0
        for inputs, centre, negatives in itertools.chain(*batch):
            name, rows, labels, offsets = objective.listing(model, centre, negatives)
            errors = []
            for h, _ in _examples(model["inputs"], inputs, cbow):
                losses, examples = losses + objective.loss(model, h, centre, negatives), examples + 1
                errors.append(objectives.sigmoid(model[name][rows] @ h - offsets) - labels)
            waiting.append((inputs, name, rows, np.array(errors)))
            of_c, pairs = of_c - np.sum(errors), pairs + np.size(errors)
        for inputs, name, rows, errors in waiting:
            V, P = model["inputs"], model[name]
            found = _examples(V, inputs, cbow)
            H, Y = np.array([h for h, _ in found]), P[rows].copy()
            change = np.zeros_like(V)
            for (_, words), error in zip(found, errors, strict=True):
                change += objectives.cbow_gradient(V, words, error @ Y, divided)
            np.add.at(P, rows, -rate * errors.T @ H)
            V -= rate * change
        if "c" in model:
            model["c"] -= rate * of_c / (1 + rate * pairs / 4)  # σ' is at most ¼
    return losses, examples
