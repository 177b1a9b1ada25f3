"""Character n-grams of many words at once, hashed into buckets as fastText does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["ngram_buckets"]

_END_OF_SENTENCE = b"</s>"  # fastText gives it no n-grams
_FNV_OFFSET, _FNV_PRIME = np.uint32(2166136261), np.uint32(16777619)


def ngram_buckets(
    words: Sequence[bytes], minn: int, maxn: int, bucket: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each n-gram of each word which word has it and its bucket, grouped by neither.

    Parameters
    ----------
    words
        In UTF-8; a character is a byte that begins one, with the continuation bytes that follow.
    minn, maxn
        The n-grams' least and greatest length in characters of ``<word>``; a single one of the two
        angle brackets is none.
    bucket
        How many buckets there are.

    Examples
    --------
    >>> owners, buckets = ngram_buckets([b"ab", b"c"], 3, 3, 1000)
    >>> owners.tolist()
    [0, 0, 1]
    """
    marked = [b"" if word == _END_OF_SENTENCE else b"<" + word + b">" for word in words]
    # A character's beginning behind the end, for what lies after the last.
    text = np.frombuffer(b"".join(marked), dtype=np.int8)
    lengths = np.array([len(word) for word in marked], dtype=np.int64)
    first_byte = np.cumsum(lengths) - lengths
    starts = np.flatnonzero((text.view(np.uint8) & 0xC0) != 0x80)
    bounds = np.append(starts, len(text))
    owner = np.searchsorted(first_byte, starts, side="right") - 1
    # Of words without bytes the last one is found, so those with bytes are always right.
    last = np.searchsorted(starts, first_byte + lengths)[owner]  # the character after the word's last
    begins = np.arange(len(starts))
    hashes = np.full(len(starts), _FNV_OFFSET)
    owners: list[NDArray[np.int64]] = []
    buckets: list[NDArray[np.int64]] = []
    for n in range(1, maxn + 1):
        # Those whose n-th character is still in the word.
        inside = begins + n <= last
        begins, hashes, last, owner = begins[inside], hashes[inside], last[inside], owner[inside]
        if not len(begins):
            break
        hashes = _hashed(hashes, text, bounds[begins + n - 1], bounds[begins + n])
        if n < minn:
            continue
        bracket = (begins + n == last) | (bounds[begins] == first_byte[owner])
        kept = ~bracket if n == 1 else np.ones(len(begins), dtype=np.bool_)
        owners.append(owner[kept])
        buckets.append((hashes[kept] % np.uint32(bucket)).astype(np.int64))
    if not owners:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    return np.concatenate(owners), np.concatenate(buckets)


def _hashed(
    hashes: NDArray[np.uint32], text: NDArray[np.int8], position: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.uint32]:
    """Go on with FNV-1a over the bytes from ``position`` to ``end`` of each."""
    hashes, position = hashes.copy(), position.copy()
    todo = np.arange(len(hashes))
    while len(todo):
        # A byte above 127 is a negative char, so it flips the upper 24 bits too.
        signed = text[position[todo]].astype(np.int32).view(np.uint32)
        hashes[todo] = (hashes[todo] ^ signed) * _FNV_PRIME
        position[todo] += 1
        todo = todo[position[todo] < end[todo]]
    return hashes
