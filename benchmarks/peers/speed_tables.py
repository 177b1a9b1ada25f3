"""The tables about time: training alone, threads, gensim's reading, ingest, compilation."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.peers.comparison import Found, comparison
from benchmarks.peers.series import LABELS, Setting, Turns, measured_peers, settings, spread, times, turns
from benchmarks.results import Results
from benchmarks.tables import paragraph, table

__all__ = ["cold", "ingest", "millions", "reading", "speed", "words_per_second"]

_NOTES = (
    "gensim: `Word2Vec(sg=1, …)` by `corpus_file=` and by `LineSentence`, the time of `train`. word2vec (C):",
    "the speed between the first and the last progress that the program prints. fastText:",
    '`train_unsupervised` with `minn=0, maxn=0, loss="ns"`, the speed that it prints, converted to words of',
    "the text (it trains on until the words of its vocabulary are as many as all words of the text, which is",
    "more than the epochs asked for).",
)


def words_per_second(results: Results, section: str, name: str) -> Callable[..., float | None]:
    """Return what makes words of the text a second of a result's field of seconds."""
    words = results.sections[section]["text"]["words"]

    def value(job: dict[str, Any], result: dict[str, Any]) -> float | None:
        seconds = result.get(name)
        return words * job.get("epochs", 1) / seconds if seconds else None

    return value


def millions(value: float) -> str:
    """Return a speed as the tables show it."""
    return f"{value / 1e6:.2f} M" if value >= 1e5 else f"{value / 1e6:.3f} M"


def _middle(values: Turns) -> str:
    return millions(median(values.values())) if values else "–"


def speed(results: Results) -> list[str]:
    """Training alone in all settings, Coterie against each peer, and what a second thread brings."""
    peers, all_settings = measured_peers(results, "speed"), settings(results, "speed")
    value = words_per_second(results, "speed", "train_seconds")
    found = {
        (peer, setting): turns(results, "speed", peer, value, setting)
        for peer in peers
        for setting in all_settings
    }
    return [
        "## Training\n",
        paragraph("Words of the text a second, training alone, one epoch.", *_NOTES),
        *comparison(peers, all_settings, found, millions, more_is_better=True),
        *_threads(peers, all_settings, found),
    ]


def _threads(peers: list[str], all_settings: list[Setting], found: Found) -> list[str]:
    """Each number of threads against the least, peer by peer."""
    least = min(setting.threads for setting in all_settings)
    more = [setting for setting in all_settings if setting.threads > least]
    if not more:
        return []

    def one(setting: Setting) -> Setting:
        return Setting(least, setting.vector_size, setting.negative, setting.epochs)

    return [
        "## Threads\n",
        paragraph(f"How many times as fast as with {least} thread{'s' * (least > 1)}, each peer by itself."),
        *table(
            ("threads", "setting", *(LABELS[peer] for peer in peers)),
            [
                (
                    str(setting.threads),
                    str(setting),
                    *(times(found[peer, setting], found.get((peer, one(setting)), {})) for peer in peers),
                )
                for setting in more
            ],
            texts=2,
        ),
    ]


def reading(results: Results) -> list[str]:
    """What gensim's reading of the text in every epoch costs it."""
    value = words_per_second(results, "reading", "train_seconds")
    alone = turns(results, "reading", "reading", words_per_second(results, "reading", "seconds"))
    found = {peer: turns(results, "reading", peer, value) for peer in measured_peers(results, "reading")}
    ours = found.pop("coterie", {})
    return [
        "## gensim without its reading of the text\n",
        paragraph(
            f"Training alone, {settings(results, 'reading')[0]}, one thread, one epoch. gensim reads and",
            "splits the text again in every epoch; Coterie reads it once, before the training, and trains on",
            "numbers. gensim trained on lists of words that are in memory already has no reading in it (and",
            f"needs memory for them). `LineSentence` alone reads {spread(alone, millions)} words a second.",
            "What `corpus_file` reads in C cannot be separated from its training through gensim's interface.",
        ),
        *table(
            ("trained by", "words/s", "Coterie against it"),
            [
                *((LABELS[peer], _middle(values), times(ours, values)) for peer, values in found.items()),
                (LABELS["coterie"], _middle(ours), ""),
            ],
        ),
    ]


def ingest(results: Results) -> list[str]:
    """From text to counts."""
    value = words_per_second(results, "ingest", "seconds")
    found = {peer: turns(results, "ingest", peer, value) for peer in measured_peers(results, "ingest")}
    return [
        "## From text to counts\n",
        paragraph(
            "Words a second on one thread. gensim: `build_vocab(corpus_file=…)`; word2vec (C): a run that",
            "only saves its vocabulary; fastText: until it tells its number of words. Coterie counts, and",
            "also writes the text as numbers.",
        ),
        *table(
            ("counted by", "words/s", "Coterie against it"),
            [
                (
                    LABELS[peer].replace(" `corpus_file`", ""),
                    _middle(values),
                    times(found.get("coterie", {}), values) if peer != "coterie" else "",
                )
                for peer, values in found.items()
            ],
        ),
    ]


def cold(results: Results) -> list[str]:
    """What the compilation costs."""
    seconds = turns(results, "cold", "coterie", lambda _, result: result["seconds"])
    return [
        "## Compilation\n",
        paragraph(
            "Coterie's kernels compile at the first training of a process, without any cache, in",
            f"{spread(seconds, '{:.1f}'.format)} s; every time from text to vectors above has it in it.",
        ),
    ]
