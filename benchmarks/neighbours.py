"""Neighbours at scale: gensim one by one, Coterie one by one and in batches, and the approximate index.

    make bench-neighbours
    CORPUS=wiki.jsonl.zst make bench-neighbours

The vectors are random ones around random centres, and those of a training on the corpus with every word in it
(one epoch). Each measurement is a process of its own, in which the peers take turns; figures are medians.
Writes the measured section of docs/neighbours.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.command import shown_arguments
from benchmarks.machine import machine
from benchmarks.memory import PeakMemory
from benchmarks.prepare import prepare
from benchmarks.tables import paragraph

if TYPE_CHECKING:
    from coterie.vectors import WordVectors

__all__ = ["markdown", "replace_section"]

ROOT = Path(__file__).resolve().parents[1]
QUERIES, BATCH, SEED, TOPN = 1_000, 5_000, 1, 10
EXPANSIONS = (64, 128, 256)
OFTEN = 5  # a word seen less often has hardly been trained in one epoch
BEGIN, END = (
    "<!-- measured: written by make bench-neighbours, not to be edited -->",
    "<!-- end of what is measured -->",
)


def vectors_of(job: dict[str, Any]) -> WordVectors:
    """Return the vectors that a job is about."""
    import coterie

    if job["model"]:
        return coterie.load(job["model"])
    rows, size = job["rows"], job["vector_size"]
    draw = np.random.default_rng(SEED)
    centres = draw.standard_normal((max(1, rows // 50), size), dtype=np.float32)
    matrix = draw.standard_normal((rows, size), dtype=np.float32)
    matrix *= 0.7
    matrix += centres[draw.integers(0, len(centres), rows)]
    return coterie.WordVectors([f"w{i}" for i in range(rows)], matrix)


def asked(vectors: WordVectors, queries: int) -> list[str]:
    """Return the words that are asked for."""
    chosen = np.random.default_rng(SEED).permutation(len(vectors))[:queries]
    return [vectors.words[row] for row in chosen]


def seconds(function: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def exact(job: dict[str, Any]) -> dict[str, Any]:
    """Time gensim and Coterie one by one, and Coterie's batch, in turns; seconds of a query."""
    from gensim.models import KeyedVectors

    vectors = vectors_of(job)
    theirs = KeyedVectors(vectors.vector_size, count=0)
    theirs.add_vectors(vectors.words, vectors.matrix)
    words = asked(vectors, BATCH)
    # Where one query is slow, some dozens tell its time.
    some = words[: max(20, min(QUERIES, int(2e9 / vectors.matrix.size)))]
    first = theirs.most_similar(words[0], topn=TOPN), vectors.most_similar(words[0], topn=TOPN)
    vectors.most_similar_batch(words, topn=TOPN)  # as the others: once before the clock runs
    same = [word for word, _ in first[0]] == [word for word, _ in first[1]]
    times: dict[str, list[float]] = {"gensim": [], "one": [], "batch": []}
    for _ in range(job["runs"]):
        times["gensim"].append(seconds(lambda: [theirs.most_similar(w, topn=TOPN) for w in some]) / len(some))
        times["one"].append(seconds(lambda: [vectors.most_similar(w, topn=TOPN) for w in some]) / len(some))
        times["batch"].append(seconds(lambda: vectors.most_similar_batch(words, topn=TOPN)) / len(words))
    return {"words": len(vectors), "same": same, **{name: median(values) for name, values in times.items()}}


def whole(job: dict[str, Any]) -> dict[str, Any]:
    """Find the neighbours of all words, and see what memory that takes beside the vectors."""
    vectors = vectors_of(job)
    vectors.most_similar(vectors.words[0])
    memory = PeakMemory()
    memory.look()
    before = memory.bytes
    with memory.sampled():
        taken = seconds(lambda: vectors.nearest(vectors.matrix, topn=TOPN))
    return {"words": len(vectors), "seconds": taken, "memory": memory.bytes - before}


def index(job: dict[str, Any]) -> dict[str, Any]:
    """Build an index and time it, with the exact batch beside it."""
    from coterie.index import NeighbourIndex

    vectors = vectors_of(job)
    built = NeighbourIndex.build(vectors)
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as folder:
        path = Path(folder) / "neighbours.usearch"
        built.save(path)
        size = path.stat().st_size
        loading = seconds(lambda: NeighbourIndex.load(path, vectors))
    words = asked(vectors, QUERIES)
    alone = words[:200]
    searches = []
    for expansion in EXPANSIONS:
        built.expansion_search = expansion
        built.nearest(words)
        batch = median(
            seconds(lambda: built.most_similar_batch(words, topn=TOPN)) for _ in range(job["runs"])
        )
        one = median(
            seconds(lambda: [built.most_similar(w, topn=TOPN) for w in alone]) for _ in range(job["runs"])
        )
        found: dict[str, float | None] = {
            "often": None,
            "recall": built.recall(QUERIES, TOPN, SEED),
            "batch": batch / len(words),
            "one": one / len(alone),
        }
        if vectors.counts is not None and (often := int((vectors.counts >= OFTEN).sum())):
            found["often"] = built.recall(QUERIES, TOPN, SEED, restrict_vocab=often)
        searches.append({"expansion": expansion, **found})
    compared = median(
        seconds(lambda: vectors.most_similar_batch(words, topn=TOPN)) for _ in range(job["runs"])
    )
    return {
        "words": len(vectors),
        "build": built.description["build_seconds"],
        "bytes": size,
        "loading": loading,
        "parameters": built.description["parameters"],
        "exact": compared / len(words),
        "searches": searches,
    }


KINDS = {function.__name__: function for function in (exact, whole, index)}


def measure(kind: str, single: bool = False, **job: Any) -> dict[str, Any]:
    """Run one job in a fresh process, if asked for with one thread on one core."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    told = json.dumps({"kind": kind, "single": single, "model": None, **job})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.neighbours", "--job", told],
        cwd=ROOT,
        env=os.environ | (threads if single else {}),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"error: the measurement {kind} failed with status {done.returncode} (see above).")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{kind} {job.get('name', '')}{', one thread' if single else ''}: {result}", flush=True)
    return result


def do_job(job: dict[str, Any]) -> None:
    """Do a job in this process and print the result."""
    if job["single"]:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
    print(json.dumps(KINDS[job["kind"]](job)))


def markdown(results: dict[str, list[dict[str, Any]]], about: list[str], command: str) -> Iterator[str]:
    """Yield the lines of the measured section."""
    yield from (*(f"- {line}" for line in about), f"- Command: `{command}`", "")
    yield paragraph(
        f"Exact, {TOPN} neighbours, milliseconds a query; the batch is {BATCH:,} queries. One query reads",
        "the matrix once, at the memory's speed, and a batch computes at the rate of the BLAS: how many",
        "times as fast it is depends on what the machine computes while it reads a byte.",
    )
    yield from (
        "| vectors | threads | gensim one by one | Coterie one by one | Coterie batch | against gensim |",
        "| --- | --- | --- | --- | --- | --- |",
    )
    for result in results["exact"]:
        cells = [f"{1e3 * result[name]:.2f}" for name in ("gensim", "one", "batch")]
        threads = "1" if result["single"] else "default"
        ratio = f"**{result['gensim'] / result['batch']:.1f}×**"
        yield f"| {result['name']} | {threads} | {' | '.join(cells)} | {ratio} |"
    yield ""
    for result in results["whole"]:
        yield (
            f"The neighbours of all words ({result['name']}) take {result['seconds']:.1f} s and "
            f"{result['memory'] / 1e6:,.0f} MB beside the vectors."
        )
    yield from (
        "",
        f"The index with its default settings but for `expansion_search`; a batch is {QUERIES:,} queries. "
        f"The second recall is that of words seen {OFTEN} times or more:",
        "",
        "| vectors | built in | size | `expansion_search` | recall@10 | often seen "
        "| queries/s, batch | one by one | exact batch |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    )
    for result in results["index"]:
        for search in result["searches"]:
            speeds = (search["batch"], search["one"], result["exact"])
            yield (
                f"| {result['name']} | {result['build']:,.0f} s | {result['bytes'] / 1e6:,.0f} MB "
                f"| {search['expansion']} | {search['recall']:.3f} | {_share(search['often'])} "
                f"| {' | '.join(f'{1 / speed:,.0f}' for speed in speeds)} |"
            )
    loading = ", ".join(f"{result['loading']:.2f} s ({result['name']})" for result in results["index"])
    yield from ("", f"To check, map and open a saved index takes {loading}.")


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def replace_section(page: str, lines: Iterator[str]) -> str:
    """Return the page with these lines between the marks of the measured section."""
    before, rest = page.split(BEGIN)
    return before + "\n".join((BEGIN, "", *lines, "", END)) + rest.split(END)[1]


def train(corpus: Path | None, words: int | None, folder: Path) -> tuple[str, str]:
    """Train with every word of the corpus in the vocabulary; return the model's folder and its name."""
    import coterie

    text = prepare(corpus, words, folder)
    model = coterie.train(
        text.path, tokenizer="whitespace", cache=False, min_count=1, epochs=1, vector_size=100, seed=SEED
    )
    model.save(folder / "model")
    return str(folder / "model"), f"{len(model.vectors):,} × 100, trained on {text.name}"


def compare(options: argparse.Namespace, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Do all measurements."""
    model, trained = train(options.corpus, options.words, folder)
    runs = {"runs": options.runs}
    drawn = [
        {"name": f"{rows:,} × {size}, random", "rows": rows, "vector_size": size, **runs}
        for rows, size in (map(int, shape.split("x")) for shape in options.shapes)
    ]
    of_model = {"name": trained, "model": model, **runs}
    subjects = [*drawn, of_model]
    return {
        "exact": [
            {"name": job["name"], "single": single, **measure("exact", single, **job)}
            for job in subjects
            for single in (False, True)
        ],
        "whole": [
            {"name": (job := {"name": "50,000 × 100, random", "rows": 50_000, "vector_size": 100})["name"]}
            | measure("whole", **job)
        ],
        "index": [
            {"name": job["name"], **measure("index", **job)}
            for job in subjects
            if job.get("vector_size", 100) == 100
        ],
    }


def main() -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--corpus", type=Path, help="text or JSONL, compressed or not (default: the demo's text)"
    )
    parser.add_argument("--words", type=int, help="take the first N words of the corpus")
    parser.add_argument(
        "--shapes",
        nargs="+",
        default=["100000x100", "100000x300", "1000000x100"],
        metavar="ROWSxSIZE",
        help="random vectors (default 100000x100 100000x300 1000000x100)",
    )
    parser.add_argument("--runs", type=int, default=3, help="repeats (default 3)")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "neighbours.md")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        do_job(json.loads(options.job))
        return
    if options.corpus and not options.corpus.is_file():
        parser.error(f"--corpus {options.corpus}: no such file")
    for package in ("gensim", "usearch"):
        if importlib.util.find_spec(package) is None:
            sys.exit(
                f"error: {package} is not installed; run `make bench-neighbours`, with a Python up to 3.13."
            )
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as folder:
        about = machine(("coterie", "gensim", "numpy", "usearch"))
        print(*about, sep="\n", flush=True)
        results = compare(options, Path(folder))
    command = f"python -m benchmarks.neighbours {shown_arguments(sys.argv[1:])}".strip()
    page = options.output.read_text(encoding="utf-8")
    options.output.write_text(replace_section(page, markdown(results, about, command)), encoding="utf-8")
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
