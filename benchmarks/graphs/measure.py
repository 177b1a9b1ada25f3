"""Train all methods on the same walks, edges or baskets, and judge them: one job, and its result, as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from benchmarks.graphs import tasks
from benchmarks.graphs.data import graph_of, sessions_of
from benchmarks.graphs.embedding import Embedding, by_coterie, by_coterie_pairs, by_gensim
from benchmarks.graphs.walks import Bias, random_walks

__all__ = ["EXPONENTS", "NODE2VEC", "PAIR_SHARES", "SETTINGS", "measure"]

SETTINGS = {"negative": 5, "alpha": 0.025, "min_alpha": 0.0001, "sample": 0, "min_count": 1}
NODE2VEC = Bias(p=1, q=0.5)
EXPONENTS = (0.75, 0.0, -0.5)
PAIR_SHARES = (1 / 16, 1 / 4)  # as many steps as walks have make the edges known by heart
_Job = dict[str, Any]
_Scored = dict[str, dict[str, float]]


def measure(job: _Job) -> dict[str, Any]:
    """Return the scores of each method, and what the data are."""
    folder = Path(job["folder"]) if job["folder"] else None
    section: Callable[[_Job, Path | None], dict[str, Any]] = _SECTIONS[job["section"]]
    return section(job, folder)


def _labels(job: _Job, folder: Path | None) -> dict[str, Any]:
    data = graph_of(job["data"], folder)
    if data.labels is None:
        raise ValueError(f"{job['data']} has no labels")
    nodes, splits = list(data.graph), job["splits"]
    labels = [data.labels[node] for node in nodes]

    def judged(embedding: Embedding) -> dict[str, float]:
        return tasks.f1_of_labels(embedding.units(nodes), labels, splits)

    floor = {"the most frequent label": tasks.f1_of_the_greatest(labels, splits)}
    return {"told": data.told, "methods": floor | _of_graph(data.graph, job, judged)}


def _links(job: _Job, folder: Path | None) -> dict[str, Any]:
    data = graph_of(job["data"], folder)
    kept, hidden, others = tasks.hide_edges(data.graph, job["hidden"], job["seed"])

    def judged(embedding: Embedding) -> dict[str, float]:
        return {
            "cosine": tasks.auc(tasks.by_cosine(embedding), hidden, others),
            "product": tasks.auc(tasks.by_product(embedding), hidden, others),
        }

    floors = {
        "product of the degrees": {"product": tasks.auc(tasks.by_degrees(kept), hidden, others)},
        "Adamic–Adar": {"product": tasks.auc(tasks.by_adamic_adar(kept), hidden, others)},
    }
    told = f"{data.told}; {len(hidden):,} of the edges hidden"
    return {"told": told, "methods": floors | _of_graph(kept, job, judged)}


def _of_graph(graph: nx.Graph, job: _Job, judged: Callable[[Embedding], dict[str, float]]) -> _Scored:
    settings = _settings(job) | {"ns_exponent": 0.75}
    on_walks = settings | {"window": job["window"], "epochs": job["epochs"]}
    methods: _Scored = {}
    for kind, bias in {"DeepWalk": None, "node2vec": NODE2VEC}.items():
        start = time.perf_counter()
        walks = random_walks(graph, job["walks"], job["length"], job["seed"], bias)
        walking = {"walk_seconds": time.perf_counter() - start}
        trained = {
            "gensim": by_gensim(walks, on_walks),
            "Coterie": by_coterie(walks, on_walks),
            "Coterie, negatives of each pair": by_coterie(walks, on_walks | {"negative_sharing": "pair"}),
        }
        for name, embedding in trained.items():
            methods[f"{kind}: {name}"] = judged(embedding) | _seconds(embedding) | walking
    edges = [(u, v, float(data.get("weight", 1))) for u, v, data in graph.edges(data=True)]
    pairs = [*edges, *((v, u, weight) for u, v, weight in edges)]
    # About as many pairs as walks have: their windows hold 1 + window of them a node, cut at both ends.
    examples = graph.number_of_nodes() * job["walks"] * job["length"] * (job["window"] + 1) * job["epochs"]
    for share in PAIR_SHARES:
        epochs = max(1, round(examples * share / len(pairs)))
        embedding = by_coterie_pairs(pairs, settings | {"epochs": epochs})
        name = f"edges, 1/{round(1 / share)} as long: Coterie"
        methods[name] = judged(embedding) | _seconds(embedding) | {"epochs": epochs}
    return methods


def _sessions(job: _Job, folder: Path | None) -> dict[str, Any]:
    baskets = sessions_of(job["data"], folder)
    kept, asked = tasks.leave_one_out(baskets, job["hidden"], job["seed"])
    sold = Counter(item for basket in kept for item in basket)
    together = Counter(pair for basket in kept for pair in permutations(basket, 2))
    pairs = [(one, other, float(count)) for (one, other), count in together.items()]
    epochs = max(1, round(job["epochs"] * together.total() / len(pairs)))
    window = max(map(len, kept)) - 1
    told = (
        f"{len(baskets):,} baskets, {sum(map(len, baskets)):,} items in them, {len(sold):,} different ones; "
    )
    told += f"{len(asked):,} to complete"
    best = {item: row for row, (item, _) in enumerate(sold.most_common())}
    ranks = np.tile(-np.arange(len(best), dtype=float), (len(best), 1))
    methods: _Scored = {"the most popular": {"probability": tasks.hit_rate(ranks, best, asked)}}
    for exponent in EXPONENTS:
        settings = _settings(job) | {"ns_exponent": exponent}
        lists = settings | {"window": window, "shrink_windows": False, "epochs": job["epochs"]}
        trained = {
            "gensim on baskets": by_gensim(kept, lists),
            "Coterie on baskets": by_coterie(kept, lists),
            "Coterie on pairs": by_coterie_pairs(pairs, settings | {"epochs": epochs}),
        }
        for name, embedding in trained.items():
            methods[f"{name}, ns_exponent {exponent:g}"] = _completed(embedding, asked) | _seconds(embedding)
    return {"told": told, "methods": methods}


def _completed(embedding: Embedding, asked: list[tuple[list[str], str]]) -> dict[str, float]:
    units, index = embedding.units(embedding.index), dict(embedding.index)
    # log p(j | i) up to a constant of i: what was learned is log p(j | i) / (k q(j)).
    probable = embedding.inputs.astype(np.float64) @ embedding.outputs.T + embedding.noise
    return {
        "cosine": tasks.hit_rate(units @ units.T, index, asked),
        "probability": tasks.hit_rate(probable, index, asked),
    }


def _settings(job: _Job) -> dict[str, Any]:
    return SETTINGS | {"vector_size": job["vector_size"], "workers": job["threads"], "seed": job["seed"]}


def _seconds(embedding: Embedding) -> dict[str, float]:
    return {"seconds": embedding.seconds}


_SECTIONS = {"labels": _labels, "links": _links, "sessions": _sessions}

if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
