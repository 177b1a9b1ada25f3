"""What vectors are good for: labels told, hidden edges found again, baskets completed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier

from benchmarks.graphs.embedding import Embedding

__all__ = [
    "Baskets",
    "auc",
    "by_adamic_adar",
    "by_cosine",
    "by_degrees",
    "by_product",
    "f1_of_labels",
    "f1_of_the_greatest",
    "hide_edges",
    "hit_rate",
    "leave_one_out",
]

NodePairs = Sequence[tuple[str, str]]
Baskets = Sequence[Sequence[str]]
_TOP = 10


def f1_of_labels(features: NDArray[np.float64], labels: Sequence[str], splits: int) -> dict[str, float]:
    """Return the mean micro and macro F1 of one-vs-rest logistic regressions on half of the nodes.

    The splits are the same for all features of these nodes.
    """
    # Rows of length 1 need less regularisation than scikit-learn's default of 1.
    model = OneVsRestClassifier(LogisticRegression(solver="liblinear", C=10))
    told = []
    for split in range(splits):
        halves = train_test_split(features, labels, train_size=0.5, random_state=split)
        told.append(_f1(halves[3], model.fit(halves[0], halves[2]).predict(halves[1])))
    micro, macro = np.mean(told, axis=0)
    return {"micro": float(micro), "macro": float(macro)}


def f1_of_the_greatest(labels: Sequence[str], splits: int) -> dict[str, float]:
    """Return the same for the answer that is right most often among the nodes that are known: the floor."""
    told = []
    for split in range(splits):
        known, asked = train_test_split(list(labels), train_size=0.5, random_state=split)
        told.append(_f1(asked, [max(sorted(set(known)), key=known.count)] * len(asked)))
    micro, macro = np.mean(told, axis=0)
    return {"micro": float(micro), "macro": float(macro)}


def _f1(right: Sequence[str], told: Sequence[str]) -> tuple[float, float]:
    return (
        f1_score(right, told, average="micro"),
        f1_score(right, told, average="macro", zero_division=0),
    )


def hide_edges(graph: nx.Graph, share: float, seed: int) -> tuple[nx.Graph, NodePairs, NodePairs]:
    """Return the graph without that share of its edges, these edges, and as many pairs that are none.

    Every node keeps an edge.
    """
    draw, kept = np.random.default_rng(seed), graph.copy()
    nodes, edges, hidden, others = list(graph), list(graph.edges), [], set()
    wanted = round(share * len(edges))
    for number in draw.permutation(len(edges)):
        one, other = edges[number]
        if len(hidden) < wanted and min(kept.degree[one], kept.degree[other]) > 1:
            kept.remove_edge(one, other)
            hidden.append((one, other))
    while len(others) < len(hidden):
        low, high = sorted(draw.integers(0, len(nodes), 2).tolist())
        if low < high and not graph.has_edge(nodes[low], nodes[high]):
            others.add((nodes[low], nodes[high]))
    return kept, hidden, sorted(others)


def auc(score: Callable[[NodePairs], NDArray[np.float64]], hidden: NodePairs, others: NodePairs) -> float:
    """Return how often a hidden edge has a higher score than a pair that is none; a tie counts half."""
    truth = np.repeat([1, 0], [len(hidden), len(others)])
    return float(roc_auc_score(truth, score([*hidden, *others])))


def by_cosine(embedding: Embedding) -> Callable[[NodePairs], NDArray[np.float64]]:
    """Score pairs by the cosine of the two input vectors."""

    def score(pairs: NodePairs) -> NDArray[np.float64]:
        ones, others = zip(*pairs, strict=True)
        return np.einsum("ij,ij->i", embedding.units(ones), embedding.units(others))

    return score


def by_product(embedding: Embedding) -> Callable[[NodePairs], NDArray[np.float64]]:
    """Score pairs by input · output, the score that was trained, in both directions."""

    def score(pairs: NodePairs) -> NDArray[np.float64]:
        rows = np.array([[embedding.index[name] for name in pair] for pair in pairs])
        inputs, outputs = embedding.inputs[rows], embedding.outputs[rows[:, ::-1]]
        return np.einsum("ijk,ijk->i", inputs, outputs).astype(np.float64)

    return score


def by_degrees(graph: nx.Graph) -> Callable[[NodePairs], NDArray[np.float64]]:
    """Score pairs by the product of their degrees: who has many edges gets more."""
    return lambda pairs: np.array([float(graph.degree[u] * graph.degree[v]) for u, v in pairs])


def by_adamic_adar(graph: nx.Graph) -> Callable[[NodePairs], NDArray[np.float64]]:
    """Score pairs by their common neighbours, of which one with few edges tells more."""
    return lambda pairs: np.array([found for _, _, found in nx.adamic_adar_index(graph, pairs)])


def leave_one_out(
    baskets: Baskets, share: float, seed: int
) -> tuple[list[list[str]], list[tuple[list[str], str]]]:
    """Return the baskets to train on, and those to complete: what is left of each, and what is missing.

    Items that no basket to train on has are passed over, and so are baskets that have no two others.
    """
    draw = np.random.default_rng(seed)
    apart = draw.random(len(baskets)) < share
    kept = [list(basket) for basket, away in zip(baskets, apart, strict=True) if not away]
    known, asked = {item for basket in kept for item in basket}, []
    for basket, away in zip(baskets, apart, strict=True):
        items = [item for item in basket if item in known]
        if away and len(items) > 1:
            missing = items.pop(int(draw.integers(len(items))))
            asked.append((items, missing))
    return kept, asked


def hit_rate(
    scores: NDArray[np.float64], index: dict[str, int], asked: Sequence[tuple[list[str], str]]
) -> float:
    """Return how often the missing item is among the ten of highest mean score, the basket's own left out.

    `scores` (V, V): of each item in a basket, of each item that may be missing.
    """
    hits = 0
    for items, missing in asked:
        rows = [index[item] for item in items]
        mean = scores[rows].mean(axis=0)
        mean[rows] = -np.inf
        hits += index[missing] in np.argpartition(-mean, min(_TOP, len(mean) - 1))[:_TOP]
    return hits / len(asked)
