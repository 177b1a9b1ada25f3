"""Huffman's tree with a heap, as a textbook has it, and hierarchical softmax word by word; float64, lists.

Nothing here imports the package. A leaf is a number, an inner node a pair (left, right).
"""

from __future__ import annotations

import heapq
import math


def merges(counts):
    """The pairs in the order they are made, the two lightest each time; the last is the tree.

    Of equal weights inner nodes come first, oldest first, then leaves, the last first; but leaves of weight 0
    come before inner nodes of weight 0.
    """
    heap = [(count, count > 0, -word, word) for word, count in enumerate(counts)]
    heapq.heapify(heap)
    made = []
    while len(heap) > 1:
        first, second = heapq.heappop(heap), heapq.heappop(heap)
        weight = first[0] + second[0]
        made.append((first[3], second[3]))
        heapq.heappush(heap, (weight, weight == 0, len(made), made[-1]))
    return made


def codes(node, code=()):
    """The code of each word: a dictionary of tuples of bits."""
    if not isinstance(node, tuple):
        return {node: code}
    left, right = node
    return codes(left, (*code, 0)) | codes(right, (*code, 1))


def weighted_length(counts):
    """Σ count · code length: the sum of the weights of all inner nodes, whatever the ties."""
    heap = list(counts)
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        weight = heapq.heappop(heap) + heapq.heappop(heap)
        total += weight
        heapq.heappush(heap, weight)
    return total


def entropy(counts):
    """Of the unigram distribution, in bits."""
    total = sum(counts)
    return -sum(count / total * math.log2(count / total) for count in counts if count)


def path_probability(nodes, bits, scores):
    """Π σ(s) where the bit is 0 and σ(−s) where it is 1 (arXiv 1310.4546, equation 3)."""
    product = 1.0
    for node, bit in zip(nodes, bits, strict=True):
        score = scores[node] if bit == 0 else -scores[node]
        product *= 1 / (1 + math.exp(-score))
    return product
