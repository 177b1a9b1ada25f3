"""NeighbourIndex: questions about neighbours that look at some hundreds of words instead of at all.

What the graph finds is scored anew from the vectors themselves, so that an answer has the very scores of the
exact search; approximate is only which words are in it. How many of the nearest are found is the index's
recall: it is measured, not promised.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.config import IndexConfig, IndexDtype
from coterie.errors import ConfigError, FormatError
from coterie.formats.neighbour_index import BUILD_AGAIN, fingerprint, read_index_description, write_index
from coterie.index.graph import Graph, library_version, threads_of
from coterie.neighbours import Nearest, exact_cosines
from coterie.queries import WordQuery, check_whole, parts_of
from coterie.shortlist import rank
from coterie.vectors import Neighbours, WordVectors

__all__ = ["NeighbourIndex"]

# Queries searched for at once, and candidates for each word that is wanted.
_TOGETHER, _CANDIDATES = 1024, 2


class NeighbourIndex:
    """A graph of the neighbours of vectors; :meth:`build` makes one, :meth:`load` finds it again.

    Attributes
    ----------
    vectors
        The vectors that it is of.
    config
        Its settings.
    description
        JSON-ready: words, parameters, versions, seconds, and the recall where it was measured.
    """

    def __init__(
        self, vectors: WordVectors, graph: Graph, config: IndexConfig, description: Mapping[str, Any]
    ) -> None:
        self.vectors = vectors
        self.config = config
        self.description: dict[str, Any] = dict(description)
        self._graph = graph

    @classmethod
    def build(
        cls,
        vectors: WordVectors,
        *,
        connectivity: int = 16,
        expansion_add: int = 128,
        expansion_search: int = 128,
        dtype: IndexDtype = "f16",
        threads: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> NeighbourIndex:
        """Build the index of all words that have a vector other than zero.

        Parameters
        ----------
        vectors
            They must not change afterwards.
        connectivity, expansion_add, expansion_search, dtype
            As in :class:`~coterie.config.IndexConfig`.
        threads
            All cores by default. With 1 the same vectors give the same index.
        progress
            Called now and then with the words that are added, and how many there are.

        Raises
        ------
        ResourceError
            usearch is not installed.
        FormatError
            A vector holds NaN or infinity.

        Examples
        --------
        >>> vectors = WordVectors(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]], dtype=np.float32))
        >>> NeighbourIndex.build(vectors).most_similar("a", topn=1)[0][0]
        'b'
        """
        config = IndexConfig(
            connectivity=connectivity,
            expansion_add=expansion_add,
            expansion_search=expansion_search,
            dtype=dtype,
        )
        workers, version = threads_of(threads), library_version()
        began = time.perf_counter()
        rows = vectors.rows_with_direction
        graph = Graph.build(vectors.matrix, rows, config, workers, progress)
        description = {
            "usearch_version": version,
            "words": len(vectors),
            "vector_size": vectors.vector_size,
            "zero_vectors": len(vectors) - len(rows),
            "parameters": {**config.to_dict(), "threads": workers},
            "build_seconds": round(time.perf_counter() - began, 3),
        }
        return cls(vectors, graph, config, description)

    @property
    def expansion_search(self) -> int:
        """Words that a search looks at; it can be changed at any time, and a measured recall is then void."""
        return self.config.expansion_search

    @expansion_search.setter
    def expansion_search(self, value: int) -> None:
        self.config = replace(self.config, expansion_search=value)
        self._graph.expand_searches(value)
        self.description["parameters"] = {**self.description["parameters"], "expansion_search": value}
        self.description.pop("recall", None)

    def __repr__(self) -> str:
        return f"NeighbourIndex({len(self.vectors):,} words, {self.config})"

    def most_similar(
        self, positive: WordQuery | None = None, negative: WordQuery | None = None, topn: int = 10
    ) -> Neighbours:
        """Return about the words nearest by cosine to the weighted mean of the query's unit vectors.

        Parameters
        ----------
        positive, negative, topn
            As in :meth:`WordVectors.most_similar <coterie.vectors.WordVectors.most_similar>`.

        Returns
        -------
        list of (str, float)
            Words and their exact cosines, the nearest first; words of the query are left out.
        """
        parts = parts_of(positive, negative, self.vectors.vector_size)
        return self.most_similar_batch([[(part.item, part.weight) for part in parts]], topn)[0]

    def most_similar_batch(
        self, queries: Sequence[WordQuery] | NDArray[Any], topn: int = 10
    ) -> list[Neighbours]:
        """Answer many queries, each as :meth:`most_similar` would.

        Parameters
        ----------
        queries, topn
            As in :meth:`WordVectors.most_similar_batch <coterie.vectors.WordVectors.most_similar_batch>`.
        """
        return self.nearest(queries, topn).named(self.vectors.words)

    def nearest(self, queries: Sequence[WordQuery] | NDArray[Any], topn: int = 10) -> Nearest:
        """Answer as :meth:`most_similar_batch` does, with rows and scores in two arrays.

        Parameters
        ----------
        queries, topn
            As in :meth:`WordVectors.nearest <coterie.vectors.WordVectors.nearest>`.
        """
        check_whole("topn", topn)
        if not len(queries):
            return self.vectors.nearest(queries, topn)
        found = [
            self._search(queries[start : start + _TOGETHER], topn)
            for start in range(0, len(queries), _TOGETHER)
        ]
        return Nearest(np.concatenate([n.rows for n in found]), np.concatenate([n.scores for n in found]))

    def _search(self, queries: Sequence[WordQuery] | NDArray[Any], topn: int) -> Nearest:
        units, named = self.vectors.unit_queries(queries)
        words = len(self.vectors)
        wanted = min(topn, words)
        query, row = self._graph.candidates(units, _CANDIDATES * wanted + max(map(len, named)))
        left_out = [query * words + row for query, rows in enumerate(named) for row in rows]
        keep = ~np.isin(query * words + row, left_out)
        query, row = query[keep], row[keep]
        scores = exact_cosines(self.vectors.matrix, row, units, query)
        nearest = rank(query, row, scores, len(units), wanted)
        # What the graph can't answer the exact search does: a zero query, or more words than it reaches; and
        # zero vectors, which it lacks, are nearer than those that point away.
        available = np.minimum(wanted, words - np.array([len(rows) for rows in named]))
        short = (nearest.rows >= 0).sum(axis=1) < available
        if self.description.get("zero_vectors"):
            short |= nearest.scores[:, -1] < 0
        for i in np.flatnonzero(short | ~units.any(axis=1)).tolist():
            exact = self.vectors.nearest(queries[i : i + 1], topn)
            nearest.rows[i], nearest.scores[i] = exact.rows[0], exact.scores[0]
        return nearest

    def recall(
        self, sample: int = 1000, topn: int = 10, seed: int = 1, restrict_vocab: int | None = None
    ) -> float:
        """Return which part of the true neighbours of some words is found.

        Parameters
        ----------
        sample
            So many words are drawn; of fewer, all are taken.
        topn
            Neighbours of each.
        seed
            For the drawing.
        restrict_vocab
            Draw only from so many of the first words, the most frequent; their neighbours are any.

        Returns
        -------
        float
            Between 0 and 1. A word as near as the last of the true neighbours counts as one of them. That of
            all words is kept in :attr:`description` too.

        Examples
        --------
        >>> vectors = WordVectors(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]], dtype=np.float32))
        >>> NeighbourIndex.build(vectors).recall(topn=2)
        1.0
        """
        check_whole("sample", sample)
        rows = self.vectors.rows_with_direction
        if restrict_vocab is not None:
            check_whole("restrict_vocab", restrict_vocab)
            rows = rows[rows < restrict_vocab]
        if len(rows) > sample:
            rows = np.sort(np.random.default_rng(seed).choice(rows, sample, replace=False))
        words = [self.vectors.words[row] for row in rows]
        true, found = self.vectors.nearest(words, topn), self.nearest(words, topn)
        real = true.rows >= 0
        last = np.where(real, true.scores, np.inf).min(axis=1, initial=np.inf)
        hits = (found.rows >= 0) & (found.scores >= last[:, np.newaxis])
        recall = float(hits.sum() / real.sum()) if real.any() else 1.0
        if restrict_vocab is None:
            self.description["recall"] = {"value": recall, "topn": topn, "sample": len(words), "seed": seed}
        return recall

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to a file, and its description to another with ``.json`` added to the name.

        Parameters
        ----------
        path
            ``coterie index`` takes ``neighbours.usearch`` in the model's folder, or the file of vectors
            with ``.neighbours`` added. What is there is replaced when the new index is complete.

        Raises
        ------
        ResourceError
            The system refuses; an earlier index is as it was.
        """
        told = {**self.description, "fingerprint": fingerprint(self.vectors.matrix)}
        write_index(Path(path), self._graph.save, self._graph.bytes, told)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], vectors: WordVectors, *, mapped: bool = True
    ) -> NeighbourIndex:
        """Load an index that :meth:`save` wrote of these vectors.

        Parameters
        ----------
        path
            As in :meth:`save`.
        vectors
            The same that it was built of.
        mapped
            Leave the graph in its file, and read of it what a search needs.

        Raises
        ------
        FormatError
            No index is there, it is damaged, or it is of other vectors: build it again.
        ResourceError
            usearch is not installed.
        """
        path = Path(path)
        library_version()  # that it is missing is told before anything else
        told = read_index_description(path)
        shape = (told["words"], told["vector_size"])
        if shape != vectors.matrix.shape or told["fingerprint"] != fingerprint(vectors.matrix):
            raise FormatError(
                f"{path} is the index of other vectors ({shape[0]:,} words × {shape[1]}) than these "
                f"({len(vectors):,} × {vectors.vector_size}). {BUILD_AGAIN}"
            )
        try:
            config = IndexConfig(**{k: v for k, v in told["parameters"].items() if k != "threads"})
            graph = Graph.load(path, config, mapped=mapped)
        except (ConfigError, FormatError, TypeError) as error:
            raise FormatError(f"{path} can't be used: {error} {BUILD_AGAIN}") from error
        if graph.vector_size != shape[1] or len(graph) > shape[0]:
            raise FormatError(f"{path} is not the index that its description tells. {BUILD_AGAIN}")
        return cls(vectors, graph, config, told)
