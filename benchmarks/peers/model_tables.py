"""The tables about whole models: from text to vectors, memory, quality, and where a peer is ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from benchmarks.peers.comparison import comparison
from benchmarks.peers.series import LABELS, Setting, Turns, measured_peers, settings, spread, turns
from benchmarks.peers.settings import padded_bytes
from benchmarks.peers.speed_tables import millions, words_per_second
from benchmarks.results import Results
from benchmarks.tables import bullet, counted, paragraph, percent, table

__all__ = ["MEASURES", "ahead", "models"]

MEASURES: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("Google analogies", "total", percent),
    ("semantic", "semantic", percent),
    ("syntactic", "syntactic", percent),
    ("WordSim-353", "wordsim353", "{:.3f}".format),
    ("SimLex-999", "simlex999", "{:.3f}".format),
)


def _field(name: str) -> Callable[[dict[str, Any], dict[str, Any]], float | None]:
    return lambda _, result: result.get(name)


def models(results: Results) -> list[str]:
    """Everything about the models of the section."""
    some = settings(results, "models")[0]
    return [
        "## From raw text to saved vectors\n",
        paragraph(
            f"Seconds for everything, {counted(some.threads, 'thread')}, {counted(some.epochs, 'epoch')}:",
            "start of the program, imports, compilation, counting, training, saving (word2vec's binary",
            "format; fastText: its own, with both matrices).",
        ),
        *_seconds(results, "models"),
        *_short_text(results),
        "## Memory\n",
        paragraph(
            "Peak anonymous resident memory of the whole process (of word2vec: of the program alone), beside",
            "the two matrices with Coterie's padding.",
        ),
        *_memory(results),
        "## Quality of the same models\n",
        *_quality(results),
        *ahead(results),
    ]


def _short_text(results: Results) -> list[str]:
    if not settings(results, "speed"):
        return []
    text = results.sections["speed"]["text"]
    return [
        f"The same on the short text, {text['words']:,} words and one epoch, where fixed costs weigh more:\n",
        *_seconds(results, "speed"),
    ]


def _seconds(results: Results, section: str) -> list[str]:
    peers, all_settings = measured_peers(results, section), settings(results, section)
    found = {
        (peer, setting): turns(results, section, peer, _field("total_seconds"), setting)
        for peer in peers
        for setting in all_settings
    }
    return comparison(peers, all_settings, found, "{:.1f}".format, more_is_better=False)


def _memory(results: Results) -> list[str]:
    peers = measured_peers(results, "models")
    rows = []
    for setting in settings(results, "models"):
        words = turns(results, "models", "coterie", _field("vocabulary"), setting)
        count = int(median(words.values())) if words else 0
        peaks = [turns(results, "models", peer, _field("peak_memory"), setting) for peer in peers]
        rows.append(
            (
                str(setting),
                f"{count:,}",
                _mebibytes(padded_bytes(count, setting.vector_size)),
                *(_mebibytes(median(peak.values())) if peak else "–" for peak in peaks),
            )
        )
    return table(("setting", "words", "matrices", *(LABELS[peer] for peer in peers)), rows)


def _mebibytes(value: float) -> str:
    return f"{value / 2**20:,.0f} MiB"


def _quality(results: Results) -> list[str]:
    peers, value = measured_peers(results, "models"), words_per_second(results, "models", "train_seconds")
    if not any("total" in result for _, _, result in results.of("models")):
        return ["Not judged: no evaluation sets were given (`make bench EVAL=folder`).\n"]
    rows = []
    for setting in settings(results, "models"):
        for peer in peers:
            speeds = turns(results, "models", peer, value, setting)
            rows.append(
                (
                    str(setting),
                    LABELS[peer],
                    millions(median(speeds.values())) if speeds else "–",
                    *(spread(_judged(results, peer, name, setting), form) for _, name, form in MEASURES),
                )
            )
    asked = next(result["total_asked"] for _, _, result in results.of("models") if "total" in result)
    return [
        paragraph(
            "One evaluator for all: right answers in per cent to the Google analogies among the 30,000 most",
            f"frequent words ({asked:,} asked), Spearman's ρ for word pairs; median (lowest–highest) over",
            "the seeds. word2vec (C) has no seed: its spread is that of its threads' races. fastText draws",
            "its negatives by count^0.5, which cannot be changed; with fewer than ten threads",
            "it initialises only a part of its input vectors, and the others begin at zero. gensim's",
            "`corpus_file` lets the rate of each thread fall by its own part of the text: with two threads",
            "half the way in an epoch, then a jump. On short texts the higher rate is of use.",
        ),
        *table(("setting", "trained by", "words/s", *(label for label, _, _ in MEASURES)), rows, texts=2),
        "![Speed against quality](figures/benchmarks-quality.svg)\n",
    ]


def _judged(results: Results, peer: str, name: str, setting: Setting) -> Turns:
    return turns(results, "models", peer, _field(name), setting)


def ahead(results: Results) -> list[str]:
    """Where the median of a peer is better than Coterie's."""
    found = list(_places(results))
    if not found:
        return ["## Where a peer is ahead\n", "Nowhere by its median.\n"]
    return [
        "## Where a peer is ahead\n",
        "By the medians of the tables above; within the spread means that the ranges overlap.\n",
        *(bullet(line) for line in found),
        "",
    ]


def _places(results: Results) -> Iterator[str]:
    timed = (
        ("seconds of training alone", "train_seconds", "{:.1f}".format, -1),
        ("seconds from text to vectors", "total_seconds", "{:.1f}".format, -1),
    )
    judged = (("memory", "peak_memory", _mebibytes, -1), *((*measure, 1) for measure in MEASURES))
    for section, measures in (("speed", timed), ("models", (*timed, *judged))):
        for label, name, form, sign in measures:
            for setting in settings(results, section):
                if told := _better(results, section, setting, name, form, sign):
                    where = f"{label}, {setting}"
                    if section == "speed":
                        where += f", short text, {counted(setting.threads, 'thread')}"
                    yield f"{where}: {told}"


def _better(
    results: Results, section: str, setting: Setting, name: str, form: Callable[[float], str], sign: int
) -> str:
    """Return the peers whose median is better, and Coterie's own; nothing if there are none."""
    ours = turns(results, section, "coterie", _field(name), setting)
    better = []
    for peer in measured_peers(results, section):
        theirs = turns(results, section, peer, _field(name), setting)
        if peer.startswith("coterie") or not ours or not theirs:
            continue
        if sign * (median(theirs.values()) - median(ours.values())) > 0:
            best, worst = (max, min) if sign > 0 else (min, max)
            overlap = sign * (best(ours.values()) - worst(theirs.values())) >= 0
            better.append(
                f"{LABELS[peer]} {form(median(theirs.values()))}" + (" (within the spread)" * overlap)
            )
    return f"{', '.join(better)}; Coterie {form(median(ours.values()))}" if better else ""
