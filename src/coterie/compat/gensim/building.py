"""The vocabulary of a model and its first weights: what build_vocab does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coterie.compat.gensim.keyed_vectors import KeyedVectors
from coterie.compat.gensim.refusals import NoVocabularyError
from coterie.compat.gensim.settings import Settings
from coterie.compat.gensim.text import Scanned, scanned
from coterie.compat.gensim.vocabulary import TrimRule, effective_min_count, kept_words, subsampling_report

if TYPE_CHECKING:
    from coterie.objectives.weights import Weights

__all__ = ["Building"]


class Building(Settings):
    """Vocabulary and weights."""

    wv: KeyedVectors
    corpus_count: int
    corpus_total_words: int
    effective_min_count: int
    raw_vocab: dict[str, int]
    _counts: NDArray[np.int64]  # of the words, in their order
    _weights: Weights | None  # what is trained
    _weights_counts: NDArray[np.int64]  # by which a tree of the weights was made
    _view: NDArray[np.float32] | None  # wv.vectors, as long as they are those of the weights

    def build_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: str | os.PathLike[str] | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
    ) -> None:
        """Count the words of a text, choose those that are kept, and make their weights.

        Parameters
        ----------
        corpus_iterable, corpus_file
            Lists of words, gone through once, or a text with a sentence a line.
        update
            Add the words to those that are there, and their counts; what was learned stays.
        progress_per
            Without effect.
        keep_raw_vocab
            Keep the counts of all words in ``raw_vocab``.
        trim_rule
            From (word, count, min_count) to ``RULE_KEEP``, ``RULE_DISCARD`` or ``RULE_DEFAULT``.
        min_count, sample
            Instead of the model's, from now on.

        Raises
        ------
        NoVocabularyError
            ``update`` without a vocabulary to update, or no word is kept.
        """
        with scanned(corpus_iterable, corpus_file, self.max_vocab_size) as text:
            self._build(text, update, keep_raw_vocab, trim_rule, min_count, sample)

    def _build(
        self,
        text: Scanned,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
    ) -> None:
        self._take(text)
        self.prepare_vocab(update, keep_raw_vocab, trim_rule, min_count, sample)
        self.prepare_weights(update)
        self.add_lifecycle_event("build_vocab", update=update, trim_rule=str(trim_rule))

    def _take(self, text: Scanned) -> None:
        self.raw_vocab = dict(zip(text.words, text.counts.tolist(), strict=True))
        self.corpus_count, self.corpus_total_words = text.total_sentences, text.total_words

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[str, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Do what :meth:`build_vocab` does, from counts instead of a text.

        Parameters
        ----------
        word_freq
            Words and how often they occur.
        corpus_count
            The number of sentences, kept as ``corpus_count``.
        keep_raw_vocab, trim_rule, update
            As in :meth:`build_vocab`.
        """
        self.raw_vocab = {word: int(count) for word, count in word_freq.items()}
        self.corpus_count = corpus_count or 0
        self.prepare_vocab(update, keep_raw_vocab, trim_rule)
        self.prepare_weights(update)

    def scan_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: str | os.PathLike[str] | None = None,
        progress_per: int = 10_000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count the words of a text into ``raw_vocab``; return how many words and sentences it has.

        ``progress_per``, ``workers`` and ``trim_rule`` are without effect: nothing is pruned on the way.
        """
        with scanned(corpus_iterable, corpus_file, self.max_vocab_size) as text:
            self._take(text)
            return text.total_words, text.total_sentences

    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Choose the words that are kept from ``raw_vocab``, and report about it.

        Parameters
        ----------
        update, keep_raw_vocab, trim_rule, min_count, sample
            As in :meth:`build_vocab`.
        dry_run
            Only report.

        Returns
        -------
        dict
            ``drop_unique``, ``retain_total``, ``num_retained_words``, ``downsample_unique`` and
            ``downsample_total``.
        """
        raw, min_count, sample = self.raw_vocab, min_count or self.min_count, sample or self.sample
        self.effective_min_count = effective_min_count(raw, min_count, self.max_final_vocab)
        kept = kept_words(raw, self.effective_min_count, trim_rule)
        report = {
            "drop_unique": len(raw) - len(kept),
            "retain_total": sum(raw[word] for word in kept),
            "num_retained_words": len(kept),
            **subsampling_report(raw, kept, sample),
        }
        if dry_run:
            return report
        self.add_lifecycle_event("prepare_vocab", effective_min_count=self.effective_min_count, **report)
        if update:
            self._add_words(kept)
        else:
            self.min_count, self.sample = min_count, sample
            self._set_words(kept, np.array([raw[word] for word in kept], dtype=np.int64))
            self.wv.vectors = np.zeros((0, self.vector_size), np.float32)
            self._weights = None
        if not keep_raw_vocab:
            self.raw_vocab = {}
        if self.hs and len(self.wv) > 1:
            self.create_binary_tree()
        return report

    def _add_words(self, kept: list[str]) -> None:
        """Append those of the kept words that are new, and add the counts of all that are known then."""
        words = self.wv.index_to_key + [word for word in kept if word not in self.wv.key_to_index]
        before = np.zeros(len(words), np.int64)
        before[: len(self._counts)] = self._counts
        more = np.fromiter((self.raw_vocab.get(word, 0) for word in words), np.int64, len(words))
        self._set_words(words, before + more)

    def _set_words(self, words: list[str], counts: NDArray[np.int64]) -> None:
        self._counts = counts
        self.wv.index_to_key = words
        self.wv.key_to_index = {word: row for row, word in enumerate(words)}
        self.wv.next_index = len(words)
        self.wv.allocate_vecattrs()
        self.wv.expandos["count"] = counts.copy()

    def create_binary_tree(self) -> None:
        """Give each word its Huffman code and path as the attributes ``code`` and ``point``."""
        from coterie.objectives.huffman import build_huffman

        tree = build_huffman(self._counts)
        for name, steps in (("code", tree.bits), ("point", tree.nodes)):
            paths = np.empty(len(self._counts), dtype=object)
            paths[:] = np.split(steps, tree.starts[1:-1])
            self.wv.expandos[name] = paths

    def prepare_weights(self, update: bool = False) -> None:
        """Make weights for the vocabulary, or with ``update`` for its new words."""
        if update:
            self.update_weights()
        else:
            self.init_weights()

    def init_weights(self) -> None:
        """Begin anew: random word vectors, and zero output vectors."""
        from coterie.objectives.weights import make_weights
        from coterie.training.resources import check_memory

        if not len(self._counts):
            self._weights = self._view = None
            return
        config = self._config()
        check_memory(len(self._counts), config)
        self._hold(make_weights(len(self._counts), config))

    def update_weights(self) -> None:
        """Keep what was learned, and begin anew for the words that are new."""
        from coterie.objectives.growth import grow_weights

        if self._weights is None:
            raise NoVocabularyError(
                "there is no vocabulary to update; first call build_vocab without update."
            )
        old = len(self._weights_counts)
        rows = np.arange(len(self._counts))
        rows[old:] = -1
        config = self._config()
        # The word vectors may have been changed, or exchanged for others, since they were trained.
        given = self.wv.vectors
        held = replace(self._weights, input_vectors=given[:old])
        self._hold(grow_weights(held, rows, config, (self._weights_counts, self._counts)))
        self.wv.vectors[old : len(given)] = given[old:]  # of words that add_vector brought

    def _hold(self, weights: Weights) -> None:
        """Make the weights the model's, and their input vectors its word vectors."""
        self._weights, self._weights_counts = weights, self._counts.copy()
        self._view = weights.input_vectors[:, : self.vector_size]
        self.wv.vectors = self._view
        self.wv.allocate_vecattrs()

    def estimate_memory(
        self, vocab_size: int | None = None, report: dict[str, int] | None = None
    ) -> dict[str, int]:
        """Return the bytes that the matrices of such a vocabulary take, their padding included.

        Parameters
        ----------
        vocab_size
            Words; those of the model by default.
        report
            Bytes of other things, to be added.
        """
        from coterie.kernels.allocate import padded_columns

        words = vocab_size or len(self.wv)
        matrix = words * padded_columns(self.vector_size) * 4
        told = dict(report or {})
        told["vocab"] = words * 280
        names = {"input_vectors": "vectors", "node_vectors": "syn1", "output_vectors": "syn1neg"}
        told |= {names[name]: matrix for name in self._config().matrices}
        told["total"] = sum(told.values())
        return told
