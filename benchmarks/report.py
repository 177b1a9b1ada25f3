"""The tables: medians of the runs, ratios as medians of the pairs' ratios."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from prepare import Text

__all__ = ["markdown"]

_Results = dict[str, list[dict[str, Any]]]


def markdown(
    results: _Results, text: Text, options: argparse.Namespace, machine_lines: Sequence[str], command: str
) -> str:
    """Return the whole report; the machine's lines are those from before the measurements."""
    seeds = ", ".join(str(run + 1) for run in range(options.runs))
    parts = [
        "# Benchmarks\n",
        "Written by `make bench`; not to be edited. Each measurement is a process of its own on as many",
        "cores as it has threads, peers in turns with the same explicit parameters, medians of the runs.\n",
        *(f"- {line}" for line in machine_lines),
        f"- Text: {text.name}, {text.words:,} words in {text.sentences:,} paragraphs,",
        "  lower-cased, punctuation removed",
        f"- Runs: {options.runs} (seeds {seeds}), {options.epochs} epochs; command: `{command}`\n",
    ]
    for section, table in (
        ("ingest", _ingest),
        ("training", _training),
        ("threads", _threads),
        ("cold", _cold),
    ):
        if section in options.sections:
            parts += table(results, text, options)
    return "\n".join(parts) + "\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [*("| " + " | ".join(line) + " |" for line in lines), ""]


def _values(results: _Results, key: str, name: str) -> list[float]:
    return [run[name] for run in results[key] if run.get(name) is not None]


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return the median of the pairs' ratios, with the lowest and the highest."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return f"**{median(ratios):.1f}×** ({min(ratios):.1f}–{max(ratios):.1f})"


def _speeds(results: _Results, key: str, seconds: str, words: int) -> list[float]:
    return [words / value for value in _values(results, key, seconds)]


def _millions(speeds: Sequence[float]) -> str:
    return f"{median(speeds) / 1e6:.2f} M"


def _ingest(results: _Results, text: Text, options: argparse.Namespace) -> list[str]:
    theirs, ours = (
        _speeds(results, f"ingest {peer}", "seconds", text.words) for peer in ("gensim", "coterie")
    )
    return [
        "## From text to counts\n",
        "Tokens/s on one thread. gensim: `build_vocab(corpus_file=…)`, which counts.",
        "Coterie: counts and writes the ids.\n",
        *_table(("gensim", "coterie", "ratio"), [(_millions(theirs), _millions(ours), _ratio(ours, theirs))]),
    ]


def _training(results: _Results, text: Text, options: argparse.Namespace) -> list[str]:
    keys = [tuple(map(int, key.split()[2:])) for key in results if key.startswith("train gensim")]
    rows, memory = [], []
    for size, negative in keys:
        theirs, ours = f"train gensim {size} {negative}", f"train coterie {size} {negative}"
        for what, name in (
            ("training alone", "train_seconds"),
            ("raw text to saved vectors", "total_seconds"),
        ):
            slow, fast = (_speeds(results, key, name, text.words * options.epochs) for key in (theirs, ours))
            rows.append(
                (f"D={size}, k={negative}", what, _millions(slow), _millions(fast), _ratio(fast, slow))
            )
        words = int(results[ours][0]["vocabulary"])
        matrices = 2 * words * (-(-size // 16) * 16) * 4
        peak = {
            peer: median(_values(results, key, "peak_memory")) for peer, key in (("g", theirs), ("c", ours))
        }
        memory.append(
            (
                f"D={size}, k={negative}",
                f"{words:,}",
                *(f"{value / 2**20:,.0f} MiB" for value in (matrices, peak["g"], peak["c"])),
                f"{1.25 * matrices / 2**20 + 300:,.0f} MiB",
            )
        )
    parts = [
        "## Training\n",
        "Words of the text per second, one thread. gensim: `Word2Vec(corpus_file=…, sg=1, workers=1)`.",
        "The second line of each setting counts everything: start of Python, imports, compilation,",
        "counting, training, saving.\n",
        *_table(("setting", "measured", "gensim", "coterie", "ratio"), rows),
        "## Memory\n",
        "Peak anonymous resident memory of the whole process, beside the two matrices with their padding.\n",
        *_table(("setting", "words", "matrices", "gensim", "coterie", "1.25 × matrices + 300 MiB"), memory),
        "## Quality of the same models\n",
    ]
    if options.eval_dir is None:
        return [*parts, "Not judged: no evaluation sets were given (`EVAL=folder make bench`).\n"]
    return [*parts, *_quality(results, keys)]


def _quality(results: _Results, keys: Sequence[tuple[int, ...]]) -> list[str]:
    measures: tuple[tuple[str, str, Callable[[float], str]], ...] = (
        ("Google analogies", "analogies", "{:.1%}".format),
        ("semantic", "semantic", "{:.1%}".format),
        ("syntactic", "syntactic", "{:.1%}".format),
        ("WordSim-353", "wordsim353", "{:.3f}".format),
        ("SimLex-999", "simlex999", "{:.3f}".format),
    )
    rows = []
    for size, negative in keys:
        for peer in ("gensim", "coterie"):
            cells = [f"D={size}, k={negative}", peer]
            for _, name, form in measures:
                values = _values(results, f"quality {peer} {size} {negative}", name)
                cells.append(
                    f"{form(median(values))} ({form(min(values))}–{form(max(values))})" if values else "–"
                )
            rows.append(cells)
    return [
        "gensim's evaluator for both: analogies among the 30,000 most frequent words, Spearman's ρ for",
        "word pairs; median (lowest–highest) over the seeds.\n",
        *_table(("setting", "trained by", *(label for label, _, _ in measures)), rows),
    ]


def _threads(results: _Results, text: Text, options: argparse.Namespace) -> list[str]:
    one, two = (
        _speeds(results, f"threads {n}", "train_seconds", text.words * options.epochs) for n in (1, 2)
    )
    return [
        "## Threads\n",
        "Coterie, D=100, k=5, training alone, words/s.\n",
        *_table(("one thread", "two threads", "ratio"), [(_millions(one), _millions(two), _ratio(two, one))]),
    ]


def _cold(results: _Results, text: Text, options: argparse.Namespace) -> list[str]:
    seconds = _values(results, "cold", "seconds")
    return [
        "## Compilation\n",
        "The kernels compile at the first training of a process, without any cache, in",
        f"**{median(seconds):.1f} s** ({min(seconds):.1f}–{max(seconds):.1f}).\n",
    ]
