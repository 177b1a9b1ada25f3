"""Changes of bytes: bits, numbers, pieces that go, come, or come again, and what JSON may hold instead."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

__all__ = ["Files", "mutated"]

Files = Mapping[str, bytes]
"""A case: the contents of its files by their names."""

LONGEST = 1 << 18
"""Bytes of a file: what is longer is cut, so that a case stays a matter of milliseconds."""

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WRITTEN = [
    *(b"0", b"-0", b"-1", b"1", b"2", b"255", b"65536", b"2147483647", b"2147483648", b"4294967295"),
    *(b"1000000000000", b"9223372036854775807", b"9223372036854775808", b"18446744073709551616"),
    *(b"9" * 400, b"9" * 5_000, b"0.5", b"1e999", b"-1e999", b"1e-999", b"NaN", b"nan", b"inf", b"Infinity"),
    *(b"0x10", b"1_000", b"+1", b"01", "١٢".encode(), "²".encode()),
]
_BINARY = [
    0,
    1,
    2,
    7,
    8,
    127,
    128,
    255,
    2**15,
    2**16,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**62,
    2**63,
    2**64 - 1,
]
_PIECES = [
    *(b"\0", b"\n", b"\r\n", b"\r", b" ", b"\t", b",", b'"', b"'", b"\\", b"{", b"}", b"[", b"]", b":", b"/"),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xff",
        b"\x80",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"\x1b[2J",
        b"\x85",
        b"\x1c",
    ),
    *(
        "\u2028".encode(),
        "\u202e".encode(),
        "e\u0301".encode(),
        "😀".encode(),
        b"../x",
        b"/etc/passwd",
        b"null",
    ),
    *(b"[" * 100_000, b'{"a":' * 30_000, b"a" * 70_000, b" " * 5_000, b"\n" * 5_000, b"\t" * 300, b"word\n"),
]
_VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2**31,
        10**12,
        2**63,
        2**64,
        10**30,
        0.5,
        1e308,
        float("nan"),
        float("inf"),
    ),
    *(
        "",
        "x",
        "../x",
        "/etc/passwd",
        "\ud800",
        "\0",
        "a" * 3_000,
        [],
        {},
        [[]],
        [None],
        [0],
        [1, 2, 3],
        {"x": 1},
    ),
]


def mutated(files: Files, donors: Sequence[Files], random: Random) -> dict[str, bytes]:
    """Return a case that is another: one file of it changed, or several, or one gone."""
    result = dict(files)
    for _ in range(1 if random.random() < 0.8 else 2):
        name = random.choice(sorted(result))
        if len(result) > 1 and random.random() < 0.02:
            del result[name]
            continue
        others = [other for case in random.sample(donors, min(3, len(donors))) for other in case.values()]
        result[name] = _changed(result[name], others, random)[:LONGEST]
    return result


def _changed(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    for _ in range(min(8, 1 + int(random.expovariate(0.7)))):
        data = random.choice(_CHANGES)(data, others, random)
    return data


def _cut(data: bytes, random: Random) -> tuple[int, int]:
    """Return the bounds of some piece, seldom a long one."""
    at = random.randrange(len(data) + 1)
    most = random.choice((1, 4, 16, 64, 1024, len(data)))
    return at, min(len(data), at + random.randint(0, most))


def _flip(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def _byte(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(1) + data[at + 1 :]


def _end(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] if random.random() < 0.8 else data[at:]


def _delete(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    start, stop = _cut(data, random)
    return data[:start] + data[stop:]


def _duplicate(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    start, stop = _cut(data, random)
    times = random.choice((1, 1, 1, 2, 10, 1_000))
    times = min(times, LONGEST // max(1, stop - start))
    return data[:stop] + data[start:stop] * times + data[stop:]


def _move(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    start, stop = _cut(data, random)
    at = random.randrange(len(data) + 1)
    return data[:at] + data[start:stop] + data[at + stop - start :]


def _insert(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    piece = random.choice(_PIECES) if random.random() < 0.7 else random.randbytes(random.randint(1, 16))
    return data[:at] + piece + data[at + random.choice((0, 0, len(piece))) :]


def _splice(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    if not others:
        return data
    other = random.choice(others)
    start, stop = _cut(other, random)
    if random.random() < 0.3:
        return data[: random.randrange(len(data) + 1)] + other[start:]
    at = random.randrange(len(data) + 1)
    return data[:at] + other[start:stop] + data[at:]


def _written_number(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    found = list(_NUMBER.finditer(data, 0, 1 << 14))
    if not found:
        return data
    number = random.choice(found[: random.choice((3, len(found)))])  # the first ones are sizes
    return data[: number.start()] + random.choice(_WRITTEN) + data[number.end() :]


def _binary_number(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    layout = random.choice("BHIQ")
    width = struct.calcsize(layout)
    if len(data) < width:
        return data
    at = random.randrange(min(random.choice((64, len(data))), len(data) - width + 1))
    order = random.choice("<>")
    (old,) = struct.unpack_from(order + layout, data, at)
    new = random.choice((*_BINARY, old + 1, old - 1, old * 2, old + random.randint(-99, 99)))
    return data[:at] + struct.pack(order + layout, new % 2 ** (8 * width)) + data[at + width :]


def _json(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Change a value or a name of a JSON text, or of one of its lines."""
    lines = data.split(b"\n") if data.count(b"\n{") else [data]
    at = random.randrange(len(lines))
    try:
        value = json.loads(lines[at])
        lines[at] = json.dumps(_other_value(value, random), ensure_ascii=random.random() < 0.5).encode()
    except (ValueError, RecursionError):
        return data
    return b"\n".join(lines)


def _other_value(value: Any, random: Random) -> Any:
    if not isinstance(value, dict | list) or not value or random.random() < 0.1:
        return random.choice(_VALUES)
    if isinstance(value, list):
        at = random.randrange(len(value))
        changed = [_other_value(value[at], random)] * random.choice((0, 1, 1, 1, 2))
        return [*value[:at], *changed, *value[at + 1 :]]
    name = random.choice(list(value))
    if random.random() < 0.15:
        return {key: held for key, held in value.items() if key != name}
    if random.random() < 0.05:
        return {("x" if key == name else key): held for key, held in value.items()}
    return {key: _other_value(held, random) if key == name else held for key, held in value.items()}


_CHANGES: list[Callable[[bytes, Sequence[bytes], Random], bytes]] = [
    *(_flip, _byte, _end, _delete, _duplicate, _move, _insert, _splice, _json, _json),
    *(_written_number, _written_number, _binary_number, _binary_number),
]
