"""Sums of two word vectors, and what is nearest to them: section 5 of arXiv 1310.4546.

    make bench-composition
    CORPUS=wiki.jsonl.zst BENCH="--words 5000000" make bench-composition

Learns phrases, trains Skip-gram with negative sampling, adds the unit vectors of random pairs of words, and
looks for pairs whose sum is nearest to a word that is near neither of the two. Controls put a random vector
in the place of the second word. Every example is chosen by the program. Writes Markdown.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.command import shown_arguments
from benchmarks.composition.page import page
from benchmarks.composition.search import CANDIDATES, COMMON, NEAR, ORDINARY, Words, search, vocabulary
from benchmarks.machine import machine
from benchmarks.prepare import Text, prepare

__all__: list[str] = []

DOCS = Path(__file__).resolve().parents[2] / "docs"
SETTINGS: dict[str, Any] = {
    "phrases": 2,
    "phrase_threshold": [200.0, 100.0],
    "phrase_delimiter": "_",
    "vector_size": 300,
    "window": 5,
    "negative": 15,
    "min_count": 5,
}
LARGE = 10_000_000  # words: a smaller text needs more epochs, and has no words to spare


def train(text: Text, options: argparse.Namespace) -> Any:
    """Learn phrases and train on the prepared text."""
    import coterie

    large = text.words >= LARGE
    chosen = {
        "epochs": options.epochs or (5 if large else 20),
        "sample": options.sample if options.sample is not None else (1e-4 if large else 1e-3),
        "seed": options.seed,
    }
    return coterie.train(text.path, tokenizer="whitespace", cache=False, on_event=print, **SETTINGS, **chosen)


def described(model: Any, words: Words) -> Iterator[str]:
    """Yield lines about the model and the words of it that take part."""
    setting = model.config["training"]
    options = ("vector_size", "window", "negative", "sample", "epochs", "seed")
    yield f"Model: {setting['architecture']}, {setting['objective']}, {len(model.vectors):,} words"
    yield "Settings: " + ", ".join(f"{option} {setting[option]:g}" for option in options)
    thresholds = " and ".join(f"{value:g}" for value in SETTINGS["phrase_threshold"])
    yield f"Phrases: {len(model.phrases):,}, learned in passes with thresholds {thresholds}"
    yield f"Added: {len(words.added):,} words and phrases, the most frequent but for the first {COMMON}"
    yield f"Looked for: the {len(words.words):,} most frequent; both of letters only, three at least"


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--corpus", type=Path, help="text or JSONL, compressed or not (default: the demo's text)"
    )
    parser.add_argument("--words", type=int, help="take the first N words of the corpus")
    parser.add_argument("--epochs", type=int, help="of the training (default 5; 20 for a small text)")
    parser.add_argument("--sample", type=float, help="subsampling threshold (default 1e-4; 1e-3)")
    parser.add_argument("--pairs", type=int, default=200_000, help="random pairs to add (default 200000)")
    parser.add_argument("--seed", type=int, default=1, help="of the training and of the pairs (default 1)")
    parser.add_argument("--output", type=Path, default=DOCS / "composition.md")
    options = parser.parse_args()
    if options.corpus and not options.corpus.is_file():
        parser.error(f"--corpus {options.corpus}: no such file")
    if options.pairs < ORDINARY:
        parser.error(f"--pairs {options.pairs}: at least {ORDINARY}")
    return options


def main() -> None:
    """Train, search and write the page."""
    options = parse()
    computer = machine(("coterie", "numba", "numpy"))[:2]  # no speeds are told that other work would spoil
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as folder:
        text = prepare(options.corpus, options.words, Path(folder))
        print(f"{text.name}: {text.words:,} words; training", flush=True)
        model = train(text, options)
    frequent = model.vectors.words[:CANDIDATES]
    matrix = np.asarray(model.vectors.matrix)[:CANDIDATES]
    words = vocabulary(frequent, matrix, SETTINGS["phrase_delimiter"])
    print(f"{len(words.words):,} words; adding {options.pairs:,} pairs", flush=True)
    findings = search(words, options.pairs, options.seed)
    about = [
        *computer,
        f"Text: {text.name}, {text.words:,} words in {text.sentences:,} paragraphs, in lower case",
        *described(model, words),
        f"Command: `python -m benchmarks.composition {shown_arguments(sys.argv[1:])}`",
    ]
    options.output.write_text("\n".join(page(findings, about, NEAR)) + "\n", encoding="utf-8")
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
