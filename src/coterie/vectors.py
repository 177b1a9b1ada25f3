"""WordVectors: words and their matrix, and every question that one asks of them.

Names and numbers are gensim's where gensim has the method. What differs: a word that isn't there is an error
everywhere (gensim leaves it out in some methods), a zero vector has similarity 0 instead of NaN,
and a string where a list is meant is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from coterie.blas import blas_threads, in_threads
from coterie.errors import ConfigError, FormatError
from coterie.neighbours import Nearest, best_rows, cosines, nearest_rows, unit, unit_rows
from coterie.queries import Part, Query, WordQuery, check_whole, parts_of, vectors_asked
from coterie.word_matrix import Vector, WordMatrix

__all__ = ["Neighbours", "Query", "Vector", "WordQuery", "WordVectors", "missing_attribute"]

Neighbours: TypeAlias = list[tuple[str, float]]
_Checked: TypeAlias = "Vector | list[list[Part]]"
_Result = TypeVar("_Result")

# Queries of one matrix product, at most and for each thread at least: wide enough for the BLAS, and what is
# held of each at the same time stays some MiB.
_TOGETHER, _ALONE = 512, 32
# Keeps the denominator of cosmul from zero; the paper's ε, with gensim's value.
_EPSILON = np.float32(1e-6)


_GENSIM_NAMES = {
    "index_to_key": ".words",
    "index2word": ".words",
    "key_to_index": ".index",
    "vocab": ".index, and .counts for the counts",
    "vectors": ".matrix",
    "syn0": ".matrix",
    "get_vecattr": ".counts[.index[word]]",
    "similar_by_word": ".most_similar",
}


def missing_attribute(kind: str, name: str, known: Mapping[str, str]) -> str:
    """Return the message of an AttributeError, with what gensim's name is called here."""
    here = f"; here it is {known[name]}" if name in known else ""
    return f"{kind!r} has no attribute {name!r}{here}"


class WordVectors(WordMatrix):
    """Words and their vectors.

    Parameters
    ----------
    words
        Distinct words, the most frequent first where that is known.
    matrix
        float32, shape ``(len(words), vector_size)``; it may be mapped from disk and is not copied.
    counts
        int64, shape ``(len(words),)``: occurrences in the corpus, or ``None``.

    Raises
    ------
    FormatError
        Shapes that don't fit, or a word listed twice.

    Examples
    --------
    >>> import numpy as np
    >>> matrix = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    >>> vectors = WordVectors(["ship", "boat", "gold"], matrix)
    >>> "boat" in vectors, len(vectors), vectors.vector_size
    (True, 3, 2)
    >>> [(word, round(similarity, 2)) for word, similarity in vectors.most_similar("ship", topn=2)]
    [('boat', 0.8), ('gold', 0.0)]
    """

    if not TYPE_CHECKING:  # a type checker shall still find what is not there

        def __getattr__(self, name: str) -> None:
            """Say what gensim's names are here."""
            raise AttributeError(missing_attribute("WordVectors", name, _GENSIM_NAMES), name=name, obj=self)

    def similarity(self, w1: str, w2: str) -> float:
        """Return the cosine of the two words' vectors, between −1 and 1.

        Examples
        --------
        >>> import numpy as np
        >>> WordVectors(["a", "b"], np.array([[2, 0], [0, 3]], dtype=np.float32)).similarity("a", "b")
        0.0
        """
        return _dot(*(unit(self.get_vector(word), repr(word)) for word in (w1, w2)))

    def distance(self, w1: str, w2: str) -> float:
        """Return 1 − :meth:`similarity`, between 0 and 2."""
        return 1 - self.similarity(w1, w2)

    def n_similarity(self, ws1: Sequence[str], ws2: Sequence[str]) -> float:
        """Return the cosine of the mean vectors of two lists of words.

        Raises
        ------
        ConfigError
            A list is empty, or a string.
        """
        means = []
        for option, words in (("ws1", ws1), ("ws2", ws2)):
            _check_list(option, words, least=1)
            means.append(unit(self[words].mean(axis=0, dtype=np.float64), f"a word of {option}"))
        return _dot(*means)

    def doesnt_match(self, words: Sequence[str]) -> str:
        """Return the word whose vector is furthest, by cosine, from the mean of the words' unit vectors.

        Parameters
        ----------
        words
            Three or more: of two, both are as far.

        Raises
        ------
        ConfigError
            Too few words, or a string.
        """
        _check_list("words", words, least=3)
        units = np.stack([self.get_vector(word, norm=True) for word in words])
        towards_mean = units @ units.mean(axis=0)
        return words[int(towards_mean.argmin())]

    def most_similar(
        self,
        positive: WordQuery | None = None,
        negative: WordQuery | None = None,
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbours:
        """Return the words nearest by cosine to the weighted mean of the query's unit vectors.

        Parameters
        ----------
        positive, negative
            A word, a vector, a pair of one and its weight, or a list of these. Weights are 1 and −1
            where none is given; a vector is taken as it is, a word's vector with unit length.
        topn
            How many; a larger number than there are words gives all.
        restrict_vocab
            Look only among so many of the first words, the most frequent.

        Returns
        -------
        list of (str, float)
            Words and cosines, the nearest first; words of the query are left out.

        Raises
        ------
        WordNotFoundError
            With the nearest spellings.
        ConfigError
            An empty query, a vector of another length, NaN, or a number out of range.

        Examples
        --------
        >>> import numpy as np
        >>> words = ["king", "queen", "man", "woman", "ship"]
        >>> matrix = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1], [-1, 0, 0]], dtype=np.float32)
        >>> WordVectors(words, matrix).most_similar(["king", "woman"], ["man"], topn=1)[0][0]
        'queen'
        """
        parts = parts_of(positive, negative, self.vector_size)
        return self._nearest([parts], topn, restrict_vocab)[0]

    def similar_by_vector(
        self, vector: Vector, topn: int = 10, restrict_vocab: int | None = None
    ) -> Neighbours:
        """Return the words nearest to a vector of length ``vector_size``; see :meth:`most_similar`."""
        return self.most_similar(np.asarray(vector), topn=topn, restrict_vocab=restrict_vocab)

    def most_similar_batch(
        self,
        queries: Sequence[WordQuery] | NDArray[Any],
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> list[Neighbours]:
        """Answer many queries as matrix products: much faster than :meth:`most_similar` for each.

        Parameters
        ----------
        queries
            Each is what ``positive`` may be; an analogy is
            ``["king", "woman", ("man", -1)]``. The rows of a matrix are queries too.
        topn, restrict_vocab
            As in :meth:`most_similar`.

        Returns
        -------
        list of list of (str, float)
            An answer for each query, in their order.

        Examples
        --------
        >>> import numpy as np
        >>> vectors = WordVectors(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]], dtype=np.float32))
        >>> [[word for word, _ in answer] for answer in vectors.most_similar_batch(["a", "c"], topn=1)]
        [['b'], ['b']]
        """
        return self._nearest(self._checked(queries), topn, restrict_vocab)

    def nearest(
        self,
        queries: Sequence[WordQuery] | NDArray[Any],
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> Nearest:
        """Answer as :meth:`most_similar_batch` does, with rows and scores in two arrays.

        Parameters
        ----------
        queries, topn, restrict_vocab
            As in :meth:`most_similar_batch`.

        Returns
        -------
        Nearest
            ``.rows`` and ``.scores``, shape ``(len(queries), topn)``, or fewer columns where there are
            fewer words.

        Examples
        --------
        >>> import numpy as np
        >>> vectors = WordVectors(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]], dtype=np.float32))
        >>> vectors.nearest(["a", "c"], topn=1).rows.tolist()
        [[1], [1]]
        """
        rows = self._rows_searched(topn, restrict_vocab)
        found = self._in_groups(self._checked(queries), rows, topn, lambda nearest: nearest)
        if not found:
            empty = np.empty((0, min(topn, rows)))
            return Nearest(empty.astype(np.int64), empty.astype(np.float32))
        return Nearest(np.concatenate([n.rows for n in found]), np.concatenate([n.scores for n in found]))

    def unit_queries(
        self, queries: Sequence[WordQuery] | NDArray[Any]
    ) -> tuple[NDArray[np.float64], list[set[int]]]:
        """Return what queries ask for: the vectors whose neighbours are meant, and the rows to leave out.

        Parameters
        ----------
        queries
            As in :meth:`most_similar_batch`.

        Returns
        -------
        tuple
            float64 vectors of unit length, or zero, shape ``(len(queries), vector_size)``; and for each query
            the rows of its words.

        Examples
        --------
        >>> import numpy as np
        >>> vectors = WordVectors(["a", "b"], np.array([[3, 4], [0, 1]], dtype=np.float32))
        >>> units, named = vectors.unit_queries(["a", np.array([0, 2.0])])
        >>> units.round(3).tolist(), named
        ([[0.6, 0.8], [0.0, 1.0]], [{0}, set()])
        """
        return self._asked(self._checked(queries))

    def most_similar_cosmul(
        self,
        positive: WordQuery | None = None,
        negative: WordQuery | None = None,
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbours:
        """Return the words that are best by 3CosMul: product of cosines, divided by that of the negatives.

        Every cosine is moved to 0 … 1 as ``(1 + cos) / 2`` (Levy and Goldberg 2014,
        https://aclanthology.org/W14-1618, equation 4). There are no weights in it.

        Parameters
        ----------
        positive, negative, topn, restrict_vocab
            As in :meth:`most_similar`, without weights; at least one positive.
        """
        rows = self._rows_searched(topn, restrict_vocab)
        parts = parts_of(positive, negative, self.vector_size, weights=False)
        queries = np.stack([unit(self._vector(part), "the query") for part in parts]).astype(np.float32)
        signs = np.array([part.weight for part in parts])
        if not (signs > 0).any():
            raise ConfigError("positive is empty; 3CosMul needs at least one positive word.")
        cosine = cosines(self.matrix, self.divisors, queries)

        def score(start: int, stop: int) -> Vector:
            shifted = (1 + cosine(start, stop)) / 2
            below = shifted[signs < 0].prod(axis=0) + _EPSILON
            ratio: Vector = (shifted[signs > 0].prod(axis=0) / below)[np.newaxis]
            return ratio

        best = best_rows(score, rows, topn, [self._named(parts)])[0]
        return [(self.words[row], value) for row, value in best]

    def _nearest(self, queries: _Checked, topn: int, restrict_vocab: int | None) -> list[Neighbours]:
        rows = self._rows_searched(topn, restrict_vocab)
        groups = self._in_groups(queries, rows, topn, lambda nearest: nearest.named(self.words))
        return [answer for answers in groups for answer in answers]

    def _in_groups(
        self, queries: _Checked, rows: int, topn: int, told: Callable[[Nearest], _Result]
    ) -> list[_Result]:
        """Search for the queries, some hundreds at a time, and return what is told of each group."""
        matrix, divisors = self.matrix[:rows], self.divisors[:rows]

        def answer(group: _Checked) -> _Result:
            units, named = self._asked(group)
            return told(nearest_rows(matrix, divisors, units, topn, named))

        asked = len(queries)
        groups = -(-asked // _TOGETHER)
        if asked >= 2 * _ALONE:
            groups = max(groups, min(blas_threads(), asked // _ALONE))
        size = -(-asked // max(1, groups))
        return in_threads(answer, [queries[i : i + size] for i in range(0, asked, max(1, size))])

    def _checked(self, queries: Sequence[WordQuery] | NDArray[Any]) -> _Checked:
        """Return the queries, known to be good: as rows of a matrix or as parts."""
        if isinstance(queries, str):
            raise ConfigError(f"queries is the string {queries!r}; give a list of queries, [{queries!r}].")
        if isinstance(queries, np.ndarray) and queries.ndim == 2 and queries.dtype != object:
            return vectors_asked("queries", queries, self.vector_size)
        parts = [parts_of(query, None, self.vector_size) for query in queries]
        self._named(part for query in parts for part in query)
        return parts

    def _asked(self, queries: _Checked) -> tuple[NDArray[np.float64], list[set[int]]]:
        """Return the unit vectors, and the rows of each query's words."""
        if isinstance(queries, np.ndarray):
            return unit_rows(queries), [set() for _ in queries]
        named = [self._named(parts) for parts in queries]
        if all(
            len(parts) == len(rows) == 1 and parts[0].weight > 0
            for parts, rows in zip(queries, named, strict=True)
        ):
            # Words alone, as most questions are.
            return unit_rows(self.matrix[[row for rows in named for row in rows]]), named
        total = np.zeros((len(queries), self.vector_size), dtype=np.float64)
        words = [
            (query, self._row(part.item), part.weight)
            for query, parts in enumerate(queries)
            for part in parts
            if isinstance(part.item, str)
        ]
        with np.errstate(over="ignore", invalid="ignore"):  # looked for below
            if words:
                owners, rows, weights = map(np.array, zip(*words, strict=True))
                np.add.at(total, owners, unit_rows(self.matrix[rows]) * weights[:, np.newaxis])
            for query, parts in enumerate(queries):
                for part in parts:
                    if not isinstance(part.item, str):
                        total[query] += part.weight * part.item.astype(np.float64)
        units = unit_rows(total)
        if not np.isfinite(units).all():
            raise FormatError("the vector of a query holds NaN or infinity; look at its words and weights.")
        return units, named

    def _rows_searched(self, topn: int, restrict_vocab: int | None) -> int:
        check_whole("topn", topn)
        if restrict_vocab is None:
            return len(self)
        check_whole("restrict_vocab", restrict_vocab)
        return min(len(self), int(restrict_vocab))

    def _vector(self, part: Part) -> Vector:
        return self.get_vector(part.item, norm=True) if isinstance(part.item, str) else part.item

    def _named(self, parts: Iterable[Part]) -> set[int]:
        return {self._row(part.item) for part in parts if isinstance(part.item, str)}


def _dot(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return min(1.0, max(-1.0, float(one @ other)))


def _check_list(option: str, words: object, least: int) -> None:
    if isinstance(words, str):
        raise ConfigError(
            f"{option} is the string {words!r}; give a list of words, such as {words.split()!r}."
        )
    if not isinstance(words, Sequence) or len(words) < least:
        needed = "at least one word" if least == 1 else f"at least {least} words"
        raise ConfigError(f"{option} is {words!r}; it needs {needed} in a list.")
