"""The tables about the parts of a word's time, a window's, and the fetching of rows."""

from __future__ import annotations

from statistics import median
from typing import Any

import numpy as np

from benchmarks.kernels.changed import HOT_NEGATIVES, HOT_WORDS
from benchmarks.kernels.roofline import flops
from benchmarks.results import Results
from benchmarks.tables import bullet, paragraph, percent, table

__all__ = ["ahead", "parts", "shares", "windows"]

_PARTS = ("planning", "drawing", "arithmetic", "memory, negatives", "memory, words", "Python")


def parts(result: dict[str, Any]) -> dict[str, float]:
    """Return the parts of a word's time, in nanoseconds; their sum is that of planning and training."""
    times = {name: median(values) * 1e9 for name, values in result["times"].items()}
    text, words_of_chunk = result["text"], result["text"] / result["chunks"]
    plan_call, train_call = (times[name] / words_of_chunk for name in ("empty_plan", "empty_train"))
    values = (
        times["plan_without_negatives"] / text - plan_call,
        (times["plan"] - times["plan_without_negatives"]) / text,
        times["hot_rows"] / text - train_call,
        (times["train"] - times["hot_negatives"]) / text,
        (times["hot_negatives"] - times["hot_rows"]) / text,
        plan_call + train_call,
    )
    return dict(zip(_PARTS, values, strict=True))


def shares(results: Results) -> list[str]:
    """Return what each part takes of a word's time."""
    rows, others = [], []
    for name, job, result in results.of("shares"):
        of = parts(result)
        whole = sum(of.values())
        rows.append([name, f"{whole:.1f}", *(f"{ns:.1f} ({percent(ns / whole)})" for ns in of.values())])
        times = {key: median(values) for key, values in result["times"].items()}
        trained = times["train"] / result["text"]
        product = flops(result["pairs"], job["vector_size"]) / times["sgemm"] / result["text"]
        others.append(
            [
                name,
                f"{product * 1e9:.1f}",
                percent(product * 1e9 / of["arithmetic"]),
                f"{(times['empty_plan'] + times['empty_train']) * 1e6:.0f}",
                f"{result['text'] / result['chunks']:,.0f}",
                f"{times['plain'] / result['plain_text'] * 1e9:.0f}",
                f"{times['plain'] / result['plain_text'] / trained:.1f}",
            ]
        )
    job = next(job for _, job, _ in results.of("shares"))
    return [
        "## Where the time goes\n",
        paragraph(
            f"Negative sampling, V = {job['words']:,}: nanoseconds for a word of the text before",
            "subsampling, and in brackets percent of the sum. The parts are differences between trainings of",
            "the same chunks, whose plans were changed from outside; no kernel has a switch for it.",
        ),
        bullet("planning: subsampling and windows, which is planning with k = 0."),
        bullet("drawing: planning with k negatives less planning with none."),
        bullet(
            f"arithmetic: training with all rows in the cache, words folded into {HOT_WORDS} and negatives "
            f"into {HOT_NEGATIVES} others, distinct in each block. Listing rows and what latency remains "
            "there are in it."
        ),
        bullet("memory, negatives: training less training with negatives in the cache."),
        bullet("memory, words: training with negatives in the cache less training with all rows there."),
        bullet("Python: planning and training a chunk without words, for each chunk."),
        "",
        *table(("shape", "ns/word", *_PARTS), rows),
        paragraph(
            "Beside it: what the arithmetic would take at the rate of sgemm, and its share of the part",
            "*arithmetic*; Python's part of a chunk in microseconds, and the words of a chunk; training with",
            '`kernel="plain"`, in nanoseconds for a word and as a multiple of the SIMD kernel.',
        ),
        *table(
            ("shape", "at sgemm's rate", "%", "Python µs/chunk", "words/chunk", "plain ns/word", "times"),
            others,
        ),
    ]


def windows(results: Results) -> list[str]:
    """Return what a window costs by its number of context words."""
    found = {job["vector_size"]: (job, result["points"]) for _, job, result in results.of("windows")}
    sizes = sorted(found)
    cells: dict[int, list[str]] = {}
    fits = []
    for size in sizes:
        inputs, cost = [], []
        for point in found[size][1]:
            train, product = median(point["train"]), median(point["sgemm"])
            rate = flops(point["pairs"], size) / train
            inputs.append(point["inputs"])
            cost.append(train / point["windows"] * 1e9)
            cells.setdefault(point["inputs"], []).extend(
                (f"{cost[-1]:.0f}", f"{rate / 1e9:.0f}", percent(rate / product))
            )
        slope, fixed = np.polyfit(inputs, cost, 1)
        fits.append(
            bullet(
                f"D = {size}: {fixed:.0f} ns a window and {slope:.1f} ns for each context word, by least "
                "squares."
            )
        )
    k = next(job["negative"] for job, _ in found.values())
    return [
        "## A window by its number of context words\n",
        paragraph(
            f"Negative sampling, k = {k}, all rows in the cache as above, windows of M context words",
            "everywhere: nanoseconds for a window, GFLOP/s and percent of sgemm. Windows that are shrunk at",
            "random have 2, 4, … 10 words equally often inside a sentence.",
        ),
        *table(
            ("M", *(head for size in sizes for head in (f"D = {size}: ns", "GFLOP/s", "% of sgemm"))),
            [[str(inputs), *cells[inputs]] for inputs in sorted(cells)],
            texts=0,
        ),
        *fits,
        "",
    ]


def ahead(results: Results) -> list[str]:
    """Return how fast far rows are visited by how far ahead they are fetched."""
    names, trained = [], []
    cells: dict[int, list[str]] = {}
    for name, _, result in results.of("ahead"):
        to_ns = 1e9 / result["windows"]
        names.append(name)
        trained.append(f"{median(result['train']) * to_ns:.0f}")
        for point in result["distances"]:
            cells.setdefault(point["ahead"], []).append(f"{median(point['visit']) * to_ns:.0f}")
    k = next(job["negative"] for _, job, _ in results.of("ahead"))
    return [
        "## How far ahead rows are fetched\n",
        paragraph(
            f"Negative sampling, k = {k}: nanoseconds in which the far rows of a window are read, changed",
            "and written, when lines are fetched so many rows ahead. The training kernels fetch those of a",
            f"coming block, of {k + 2} far rows, while they update one: 8 blocks ahead at D = 100, 3 at",
            "D = 300, as many as are 25 KiB. Below, training itself.",
        ),
        *table(
            ("rows ahead", *names),
            [*([str(distance), *cells[distance]] for distance in sorted(cells)), ["training", *trained]],
        ),
    ]
