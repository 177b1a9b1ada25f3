"""The page ``docs/presets.md``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from benchmarks.circumstances import circumstances
from benchmarks.presets.settings import NAMED, OPTIONS, SWEEP, Setting, named
from benchmarks.results import Results
from benchmarks.tables import digits, paragraph, percent, table

__all__ = ["page"]

_SCORES = ["analogies %", "semantic %", "syntactic %", "WordSim-353", "SimLex-999"]
_Result = dict[str, Any]


def page(results: Results) -> str:
    """Return the page."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    done = [(job, result) for _, job, result in results.of("presets")]
    time = median(result["processor_seconds"] for result in _of(done, {})) if _of(done, {}) else None
    yield from ("# Presets: what they cost and give", "")
    yield paragraph(
        "Written by `make bench-presets`; not to be edited. Each training is a process of its own; all are",
        "in [presets.json](figures/presets.json).",
    )
    yield from circumstances(results, ["presets"])
    yield paragraph(
        "Skip-gram with negative sampling and Coterie's default settings but for those that are named: the",
        "peers' values (learning rate 0.025, 5 epochs, window 5, 5 negatives, sample 1e-3). *Time* is that",
        "of all processors together, for training alone, beside the default's. Analogies: Google's, by",
        "3CosAdd among the 30,000 most frequent words, in percent; the others: Spearman's ρ.",
    )
    yield from ("## The presets", "")
    rows = [
        _row(f"**{name}**: {_told(setting)}", _of(done, setting), time) for name, setting in NAMED.items()
    ]
    yield from table(["preset", "seeds", "time", *_SCORES], rows)
    yield paragraph("Medians, and in brackets the least and the greatest.")
    yield from ("## Options about how it is computed", "")
    rows = [_row(named(setting), _of(done, setting), time) for setting in OPTIONS]
    yield from table(["setting", "seeds", "time", *_SCORES], rows)
    yield paragraph(
        "What they change is time, memory or reproducibility; the quality should be the default's."
    )
    swept = [(setting, _of(done, setting)[:1]) for setting in SWEEP]
    swept = sorted(((s, r) for s, r in swept if r), key=lambda kept: kept[1][0]["processor_seconds"])
    if swept:
        yield from ("## The sweep", "")
        yield paragraph("One seed each, in the order of time.")
        yield from table(["setting", "seeds", "time", *_SCORES], [_row(named(s), r, time) for s, r in swept])


def _told(setting: Setting) -> str:
    return named(setting) if setting else "the peers' values"


def _of(done: Sequence[tuple[dict[str, Any], _Result]], setting: Setting) -> list[_Result]:
    """Return the results of a setting, however its options are ordered; the first seed's first."""
    found = [(job["seed"], result) for job, result in done if job["setting"] == dict(setting)]
    return [result for _, result in sorted(found, key=lambda kept: kept[0])]


def _row(name: str, results: Sequence[_Result], time: float | None) -> list[str]:
    if not results:
        return [name, "0", *["–"] * (1 + len(_SCORES))]
    seconds = median(result["processor_seconds"] for result in results)
    scores = [_score(results, key, percent) for key in ("total", "semantic", "syntactic")]
    scores += [_score(results, key, _rho) for key in ("wordsim353", "simlex999")]
    return [name, str(len(results)), "–" if time is None else f"{digits(seconds / time)}×", *scores]


def _score(results: Sequence[_Result], key: str, written: Any) -> str:
    values = [result[key] for result in results if result.get(key) is not None]
    if not values:
        return "–"
    middle = written(median(values))
    return middle if len(values) < 2 else f"{middle} ({written(min(values))}–{written(max(values))})"


def _rho(value: float) -> str:
    return f"{value:.3f}"
