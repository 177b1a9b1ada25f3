"""A small language whose words stand in groups, and whether vectors have found them."""

from __future__ import annotations

import numpy as np

from reference import synthetic

GROUPS, WORDS = "abcde", 6


def sentences(groups=GROUPS, count=1500, seed=3):
    """Sentences of the words of one group each: a0 … a5, b0 … b5 and so on."""
    names = np.array([f"{group}{i}" for group in groups for i in range(WORDS)])
    drawn = synthetic.clustered_sentences(clusters=len(groups), words=WORDS, sentences=count, seed=seed)
    return [names[sentence].tolist() for sentence in drawn]


def share_found(wv, groups=GROUPS):
    """The share of the groups' words whose nearest neighbour is of their own group."""
    words = [word for word in wv.index_to_key if word[0] in groups]
    return sum(wv.most_similar(word, topn=1)[0][0][0] == word[0] for word in words) / len(words)
