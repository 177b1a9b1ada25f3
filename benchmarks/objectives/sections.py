"""Which measurements each section asks for."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from benchmarks.measurements import Measurement
from benchmarks.objectives.curves import CURVES

__all__ = ["JUDGED", "NAMES", "jobs"]

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000)
COST_ROUNDS, COST_SECONDS = 3, 0.5  # of a measurement; the full softmax takes more where one batch does
EXAMPLES, SOFTMAX_EXAMPLES = 200, 50
SPEED_SIZES = (10_000, 30_000, 100_000, 300_000)
SPEED_ROUNDS, SPEED_SECONDS = 5, 3.0
PROBABLE_WORDS, PREDICTION_TOKENS = 10_000, 3_000_000
COLLISIONS = ("keep", "skip")
PREDICTORS = ("softmax", "hs", "nce5", "ns20", "ns5", "ns1")
QUALITY = ("softmax", "hs", "nce5", "ns5")
QUALITY_WORDS = 30_000
DEFAULT = {"negative": 5, "ns_exponent": 0.75, "sample": 1e-3}
VARIED: dict[str, tuple[str, tuple[float, ...]]] = {
    "negatives": ("negative", (1, 2, 5, 10, 20)),
    "exponent": ("ns_exponent", (0, 0.5, 0.75, 1)),
    "subsampling": ("sample", (0, 1e-3, 1e-4, 1e-5)),
}
TABLE_1 = (
    ("NEG-5", "negative_sampling", 5, 0.0),
    ("NEG-15", "negative_sampling", 15, 0.0),
    ("HS-Huffman", "hierarchical_softmax", 0, 0.0),
    ("NCE-5", "nce", 5, 0.0),
    ("NEG-5", "negative_sampling", 5, 1e-5),
    ("NEG-15", "negative_sampling", 15, 1e-5),
    ("HS-Huffman", "hierarchical_softmax", 0, 1e-5),
)


def sizes(distinct: int) -> list[int]:
    """Return the vocabulary's sizes that a text of so many distinct words has, its own as the last."""
    return sorted({*(size for size in SIZES if size < distinct), min(distinct, SIZES[-1])})


def _in_turns(names: Sequence[str], run: int) -> Sequence[str]:
    return names if run % 2 == 0 else names[::-1]


def cost(options: argparse.Namespace, about: dict[str, Any]) -> Iterator[Measurement]:
    """Every objective in a process of its own, in turns, all sizes of the vocabulary one after another."""
    points = sizes(about["distinct"])
    for run in range(options.runs):
        for name in _in_turns(list(CURVES), run):
            curve = CURVES[name]
            job = {
                "kind": "cost",
                "objective": curve.objective,
                "negative": curve.negative,
                "hot": curve.hot,
                "sizes": points,
                "rounds": COST_ROUNDS,
                "seconds": COST_SECONDS,
                "vector_size": 100,
                "threads": 1,
                "seed": run + 1,
            }
            seconds = COST_ROUNDS * COST_SECONDS * (4 if name == "softmax" else 1) + 1
            yield Measurement("cost", name, job, len(points) * seconds + 5)


def rows(options: argparse.Namespace, about: dict[str, Any]) -> Iterator[Measurement]:
    """Count changed rows once for each objective: they are no matter of time."""
    for name, curve in CURVES.items():
        if not curve.hot:
            job = {
                "kind": "rows",
                "objective": curve.objective,
                "negative": curve.negative,
                "sizes": sizes(about["distinct"]),
                "examples": SOFTMAX_EXAMPLES if name == "softmax" else EXAMPLES,
                "threads": 1,
                "seed": 1,
            }
            yield Measurement("rows", name, job, 12)


def speed(options: argparse.Namespace, about: dict[str, Any]) -> Iterator[Measurement]:
    """Hold the full softmax against the machine's matrix product, in one process."""
    points = [size for size in SPEED_SIZES if size <= about["distinct"]] or [about["distinct"]]
    job = {
        "kind": "softmax_speed",
        "objective": "softmax",
        "negative": 0,
        "sizes": points,
        "rounds": SPEED_ROUNDS,
        "seconds": SPEED_SECONDS,
        "vector_size": 100,
        "threads": 1,
        "seed": 1,
    }
    yield Measurement("speed", "softmax", job, len(points) * SPEED_ROUNDS * SPEED_SECONDS * 1.3 + 10)


def optimum(options: argparse.Namespace, about: dict[str, Any]) -> Iterator[Measurement]:
    """Train negative sampling with collisions kept and skipped, and look at its scores."""
    for collisions in COLLISIONS:
        common = {"vector_size": 100, "window": 5, "sample": 0, "collisions": collisions}
        job = {
            "kind": "optimum",
            "words": min(PROBABLE_WORDS, about["distinct"]),
            "epochs": options.epochs,
            "threads": options.threads,
            "seed": 1,
            "settings": {**CURVES["ns5"].settings, **common},
        }
        yield Measurement("optimum", collisions, job, about["words"] * options.epochs * 0.7e-6 + 30)


def prediction(options: argparse.Namespace, about: dict[str, Any]) -> Iterator[Measurement]:
    """Train every objective on the same words, and ask for the probabilities of others."""
    for name in PREDICTORS:
        curve = CURVES["ns5" if name == "ns1" else name]
        settings = {**curve.settings, "vector_size": 100, "window": 5, "sample": 0}
        job = {
            "kind": "prediction",
            "words": min(PROBABLE_WORDS, about["distinct"]),
            "tokens": PREDICTION_TOKENS,
            "epochs": 1,
            "threads": options.threads,
            "seed": 1,
            "settings": {**settings, "negative": 1} if name == "ns1" else settings,
        }
        tokens = min(about["words"], PREDICTION_TOKENS)
        yield Measurement("prediction", name, job, tokens * (8e-5 if name == "softmax" else 2e-6) + 20)


def quality(options: argparse.Namespace, about: dict[str, Any]) -> Iterator[Measurement]:
    """Train each objective for each time."""
    for minutes in options.minutes:
        for name in QUALITY:
            job = {
                "kind": "timed",
                "minutes": minutes,
                "words": min(QUALITY_WORDS, about["distinct"]),
                "threads": options.threads,
                "seed": 1,
                "settings": {**CURVES[name].settings, "vector_size": 100, "window": 5, "sample": 1e-3},
            }
            yield Measurement("quality", name, job, 60 * minutes * 1.1 + 20)


def _training(
    section: str, name: str, options: argparse.Namespace, about: dict[str, Any], seed: int, settings: Any
) -> Measurement:
    job = {
        "kind": "trained",
        "min_count": 5,
        "epochs": options.epochs,
        "threads": options.threads,
        "seed": seed,
        "settings": settings,
    }
    # Nanoseconds of one thread for a word at D = 100 and k = 5, measured; the rest in proportion.
    rows = 1 + settings.get("negative", 15)
    share = {0: 1.7, 1e-3: 1.0, 1e-4: 0.5, 1e-5: 0.25}.get(settings["sample"], 1.0)
    seconds = 600e-9 * (0.4 + rows / 10) * settings["vector_size"] / 100 * share
    work = about["words"] * options.epochs * seconds / options.threads
    return Measurement(section, name, job, work + 20)


def varied(section: str, options: argparse.Namespace, about: dict[str, Any]) -> Iterator[Measurement]:
    """Vary one setting of negative sampling; the section ``default`` has the one that all share."""
    option, values = VARIED[section] if section in VARIED else ("sample", (DEFAULT["sample"],))
    for seed in range(1, options.seeds + 1):
        for value in values:
            settings = {**DEFAULT, option: value}
            if (settings == DEFAULT) == (section == "default"):
                common = {"objective": "negative_sampling", "vector_size": 100, "window": 5}
                yield _training(section, f"{value:g}", options, about, seed, {**common, **settings})


def table1(options: argparse.Namespace, about: dict[str, Any]) -> Iterator[Measurement]:
    """Train the models of Table 1 of arXiv 1310.4546."""
    for name, objective, negative, sample in TABLE_1:
        settings = {"objective": objective, "vector_size": 300, "window": 5, "sample": sample}
        if negative:
            settings["negative"] = negative
        yield _training("table1", name, options, about, 1, settings)


_SECTIONS: dict[str, Callable[[argparse.Namespace, dict[str, Any]], Iterator[Measurement]]] = {
    "cost": cost,
    "rows": rows,
    "speed": speed,
    "quality": quality,
    **{name: partial(varied, name) for name in ("default", *VARIED)},
    "table1": table1,
    "optimum": optimum,
    "prediction": prediction,
}
NAMES = tuple(name for name in _SECTIONS if name != "default")
JUDGED = ("quality", "default", *VARIED, "table1")
"""The sections that need evaluation sets."""


def jobs(names: Sequence[str], options: argparse.Namespace, about: dict[str, Any]) -> list[Measurement]:
    """Return the measurements of these sections, in order; ``default`` comes with those that share it."""
    wanted = {*names, *(["default"] if set(names) & set(VARIED) else [])}
    return [job for name, make in _SECTIONS.items() if name in wanted for job in make(options, about)]
