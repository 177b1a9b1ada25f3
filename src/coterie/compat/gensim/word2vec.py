"""Word2Vec, with gensim's arguments, attributes and methods, trained by Coterie."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.compat.gensim.callbacks import checked_callbacks
from coterie.compat.gensim.keyed_vectors import KeyedVectors
from coterie.compat.gensim.lifecycle import LOGGER
from coterie.compat.gensim.model_files import ModelFiles, read_model
from coterie.compat.gensim.prediction import Prediction
from coterie.compat.gensim.refusals import NoVocabularyError
from coterie.compat.gensim.settings import DEFAULTS
from coterie.compat.gensim.text import scanned
from coterie.compat.gensim.training import Training
from coterie.compat.gensim.vocabulary import TrimRule
from coterie.errors import ConfigError

__all__ = ["Word2Vec"]


class _OnTheClass:
    """A class method that an instance does not have: what it returned would be taken for the instance."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.__doc__ = function.__doc__
        self._function = function

    def __get__(self, instance: object, owner: type) -> MethodType:
        if instance is not None:
            raise AttributeError(
                "load returns a new model; call it on the class: model = Word2Vec.load(path)."
            )
        return MethodType(self._function, owner)


def _load(
    cls: type[Word2Vec], fname: str | os.PathLike[str], rethrow: bool = False, mmap: str | None = None
) -> Word2Vec:
    """Read what :meth:`Word2Vec.save` wrote; training can go on from it.

    Parameters
    ----------
    cls
        The class.
    fname
        The folder.
    rethrow
        Without effect: an error is always raised.
    mmap
        ``"r"`` maps the vectors, read-only; training reads them into memory when it begins.

    Raises
    ------
    FormatError
        It is something else; gensim's own pickles are not read, and the message tells what to do.
    """
    model, kept = read_model(fname, mmap)
    made = cls.__new__(cls)
    made._restore(model, kept)
    return made


class Word2Vec(Training, Prediction, ModelFiles):
    """Word vectors by gensim's interface.

    Parameters
    ----------
    sentences
        Lists of words, gone through once, however many epochs; a generator will do. Without sentences and
        ``corpus_file`` there is no vocabulary yet, see :meth:`build_vocab` and :meth:`train`.
    corpus_file
        A text with a sentence a line and blanks between the words, whatever its name; it may be compressed.
    vector_size, window, min_count, negative, ns_exponent, alpha, min_alpha, epochs, shrink_windows, sample
        As for :func:`coterie.train`, with gensim's defaults. A ``sample`` of 1 and more is a count.
    sg, hs
        1 for Skip-gram, 0 for CBOW; 1 for hierarchical softmax, with negative sampling beside it if
        ``negative`` is above 0.
    cbow_mean
        Must be 1 with CBOW. The gradient goes undivided to every word, as in gensim.
    seed
        Of all randomness; with ``workers=1`` the same seed gives the same bits.
    workers
        Threads; no more are taken than there are cores, and one for each 10,000 words of the text.
    max_vocab_size, max_final_vocab
        At most so many words, the most frequent: exactly, or by raising ``min_count``.
    trim_rule
        From (word, count, min_count) to ``RULE_KEEP``, ``RULE_DISCARD`` or ``RULE_DEFAULT``.
    compute_loss
        Keep the loss for :meth:`get_latest_training_loss`.
    callbacks
        See :class:`~coterie.compat.gensim.CallbackAny2Vec`.
    comment
        Any string, kept with the model.
    batch_words
        Without effect.
    hashfxn, null_word, sorted_vocab
        Must be left at their defaults.

    Raises
    ------
    ConfigError
        An argument has a value that Coterie does not have (a ``ValueError``).
    NoVocabularyError
        No word is kept (a ``RuntimeError``).

    Examples
    --------
    >>> text = [["the", "ship", "left", "her", "sail"], ["silver", "and", "gold", "of", "the", "king"]] * 200
    >>> model = Word2Vec(text, vector_size=16, sg=1, epochs=20, workers=1)
    >>> str(model), len(model.wv.most_similar("ship", topn=2))
    ('Word2Vec<vocab=10, vector_size=16, alpha=0.025>', 2)
    """

    load = _OnTheClass(_load)

    def __init__(
        self,
        sentences: Any = None,
        corpus_file: str | os.PathLike[str] | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[[str], int] = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = 10_000,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
    ) -> None:
        given = locals()
        self._empty()
        self._settle({name: given[name] for name in DEFAULTS}, hashfxn)
        self.wv = KeyedVectors(self.vector_size)
        self.min_alpha_yet_reached = self.alpha
        self.effective_min_count = self.min_count
        listeners = checked_callbacks(callbacks)
        if sentences is None and corpus_file is None:
            for option, value in (("trim_rule", trim_rule), ("callbacks", listeners)):
                if value:
                    raise ConfigError(
                        f"{option} is given without a text, and is not kept; give it to "
                        f"{'build_vocab' if option == 'trim_rule' else 'train'}."
                    )
        else:
            from coterie.training.warm_up import warm_up

            warm_up(self._config())
            with scanned(sentences, corpus_file, self.max_vocab_size) as text:
                self._build(text, trim_rule=trim_rule)
                if not len(self.wv):
                    raise NoVocabularyError(
                        f"no word is kept: the most frequent of {len(text.words):,} occurs "
                        f"{int(text.counts.max()):,} times, and min_count is {self.effective_min_count:,}. "
                        "Lower it, or give more text."
                    )
                self._train(text, listeners, self.compute_loss)
        self.add_lifecycle_event("created", params=str(self))

    def _empty(self) -> None:
        self.corpus_count = self.corpus_total_words = self.train_count = 0
        self.total_train_time = self.running_training_loss = 0.0
        self.raw_vocab = {}
        self._counts = self._weights_counts = np.zeros(0, np.int64)
        self._weights = self._view = None
        self.lifecycle_events = None

    def __str__(self) -> str:
        kind, size = type(self).__name__, self.wv.vector_size
        return f"{kind}<vocab={len(self.wv)}, vector_size={size}, alpha={self.alpha}>"

    @property
    def layer1_size(self) -> int:
        """The length of a vector."""
        return self.vector_size

    @property
    def syn1neg(self) -> NDArray[np.float32]:
        """The output vectors of negative sampling, a row for each word; a view of what is trained."""
        matrix = self._weights.output_vectors if self._weights else None
        if matrix is None:
            raise AttributeError("there is no syn1neg: negative is 0, or there is no vocabulary yet.")
        return matrix[:, : self.vector_size]

    @property
    def syn1(self) -> NDArray[np.float32]:
        """The vectors of the Huffman tree's inner nodes and, as in gensim, a zero row; a copy."""
        matrix = self._weights.node_vectors if self._weights else None
        if matrix is None:
            raise AttributeError("there is no syn1: hs is 0, or there is no vocabulary yet.")
        return np.pad(matrix[:, : self.vector_size], ((0, 1), (0, 0)))

    def reset_from(self, other_model: Word2Vec) -> None:
        """Take over another model's vocabulary, its counts and ``corpus_count``, and begin anew."""
        self.wv = KeyedVectors(self.vector_size)
        self._set_words(list(other_model.wv.index_to_key), other_model._counts.copy())
        self.corpus_count = other_model.corpus_count
        if self.hs and len(self.wv) > 1:
            self.create_binary_tree()
        self.init_weights()

    def _restore(self, model: Any, kept: dict[str, Any]) -> None:
        from coterie.objectives.weights import Weights

        self._empty()
        for name, value in kept.items():
            setattr(self, name, value)
        self.wv = KeyedVectors(self.vector_size)
        vectors = model.vectors
        self._set_words(vectors.words, np.array(vectors.counts))
        self._weights = Weights(vectors.matrix, model.output_vectors, model.node_vectors)
        self._weights_counts, self._view = self._counts.copy(), vectors.matrix
        self.wv.vectors = vectors.matrix
        if self.hs and len(self.wv) > 1:
            self.create_binary_tree()
        LOGGER.info("loaded %s", self)
