"""One measurement in a process of its own: reads a job (JSON) as its argument, prints the result as JSON.

Every peer gets its own process, the same text file and the same parameters, all of them explicit.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__: list[str] = []

STARTED = time.perf_counter()

# What both peers are told; gensim's own defaults differ (CBOW), Coterie's are these.
SHARED = {
    "window": 5,
    "sample": 1e-3,
    "alpha": 0.025,
    "min_alpha": 0.0001,
    "ns_exponent": 0.75,
    "shrink_windows": True,
    "min_count": 5,
}


class PeakMemory:
    """The greatest anonymous resident memory of this process (mapped files do not count), sampled."""

    def __init__(self) -> None:
        self.bytes = 0

    def look(self) -> None:
        """Take one sample."""
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                self.bytes = max(self.bytes, int(line.split()[1]) * 1024)

    @contextmanager
    def sampled(self, every: float = 0.02) -> Iterator[None]:
        """Sample until the block ends."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(every):
                self.look()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            self.look()


def gensim_model(job: dict[str, Any], vector_size: int) -> Any:
    """Return gensim's untrained model with every parameter that matters given."""
    from gensim.models import Word2Vec

    return Word2Vec(
        sg=1,
        hs=0,
        vector_size=vector_size,
        negative=job.get("negative", 5),
        epochs=job.get("epochs", 1),
        workers=job["workers"],
        seed=job["seed"],
        sorted_vocab=1,
        **SHARED,
    )


def gensim_ingest(job: dict[str, Any]) -> dict[str, Any]:
    """Time gensim's vocabulary scan; a vector size of 1 keeps the making of its matrices out of it."""
    model = gensim_model(job, vector_size=1)
    start = time.perf_counter()
    model.build_vocab(corpus_file=job["text"])
    return {"seconds": time.perf_counter() - start, "words": model.corpus_total_words}


def coterie_ingest(job: dict[str, Any]) -> dict[str, Any]:
    """Time the encoding: counting, and also the ids on disk, which gensim's scan does not make."""
    from coterie.config import CorpusConfig, VocabularyConfig
    from coterie.corpus import encode

    start = time.perf_counter()
    with encode(
        job["text"],
        CorpusConfig(tokenizer="whitespace"),
        VocabularyConfig(min_count=SHARED["min_count"]),
        workers=job["workers"],
    ) as corpus:
        return {"seconds": time.perf_counter() - start, "words": corpus.raw_tokens}


def gensim_train(job: dict[str, Any]) -> dict[str, Any]:
    """Train and save with gensim's fastest path."""
    model = gensim_model(job, job["vector_size"])
    model.build_vocab(corpus_file=job["text"])
    start = time.perf_counter()
    model.train(
        corpus_file=job["text"],
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=job["epochs"],
    )
    seconds = time.perf_counter() - start
    model.wv.save_word2vec_format(job["output"], binary=True)
    return {"train_seconds": seconds, "vocabulary": len(model.wv)}


def coterie_train(job: dict[str, Any]) -> dict[str, Any]:
    """Train and save with Coterie."""
    import coterie

    model = coterie.train(
        job["text"],
        tokenizer="whitespace",
        vector_size=job["vector_size"],
        negative=job["negative"],
        epochs=job["epochs"],
        workers=job["workers"],
        seed=job["seed"],
        cache=False,
        **SHARED,
    )
    model.vectors.save_word2vec_format(job["output"], binary=True)
    figures = model.config["figures"]
    return {
        "train_seconds": figures["training_seconds"],
        "vocabulary": len(model.vectors),
        "loss": figures["final_loss"],
    }


def coterie_cold(job: dict[str, Any]) -> dict[str, Any]:
    """Time the compilation: the first tiny training in a process, less the second."""
    import coterie

    sentences = [[f"word{(i * j) % 97}" for j in range(1, 21)] for i in range(1, 98)]

    def train() -> float:
        start = time.perf_counter()
        coterie.train(sentences, min_count=1, workers=1, vector_size=job["vector_size"], epochs=1)
        return time.perf_counter() - start

    first, second = train(), train()
    return {"seconds": first - second}


def evaluate(job: dict[str, Any]) -> dict[str, Any]:
    """Judge saved vectors, whoever made them, by gensim's evaluator."""
    from gensim.models import KeyedVectors

    vectors = KeyedVectors.load_word2vec_format(job["vectors"], binary=True)
    folder, result = Path(job["eval_dir"]), {}
    if (folder / "questions-words.txt").is_file():
        accuracy, sections = vectors.evaluate_word_analogies(
            str(folder / "questions-words.txt"), restrict_vocab=30_000, case_insensitive=True
        )
        result["analogies"] = accuracy
        asked = {True: [0, 0], False: [0, 0]}
        for section in sections:
            if section["section"] != "Total accuracy":
                syntactic = section["section"].startswith("gram")
                asked[syntactic][0] += len(section["correct"])
                asked[syntactic][1] += len(section["correct"]) + len(section["incorrect"])
        result["questions"] = asked[True][1] + asked[False][1]
        for name, syntactic in (("semantic", False), ("syntactic", True)):
            correct, total = asked[syntactic]
            result[name] = correct / total if total else None
    for name in ("wordsim353", "simlex999"):
        if (folder / f"{name}.tsv").is_file():
            _, spearman, _ = vectors.evaluate_word_pairs(str(folder / f"{name}.tsv"), case_insensitive=True)
            result[name] = float(spearman[0])
    return result


KINDS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    function.__name__: function
    for function in (gensim_ingest, coterie_ingest, gensim_train, coterie_train, coterie_cold, evaluate)
}


def main() -> None:
    """Do the job on as many cores as it has workers, and print the result as the last line."""
    job = json.loads(sys.argv[1])
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-job.get("workers", 1) :])
    memory = PeakMemory()
    with memory.sampled():
        result = KINDS[job["kind"]](job)
    result |= {"total_seconds": time.perf_counter() - STARTED, "peak_memory": memory.bytes}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
