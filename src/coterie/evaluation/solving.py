"""The best answers to many analogies at once: few matrix products, then sums of their rows.

3CosAdd (arXiv 1301.3781; Levy and Goldberg 2014, https://aclanthology.org/W14-1618, equation 3)::

    argmax_x  cos(x, b) − cos(x, a) + cos(x, c)

3CosMul (the same paper, equation 4, with cosines moved to 0 … 1 as s = (1 + cos) / 2)::

    argmax_x  s(x, b) · s(x, c) / (s(x, a) + ε)  =  argmax_x  log s(x, b) − log(s(x, a) + ε) + log s(x, c)

A set has thousands of questions about some hundred words. So the cosines of those words with a block of the
vocabulary are one product; a question's scores are then three rows of it, of which b's and a's are combined
once for all questions that begin with them. The words of the question are no answers, in whatever letter
case: a word's own columns in the product are −∞, which goes into every sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coterie.evaluation.names import Names
from coterie.neighbours import cosines, unit_rows
from coterie.vectors import WordVectors

__all__ = ["Method", "best_answers"]

Method = Literal["3cosadd", "3cosmul"]

# Distinct words of the questions that are solved together, and the cosines that are held at once: 16 MiB
# (twice that with 3CosMul). With these the rows of a block stay in the second-level cache.
_WORDS = 1024
_COSINES = 1 << 22
_FEWEST = 1024  # rows of a block
# gensim looks for an answer among so many of the nearest rows.
_LOOKED_AT = 5
_EPSILON = np.float32(1e-6)
_SMALLEST = np.float32(1e-30)  # stands for s = 0, whose logarithm would be as low as an excluded row's


def best_answers(
    vectors: WordVectors, names: Names, questions: NDArray[np.int64], method: Method
) -> NDArray[np.int64]:
    """Return the answer to each question, as the first row of its name; −1 where no row is left.

    Parameters
    ----------
    vectors
        Words and their rows.
    names
        Which rows are candidates, and which of them have one name.
    questions
        Rows a, b, c, each the first of its name, shape ``(questions, 3)``.
    method
        The score.
    """
    answers = np.full(len(questions), -1, dtype=np.int64)
    scores = np.full(len(questions), -np.inf, dtype=np.float32)
    for part in _few_words(questions):
        _solve(vectors, names, questions[part], method, answers[part], scores[part])
    for question in _crowded(names, questions, answers):
        answers[question] = _among_the_nearest(vectors, names, questions[question], answers[question], method)
    found = answers >= 0
    answers[found] = names.first[answers[found]]
    return answers


def _few_words(questions: NDArray[np.int64]) -> Iterator[slice]:
    """Yield runs of questions with at most ``_WORDS`` distinct words."""
    start, seen = 0, set[int]()
    for number, question in enumerate(questions.tolist()):
        seen.update(question)
        if len(seen) > _WORDS:
            yield slice(start, number)
            start, seen = number, set(question)
    if start < len(questions):
        yield slice(start, len(questions))


def _solve(
    vectors: WordVectors,
    names: Names,
    questions: NDArray[np.int64],
    method: Method,
    answers: NDArray[np.int64],
    scores: NDArray[np.float32],
) -> None:
    """Fill in the best row of each question and its score, block after block of the vocabulary."""
    words, numbers = np.unique(questions, return_inverse=True)
    groups = list(_groups(numbers.reshape(-1, 3).astype(np.intp)))
    cosine = cosines(vectors.matrix, vectors.divisors, _units(vectors, words))
    excluded = [(number, [row, *names.others.get(row, [])]) for number, row in enumerate(words.tolist())]
    block = max(_FEWEST, _COSINES // len(words))
    sums = np.empty((max(len(group[1]) for group in groups), min(block, len(names))), dtype=np.float32)
    for start in range(0, len(names), block):
        stop = min(start + block, len(names))
        added, taken = _terms(cosine(start, stop), method)
        for number, rows in excluded:
            added[number, [row - start for row in rows if start <= row < stop]] = -np.inf
        for (a, b), others, asked in groups:
            with np.errstate(invalid="ignore"):
                pair = added[b] - taken[a]
            # In a's own columns this is +∞ or, where they are b's too, NaN.
            pair[np.isneginf(added[a]) | np.isneginf(added[b])] = -np.inf
            both = sums[: len(others), : stop - start]
            np.take(added, others, axis=0, out=both, mode="clip")
            both += pair
            best = both.argmax(axis=1)
            reached = both[np.arange(len(others)), best]
            better = reached > scores[asked]
            scores[asked[better]] = reached[better]
            answers[asked[better]] = best[better] + start


def _groups(
    numbers: NDArray[np.intp],
) -> Iterator[tuple[tuple[int, int], NDArray[np.intp], NDArray[np.intp]]]:
    """Yield (a, b), the words c asked with them, and the places of these questions.

    b and c have the same part in the score, so that the questions may as well be grouped by (a, c).
    """
    a, b, c = numbers.T
    by_b, by_c = ((a * len(numbers) * 3 + other) for other in (b, c))
    if len(np.unique(by_c)) < len(np.unique(by_b)):
        b, c, by_b = c, b, by_c
    order = np.argsort(by_b, kind="stable")
    borders = np.flatnonzero(np.diff(by_b[order])) + 1
    for asked in np.split(order, borders):
        yield (int(a[asked[0]]), int(b[asked[0]])), c[asked], asked


def _units(vectors: WordVectors, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    return unit_rows(vectors.matrix[rows]).astype(np.float32)


def _terms(cosine: NDArray[np.float32], method: Method) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what b and c add to a score, and what a takes from it; both may be the same array."""
    if method == "3cosadd":
        return cosine, cosine
    cosine += 1
    cosine /= 2
    taken = np.log(cosine + _EPSILON)
    np.maximum(cosine, _SMALLEST, out=cosine)
    return np.log(cosine, out=cosine), taken


def _crowded(names: Names, questions: NDArray[np.int64], answers: NDArray[np.int64]) -> list[int]:
    """Return the questions whose words have so many rows that these alone may fill gensim's list."""
    if not names.others:
        return []
    more = np.zeros(len(names), dtype=np.int64)
    for row, others in names.others.items():
        more[row] = len(others)
    return np.flatnonzero((more[questions].sum(axis=1) >= _LOOKED_AT) | (answers < 0)).tolist()


def _among_the_nearest(
    vectors: WordVectors, names: Names, question: NDArray[np.int64], answer: int, method: Method
) -> int:
    """Return the row that gensim answers with: the last of the nearest when all are words of the question."""
    rows = [row for word in dict.fromkeys(question.tolist()) for row in names.others.get(word, ())]
    candidates = np.array([*rows, answer] if answer >= 0 else rows, dtype=np.int64)
    if not len(candidates):
        return -1
    towards = _units(vectors, question) @ _units(vectors, candidates).T
    added, taken = _terms(towards, method)
    nearest = candidates[np.argsort(-(added[1] - taken[0] + added[2]), kind="stable")][:_LOOKED_AT]
    return answer if answer in nearest else int(nearest[-1])
