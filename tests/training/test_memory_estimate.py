"""The estimate of memory against what processes really take: trainings of many shapes, from text to model.

Peak memory is the greatest RssAnon of the process, sampled: mapped pages of files don't count.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from marks import needs_simd

PROGRAM = [sys.executable, "-c", "from coterie.cli import main; main()", "train"]
MIB = 1 << 20
_EVERY = 0.004

pytestmark = [pytest.mark.slow, pytest.mark.simd, needs_simd]


def write_text(path, words, tokens):
    """Write every word, and Zipf's law for the rest; sentences of 20."""
    draw = np.random.default_rng(words)
    shares = np.cumsum(1 / np.arange(1, words + 1))
    rest = np.searchsorted(shares, shares[-1] * draw.random(tokens - words))
    ids = draw.permutation(np.concatenate((np.arange(words), rest)))
    with path.open("w") as file:
        for start in range(0, tokens, 20_000):
            some = [f"word{i}" for i in ids[start : start + 20_000].tolist()]
            lines = (" ".join(some[i : i + 20]) for i in range(0, len(some), 20))
            file.write("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("texts"), {}

    def text(words, tokens):
        if (words, tokens) not in made:
            made[words, tokens] = write_text(folder / f"{words}-{tokens}.txt", words, tokens)
        return made[words, tokens]

    return text


def held(process):
    """Return the anonymous memory of a process now; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"RssAnon:\s*(\d+)", status)
    return int(found[1]) * 1024 if found else 0


def trained(text, place, *options, **environment):
    """Run a training; return what it told, and its peak in bytes."""
    given = [str(option) for option in options]
    command = [*PROGRAM, str(text), "-o", str(place / "model"), "--tokenizer", "whitespace"]
    process = subprocess.Popen(
        [*command, "--min-count", "1", "--epochs", "1", *given],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    told = []
    reader = threading.Thread(target=lambda: told.append(process.stderr.read()))
    reader.start()
    peak, waited = 0, threading.Event()
    while process.poll() is None:
        peak = max(peak, held(process))
        waited.wait(_EVERY)
    reader.join()
    process.stderr.close()
    assert process.returncode == 0, told[0]
    return told[0], peak


def estimate_of(told):
    return int(re.search(r"the process about ([\d,]+) MiB of memory", told)[1].replace(",", "")) * MIB


SHAPES = {
    "small": (20_000, 400_000, "--no-cache"),
    "negative sampling": (300_000, 900_000, "--no-cache", "--vector-size", 100, "--workers", 2),
    "long vectors": (150_000, 500_000, "--no-cache", "--vector-size", 500, "--workers", 2),
    "nce": (300_000, 900_000, "--no-cache", "--objective", "nce", "--workers", 1),
    "tree": (300_000, 900_000, "--no-cache", "--objective", "hierarchical_softmax"),
    "tree and negatives": (
        *(300_000, 900_000, "--no-cache", "--objective", "hierarchical_softmax"),
        *("--negative", 5, "--vector-size", 32),
    ),
    "softmax": (30_000, 31_000, "--no-cache", "--objective", "softmax", "--vector-size", 16),
    "in step": (300_000, 900_000, "--no-cache", "--deterministic", "--workers", 2),
    "large plans": (
        *(60_000, 900_000, "--no-cache", "--negative-sharing", "pair", "--negative", 20),
        *("--window", 10, "--workers", 8, "--vector-size", 32, "--sample", 0),
    ),
    "bfloat16": (300_000, 900_000, "--no-cache", "--output-dtype", "bfloat16"),
    "checkpoints": (300_000, 900_000, "--no-cache", "--checkpoint-every", "0.1s"),
    "matrices on disk": (300_000, 900_000, "--no-cache", "--matrices-dir", "."),
}


@pytest.fixture(scope="module")
def stored(texts, tmp_path_factory):
    """Compile and store what kernels the first training of some settings would."""

    def store(*options):
        trained(texts(100, 2000), tmp_path_factory.mktemp("stored"), "--no-cache", *options)

    return store


@pytest.mark.parametrize("shape", SHAPES)
def test_the_estimate_is_near_the_peak(shape, texts, tmp_path, monkeypatch, stored):
    monkeypatch.chdir(tmp_path)
    words, tokens, *options = SHAPES[shape]
    stored(*options)
    told, peak = trained(texts(words, tokens), tmp_path, *options)
    print(f"{shape}: {estimate_of(told) / MIB:.0f} MiB told, {peak / MIB:.0f} MiB taken")
    assert estimate_of(told) == pytest.approx(peak, rel=0.15)


def test_the_estimate_counts_the_compiler(texts, tmp_path):
    told, peak = trained(
        texts(300_000, 900_000), tmp_path, "--no-cache", "--vector-size", 200, COTERIE_KERNEL_CACHE="off"
    )
    assert estimate_of(told) == pytest.approx(peak, rel=0.15)


def test_the_estimate_of_a_text_that_was_encoded_before(texts, tmp_path):
    options = ["--cache-dir", tmp_path / "cache", "--vector-size", 100]
    trained(texts(300_000, 900_000), tmp_path, *options)
    told, peak = trained(texts(300_000, 900_000), tmp_path, *options)
    assert "taken from the cache" in told
    assert estimate_of(told) == pytest.approx(peak, rel=0.15)


def test_a_training_keeps_to_its_limit(texts, tmp_path):
    told, peak = trained(texts(300_000, 900_000), tmp_path, "--no-cache", "--memory-limit", "450MiB")
    assert "of 450 MiB allowed" in told
    assert peak <= 450 * MIB


def test_the_peak_does_not_grow_with_the_text(texts, tmp_path):
    # The shorter one is some blocks long: each thread has one at a time, and the memory of fewer is less.
    text = texts(200_000, 2_000_000)
    tenfold = tmp_path / "tenfold.txt"
    with tenfold.open("wb") as file:
        for _ in range(10):
            file.write(text.read_bytes())
    options = ["--no-cache", "--vector-size", 200, "--workers", 2]
    _, once = trained(text, tmp_path, *options)
    _, ten = trained(tenfold, tmp_path, *options)
    assert ten < 1.05 * once + 10 * MIB


def test_a_word_takes_little_more_than_its_rows(texts, tmp_path):
    """From the text to the saved model: as strings in a list and a dictionary words took 280 bytes each."""
    words = 800_000
    options = ["--no-cache", "--vector-size", 32, "--workers", 1]
    _, few = trained(texts(200_000, 400_000), tmp_path, *options)
    _, many = trained(texts(words, 1_600_000), tmp_path, *options)
    rows = 2 * 32 * 4
    print(f"{(many - few) / (words - 200_000) - rows:.0f} bytes a word beside its rows")
    assert many - few < (words - 200_000) * (rows + 120)
