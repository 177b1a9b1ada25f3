"""Coterie beside gensim in one run: speed, memory and quality of the very same models.

    make bench
    CORPUS=wiki.jsonl.zst EVAL=evaluation-sets BENCH="--words 17000000" make bench

Each measurement runs in a process of its own; peers take turns, so that a slow spell of the machine
hits both; figures are medians, ratios are medians of the pairs' ratios. Writes Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import report
from command import shown_arguments
from machine import machine
from prepare import Text, prepare

__all__: list[str] = []

HERE = Path(__file__).resolve().parent
SECTIONS = ("ingest", "training", "threads", "cold")
PEERS = ("gensim", "coterie")
SETTINGS = ((100, 5), (300, 5))  # vector size and negatives, as the acceptance figures name them


@dataclass
class Bench:
    """What one run of the benchmarks knows: its options, its text, and the results so far."""

    options: argparse.Namespace
    text: Text
    folder: Path
    results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def measure(self, key: str, **job: Any) -> dict[str, Any]:
        """Run one job in a fresh process and keep its result under ``key``."""
        command = [sys.executable, str(HERE / "measure.py"), json.dumps({"text": str(self.text.path), **job})]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        cache = {"NUMBA_CACHE_DIR": tempfile.mkdtemp(dir=self.folder)}  # every process compiles for itself
        done = subprocess.run(
            command, env=os.environ | threads | cache, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"error: the measurement {key} failed with status {done.returncode} (see above).")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        self.results.setdefault(key, []).append(result | {"seed": job.get("seed")})
        shown = ", ".join(f"{k} {v:.4g}" for k, v in result.items() if isinstance(v, int | float))
        print(f"{key}: {shown}", flush=True)
        return result

    def in_turns(self, run: int) -> tuple[str, ...]:
        """Return the peers, the other one first in every second run."""
        return PEERS if run % 2 == 0 else PEERS[::-1]

    def ingest(self) -> None:
        """Time counting (gensim) against counting and encoding (Coterie)."""
        for run in range(self.options.runs):
            for peer in self.in_turns(run):
                self.measure(f"ingest {peer}", kind=f"{peer}_ingest", workers=1, seed=1)

    def training(self) -> None:
        """Train, save and judge: speed, memory and quality come from the same models."""
        for vector_size, negative in SETTINGS:
            for run in range(self.options.runs):
                for peer in self.in_turns(run):
                    key = f"train {peer} {vector_size} {negative}"
                    output = str(self.folder / "vectors.bin")
                    self.measure(
                        key,
                        kind=f"{peer}_train",
                        vector_size=vector_size,
                        negative=negative,
                        epochs=self.options.epochs,
                        workers=1,
                        seed=run + 1,
                        output=output,
                    )
                    if self.options.eval_dir:
                        self.measure(
                            f"quality{key[5:]}",
                            kind="evaluate",
                            vectors=output,
                            eval_dir=str(self.options.eval_dir),
                            seed=run + 1,
                        )

    def threads(self) -> None:
        """Time two threads against one."""
        for run in range(self.options.runs):
            for workers in (1, 2) if run % 2 == 0 else (2, 1):
                self.measure(
                    f"threads {workers}",
                    kind="coterie_train",
                    vector_size=SETTINGS[0][0],
                    negative=SETTINGS[0][1],
                    epochs=self.options.epochs,
                    workers=workers,
                    seed=run + 1,
                    output=str(self.folder / "vectors.bin"),
                )

    def cold(self) -> None:
        """Time the compilation in a fresh process without any cache."""
        for _ in range(self.options.runs):
            self.measure("cold", kind="coterie_cold", vector_size=100, workers=2, seed=1)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--corpus", type=Path, help="text or JSONL, compressed or not (default: the demo's text)"
    )
    parser.add_argument(
        "--eval-dir", type=Path, help="folder with questions-words.txt, wordsim353.tsv, simlex999.tsv"
    )
    parser.add_argument("--words", type=int, help="take the first N words of the corpus")
    parser.add_argument(
        "--runs", type=int, default=3, help="repeats, each with a seed of its own (default 3)"
    )
    parser.add_argument("--epochs", type=int, default=3, help="passes over the text (default 3)")
    parser.add_argument(
        "--sections", default=",".join(SECTIONS), help=f"which of {','.join(SECTIONS)} (default all)"
    )
    parser.add_argument(
        "--output", type=Path, default=HERE.parent / "docs" / "benchmarks.md", help="Markdown file"
    )
    options = parser.parse_args(arguments)
    options.sections = options.sections.split(",")
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"unknown section {', '.join(sorted(unknown))}; choose of {', '.join(SECTIONS)}")
    if options.corpus and not options.corpus.is_file():
        parser.error(f"--corpus {options.corpus}: no such file")
    if options.eval_dir and not (options.eval_dir / "questions-words.txt").is_file():
        parser.error(f"--eval-dir {options.eval_dir}: no questions-words.txt in it")
    if options.runs < 1 or options.epochs < 1 or (options.words is not None and options.words < 1):
        parser.error("--runs, --epochs and --words must be at least 1")
    return options


def main() -> None:
    """Measure the chosen sections and write the report."""
    options = parse()
    try:
        import gensim  # noqa: F401
    except ImportError:
        sys.exit(
            "error: gensim is not installed (it has no wheel for Python 3.14 yet); "
            "run `make clean` and `make PYTHON=python3.13 bench`."
        )
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as folder:
        text = prepare(options.corpus, options.words, Path(folder))
        print(f"{text.name}: {text.words:,} words, {text.sentences:,} sentences", flush=True)
        about = machine()
        print("\n".join(about), flush=True)
        bench = Bench(options, text, Path(folder))
        for section in options.sections:
            getattr(bench, section)()
        command = f"python benchmarks/run.py {shown_arguments(sys.argv[1:])}".strip()
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(
            report.markdown(bench.results, text, options, about, command), encoding="utf-8"
        )
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
