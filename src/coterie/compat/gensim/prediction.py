"""What a model says of words in their context: gensim's predict_output_word and score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.compat.gensim.building import Building
from coterie.compat.gensim.lifecycle import LOGGER
from coterie.compat.gensim.refusals import AbsentError, NoVocabularyError
from coterie.errors import ConfigError

__all__ = ["Prediction"]


class Prediction(Building):
    """Predictions of the words in a context."""

    def predict_output_word(
        self, context_words_list: Sequence[Any], topn: int = 10
    ) -> list[tuple[str, float]] | None:
        """Return the words with the greatest softmax of their output vectors with the context's mean vector.

        With ``cbow_mean=0`` it is the sum of the context's vectors.

        Parameters
        ----------
        context_words_list
            Words or rows; those that are not there are left out, and with none left the answer is None.
        topn
            How many.

        Raises
        ------
        AbsentError
            The model has no output vectors: it was trained with ``negative=0``, or not at all (a
            ``RuntimeError``).
        """
        if isinstance(context_words_list, str):
            raise ConfigError(
                f"context_words_list is the string {context_words_list!r}; give a list of words."
            )
        if not self.negative or self._weights is None or self._weights.output_vectors is None:
            raise AbsentError(
                "the model has no output vectors; it needs to be trained with negative above 0."
            )
        rows = [self.wv.get_index(word) for word in context_words_list if word in self.wv]
        if not rows:
            LOGGER.warning("no word of the context is in the vocabulary")
            return None
        hidden = self.wv.vectors[rows].sum(axis=0, dtype=np.float64)
        if self.cbow_mean:
            hidden /= len(rows)
        # In float32, without a wider copy of the matrix.
        products = self._weights.output_vectors[:, : self.vector_size] @ hidden.astype(np.float32)
        scores = products.astype(np.float64)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = np.argsort(-shares, kind="stable")[:topn]
        return [(self.wv.index_to_key[row], float(shares[row])) for row in best.tolist()]

    def score(
        self,
        sentences: Iterable[Iterable[str]],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> NDArray[np.float32]:
        """Return the log probability of each sentence, by the tree of hierarchical softmax.

        It is the sum over the words of log p(word | context): with Skip-gram over each context word of the
        full window, with CBOW from their mean. Words that are not in the vocabulary are left out.

        Parameters
        ----------
        sentences
            Lists of words.
        total_sentences
            At most so many are scored.
        chunksize, queue_factor, report_delay
            Without effect.

        Raises
        ------
        AbsentError
            The model was trained without ``hs=1`` (a ``RuntimeError``).
        """
        if not self.hs:
            raise AbsentError("score needs the tree of hierarchical softmax; train with hs=1.")
        if self._weights is None or self._weights.node_vectors is None:
            raise NoVocabularyError("there is no vocabulary; call build_vocab first.")
        from coterie.objectives.huffman import build_huffman

        tree = build_huffman(self._counts)
        nodes = self._weights.node_vectors[:, : self.vector_size]
        known = self.wv.key_to_index
        scores: list[float] = []
        for _, sentence in zip(range(total_sentences), sentences, strict=False):
            rows = [known[word] for word in sentence if word in known]
            vectors = self.wv.vectors[rows].astype(np.float64)
            total = 0.0
            for place, word in enumerate(rows):
                near = [
                    other
                    for other in range(max(0, place - self.window), min(len(rows), place + self.window + 1))
                    if other != place
                ]
                if not near:
                    continue
                path = slice(tree.starts[word], tree.starts[word + 1])
                inputs = vectors[near] if self.sg else vectors[near].mean(axis=0, keepdims=True)
                signs = 1 - 2 * tree.bits[path].astype(np.float64)
                outputs = nodes[tree.nodes[path]].astype(np.float64)
                total -= float(np.logaddexp(0, -signs * (inputs @ outputs.T)).sum())
            scores.append(total)
        return np.array(scores, dtype=np.float32)
