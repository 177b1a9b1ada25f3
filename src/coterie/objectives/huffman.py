"""The Huffman tree of hierarchical softmax.

Sources: Morin and Bengio 2005 (a tree of words); arXiv 1310.4546, section 2.1 (one row for each inner node,
Huffman's tree); Huffman 1952.

Words are the leaves. An inner node n, with its row P_n and the score s_n = P_n · v_I, divides its probability
between its two children, so a word has the product along its path from the root, bit b_n telling the side:

    p(O | I) = Π_n σ((1 − 2 b_n) s_n)                         n on the path of O
    L        = −log p(O | I) = Σ_n softplus(−(1 − 2 b_n) s_n)
    ∂L/∂s_n  = σ(s_n) − (1 − b_n)

These sum to 1 over all words for any scores, since σ(s) + σ(−s) = 1 at every node. The tree is Huffman's for
the counts, so that the mean path is the shortest there is: between the entropy of the unigrams and 1 more.

It is made of two queues, leaves by count and inner nodes by age, which both rise in weight: O(V) after the
sort (van Leeuwen 1976). Sides, numbers and ties are those of the released word2vec, with words of equal count
ranked by row: the lighter child is on the left with bit 0, the root has the highest number, and of equal
weights an inner node comes before a leaf. Here it deviates for words that never occur: leaves of count 0 come
first, since they would otherwise make one path of them all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coterie.kernels.stored import stored_kernel

__all__ = ["HuffmanTree", "build_huffman", "log_leaf_probabilities"]

# A node's place: its parent's number and, in the lowest bit, its side. The root has none.
_NO_PARENT = -1


class HuffmanTree(NamedTuple):
    """The tree over V words, with inner nodes 0 … V − 2 in the order they were made: the root is the last.

    The path of word w is ``nodes[starts[w]:starts[w + 1]]``, root first, and its code the same slice of
    ``bits``: 0 where it goes to the left child, 1 to the right. ``starts`` is int64 of shape (V + 1,),
    ``nodes`` int32 and ``bits`` uint8. ``children`` is int32 of shape (V − 1, 2): left and right, an inner
    node by its number, word w as ``-1 - w``.
    """

    starts: NDArray[np.int64]
    nodes: NDArray[np.int32]
    bits: NDArray[np.uint8]
    children: NDArray[np.int32]

    @property
    def longest(self) -> int:
        """The number of inner nodes on the longest path."""
        return int(np.diff(self.starts).max(initial=0))


def build_huffman(counts: NDArray[np.int64]) -> HuffmanTree:
    """Build the tree of words with these counts, in any order and 0 or more; the same from the same counts.

    Examples
    --------
    >>> tree = build_huffman(np.array([5, 2, 1]))
    >>> [tree.bits[tree.starts[w] : tree.starts[w + 1]].tolist() for w in range(3)]
    [[1], [0, 1], [0, 0]]
    >>> tree.nodes.tolist(), tree.children.tolist()
    ([1, 1, 0, 1, 0], [[-3, -2], [0, -1]])
    """
    words = len(counts)
    inner = max(0, words - 1)
    # The lightest first; of equal counts the last row first.
    rising = np.argsort(-counts, kind="stable")[::-1]
    children = np.empty((inner, 2), np.int32)
    # A copy: one layout, and so one kernel, whether the counts can be written to or not.
    _merge(np.array(counts, np.int64), rising, np.empty(inner, np.int64), children)
    links = np.full((2, words), _NO_PARENT, np.int32)
    starts = np.zeros(words + 1, np.int64)
    _link(children, links[0], links[1], np.zeros(inner, np.int64), starts)
    np.cumsum(starts, out=starts)
    nodes, bits = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.uint8)
    _write_paths(links[0], links[1], starts, nodes, bits)
    return HuffmanTree(starts, nodes, bits, children)


@stored_kernel
def _merge(
    counts: NDArray[np.int64],
    rising: NDArray[np.int64],
    weights: NDArray[np.int64],
    children: NDArray[np.int32],
) -> None:
    """Join the two lightest, until one is left."""
    leaf, node = 0, 0
    for made in range(weights.size):
        weights[made] = 0
        for side in range(2):
            lightest = leaf < rising.size
            if lightest and node < made:
                count = counts[rising[leaf]]
                lightest = count == 0 or count < weights[node]
            if lightest:
                weights[made] += counts[rising[leaf]]
                children[made, side] = -1 - rising[leaf]
                leaf += 1
            else:
                weights[made] += weights[node]
                children[made, side] = node
                node += 1


@stored_kernel
def _link(
    children: NDArray[np.int32],
    leaf_links: NDArray[np.int32],
    node_links: NDArray[np.int32],
    depths: NDArray[np.int64],
    starts: NDArray[np.int64],
) -> None:
    """Note each node's place below its parent, and each word's depth in ``starts[word + 1]``."""
    for i in range(depths.size):
        node = depths.size - 1 - i  # from the root down: a parent was made after its children
        for side in range(2):
            child = children[node, side]
            if child < 0:
                leaf_links[-1 - child] = 2 * node + side
                starts[-child] = depths[node] + 1
            else:
                node_links[child] = 2 * node + side
                depths[child] = depths[node] + 1


@stored_kernel
def _write_paths(
    leaf_links: NDArray[np.int32],
    node_links: NDArray[np.int32],
    starts: NDArray[np.int64],
    nodes: NDArray[np.int32],
    bits: NDArray[np.uint8],
) -> None:
    """Write every path from its leaf up, which is from its end to its start."""
    for word in range(leaf_links.size):
        link = leaf_links[word]
        for i in range(starts[word + 1] - starts[word]):
            at = starts[word + 1] - 1 - i
            nodes[at] = link >> 1
            bits[at] = link & 1
            link = node_links[link >> 1]


def log_leaf_probabilities(tree: HuffmanTree, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log p of every word, float64 of shape (V,), exactly: down the tree, a level at a time.

    Parameters
    ----------
    tree
        Of V words.
    scores
        float64, shape (V − 1,): s_n of each inner node.

    Examples
    --------
    >>> tree = build_huffman(np.array([5, 2, 1]))
    >>> np.exp(log_leaf_probabilities(tree, np.array([0.0, np.log(3)]))).round(3).tolist()
    [0.25, 0.375, 0.375]
    """
    inner = len(tree.children)
    words, reached = np.zeros(inner + 1), np.zeros(inner)
    level = np.arange(inner, dtype=np.int32)[-1:]
    while level.size:
        # log σ(s) = −log(1 + e^−s) to the left, log σ(−s) to the right.
        sides = -np.logaddexp(0, scores[level, np.newaxis] * (-1.0, 1.0)) + reached[level, np.newaxis]
        below = tree.children[level]
        leaves = below < 0
        words[-1 - below[leaves]] = sides[leaves]
        level = below[~leaves]
        reached[level] = sides[~leaves]
    return words
