"""The measured part of the page ``docs/graphs.md``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from benchmarks.graphs.measure import NODE2VEC, SETTINGS
from benchmarks.results import Results
from benchmarks.tables import bullet, counted, digits, paragraph, table

__all__ = ["BEGIN", "END", "replace_section", "section"]

BEGIN, END = (
    "<!-- measured: written by make bench-graphs, not to be edited -->",
    "<!-- end of what is measured -->",
)
_Measured = list[dict[str, Any]]


def replace_section(page: str, lines: Sequence[str]) -> str:
    """Return the page with these lines between the marks of the measured section."""
    before, rest = page.split(BEGIN)
    return "\n".join([before + BEGIN, "", *lines, END + rest.split(END)[1]])


def section(results: Results) -> Iterator[str]:
    """Yield the lines of the section."""
    about = results.sections["graphs"]
    done = [(job, result) for _, job, result in results.of("graphs")]
    yield from (bullet(line) for line in about["machine"])
    yield bullet(f"Command: `{about['command']}`")
    yield ""
    yield paragraph(
        "Medians, and in brackets the least and the greatest, over",
        f"{counted(len({job['seed'] for job, _ in done}), 'seed')}; a seed is that of the walks, of what is",
        "held out and of the training, and all methods get the same. *Seconds* are those from walks, edges",
        "or baskets in memory to vectors, on one thread, with kernels that are compiled already; making the",
        "walks is apart. Every method has",
        f"{SETTINGS['negative']} negatives, a learning rate from {SETTINGS['alpha']} to",
        f"{SETTINGS['min_alpha']}, no subsampling and `min_count=1`.",
    )
    told = {"labels": _labels, "links": _links, "sessions": _sessions}
    for name, tell in told.items():
        measured = [(job, result) for job, result in done if job["section"] == name]
        if measured:
            yield from tell(measured[0][0])
            yield from _table(measured, *_COLUMNS[name])


def _labels(job: dict[str, Any]) -> Iterator[str]:
    yield from ("### Labels of nodes", "")
    yield paragraph(
        "One-vs-rest logistic regression on the input vectors at length 1, trained on half of the nodes;",
        f"means over {job['splits']} random splits, the same for all.",
        _walks(job),
    )


def _links(job: dict[str, Any]) -> Iterator[str]:
    yield from ("### Hidden edges", "")
    yield paragraph(
        f"{job['hidden']:.0%} of the edges are hidden, so that every node keeps one, and to be told from as",
        "many random pairs of nodes that have none: AUC by input · output (the score that was trained, both",
        "directions added), and by the cosine of the input vectors. Beside the vectors stand two old",
        "formulas on the edges that are left. Vectors are trained as above.",
    )


def _walks(job: dict[str, Any]) -> str:
    return (
        f"{job['walks']} walks of {job['length']} nodes from each node, window {job['window']}, "
        f"{job['epochs']} epochs, {job['vector_size']} dimensions; node2vec with p = {NODE2VEC.p:g}, "
        f"q = {NODE2VEC.q:g}. Edges are pairs in both directions, with their weights, and are trained for a "
        "sixteenth or a quarter as many steps as the walks have pairs."
    )


def _sessions(job: dict[str, Any]) -> Iterator[str]:
    yield from ("### Baskets", "")
    yield paragraph(
        f"{job['hidden']:.0%} of the baskets are held out, an item of each is taken away, and all items that",
        "are not in the basket are ranked: by the mean of log p(item | item of the basket), which the model",
        "learned (input · output + log of the noise), and by the mean cosine of input vectors. *Hit rate*:",
        "the missing item is among the first ten. Windows that cover a basket, `shrink_windows=False`,",
        f"{job['epochs']} epochs, {job['vector_size']} dimensions; pairs are all that occur, weighted by the",
        "number of baskets that have them, and trained for as many steps as the baskets have pairs.",
    )


_COLUMNS = {
    "labels": ("graph", {"micro F1": "micro", "macro F1": "macro"}),
    "links": ("graph", {"AUC": "product", "AUC by cosine": "cosine"}),
    "sessions": ("baskets", {"hit rate": "probability", "hit rate by cosine": "cosine"}),
}


def _table(
    measured: list[tuple[dict[str, Any], dict[str, Any]]], subject: str, columns: dict[str, str]
) -> Iterator[str]:
    rows, notes = [], []
    for data in dict.fromkeys(job["data"] for job, _ in measured):
        results = [result for job, result in measured if job["data"] == data]
        notes.append(bullet(f"{data}: {_about(results)}"))
        for method in results[0]["methods"]:
            found = [result["methods"][method] for result in results]
            scores = [_range([one[key] for one in found if key in one]) for key in columns.values()]
            rows.append([data, method, *scores, _seconds(found)])
    yield from table([subject, "method", *columns, "seconds"], rows, texts=2)
    yield from (*notes, "")


def _about(results: _Measured) -> str:
    told = str(results[0]["told"])
    methods = list(results[0]["methods"].values())
    walking = [method["walk_seconds"] for method in methods if "walk_seconds" in method]
    epochs = [str(method["epochs"]) for method in methods if "epochs" in method]
    if walking:
        told += f"; walks made in {digits(max(walking), 2)} s, edges trained for {' or '.join(epochs)} epochs"
    return told


def _range(values: Sequence[float]) -> str:
    if not values:
        return "–"
    middle = f"{median(values):.3f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.3f}–{max(values):.3f})"


def _seconds(found: _Measured) -> str:
    seconds = [one["seconds"] for one in found if "seconds" in one]
    return digits(median(seconds), 2) if seconds else "–"
