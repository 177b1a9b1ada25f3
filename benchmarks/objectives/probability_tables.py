"""How fast the full softmax is, and what the objectives' scores mean, as the page tells it."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.objectives.curves import CURVES
from benchmarks.results import Results
from benchmarks.tables import bullet, counted, digits, paragraph, percent, table

__all__ = ["optimum", "prediction", "speed"]

_LABELS = {name: curve.label for name, curve in CURVES.items()} | {"ns1": "NS, k = 1"}


def speed(results: Results) -> list[str]:
    """Return the full softmax's share of the square product's rate."""
    _, job, result = next(iter(results.of("speed")))
    by_size: dict[int, list[dict[str, Any]]] = {}
    for point in result["points"]:
        by_size.setdefault(point["words"], []).append(point)
    rows = []
    for words, points in by_size.items():
        shares = [point["rate"] / point["sgemm"] for point in points]
        rows.append(
            [
                f"{words:,}",
                f"{points[0]['rows']:.0f}",
                f"{median(point['rate'] for point in points) / 1e9:.1f}",
                f"{median(point['sgemm'] for point in points) / 1e9:.1f}",
                f"**{percent(median(shares))}** ({percent(min(shares))}–{percent(max(shares))})",
            ]
        )
    return [
        "## How fast the full softmax is\n",
        paragraph(
            "So that the baseline is an honest one: the operations of its three matrix products",
            "(6 · V · D for each distinct input word of a batch) in the time of all of its training,",
            "beside float32 products of square matrices (1,024 rows) just before and after; one thread,",
            f"D = {job['vector_size']}, medians of {counted(job['rounds'], 'round')} (lowest–highest).",
        ),
        *table(["V", "rows of a batch", "GFLOP/s", "square product", "% of it"], rows),
    ]


def optimum(results: Results) -> list[str]:
    """Return how near negative sampling comes to its optimum, and what its negatives are."""
    found = {name: (job, result) for name, job, result in results.of("optimum")}
    job, first = next(iter(found.values()))
    low, middle, high = first["sum_of_estimates"]
    rows = [
        [
            name,
            f"{result['correlation']:.3f}",
            f"{result['slope']:.2f}",
            *([percent(result.get(kind)) for kind in ("semantic", "syntactic", "total")]),
        ]
        for name, (_, result) in found.items()
    ]
    settings = job["settings"]
    return [
        "## What negative sampling's scores mean\n",
        paragraph(
            f"The {first['vocabulary']:,} most frequent words, D = {settings['vector_size']}, k =",
            f"{settings['negative']}, no subsampling, {counted(job['epochs'], 'epoch')} of the text. At the",
            "optimum a score is log p(j | I) − log(k·q(j)). Its correlation with the trained scores, and",
            f"the slope of these against it, over the {first['pairs']:,} pairs seen 20 times or more",
            f"that {first['inputs']} input words at random places of the text have; with collisions kept",
            "and skipped. Beside them the Google analogies that the vectors answer, in %.",
        ),
        *table(["collisions", "correlation", "slope", "semantic", "syntactic", "total"], rows),
        bullet(
            "The estimates p̃_j = σ(s_j) of an input are no distribution: over the vocabulary they add"
            f" up to {digits(middle)} ({digits(low)}–{digits(high)}, 10th and 90th percentile of the inputs)."
        ),
        bullet(
            f"Of the noise's draws {percent(first['negatives_seen'])} % are words that the text has in"
            f" some window of the input word, and {percent(first['negatives_the_output'])} % are the very"
            " output word (means over these inputs)."
        ),
        "",
    ]


def prediction(results: Results) -> list[str]:
    """Return how well each objective's probabilities fit text that it has not seen."""
    found = {name: (job, result) for name, job, result in results.of("prediction")}
    _, first = next(iter(found.values()))
    rows = []
    for name, (_, result) in found.items():
        partition = "–"
        if result["partition"]:
            low, middle, high = result["partition"]
            partition = f"{middle:.2f} ({low:.2f}–{high:.2f})"
        rows.append([_LABELS[name], f"{result['loss']:.3f}", digits(result["seconds"]), partition])
    rows.append(["counts alone", f"{first['unigram_loss']:.3f}", "–", "–"])
    return [
        "## Probabilities of unseen text\n",
        paragraph(
            f"Trained on {first['words']:,} words (the {first['vocabulary']:,} most frequent, one epoch,",
            "D = 100, no subsampling), asked for −log p(output word | input word), in nats, of",
            f"{first['pairs']:,} pairs from the text after them, by each objective's own formula (that of",
            "`Model.predict_output`). *Sum*: Σ exp(s_j − c) over the vocabulary, which NCE learns to be 1",
            "without ever computing it (median, 10th and 90th percentile over the inputs).",
        ),
        *table(["objective", "−log p", "training, s", "sum"], rows),
    ]
