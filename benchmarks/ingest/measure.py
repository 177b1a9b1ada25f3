"""One measurement: a job (JSON) as the argument, the result (JSON) as the last line."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.memory import PeakMemory

__all__ = ["encoding", "scan"]

_CHUNK = 8 << 20


def encoding(job: dict[str, Any]) -> dict[str, Any]:
    """Encode the file some times, each time beside reading and unpacking it without looking at it.

    Returns seconds and CPU seconds of each time; the first one also makes what a process makes once.
    """
    from coterie.config import CorpusConfig
    from coterie.corpus import encode

    path = Path(job["folder"]) / job["file"]
    times: dict[str, list[float]] = {"seconds": [], "cpu": [], "raw": []}
    memory, tokens = PeakMemory(), 0
    for run in range(1 + job["runs"]):
        start = time.perf_counter()
        read(path)
        times["raw"].append(time.perf_counter() - start)
        if run == 0:
            memory.look()
            before = memory.bytes
        start, cpu = time.perf_counter(), time.process_time()
        with (
            memory.sampled(),
            encode(path, CorpusConfig(tokenizer=job["tokenizer"]), workers=job["threads"]) as corpus,
        ):
            times["seconds"].append(time.perf_counter() - start)
            times["cpu"].append(time.process_time() - cpu)
            tokens = corpus.raw_tokens
    return {"tokens": tokens, "memory": memory.bytes - before, **times}


def read(path: Path) -> None:
    """Read a file with the library that Coterie reads it with, and do nothing with it."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as table:
            for _ in table.iter_batches(1 << 14, use_threads=False):
                pass
        return
    from coterie.corpus.sources import find_files
    from coterie.corpus.streams import ByteStream

    (file,) = find_files([path], print)
    with ByteStream(file) as stream:
        while stream.read(_CHUNK):
            pass


def scan(job: dict[str, Any]) -> dict[str, Any]:
    """Let gensim count the words of the text, as it does before it trains."""
    from gensim.models.word2vec import LineSentence, Word2Vec

    start = time.perf_counter()
    tokens, _ = Word2Vec(min_count=5).scan_vocab(LineSentence(str(Path(job["folder"]) / job["file"])))
    return {"tokens": tokens, "seconds": [time.perf_counter() - start]}


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-asked["threads"] :])
    print(json.dumps({"encoding": encoding, "scan": scan}[asked["kind"]](asked)))
