"""Synthetic languages whose structure is known, so that training can be asked whether it found it."""

from __future__ import annotations

import numpy as np


def clustered_sentences(*, clusters=6, words=8, sentences=2500, length=9, noise=0.1, seed=0):
    """Sentences of word ids that keep to one cluster, but for some words from anywhere.

    Word w belongs to cluster w // `words`. Words within a cluster are Zipf-distributed.
    """
    generator = np.random.default_rng(seed)
    zipf = 1 / np.arange(1, words + 1)
    zipf /= zipf.sum()
    cluster = generator.integers(clusters, size=(sentences, 1))
    own = cluster * words + generator.choice(words, p=zipf, size=(sentences, length))
    other = generator.integers(clusters * words, size=(sentences, length))
    return np.where(generator.random((sentences, length)) < noise, other, own)


def neighbours_in_cluster(vectors, *, words):
    """The share of words whose nearest neighbour by cosine is of their own cluster."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -2)
    nearest = similarity.argmax(axis=1)
    return float(np.mean(nearest // words == np.arange(len(vectors)) // words))
