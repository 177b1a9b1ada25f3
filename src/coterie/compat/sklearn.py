"""An estimator for scikit-learn's pipelines: documents in, a row of numbers for each out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

import coterie
from coterie.compat.document_vectors import (
    KnownWords,
    first_component,
    known_words,
    mean_vectors,
    sif_weights,
    unit_rows,
)
from coterie.config.checks import check_finite, check_one_of
from coterie.errors import ConfigError, CorpusError
from coterie.vectors import WordVectors

try:
    from joblib import effective_n_jobs
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError(
        "coterie.compat.sklearn needs scikit-learn, which is not installed: pip install 'coterie[sklearn]'"
    ) from error

__all__ = ["DocumentVectorizer"]

# As scikit-learn's text vectorizers say it, since programs may look for it.
_A_STRING = "Iterable over raw text documents expected, string object received."
_WEIGHTINGS = ("mean", "sif")


class DocumentVectorizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Documents as mean or SIF-weighted vectors of their words, which ``fit`` trains unless they are given.

    Words that ``fit`` did not learn are left out; a document without known words becomes a row of zeros.
    Texts are held in memory while it is fitted.

    Parameters
    ----------
    vectors
        Word vectors to use instead of training some: :class:`~coterie.WordVectors`, or the path of a model
        or a file of vectors. ``fit`` then only learns what ``weighting`` needs. ``clone`` copies
        the vectors and not a path, so give a path to a large grid search.
    vector_size, window, negative, epochs, min_count, sample, alpha, objective, architecture
        As :func:`coterie.train` takes them; ``None``: the objective's default. Without meaning where
        ``vectors`` are given.
    analyzer
        ``"word"``, or a function from a document, whatever it is, to its tokens.
    tokenizer, token_pattern, preprocessor, lowercase, strip_accents, stop_words
        As in :class:`~sklearn.feature_extraction.text.TfidfVectorizer`. Documents that are lists of tokens
        are taken as they are.
    weighting
        ``"mean"``, or ``"sif"``: smooth inverse frequency (Arora, Liang and Ma 2017), with frequencies from
        the documents that it is fitted to.
    sif_a
        SIF's a: the smaller, the less frequent words count.
    remove_component
        With SIF: subtract from each row its part along the first singular vector of the fitted rows.
    norm
        ``"l2"`` scales rows to length 1.
    random_state
        Seed of the training: with ``n_jobs=1`` the same number gives the same rows.
    n_jobs
        Threads of the training; ``None`` is 1, -1 one per core.

    Attributes
    ----------
    vectors_
        :class:`~coterie.WordVectors`.
    vocabulary_
        The words and their rows.
    word_weights_
        float32, shape ``(words,)``: SIF's weights; ``None`` for the mean.
    component_
        float32, shape ``(vector_size,)``: what is removed; ``None`` if nothing is.

    Examples
    --------
    >>> texts = ["the ship and her sail in the sea", "silver and gold of the king"] * 50
    >>> vectorizer = DocumentVectorizer(vector_size=8, epochs=20, min_count=1, random_state=1)
    >>> rows = vectorizer.fit_transform(texts)
    >>> rows.shape, rows.dtype.name, list(vectorizer.get_feature_names_out()[:2])
    ((100, 8), 'float32', ['documentvectorizer0', 'documentvectorizer1'])
    """

    def __init__(
        self,
        *,
        vectors: WordVectors | str | os.PathLike[str] | None = None,
        vector_size: int = 100,
        window: int = 5,
        negative: int | None = None,
        epochs: int = 5,
        min_count: int = 5,
        sample: float = 1e-3,
        alpha: float | None = None,
        objective: str = "negative_sampling",
        architecture: str = "skip_gram",
        analyzer: Literal["word"] | Callable[[Any], Iterable[str]] = "word",
        tokenizer: Callable[[str], Iterable[str]] | None = None,
        token_pattern: str | None = r"(?u)\b\w\w+\b",
        preprocessor: Callable[[str], str] | None = None,
        lowercase: bool = True,
        strip_accents: Any = None,
        stop_words: Any = None,
        weighting: Literal["mean", "sif"] = "mean",
        sif_a: float = 1e-3,
        remove_component: bool = True,
        norm: Literal["l2"] | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.vectors = vectors
        self.vector_size = vector_size
        self.window = window
        self.negative = negative
        self.epochs = epochs
        self.min_count = min_count
        self.sample = sample
        self.alpha = alpha
        self.objective = objective
        self.architecture = architecture
        self.analyzer = analyzer
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.preprocessor = preprocessor
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.stop_words = stop_words
        self.weighting = weighting
        self.sif_a = sif_a
        self.remove_component = remove_component
        self.norm = norm
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Iterable[Any], y: Any = None) -> Self:
        """Learn word vectors from the documents, and SIF's frequencies and component.

        Parameters
        ----------
        X
            Strings, or lists of tokens.
        y
            Not used.

        Raises
        ------
        ValueError
            ``X`` is a string, a table, or holds something that is no document (as
            :class:`~coterie.CorpusError`), or a parameter can't be used (:class:`~coterie.ConfigError`).
        """
        self._fit(X)
        return self

    def fit_transform(self, X: Iterable[Any], y: Any = None, **fit_params: Any) -> NDArray[np.float32]:
        """Fit, and return the documents' rows; the documents are gone through once."""
        if fit_params:
            raise ConfigError(f"fit_transform takes no {', '.join(map(repr, fit_params))}; leave it out.")
        return self._rows(self._fit(X))

    def transform(self, X: Iterable[Any]) -> NDArray[np.float32]:
        """Return a row for each document, float32, shape ``(documents, vector_size)``."""
        check_is_fitted(self, "vectors_")
        return self._rows(known_words(self._documents(X), self.vocabulary_))

    def _fit(self, X: Iterable[Any]) -> KnownWords:
        self._check()
        documents = list(self._documents(X))
        if not documents:
            raise CorpusError("X has no documents; give at least one.")
        self.vectors_ = self._train(documents) if self.vectors is None else self._given()
        self.vocabulary_ = self.vectors_.index
        self._n_features_out = self.vectors_.vector_size
        words = known_words(documents, self.vocabulary_)
        self.word_weights_ = self.component_ = None
        if self.weighting == "sif":
            if not len(words.rows):
                raise CorpusError("no word of X is among the vectors, so SIF has nothing to learn from.")
            counts = np.bincount(words.rows, minlength=len(self.vectors_))
            self.word_weights_ = sif_weights(counts, self.sif_a)
            if self.remove_component:
                self.component_ = first_component(
                    mean_vectors(words, self.vectors_.matrix, self.word_weights_)
                )
        return words

    def _rows(self, words: KnownWords) -> NDArray[np.float32]:
        rows = mean_vectors(words, self.vectors_.matrix, self.word_weights_)
        if self.component_ is not None:
            rows -= np.outer(rows @ self.component_, self.component_)
        return unit_rows(rows) if self.norm == "l2" else rows

    def _check(self) -> None:
        check_one_of("weighting", self.weighting, _WEIGHTINGS)
        check_finite("sif_a", self.sif_a, above=0)
        if self.norm not in (None, "l2"):
            raise ConfigError(f"norm is {self.norm!r}; choose 'l2' or None.")
        if self.analyzer != "word" and not callable(self.analyzer):
            raise ConfigError(f"analyzer is {self.analyzer!r}; choose 'word', or pass a callable.")

    def _train(self, documents: list[Sequence[str]]) -> WordVectors:
        settings: dict[str, Any] = {"negative": self.negative, "alpha": self.alpha}
        model = coterie.train(
            documents,
            vector_size=self.vector_size,
            window=self.window,
            epochs=self.epochs,
            min_count=self.min_count,
            sample=self.sample,
            objective=self.objective,
            architecture=self.architecture,
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
            workers=effective_n_jobs(self.n_jobs),
            **{name: value for name, value in settings.items() if value is not None},
        )
        words = model.vectors
        # Without the padding of its rows and the matrices beside it: this is what is pickled.
        return WordVectors(words.words, np.ascontiguousarray(words.matrix), words.counts)

    def _given(self) -> WordVectors:
        given = self.vectors
        if isinstance(given, str | os.PathLike):
            return coterie.load(given)
        if not isinstance(given, WordVectors):
            raise ConfigError(
                f"vectors is {type(given).__name__}; give WordVectors (model.vectors of a model) or a path."
            )
        return given

    def _documents(self, X: Any) -> Iterable[Sequence[str]]:
        """Yield the documents' tokens; what is no document is an error with its number."""
        _check_documents(X)
        analyse: Callable[[Any], list[str]] = CountVectorizer(
            analyzer=self.analyzer,
            tokenizer=self.tokenizer,
            token_pattern=self.token_pattern,
            preprocessor=self.preprocessor,
            lowercase=self.lowercase,
            strip_accents=self.strip_accents,
            stop_words=self.stop_words,
        ).build_analyzer()
        for number, document in enumerate(X):
            if callable(self.analyzer) or isinstance(document, str):
                yield _tokens(analyse(document), number)
            elif isinstance(document, list | tuple):
                yield _tokens(document, number)
            else:
                raise CorpusError(
                    f"document {number} of X is {type(document).__name__} ({document!r}); every document "
                    "must be a string or a list of tokens. Leave missing values out, or make them ''."
                )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = []
        tags.non_deterministic = self.random_state is None or self.n_jobs not in (None, 1)
        return tags


def _check_documents(X: Any) -> None:
    """Raise for what can be gone through but holds no documents: a string, a table, a dictionary."""
    if isinstance(X, str | bytes):
        raise CorpusError(_A_STRING)
    if getattr(X, "ndim", 1) != 1:
        shape = getattr(X, "shape", "")
        raise CorpusError(
            f"X has {X.ndim} dimensions {shape}; give one document a row: a list, an array of one "
            "dimension, or one column of the table."
        )
    if isinstance(X, Mapping) or not isinstance(X, Iterable):
        raise CorpusError(f"X is {type(X).__name__}; give an iterable of strings or of lists of tokens.")


def _tokens(found: Iterable[Any], number: int) -> list[str]:
    tokens = list(found)
    strange = next((token for token in tokens if not isinstance(token, str)), None)
    if strange is not None:
        raise CorpusError(f"document {number} of X holds {strange!r}; every token must be a string.")
    return tokens
