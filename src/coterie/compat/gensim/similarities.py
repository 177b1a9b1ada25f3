"""What is near what: the questions of gensim's KeyedVectors, answered block by block in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.compat.gensim.lifecycle import LOGGER
from coterie.compat.gensim.means import Means
from coterie.compat.gensim.refusals import EmptyListError, refuse_unless
from coterie.compat.gensim.store import KEY_TYPES, Key
from coterie.errors import ConfigError
from coterie.neighbours import best_rows, cosines, row_norms, unit

__all__ = ["Similarities"]

Neighbours = list[tuple[Any, float]]

# Keeps 3CosMul's denominator from zero: the paper's ε, with gensim's value.
_EPSILON = np.float32(1e-6)


class Similarities(Means):
    """Neighbours, distances and means; a zero vector has similarity 0 to everything, where gensim has NaN."""

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: None = None,
    ) -> Any:
        """Return the keys nearest by cosine to the weighted mean of unit vectors.

        Parameters
        ----------
        positive, negative
            A key, a vector, or a list of these or of pairs with a weight; weights are 1 and −1 where none is
            given.
        topn
            How many keys; ``None`` gives the similarity of every row searched, as an array.
        clip_start, clip_end
            Search only these rows.
        restrict_vocab
            Search only so many of the first rows.
        indexer
            Not supported: :class:`coterie.index.NeighbourIndex` answers approximate questions.

        Returns
        -------
        list of (key, float), or float32 array
            The nearest first, without the keys of the query.
        """
        refuse_unless("indexer", indexer, None, "coterie.index.NeighbourIndex answers approximate questions.")
        if topn is not None and topn < 1:
            return []
        start, stop = (0, restrict_vocab) if restrict_vocab else (clip_start, clip_end or len(self.vectors))
        start, stop, _ = slice(start, stop).indices(len(self.vectors))
        keys, weights = _weighted(_listed(positive), _listed(negative))
        mean = self.get_mean_vector(keys, weights, post_normalize=True, ignore_missing=False)
        score = cosines(self._float32()[start:stop], self._divisors(start, stop), mean[np.newaxis])
        return self._best(score, keys, topn, start, stop)

    def most_similar_cosmul(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Return the keys that are best by 3CosMul (Levy and Goldberg 2014, equation 4), without weights.

        Parameters
        ----------
        positive, negative, topn, restrict_vocab
            As in :meth:`most_similar`; gensim takes no notice of ``restrict_vocab`` here.
        """
        if topn is not None and topn < 1:
            return []
        for_, against = _listed(positive), _listed(negative)
        if not for_:
            raise ConfigError("positive is empty; 3CosMul needs at least one key.")
        stop = slice(restrict_vocab).indices(len(self.vectors))[1]
        queries = np.stack([self._query(item) for item in (*for_, *against)])
        cosine = cosines(self._float32()[:stop], self._divisors(0, stop), queries)

        def score(first: int, last: int) -> NDArray[np.float32]:
            shifted = (1 + cosine(first, last)) / 2
            below = shifted[len(for_) :].prod(axis=0) + _EPSILON
            ratio: NDArray[np.float32] = (shifted[: len(for_)].prod(axis=0) / below)[np.newaxis]
            return ratio

        return self._best(score, [*for_, *against], topn, 0, stop)

    def _query(self, item: Any) -> NDArray[np.float32]:
        if isinstance(item, np.ndarray):
            return unit(item, "the query").astype(np.float32)
        return self.get_vector(item, norm=True)

    def _float32(self) -> NDArray[np.float32]:
        matrix: NDArray[np.float32] = self.vectors.astype(np.float32, copy=False)
        return matrix

    def _best(self, score: Any, keys: Iterable[Any], topn: int | None, start: int, stop: int) -> Any:
        if topn is None:
            return score(0, stop - start)[0]
        named = {self.get_index(key) - start for key in keys if isinstance(key, KEY_TYPES)}
        found = best_rows(score, stop - start, int(topn), [named])[0]
        return [(self.index_to_key[row + start], similarity) for row, similarity in found]

    def similar_by_key(self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """Return the neighbours of one key, see :meth:`most_similar`."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_word(self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """Do what :meth:`similar_by_key` does."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_vector(
        self, vector: NDArray[Any], topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Return the neighbours of a vector, see :meth:`most_similar`."""
        return self.most_similar([np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Any:
        """Return that of the listed keys which is nearest to ``key1``."""
        if not len(keys_list):
            raise ConfigError("keys_list is empty; give at least one key.")
        return keys_list[int(np.argmax([self.similarity(key1, key) for key in keys_list]))]

    def similarity(self, w1: Key, w2: Key) -> np.float32:
        """Return the cosine of two keys' vectors."""
        return _cosine(*(unit(self.get_vector(key), repr(key)) for key in (w1, w2)))

    def distance(self, w1: Key, w2: Key) -> np.float32:
        """Return 1 − :meth:`similarity`."""
        return np.float32(1 - self.similarity(w1, w2))

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> np.float32:
        """Return the cosine of the mean vectors of two lists of keys; keys that are not there are left out.

        Raises
        ------
        EmptyListError
            A list is empty (a ``ZeroDivisionError``).
        """
        for option, words in (("ws1", ws1), ("ws2", ws2)):
            if isinstance(words, str):
                raise ConfigError(f"{option} is the string {words!r}; give a list of words.")
            if not len(words):
                raise EmptyListError(f"{option} is empty; give at least one key.")
        means = (self._mean(words, None, False, False, True) for words in (ws1, ws2))
        return _cosine(*(unit(mean, "the mean") for mean in means))

    @staticmethod
    def cosine_similarities(vector_1: NDArray[Any], vectors_all: NDArray[Any]) -> NDArray[Any]:
        """Return the cosine of a vector to each row of a matrix."""
        norms = row_norms(np.asarray(vectors_all, dtype=np.float32))
        norms[norms == 0] = 1
        similarities: NDArray[Any] = (
            vectors_all @ unit(np.asarray(vector_1), "vector_1").astype(np.float32) / norms
        )
        return similarities

    def distances(self, word_or_vector: Any, other_words: Sequence[Key] = ()) -> NDArray[np.float32]:
        """Return 1 − cosine of a key or vector to other keys, or to every key if none are named."""
        query = self._query(word_or_vector)
        if len(other_words or ()):
            return 1 - self.cosine_similarities(
                query, self._float32()[[self.get_index(k) for k in other_words]]
            )
        score = cosines(self._float32(), self._divisors(), query[np.newaxis])
        distances: NDArray[np.float32] = 1 - score(0, len(self.vectors))[0]
        return distances

    def closer_than(self, key1: Key, key2: Key) -> list[Any]:
        """Return the keys that are nearer to ``key1`` than ``key2`` is."""
        distances, row = self.distances(key1), self.get_index(key1)
        nearer = np.flatnonzero(distances < distances[self.get_index(key2)])
        return [self.index_to_key[i] for i in nearer.tolist() if i != row]

    def words_closer_than(self, word1: Key, word2: Key) -> list[Any]:
        """Do what :meth:`closer_than` does."""
        return self.closer_than(word1, word2)

    def rank(self, key1: Key, key2: Key) -> int:
        """Return which neighbour of ``key1`` the other key is, from 1."""
        return len(self.closer_than(key1, key2)) + 1

    def rank_by_centrality(self, words: Sequence[Key], use_norm: bool = True) -> list[tuple[np.float32, Any]]:
        """Return (similarity to their mean, key) for each of the keys, the most central first."""
        if isinstance(words, str):
            raise ConfigError(f"words is the string {words!r}; give a list of words.")
        used = [word for word in words if word in self]
        if len(used) != len(words):
            LOGGER.warning(
                "left out, since there are no vectors for them: %s", sorted(set(words) - set(used))
            )
        if not used:
            raise ConfigError("none of the words has a vector; give at least one that has.")
        vectors = np.stack([self.get_vector(word, norm=use_norm) for word in used]).astype(np.float32)
        mean = self.get_mean_vector(vectors, post_normalize=True)
        return sorted(zip(vectors @ mean, used, strict=True), reverse=True)

    def doesnt_match(self, words: Sequence[Key]) -> Any:
        """Return the key that is furthest from the mean of all."""
        return self.rank_by_centrality(words)[-1][1]

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Return the similarity of two keys, divided by the sum of those of ``wa``'s ``topn`` neighbours."""
        near = self.similar_by_key(wa, topn)
        if not near:
            raise ConfigError(f"topn is {topn}; there are no neighbours to compare with.")
        return float(self.similarity(wa, wb)) / float(sum(similarity for _, similarity in near))

    def wmdistance(self, document1: Sequence[Key], document2: Sequence[Key], norm: bool = True) -> float:
        """Return the Word Mover's Distance of two lists of words (Kusner et al. 2015), exactly.

        Parameters
        ----------
        document1, document2
            Words; those without a vector are left out. With none left the distance is infinite.
        norm
            Take the vectors with length 1.
        """
        from scipy.spatial.distance import cdist

        from coterie.compat.gensim.transport import transport_cost

        documents = [[word for word in words if word in self] for words in (document1, document2)]
        if not all(documents):
            return float("inf")
        sides = []
        for words in documents:
            distinct, counts = np.unique(np.array(words, dtype=object), return_counts=True)
            vectors = np.stack([self.get_vector(word, norm=norm) for word in distinct.tolist()])
            sides.append((vectors.astype(np.float64), counts / len(words)))
        (x, p), (y, q) = sides
        return transport_cost(cdist(x, y), p, q)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, KEY_TYPES) or (isinstance(value, np.ndarray) and value.ndim == 1):
        return [value]
    return list(value)


def _weighted(positive: list[Any], negative: list[Any]) -> tuple[list[Any], list[float]]:
    """Return keys and vectors, and the weight of each."""
    items = [(item, 1.0) for item in positive] + [(item, -1.0) for item in negative]
    pairs = [
        (item, weight) if isinstance(item, (*KEY_TYPES, np.ndarray)) else (item[0], float(item[1]))
        for item, weight in items
    ]
    if not pairs:
        raise ConfigError("the query is empty; give at least one key or vector.")
    return [key for key, _ in pairs], [weight for _, weight in pairs]


def _cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> np.float32:
    return np.float32(one @ other)
