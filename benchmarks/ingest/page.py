"""The page ``docs/ingest-benchmark.md``."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.ingest.files import FORMS, Form
from benchmarks.results import Results
from benchmarks.tables import bullet, digits, paragraph, table

__all__ = ["page"]

_HEADER = [
    "source",
    "tokenizer",
    "threads",
    "words/s",
    "fastest run",
    "goal",
    "cores busy",
    "read only",
    "MB",
]


def page(results: Results) -> str:
    """Return the page."""
    return "\n".join(_lines(results.sections["ingest"])) + "\n"


def _lines(section: dict[str, Any]) -> Iterator[str]:
    text = section["text"]
    done = [(kept["job"], kept["result"]) for kept in section["measurements"]]
    yield from ("# Reading text: benchmark", "")
    yield paragraph(
        "Written by `make bench-ingest`; not to be edited. How fast a file becomes an encoded corpus: read,",
        "unpacked, split into words, counted, numbered by rank and written to disk, ready to train on.",
        "Millions of words a second.",
    )
    yield from (bullet(line) for line in section["machine"])
    yield bullet(
        f"Text: {text['name']}, {text['words']:,} words in {text['sentences']:,} paragraphs, "
        f"{text['bytes'] / 1e6:,.0f} MB, as it is written"
        + (f" (the text {text['times']:.1f} times over)" if text["times"] > 1 else "")
    )
    yield from (bullet(f"Command: `{section['command']}`"), "")
    rows = [_row(form, job, result) for form in FORMS for job, result in done if _is(form, job)]
    yield from table(_HEADER, rows, texts=2)
    yield paragraph(
        "Each line is a process of its own; medians of the runs behind the first, in which tables are made.",
        "*Cores busy* is CPU time by time: below the threads where other programs ran, or where one part",
        "waited for another; words/s divided by it is the speed of a core. *Read only* is the same library",
        "in the same process, in turns: the file read and unpacked on one thread and not looked at, which",
        "bounds what is possible. *MB* is the peak of memory beyond what the libraries take. Where no goal",
        "is named, it is the decompressor's speed or, if that is lower, that of the plain text.",
    )
    for job, result in done:
        if job["kind"] == "scan":
            yield paragraph(
                "For scale: gensim's own scan of the plain text (`scan_vocab` over `LineSentence`, one run",
                f"on one thread) counts {_millions(result['tokens'], result['seconds'][0])} million words a",
                "second; the text is read and split again in each epoch.",
            )


def _is(form: Form, job: dict[str, Any]) -> bool:
    return job["kind"] == "encoding" and (job["file"], job["tokenizer"]) == (form.file, form.tokenizer)


def _row(form: Form, job: dict[str, Any], result: dict[str, Any]) -> list[str]:
    tokens, seconds = result["tokens"], result["seconds"][1:]
    return [
        form.name,
        f"`{form.tokenizer}`",
        str(job["threads"]),
        f"**{_millions(tokens, median(seconds))}**",
        _millions(tokens, min(seconds)),
        "" if form.goal is None else f"{form.goal:g}",
        f"{sum(result['cpu'][1:]) / sum(seconds):.1f}",
        _millions(tokens, median(result["raw"][1:])),
        f"{result['memory'] / 1e6:,.0f}",
    ]


def _millions(tokens: int, seconds: float) -> str:
    return digits(tokens / seconds / 1e6)
