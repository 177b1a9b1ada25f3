"""Random walks over a graph, all at once: DeepWalk (arXiv 1403.6652) and node2vec (arXiv 1607.00653)."""

from __future__ import annotations

from typing import NamedTuple

import networkx as nx
import numpy as np
from numpy.typing import NDArray

__all__ = ["Bias", "random_walks"]


class Bias(NamedTuple):
    """node2vec's parameters: a step's weight is divided by p back to the node before, by q away from it.

    The node before is the one that the walk came from; ``away`` is what is no neighbour of it.
    """

    p: float
    q: float


class _Neighbours(NamedTuple):
    """The edges by their node: those of node i are ``starts[i] … starts[i + 1] - 1``.

    ``totals`` are the weights added up over all edges, with a 0 in front; ``codes`` are ``i · V + target``,
    ascending.
    """

    starts: NDArray[np.int64]
    targets: NDArray[np.int64]
    totals: NDArray[np.float64]
    codes: NDArray[np.int64]


def random_walks(
    graph: nx.Graph, per_node: int, length: int, seed: int, bias: Bias | None = None
) -> list[list[str]]:
    """Return `per_node` walks of `length` nodes from each node, in random order, as lists of names.

    A step goes along an edge in proportion to its weight (1 where it has none). Every node needs an edge.
    """
    nodes, draw = list(graph), np.random.default_rng(seed)
    edges = _neighbours(graph)
    walks = np.empty((length, per_node * len(nodes)), np.int64)
    walks[0] = draw.permutation(np.tile(np.arange(len(nodes)), per_node))
    for step in range(1, length):
        if bias is None or step == 1:
            walks[step] = _along_an_edge(edges, walks[step - 1], draw)
        else:
            walks[step] = _along_a_biased_edge(edges, walks[step - 2], walks[step - 1], bias, draw)
    names = [str(node) for node in nodes]
    return [[names[node] for node in walk] for walk in walks.T.tolist()]


def _neighbours(graph: nx.Graph) -> _Neighbours:
    rows = nx.to_scipy_sparse_array(graph, weight="weight", format="csr", dtype=float)
    rows.sort_indices()
    starts, targets = rows.indptr.astype(np.int64), rows.indices.astype(np.int64)
    if (np.diff(starts) == 0).any():
        raise ValueError("a node has no edge; a walk could not leave it.")
    codes = np.repeat(np.arange(len(starts) - 1), np.diff(starts)) * (len(starts) - 1) + targets
    return _Neighbours(starts, targets, np.concatenate([[0], np.cumsum(rows.data)]), codes)


def _along_an_edge(
    edges: _Neighbours, here: NDArray[np.int64], draw: np.random.Generator
) -> NDArray[np.int64]:
    low, high = edges.totals[edges.starts[here]], edges.totals[edges.starts[here + 1]]
    drawn = low + draw.random(len(here)) * (high - low)
    edge = np.searchsorted(edges.totals, drawn, side="right") - 1
    # Rounding may lead past the last edge.
    return edges.targets[np.minimum(edge, edges.starts[here + 1] - 1)]


def _along_a_biased_edge(
    edges: _Neighbours,
    before: NDArray[np.int64],
    here: NDArray[np.int64],
    bias: Bias,
    draw: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw by the weights, and accept by the bias: the rest draws again (rejection sampling)."""
    following, open_ = np.empty_like(here), np.arange(len(here))
    most = max(1 / bias.p, 1.0, 1 / bias.q)
    while len(open_):
        drawn = _along_an_edge(edges, here[open_], draw)
        near = _are_neighbours(edges, before[open_], drawn)
        share = np.where(drawn == before[open_], 1 / bias.p, np.where(near, 1.0, 1 / bias.q))
        taken = draw.random(len(open_)) * most < share
        following[open_[taken]] = drawn[taken]
        open_ = open_[~taken]
    return following


def _are_neighbours(
    edges: _Neighbours, one: NDArray[np.int64], other: NDArray[np.int64]
) -> NDArray[np.bool_]:
    code = one * (len(edges.starts) - 1) + other
    place = np.minimum(np.searchsorted(edges.codes, code), len(edges.codes) - 1)
    return edges.codes[place] == code
