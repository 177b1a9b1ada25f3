"""The graphs and sessions: those of a folder, those that networkx brings, and some that are planted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import numpy as np

__all__ = ["FILES", "GRAPHS", "SESSIONS", "Labelled", "graph_of", "sessions_of"]

FILES = ("email-eu-core.edges.tsv", "email-eu-core.labels.tsv", "groceries.txt")
GRAPHS = ("karate club", "planted communities", "Les Misérables", "e-mails")
SESSIONS = ("planted baskets", "groceries")
_SEED = 1  # of what is planted: the same for all seeds of walks, splits and trainings


@dataclass(frozen=True)
class Labelled:
    """An undirected graph in which every node has an edge, with node labels or without."""

    graph: nx.Graph
    labels: dict[str, str] | None

    @property
    def told(self) -> str:
        """The graph in some words."""
        weighted = any("weight" in data for _, _, data in self.graph.edges(data=True))
        kind = "weighted edges" if weighted else "edges"
        labels = f", {len(set(self.labels.values()))} labels" if self.labels else ""
        return f"{self.graph.number_of_nodes():,} nodes, {self.graph.number_of_edges():,} {kind}{labels}"


def graph_of(name: str, folder: Path | None) -> Labelled:
    """Return a graph; the e-mails are the folder's."""
    match name:
        case "karate club":
            graph = nx.karate_club_graph()
            return _labelled(graph, dict(graph.nodes(data="club")))
        case "Les Misérables":
            return _labelled(nx.les_miserables_graph(), None)
        case "planted communities":
            graph = nx.planted_partition_graph(10, 40, 0.2, 0.015, seed=_SEED)
            return _labelled(graph, dict(graph.nodes(data="block")))
    if folder is None:
        raise ValueError(f"{name} needs the folder with {FILES[0]}")
    graph = nx.Graph(_rows(folder / FILES[0]))
    return _labelled(graph, dict(_rows(folder / FILES[1])))


def _rows(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(first, second) for first, second in (line.split("\t")[:2] for line in lines)]


def _labelled(graph: nx.Graph, labels: dict[object, object] | None) -> Labelled:
    """Return the graph with names as nodes, without loops and without nodes that have no edge."""
    graph = nx.relabel_nodes(nx.Graph(graph), str)
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    graph.remove_nodes_from(list(nx.isolates(graph)))
    named = {str(node): str(label) for node, label in (labels or {}).items()}
    return Labelled(graph, {node: named[node] for node in graph} if named else None)


def sessions_of(name: str, folder: Path | None) -> list[list[str]]:
    """Return the baskets; the groceries are the folder's."""
    if name == "planted baskets":
        return _planted_baskets(6_000)
    if folder is None:
        raise ValueError(f"{name} needs the folder with {FILES[2]}")
    lines = (folder / FILES[2]).read_text(encoding="utf-8").splitlines()
    return [list(dict.fromkeys(line.split())) for line in lines if line.strip()]


def _planted_baskets(count: int, kinds: int = 15, members: int = 20) -> list[list[str]]:
    """Return baskets for a purpose or two, each with items of its own of which some sell more than others.

    One item in five is one of those that everybody buys.
    """
    draw = np.random.default_rng(_SEED)
    share = 1 / np.arange(1, members + 1)
    share /= share.sum()
    baskets = []
    for size in 2 + draw.poisson(3, count):
        purposes = draw.integers(0, kinds, draw.integers(1, 3))
        purpose = np.where(draw.random(size) < 0.2, kinds, draw.choice(purposes, size))
        items = draw.choice(members, size, p=share)
        baskets.append(
            list(dict.fromkeys(f"{kind}-{item}" for kind, item in zip(purpose, items, strict=True)))
        )
    return baskets
