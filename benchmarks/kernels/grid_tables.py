"""The tables of the grid: each objective's shapes beside the machine's bounds; every finding is computed."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.kernels.roofline import Figures, figures
from benchmarks.kernels.visits import AHEAD
from benchmarks.results import Results
from benchmarks.sgemm import SQUARE
from benchmarks.tables import bullet, counted, digits, paragraph, percent, table

__all__ = ["LABELS", "Shape", "grid", "shapes"]

LABELS = {
    "negative_sampling": "Negative sampling",
    "nce": "Noise-contrastive estimation",
    "hierarchical_softmax": "Hierarchical softmax",
}

Shape = tuple[int, int, int]
"""V, D and k."""

_COLUMNS = (
    *("V", "D", "k", "words/s", "plan ns", "train ns", "GFLOP/s", "% of sgemm"),
    *("kB/word", "far kB/word", "FLOP/B", "far GB/s", "arithmetic ns", "memory ns", "% of bound"),
)


def shapes(results: Results, objective: str) -> dict[Shape, Figures]:
    """Return the figures of an objective's shapes, in order."""
    found = {}
    for job, result in _measured(results):
        for point in result.get("points", []):
            if point["objective"] == objective:
                shape = (job["words"], job["vector_size"], point["negative"])
                found[shape] = figures(point, job["vector_size"])
    return dict(sorted(found.items()))


def _measured(results: Results) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for _, job, result in results.of("grid"):
        yield job, result


def grid(results: Results) -> list[str]:
    """Return the tables."""
    lines = ["## Speed and bounds by shape\n", *_explained(results)]
    lines += ["![GFLOP/s against D, with the bound of each shape](figures/kernels-roofline.svg)\n"]
    lines.append(
        paragraph(
            "Negative sampling: solid, what training reaches; dashed, the roofline bound of the same shape;",
            "dotted, sgemm.",
        )
    )
    for objective, label in LABELS.items():
        if of := shapes(results, objective):
            lines += [f"### {label}\n", *table(_COLUMNS, [_row(shape, of[shape]) for shape in of], texts=0)]
            lines += _findings(of)
    return lines + _left_out(results)


def _explained(results: Results) -> list[str]:
    job = next(job for job, _ in _measured(results))
    return [
        paragraph(
            "Skip-gram, window 5 (shrunk at random), subsampling 1e-3, one thread on one core. Chunks of the",
            "size that training uses are planned; then the kernels train them, from Python, as the trainer",
            f"calls them. Times are medians of {counted(job['rounds'], 'round')} of about {job['seconds']} s",
            f"of training each, between them sgemm (products of {SQUARE} × {SQUARE} float32), the visits of",
            "the far rows and the planning. The clock is the thread's own time: what other processes take of",
            "the core is not in it, what they take of the cache and of the memory is. Not in it either:",
            "reading, the trainer's loop, compilation.",
        ),
        bullet("words/s: words of the text before subsampling, by the time of planning and training."),
        bullet("plan ns, train ns, arithmetic ns, memory ns: nanoseconds for a window (a block)."),
        bullet("GFLOP/s: 6·M·N·D for a block of M context words and N distinct output rows; D not padded."),
        bullet(
            "kB/word: 2·64·⌈D/16⌉ bytes for each of the M + N rows of a block, read once and written once, "
            "for a word of the text before subsampling (1 kB = 1000 bytes)."
        ),
        bullet(
            "far kB/word: the same of the far rows alone, which are a block's listed output rows and the one "
            "input row that comes into reach. The other input rows were in the block before, and are near."
        ),
        bullet("FLOP/B: float operations for each byte of far rows."),
        bullet(
            "far GB/s: bytes per second when a kernel only reads, changes and writes these same rows in the "
            "order of training, and fetches rows ahead (the fastest of "
            f"{AHEAD[0]} to {AHEAD[-1]})."
        ),
        bullet("arithmetic ns: the operations at the rate of sgemm; memory ns: the visits of the far rows."),
        bullet("% of bound: the greater of both, divided by train ns."),
        "",
        *_product_line(results),
    ]


def _product_line(results: Results) -> list[str]:
    rates = [
        rate / 1e9
        for _, of in _measured(results)
        for point in of.get("points", [])
        for rate in point["sgemm"]
    ]
    if not rates:
        return []
    told = f"sgemm over the whole run: {median(rates):.0f} GFLOP/s ({min(rates):.0f} to {max(rates):.0f})."
    return [paragraph(told)]


def _row(shape: Shape, of: Figures) -> list[str]:
    return [
        *(f"{number:,}" for number in shape),
        f"{of.words_per_second / 1e6:.2f} M",
        f"{of.plan_ns:.0f}",
        f"{of.train_ns:.0f}",
        f"{of.rate / 1e9:.0f}",
        percent(of.product_share),
        digits(of.bytes_per_word / 1e3),
        digits(of.far_bytes_per_word / 1e3),
        f"{of.intensity:.1f}",
        f"{of.bandwidth / 1e9:.0f}",
        f"{of.arithmetic_ns:.0f}",
        f"{of.memory_ns:.0f}",
        percent(of.bound_share),
    ]


def _findings(of: dict[Shape, Figures]) -> list[str]:
    """Tell where most and least of the bound is reached, and how many shapes the memory bounds."""
    least, most = (pick(of, key=lambda shape: of[shape].bound_share) for pick in (min, max))
    by_memory = [shape for shape, one in of.items() if one.memory_ns > one.arithmetic_ns]
    return [
        bullet(f"Least of the bound: {percent(of[least].bound_share)} % ({_named(least)})."),
        bullet(f"Most of the bound: {percent(of[most].bound_share)} % ({_named(most)})."),
        bullet(f"Bounded by memory and not by arithmetic: {len(by_memory)} of {counted(len(of), 'shape')}."),
        "",
    ]


def _named(shape: Shape) -> str:
    return f"V = {shape[0]:,}, D = {shape[1]}, k = {shape[2]}"


def _left_out(results: Results) -> list[str]:
    lines = [
        bullet(
            f"V = {job['words']:,}, D = {job['vector_size']}: left out, since the matrices take "
            f"{result['left_out'] / 2**30:.1f} GiB, and {result['available'] / 2**30:.1f} GiB were available."
        )
        for job, result in _measured(results)
        if "left_out" in result
    ]
    return [*lines, ""] if lines else []
