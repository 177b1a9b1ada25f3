"""The benchmark of graphs and baskets: its walks, what it hides and asks, and what its page tells."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from benchmarks.graphs import tasks
from benchmarks.graphs.__main__ import jobs, parse
from benchmarks.graphs.data import FILES, graph_of, sessions_of
from benchmarks.graphs.embedding import Embedding
from benchmarks.graphs.measure import measure
from benchmarks.graphs.page import BEGIN, END, replace_section, section
from benchmarks.graphs.walks import Bias, random_walks
from benchmarks.results import Results

pytest.importorskip("gensim")
SMALL = {"walks": 2, "length": 8, "window": 2, "epochs": 1, "vector_size": 4, "threads": 1, "seed": 1}


@pytest.fixture
def folder(tmp_path):
    """The three files, small: two joined rings, an edge twice, a node with a loop alone, some baskets."""
    rings = [f"{10 * ring + node}\t{10 * ring + (node + 1) % 10}" for ring in range(2) for node in range(10)]
    rings += ["3\t14", "1\t0", "20\t20"]
    labels = [f"{node}\t{node // 10}" for node in range(21)]
    baskets = ["tea milk", "tea milk sugar", "bread butter", "tea milk tea", "salt", "bread butter jam"] * 8
    for name, lines in zip(FILES, (rings, labels, baskets), strict=True):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    return tmp_path


def test_walks_begin_at_every_node_and_follow_edges():
    graph = nx.relabel_nodes(nx.karate_club_graph(), str)
    walks = random_walks(graph, 3, 6, seed=1)
    assert Counter(walk[0] for walk in walks) == dict.fromkeys(graph, 3)
    assert {len(walk) for walk in walks} == {6}
    assert all(graph.has_edge(*step) for walk in walks for step in pairwise(walk))
    assert walks == random_walks(graph, 3, 6, seed=1) != random_walks(graph, 3, 6, seed=2)
    graph.add_node("alone")
    with pytest.raises(ValueError, match="no edge"):
        random_walks(graph, 1, 2, seed=1)


@pytest.mark.parametrize("bias", [None, Bias(0.25, 4), Bias(4, 0.5)], ids=str)
def test_steps_are_drawn_as_the_papers_say(bias):
    """From a node, seen after another: the weights, divided by p on the way back and by q on the way off."""
    graph = nx.Graph()
    graph.add_weighted_edges_from([("a", "b", 1), ("b", "c", 2), ("a", "c", 1), ("b", "d", 3), ("d", "e", 1)])
    found = Counter()
    for walk in random_walks(graph, 4000, 3, seed=1, bias=bias):
        found[tuple(walk)] += walk[:2] == ["a", "b"]
    expected = {}
    for node, data in graph["b"].items():
        near = 1.0 if bias is None else 1 / bias.p if node == "a" else 1.0 if node == "c" else 1 / bias.q
        expected["a", "b", node] = data["weight"] * near
    taken = np.array([found[walk] for walk in expected], float)
    shares = np.array(list(expected.values())) / sum(expected.values())
    assert taken.sum() == found.total() > 1500
    np.testing.assert_allclose(taken / taken.sum(), shares, atol=0.04)


def test_data_are_read_and_cleaned(folder):
    found = graph_of("e-mails", folder)
    assert found.told == "20 nodes, 21 edges, 2 labels"
    assert found.labels == {str(node): str(node // 10) for node in range(20)}
    assert sessions_of("groceries", folder)[3] == ["tea", "milk"]
    assert graph_of("Les Misérables", None).told == "77 nodes, 254 weighted edges"
    assert sessions_of("planted baskets", None) == sessions_of("planted baskets", None)
    with pytest.raises(ValueError, match="needs the folder"):
        graph_of("e-mails", None)


def test_every_node_keeps_an_edge():
    graph = nx.relabel_nodes(nx.karate_club_graph(), str)
    kept, hidden, others = tasks.hide_edges(graph, 0.3, seed=1)
    assert len(hidden) == len(others) == round(0.3 * graph.number_of_edges())
    assert min(degree for _, degree in kept.degree) == 1
    assert nx.utils.graphs_equal(nx.compose(kept, graph.edge_subgraph(hidden)), graph)
    assert not any(graph.has_edge(*pair) for pair in others)
    assert len(set(others)) == len(others)
    assert hidden == tasks.hide_edges(graph, 0.3, seed=1)[1] != tasks.hide_edges(graph, 0.3, seed=2)[1]


def planted():
    """Two pairs of names: alike as inputs are a and b, an output that fits a is c's."""
    inputs = np.array([[2, 0], [1, 0], [0, 1], [0, 3]], np.float32)
    outputs = np.array([[0, 1], [0, 1], [1, 0], [1, 0]], np.float32)
    return Embedding({name: row for row, name in enumerate("abcd")}, inputs, outputs, np.zeros(4), 0.0)


def test_cosine_and_product_score_what_they_say():
    alike, fitting = [("a", "b"), ("c", "d")], [("a", "c"), ("b", "d")]
    assert tasks.auc(tasks.by_cosine(planted()), alike, fitting) == 1
    assert tasks.auc(tasks.by_product(planted()), fitting, alike) == 1
    assert tasks.by_product(planted())([("a", "d")]).tolist() == [5]


def test_a_basket_is_completed():
    baskets = [["tea", "milk"], ["tea", "milk", "sugar"], ["bread", "butter"]] * 40
    kept, asked = tasks.leave_one_out(baskets, 0.3, seed=1)
    assert 20 < len(asked) < 52
    assert len(kept) + len(asked) == len(baskets)
    assert all([*items, missing] and {*items, missing} in map(set, baskets) for items, missing in asked)
    index = {f"{number:02}": number for number in range(14)}
    scores = np.zeros((14, 14))
    scores[0] = -np.arange(14)
    scores[1, 13] = 100
    assert tasks.hit_rate(scores, index, [(["00"], "10"), (["00"], "11")]) == 0.5
    assert tasks.hit_rate(scores, index, [(["00", "01"], "13")]) == 1


def test_labels_are_told_from_vectors_that_have_them():
    labels = ["left", "right"] * 20
    features = np.where(np.array(labels) == "left", 1.0, -1.0)[:, None]
    assert tasks.f1_of_labels(features, labels, 2) == {"micro": 1, "macro": 1}
    floor = tasks.f1_of_the_greatest(labels, 2)
    assert floor["macro"] < floor["micro"] <= 0.6


def test_all_is_measured_and_told(folder, tmp_path):
    options = parse(["--graph", str(folder), "--runs", "1"])
    planned = jobs(options)
    assert len({(job.job["section"], job.job["data"]) for job in planned}) == len(planned) == 8
    assert len(jobs(parse(["--runs", "2"]))) == 10
    results = Results(tmp_path / "graphs.json")
    results.begin("graphs", {"machine": ["a machine"], "text": [], "command": "c"}, resume=False)
    for name, data in [("labels", "e-mails"), ("links", "e-mails"), ("sessions", "groceries")]:
        (job,) = (job.job for job in planned if (job.job["section"], job.job["data"]) == (name, data))
        small = {**job, **{key: value for key, value in SMALL.items() if key in job}}
        results.add("graphs", name, small, measure({**small, "folder": str(folder)}))
    page = replace_section(f"# Before\n{BEGIN}\nstale lines\n{END}\nafter\n", list(section(results)))
    assert page.startswith(f"# Before\n{BEGIN}\n\n- a machine\n")
    assert page.endswith(f"{END}\nafter\n")
    assert "stale" not in page
    for kind in ("DeepWalk", "node2vec"):
        assert page.count(f"| e-mails | {kind}: gensim | ") == page.count(f"| {kind}: Coterie | ") == 2
    assert page.count("| e-mails | edges, 1/16 as long: Coterie |") == 2
    assert page.count("| groceries | Coterie on pairs, ns_exponent ") == 3
    assert "- e-mails: 20 nodes, 21 edges, 2 labels; walks made in" in page


def test_the_page_has_room_for_the_section():
    page = (Path(__file__).parents[2] / "docs" / "graphs.md").read_text(encoding="utf-8")
    assert page.count(BEGIN) == page.count(END) == 1
    once = replace_section(page, ["| new |", ""])
    assert replace_section(once, ["| new |", ""]) == once
