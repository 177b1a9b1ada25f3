"""Checks of vectors as a student would write them: loops over words and pairs, in float64."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

Rows = Sequence[Sequence[float]]


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    lengths = math.sqrt(sum(x * x for x in one)) * math.sqrt(sum(y * y for y in other))
    return sum(x * y for x, y in zip(one, other, strict=True)) / lengths


def nearest(rows: Rows, row: int, topn: int, among: Sequence[int]) -> list[int]:
    others = [i for i in among if i != row]
    return sorted(others, key=lambda i: -cosine(rows[row], rows[i]))[:topn]


def shares(a: Rows, b: Rows, topn: int) -> list[tuple[float, float]]:
    """Share in common and Jaccard index for each word; row i is the same word in both."""
    everyone = range(len(a))
    found = []
    for row in everyone:
        x, y = set(nearest(a, row, topn, everyone)), set(nearest(b, row, topn, everyone))
        found.append((len(x & y) / topn, len(x & y) / len(x | y)))
    return found


def partition_ratio(rows: Rows) -> float:
    matrix = np.array(rows, dtype=np.float64)
    _, directions = np.linalg.eig(matrix.T @ matrix)
    sums = []
    for direction in directions.real.T:
        for signed in (direction, -direction):
            sums.append(sum(math.exp(float(row @ signed)) for row in matrix))
    return min(sums) / max(sums)


def pair_cosines(rows: Rows) -> list[float]:
    return [cosine(one, other) for one, other in itertools.permutations(rows, 2)]


def variance_shares(rows: Rows) -> list[float]:
    centred = np.array(rows, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    squares = np.linalg.svd(centred, compute_uv=False) ** 2
    return [float(square / squares.sum()) for square in squares]


def occurrences(rows: Rows, topn: int) -> list[int]:
    found = [0] * len(rows)
    for row in range(len(rows)):
        for neighbour in nearest(rows, row, topn, range(len(rows))):
            found[neighbour] += 1
    return found


def skewness(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    second = sum((value - mean) ** 2 for value in values) / len(values)
    third = sum((value - mean) ** 3 for value in values) / len(values)
    return third / second**1.5


def weat(x: Rows, y: Rows, a: Rows, b: Rows) -> tuple[float, float]:
    """Effect size, and the p-value from going through all partings of the targets."""

    def association(word: Sequence[float]) -> float:
        return sum(cosine(word, w) for w in a) / len(a) - sum(cosine(word, w) for w in b) / len(b)

    sx, sy = [association(word) for word in x], [association(word) for word in y]
    both = sx + sy
    mean = sum(both) / len(both)
    deviation = math.sqrt(sum((s - mean) ** 2 for s in both) / (len(both) - 1))
    difference = sum(sx) / len(sx) - sum(sy) / len(sy)
    reached = total = 0
    for chosen in itertools.combinations(range(len(both)), len(sx)):
        ours = [both[i] for i in chosen]
        theirs = [both[i] for i in range(len(both)) if i not in chosen]
        reached += sum(ours) / len(ours) - sum(theirs) / len(theirs) >= difference - 1e-9
        total += 1
    return difference / deviation, reached / total
