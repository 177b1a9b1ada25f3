"""Memory of reading and writing: anonymous resident bytes, so that mapped files do not count."""

import json
import subprocess
import sys
import textwrap

import pytest

from reference.fasttext_model import model_bytes

WORDS, SIZE = 90_000, 300
MATRIX = WORDS * SIZE * 4
# Blocks of text and of row groups, Arrow's pools: they do not grow with the matrix.
CONSTANT = 100 << 20

PROGRAM = """
    import json, sys, threading, time
    import numpy as np
    from coterie import formats

    WORDS, SIZE = int(sys.argv[3]), int(sys.argv[4])

    def resident():
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon"))

    class Peak:
        def __enter__(self):
            self.before = self.peak = resident()
            self.done = False
            self.thread = threading.Thread(target=self.watch)
            self.thread.start()
            return self
        def watch(self):
            while not self.done:
                self.peak = max(self.peak, resident())
                time.sleep(0.003)
        def __exit__(self, *_):
            self.done = True
            self.thread.join()
            self.peak = max(self.peak, resident()) - self.before

    path = sys.argv[2]
    if sys.argv[1] == "write":
        words = [f"word{i}" for i in range(WORDS)]
        rows = np.random.default_rng(1).integers(-99, 99, (100, SIZE)).astype(np.float32) / 128
        matrix = np.resize(rows, (WORDS, SIZE))
        with Peak() as peak:
            formats.write(path, words, matrix, np.arange(WORDS))
    else:
        import pyarrow.csv, pyarrow.parquet
        with Peak() as peak:
            table = formats.read(path)
        assert table.matrix.shape == (WORDS, SIZE)
    print(json.dumps(peak.peak))
"""


def peak(action, path, words=WORDS, size=SIZE):
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), action, str(path), str(words), str(size)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "mapped"),
    [
        ("v.txt", False),
        ("v.bin", False),
        ("v.glove", False),
        ("v.parquet", False),
        ("v.npy", True),
        ("v.safetensors", True),
    ],
)
def test_reading_and_writing_hold_one_matrix_at_most(tmp_path, name, mapped):
    written = peak("write", tmp_path / name)
    read = peak("read", tmp_path / name)
    print(f"{name}: write {written / MATRIX:.2f}, read {read / MATRIX:.2f} of the matrix")
    assert written < 0.2 * MATRIX + CONSTANT  # beyond the matrix that is there already
    assert read < (0.2 if mapped else 1.2) * MATRIX + CONSTANT


@pytest.mark.slow
def test_the_buckets_of_a_fasttext_model_take_no_memory(tmp_path):
    content, rows = model_bytes([f"word{i}" for i in range(2_000)], size=SIZE, bucket=90_000)
    (tmp_path / "m.bin").write_bytes(content)
    assert rows.nbytes > 100 << 20
    assert peak("read", tmp_path / "m.bin", 2_000) < 40 << 20
