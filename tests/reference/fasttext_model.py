"""A fastText model's bytes and its n-grams, written from the format and the paper, a letter at a time."""

import itertools
import struct

import numpy as np


def slow_buckets(word, minn, maxn, bucket):
    """The n-grams' buckets of one word, by the letter: FNV-1a over signed bytes of ``<word>``."""
    if word == b"</s>":
        return []
    characters = []
    for byte in b"<" + word + b">":
        if byte & 0xC0 == 0x80:
            characters[-1].append(byte)
        else:
            characters.append([byte])
    found = []
    for start, stop in itertools.combinations(range(len(characters) + 1), 2):
        if not minn <= stop - start <= maxn or (
            stop - start == 1 and (start == 0 or stop == len(characters))
        ):
            continue
        value = 2166136261
        for byte in itertools.chain(*characters[start:stop]):
            signed = byte if byte < 128 else byte + 0xFFFFFF00
            value = (value ^ signed) * 16777619 % 2**32
        found.append(value % bucket)
    return sorted(found)


def model_bytes(
    words, labels=(), *, size=4, bucket=20, minn=3, maxn=6, kind=2, version=12, pruned=-1, quantised=0
):
    rows = np.random.default_rng(1).standard_normal((len(words) + bucket, size)).astype("<f4")
    header = (size, 5, 5, 1, 5, 1, 2, kind, bucket, minn, maxn, 100)
    entries = [(w, 10, 0) for w in words] + [(w, 3, 1) for w in labels]
    parts = [
        struct.pack("<2i12id", 793712314, version, *header, 1e-4),
        struct.pack("<3i2q", len(entries), len(words), len(labels), 99, pruned),
        *(w.encode() + b"\0" + struct.pack("<qb", count, kind) for w, count, kind in entries),
        struct.pack("<b2q", quantised, *rows.shape) + rows.tobytes(),
        struct.pack("<b2q", 0, len(words), size) + bytes(4 * len(words) * size),
    ]
    return b"".join(parts), rows
