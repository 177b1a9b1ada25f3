"""Small corpora trained as one chunk by any objective, beside the float64 twin of the same run."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import strategies as st

from coterie.objectives.choose import make_objective
from coterie.objectives.weights import as_trained, in_training, make_weights
from coterie.sampling.plan import Sentences, make_plan, make_sampler, plan_chunk
from coterie.training.schedule import reach_of
from reference import training as twin

ARCHITECTURES = [
    {"architecture": "skip_gram"},
    {"architecture": "cbow", "cbow_gradient": "mean"},
    {"architecture": "cbow", "cbow_gradient": "word2vec"},
]
WORDS, SIZE = 12, 10
ARRAYS = {
    "inputs": "input_vectors",
    "outputs": "output_vectors",
    "nodes": "node_vectors",
    "c": "log_normaliser",
}


def sentences_of_ids(most=6):
    return st.lists(st.lists(st.integers(0, WORDS - 1), min_size=2, max_size=25), min_size=1, max_size=most)


def random_weights(config, seed, words=WORDS):
    """Weights with no zero row, so that every gradient has something to say."""
    weights = make_weights(words, config)
    generator = np.random.default_rng(seed)
    for _, matrix in weights.matrices():
        rows = matrix[:, : config.vector_size]
        rows[:] = generator.normal(0, 0.3, rows.shape)
    return weights


def as_twin(weights, config):
    """The weights as float64 arrays by their short names, without padding."""
    arrays = {name: getattr(weights, attribute) for name, attribute in ARRAYS.items()}
    return {
        name: (array if name == "c" else array[:, : config.vector_size]).astype(np.float64)
        for name, array in arrays.items()
        if array is not None
    }


class Run:
    """A corpus and what it takes to train the chunk of its first `centres` tokens, all unless told."""

    def __init__(self, weights, sentences, config, *, words=WORDS, centres=None, counts=None):
        ids = np.array(list(itertools.chain(*sentences)), np.uint32)
        offsets = np.concatenate(([0], np.cumsum([len(s) for s in sentences]))).astype(np.int64)
        reach = reach_of(offsets, config.window)
        self.weights, self.sentences, self.config = weights, sentences, config
        self.counts = np.bincount(ids, minlength=words) if counts is None else np.array(counts)
        self.sampler = make_sampler(self.counts, config, 0)
        self.plan = make_plan(len(ids), reach, config)
        self.objective = make_objective(as_trained(weights, config), self.counts, config, reach)
        with np.errstate(over="ignore"):
            plan_chunk(self.sampler, Sentences(ids, offsets), 0, 0, centres or len(ids), reach, self.plan)

    def train(self, rate):
        """Train the chunk once; return the mean loss of its examples."""
        with np.errstate(over="ignore"), self.objective.session(), in_training(self.weights, self.config):
            loss, examples = self.objective.learner()(self.plan, rate, True)
        return loss / examples if examples else None

    def train_in_step(self, rate, threads):
        """Train the chunk once with a crew of threads; return the mean loss of its examples."""
        results = [None] * threads

        def work(number, learner):
            results[number] = learner(self.plan, rate, True)

        with np.errstate(over="ignore"), self.objective.session(), in_training(self.weights, self.config):
            learners = self.objective.crew(threads).learners
            workers = [threading.Thread(target=work, args=member) for member in enumerate(learners)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        loss, examples = results[0]
        return loss / examples if examples else None

    def table(self):
        return [(entry & 0xFFFFFFFF, entry >> 32) for entry in self.sampler.alias.tolist()]

    def windows(self):
        """The twin's windows, each a list of blocks: (context words, centre, negatives)."""
        config = self.config
        found = twin.windows(
            self.sentences,
            self.sampler.keep.tolist(),
            self.table(),
            (int(self.sampler.window_key), int(self.sampler.negative_key)),
            window=config.window,
            shrink=config.shrink_windows,
            negative=config.negative,
            shared=config.negative_sharing != "pair",
        )
        return list(found)

    def blocks(self):
        """The twin's blocks, window by window."""
        return list(itertools.chain(*self.windows()))

    def architecture(self):
        return {
            "cbow": self.config.architecture == "cbow",
            "divided": self.config.cbow_gradient != "word2vec",
        }


def assert_training_is_the_twins(run, *turns, rate=0.05, at_once=False):
    """Train `run`, and its twin by the objectives in turn, by blocks or all `at_once`; compare the arrays."""
    expected = as_twin(run.weights, run.config)
    loss = run.train(rate)
    train = twin.train_at_once if at_once else twin.train
    losses = examples = 0
    for objective in turns:
        told = train(expected, objective, run.blocks(), rate, **run.architecture())
        losses, examples = losses + told[0], told[1]
    found = as_twin(run.weights, run.config)
    assert found.keys() == expected.keys()
    for name, array in found.items():
        np.testing.assert_allclose(array, expected[name], atol=2e-4, err_msg=name)
    assert loss == (pytest.approx(losses / examples, rel=1e-4) if examples else None)
    for _, matrix in run.weights.matrices():
        assert not matrix[:, run.config.vector_size :].any(), "padding stays zero"


def changed_rows(run, rate=0.1):
    """Train; return the set of rows that changed by the name of the matrix."""
    before = {name: matrix.copy() for name, matrix in run.weights.matrices()}
    run.train(rate)
    return {
        name: set(np.flatnonzero((before[name] != matrix).any(axis=1)).tolist())
        for name, matrix in run.weights.matrices()
    }


def summary(config, seed=1):
    """A few numbers that tell a small fixed run from any other: its loss, and the size of each array."""
    weights = random_weights(config, seed)
    sentences = [[(3 * i + j) % WORDS for i in range(15)] for j in range(8)]
    loss = Run(weights, sentences, config).train(0.05)
    arrays = as_twin(weights, config)
    return [loss, *(float(np.abs(array).sum()) for array in arrays.values())]


JOINT = np.array([[4, 2, 1, 1], [2, 3, 1, 2], [1, 1, 2, 2], [1, 2, 2, 1]]) / 28
PAIRS = np.stack(np.divmod(np.random.default_rng(0).choice(16, p=JOINT.ravel(), size=20_000), 4), axis=1)
"""Sentences of two words, out of four. Both are inputs and outputs in turn."""


def conditional(pairs=PAIRS):
    """p(j | I), shape (4, 4), as the pairs have it."""
    counts = np.zeros((4, 4))
    np.add.at(counts, (pairs[:, 0], pairs[:, 1]), 1)
    counts += counts.T
    return counts / counts.sum(axis=1, keepdims=True)


def trained_on_pairs(config):
    """Train on PAIRS for 30 epochs at a falling rate; yield the weights after each of the last ten."""
    weights = random_weights(config, 0, words=4)
    for epoch in range(30):
        Run(weights, PAIRS.tolist(), replace(config, seed=epoch), words=4).train(0.1 * 0.85**epoch)
        if epoch >= 20:
            yield weights
