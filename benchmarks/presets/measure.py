"""Train with one setting and judge: reads a job (JSON) as its argument, prints the result as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.judging import judge
from coterie.config import CorpusConfig, TrainingConfig, VocabularyConfig
from coterie.corpus import CacheConfig, encode
from coterie.sampling.plan import Sentences
from coterie.training.trainer import Trainer

__all__ = ["train"]


def train(job: dict[str, Any]) -> dict[str, Any]:
    """Return the seconds of training, those of all processors, and the scores."""
    config = TrainingConfig(
        vector_size=job["vector_size"], workers=job["threads"], seed=job["seed"], **job["setting"]
    )
    with encode(
        job["text"],
        CorpusConfig(tokenizer="whitespace"),
        VocabularyConfig(min_count=job["min_count"]),
        cache=CacheConfig(Path(job["cache"])),
        workers=job["threads"],
    ) as corpus:
        words, counts = corpus.vocabulary.words, np.asarray(corpus.vocabulary.counts)
        trainer = Trainer(Sentences(corpus.ids, corpus.offsets), counts, config)
        trainer.compile()
        before = time.process_time()
        trained = trainer.run()
        processor = time.process_time() - before
    result = {"seconds": trained.seconds, "processor_seconds": processor}
    if job["eval_dir"]:
        vectors = trained.weights.input_vectors[:, : config.vector_size]
        result |= judge(Path(job["eval_dir"]), words, vectors)
    return result


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-told["threads"] :])
    print(json.dumps(train(told)))
