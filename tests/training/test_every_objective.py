"""Whole runs of every objective in both architectures: planted clusters found, losses told, determinism."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from coterie.config import TrainingConfig
from coterie.sampling.plan import Sentences
from coterie.training.trainer import Trainer
from reference import synthetic

WORDS = 8
OBJECTIVES = {
    "negative_sampling": {},
    "nce": {},
    "nce with partition one": {"objective": "nce", "nce_partition": "one"},
    "hierarchical_softmax": {},
    "hierarchical_softmax with negatives": {"objective": "hierarchical_softmax", "negative": 5},
    "softmax": {"epochs": 2},
}
ARCHITECTURES = {
    "skip_gram": {},
    "cbow": {},
    "cbow of word2vec": {"architecture": "cbow", "cbow_gradient": "word2vec"},
}


def configuration(objective, architecture, **changes):
    named = {"objective": objective, "architecture": architecture}
    common = {"vector_size": 16, "workers": 1, "sample": 0, "epochs": 6, "alpha": 0.05}
    return TrainingConfig(
        **{**named, **common, **OBJECTIVES[objective], **ARCHITECTURES[architecture], **changes}
    )


@pytest.fixture(scope="module")
def clusters():
    sentences = synthetic.clustered_sentences(words=WORDS)
    offsets = np.arange(len(sentences) + 1, dtype=np.int64) * sentences.shape[1]
    ids = np.ascontiguousarray(sentences.ravel(), dtype=np.uint32)
    return Sentences(ids, offsets), np.bincount(ids).astype(np.int64)


def digest(weights):
    return hashlib.sha256(b"".join(matrix.tobytes() for _, matrix in weights.matrices())).hexdigest()


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("workers", [1, 3])
def test_planted_clusters_are_found(clusters, objective, architecture, workers):
    result = Trainer(*clusters, configuration(objective, architecture, workers=workers)).run()
    share = synthetic.neighbours_in_cluster(result.weights.input_vectors[:, :16], words=WORDS)
    assert share >= 0.95
    assert result.loss < 0.98 * result.untrained_loss


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_full_softmax_learns_with_many_workers_what_it_does_with_one(clusters, architecture):
    """All of its batches change every row: computed side by side they made half of such runs diverge."""
    one, many = (
        Trainer(*clusters, configuration("softmax", architecture, workers=workers)).run().loss
        for workers in (1, 4)
    )
    assert many == pytest.approx(one, rel=0.01)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
def test_one_worker_gives_the_same_bits(clusters, objective, architecture):
    first, again, other = (
        Trainer(*clusters, configuration(objective, architecture, epochs=1, seed=seed)).run().weights
        for seed in (3, 3, 4)
    )
    assert digest(first) == digest(again) != digest(other)
    if first.log_normaliser is not None:
        assert first.log_normaliser[0] == again.log_normaliser[0] != other.log_normaliser[0]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
def test_the_epochs_of_a_run_may_be_trained_one_run_after_another(clusters, objective, architecture):
    """Bit for bit; the full softmax sums its rows' lengths anew, where a run keeps them up to date."""
    settings = configuration(objective, architecture, epochs=2)
    whole = Trainer(*clusters, settings).run()
    first = Trainer(*clusters, settings, epochs=range(1)).run()
    assert first.words == len(clusters[0].ids)
    half = digest(first.weights)
    rest = Trainer(*clusters, settings, weights=first.weights, epochs=range(1, 2)).run()
    assert rest.weights is first.weights
    if objective == "softmax":
        for (_, matrix), (_, other) in zip(rest.weights.matrices(), whole.weights.matrices(), strict=True):
            np.testing.assert_allclose(matrix, other, atol=1e-5)
    else:
        assert half != digest(rest.weights) == digest(whole.weights)
        assert rest.loss == whole.loss
    assert first.summed_loss + rest.summed_loss == pytest.approx(whole.summed_loss)
    if whole.weights.log_normaliser is not None:
        assert rest.weights.log_normaliser[0] == whole.weights.log_normaliser[0]
