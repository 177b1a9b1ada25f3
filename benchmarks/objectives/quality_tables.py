"""What the vectors are worth, as the page tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from benchmarks.objectives.curves import CURVES
from benchmarks.objectives.paper import STATEMENTS, TABLE_1
from benchmarks.results import Results
from benchmarks.tables import bullet, counted, digits, paragraph, percent, short, table

__all__ = ["VARIATIONS", "Variation", "quality", "table1"]

_JUDGEMENTS = {"semantic": "semantic %", "syntactic": "syntactic %", "total": "total %"}
_SIMILARITIES = {"wordsim353": "WordSim-353 ρ", "simlex999": "SimLex-999 ρ"}


def quality(results: Results) -> list[str]:
    """Return the accuracies against minutes of training, the best of each time first."""
    runs = sorted(results.of("quality"), key=lambda run: (run[1]["minutes"], -(run[2]["total"] or 0)))
    job, first = runs[0][1], runs[0][2]
    return [
        "## Quality against time\n",
        paragraph(
            "Each objective trains for as long as one gives it: a short run tells its speed, as many words",
            "as it then manages are planned, and the learning rate falls over them from the default. Then",
            f"Google's analogies are asked ({first['semantic_asked']:,} semantic and",
            f"{first['syntactic_asked']:,} syntactic questions whose words are known). {job['threads']}",
            f"threads, D = {job['settings']['vector_size']}, window 5, sample",
            f"{short(job['settings']['sample'])}. The vocabulary is the {job['words']:,} most frequent",
            "words: so few, because the full softmax has its best chance there. *Texts*: how often what was",
            f"trained goes through the text, which has {first['text']:,} words of this vocabulary.",
        ),
        "![Accuracy against minutes of training](figures/objectives-quality.svg)\n",
        *table(
            ["minutes", "objective", "seconds used", "million words", "texts", *_JUDGEMENTS.values()],
            [
                [
                    f"{job['minutes']:g}",
                    CURVES[name].label,
                    f"{result['seconds']:.1f}",
                    digits(result["words"] / 1e6),
                    f"{result['words'] / result['text']:.2g}",
                    *(percent(result[kind]) for kind in _JUDGEMENTS),
                ]
                for name, job, result in runs
            ],
        ),
    ]


@dataclass(frozen=True)
class Variation:
    """One setting of negative sampling that is varied, the others at their defaults."""

    section: str
    heading: str
    option: str
    column: str

    def __call__(self, results: Results) -> list[str]:
        """Return the section's lines."""
        models: dict[float, list[dict[str, Any]]] = {}
        for _, job, result in (*results.of("default"), *results.of(self.section)):
            models.setdefault(job["settings"][self.option], []).append(result)
        similarities = [name for name in _SIMILARITIES if name in models[min(models)][0]]
        best = max(models, key=lambda value: mean(result["total"] or 0 for result in models[value]))
        header = [
            self.column,
            *(["seconds"] if self._timed else []),
            *_JUDGEMENTS.values(),
            *(_SIMILARITIES[name] for name in similarities),
        ]
        rows = [
            [
                self._told(value),
                *([f"{mean(model['seconds'] for model in models[value]):.1f}"] if self._timed else []),
                *_judged(models[value], similarities),
            ]
            for value in self._order(models)
        ]
        return [
            f"## {self.heading}\n",
            self._circumstances(job, len(models[best])),
            *table(header, rows),
            bullet(f"Highest total: {self.column} {self._told(best)}."),
            *self._speeds(models),
            bullet(STATEMENTS[self.section]) + "\n",
        ]

    @property
    def _timed(self) -> bool:
        """Whether the setting is about speed as well; the cost of k is measured by itself."""
        return self.option == "sample"

    def _circumstances(self, job: dict[str, Any], seeds: int) -> str:
        settings = job["settings"]
        others = {"negative": "k", "ns_exponent": "exponent", "sample": "sample"}
        rest = [f"{told} {short(settings[name])}" for name, told in others.items() if name != self.option]
        return paragraph(
            f"Negative sampling, D = {settings['vector_size']}, {', '.join(rest)};",
            f"{counted(job['epochs'], 'epoch')} of the whole text, words that occur {job['min_count']} times",
            f"or more, {counted(job['threads'], 'thread')}. {_models(seeds)}; analogies among the 30,000",
            "most frequent words.",
        )

    def _order(self, values: Iterable[float]) -> list[float]:
        """Return the values in order: for subsampling from none to the most."""
        return sorted(
            values, key=lambda value: (value > 0, -value) if self.option == "sample" else (True, value)
        )

    def _speeds(self, models: dict[float, list[dict[str, Any]]]) -> list[str]:
        """Return how many times as fast as without it subsampling makes the training."""
        if not self._timed or 0 not in models:
            return []
        seconds = {value: mean(model["seconds"] for model in models[value]) for value in self._order(models)}
        told = [f"×{seconds[0] / each:.1f} ({short(value)})" for value, each in seconds.items() if value]
        return [bullet(f"Speed against none: {', '.join(told)}.")]

    def _told(self, value: float) -> str:
        return "off" if self.option == "sample" and value == 0 else short(value)


VARIATIONS = {
    variation.section: variation
    for variation in (
        Variation("negatives", "How many negatives", "negative", "k"),
        Variation("exponent", "The noise distribution's exponent", "ns_exponent", "exponent"),
        Variation("subsampling", "Subsampling of frequent words", "sample", "sample"),
    )
}


def _models(seeds: int) -> str:
    return (
        f"Means of {seeds} models with seeds of their own (lowest to highest)"
        if seeds > 1
        else "One model each"
    )


def _judged(models: Sequence[dict[str, Any]], similarities: Sequence[str]) -> list[str]:
    def spread(name: str, scale: float, form: str) -> str:
        values = [scale * model[name] for model in models if model[name] is not None]
        if not values:
            return "–"
        lowest, highest = f"{min(values):{form}}", f"{max(values):{form}}"
        return f"{mean(values):{form}} ({lowest} to {highest})" if len(values) > 1 else lowest

    return [
        *(spread(kind, 100, ".1f") for kind in _JUDGEMENTS),
        *(spread(name, 1, ".3f") for name in similarities),
    ]


def table1(results: Results) -> list[str]:
    """Return our Table 1 beside the paper's."""
    rows = []
    for name, job, result in results.of("table1"):
        sample = job["settings"]["sample"]
        ours = [digits(result["seconds"] / 60, 2)]
        ours += [percent(result[kind]) for kind in ("syntactic", "semantic", "total")]
        theirs = [str(figure) for figure in TABLE_1[name, sample]]
        rows.append([name, short(sample) if sample else "off", *ours, *theirs])
    kinds = ("time [min]", "syntactic %", "semantic %", "total %")
    return [
        "## Table 1 of the paper\n",
        paragraph(
            "The models of Table 1 of arXiv 1310.4546, trained here, and beside each what the paper",
            "reports. NEG-k is negative sampling with k negatives, HS-Huffman hierarchical softmax, NCE-5",
            "noise-contrastive estimation with 5.",
        ),
        *table(["method", "subsampling", *kinds, *(f"paper: {kind}" for kind in kinds)], rows),
        *_differences(results),
    ]


def _differences(results: Results) -> list[str]:
    text = results.sections["table1"]["text"]
    _, job, result = next(iter(results.of("table1")))
    return [
        "What differs:\n",
        bullet(
            f"Text: here {text['words']:,} words of {text['name']}, {counted(job['epochs'], 'epoch')}; "
            "there one billion words of Google's internal news data."
        ),
        bullet(
            f"Vocabulary: here {result['vocabulary']:,} words, there 692,000; both leave out words that "
            f"occur fewer than {job['min_count']} times."
        ),
        bullet(
            "Questions: here those whose words are all among the 30,000 most frequent "
            f"({result['total_asked']:,} asked), and answers are looked for among these only, which is "
            "easier."
        ),
        bullet(
            f"Times: here training alone, on {job['threads']} threads of the machine named above; the paper "
            "names no machine."
        ),
        bullet(
            "Subsampling: here the released program's formula, √(t/f) + t/f kept of a word of frequency f; "
            "the paper writes √(t/f)."
        ),
        bullet(f"The same: D = {job['settings']['vector_size']}, Skip-gram, k, the tree, the threshold."),
        "",
    ]
