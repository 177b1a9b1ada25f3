"""Model: the matrices, the settings that made them, and the course of the training; a folder on disk."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.card import model_card
from coterie.formats.contents import format_version_of, log_normaliser_of, matrix_rows, prediction_config
from coterie.formats.folder import (
    PHRASES,
    fill_folder,
    foreign_entries,
    is_model_folder,
    map_matrices,
    read_config,
    read_metrics,
    read_table,
    read_vocabulary,
)
from coterie.formats.replacing import replacing_folder, try_folder
from coterie.objectives.prediction import most_probable, output_log_probabilities
from coterie.phrases import PhraseModel
from coterie.queries import check_whole, context_words
from coterie.vectors import WordVectors, missing_attribute

if TYPE_CHECKING:
    from coterie.objectives.huffman import HuffmanTree

__all__ = ["Model", "check_destination", "load_vectors"]


_GENSIM_NAMES = {
    "wv": ".vectors",
    "most_similar": ".vectors.most_similar",
    "syn1": ".node_vectors",
    "syn1neg": ".output_vectors",
    "train": "coterie.train, which trains from the start",
    "build_vocab": "a part of coterie.train",
    "predict_output_word": ".predict_output",
}


class Model:
    """What training gives and :meth:`save` keeps.

    Parameters
    ----------
    vectors
        The words, their counts and ``input_vectors``, the word vectors.
    output_vectors
        float32, shape ``(len(vectors), vector_size)``: the projection's rows, in the same order. ``None``
        with hierarchical softmax, unless negatives were trained beside it.
    config
        JSON-ready settings: ``coterie_version``, ``training``, ``corpus``, ``vocabulary``, ``objective``,
        ``corpus_statistics``, ``figures``, ``log_normaliser`` (a float, where NCE learned it);
        ``format_version`` is added.
    metrics
        JSON-ready reports of the training, in their order.
    phrases
        What was joined in the text, to be joined in any text that the model is to read.
    node_vectors
        float32, shape ``(len(vectors) - 1, vector_size)``, with hierarchical softmax alone: a row for each
        inner node of the Huffman tree, as :mod:`coterie.objectives.huffman` numbers them.

    Raises
    ------
    FormatError
        Shapes that don't fit, a matrix too many or too few for the objective, or vectors without counts.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> vectors = WordVectors(["ship", "boat"], np.eye(2, dtype=np.float32), np.array([3, 2]))
    >>> model = Model(vectors, np.zeros((2, 2), np.float32), {"objective": "negative_sampling"}, [])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model")
    ...     Model.load(f"{folder}/model")
    Model(2 words, vector_size=2, objective='negative_sampling')
    """

    def __init__(
        self,
        vectors: WordVectors,
        output_vectors: NDArray[np.float32] | None,
        config: Mapping[str, Any],
        metrics: Sequence[Mapping[str, Any]],
        phrases: PhraseModel | None = None,
        *,
        node_vectors: NDArray[np.float32] | None = None,
    ) -> None:
        if vectors.counts is None:
            raise FormatError("these vectors have no counts; a model needs them. Pass counts to WordVectors.")
        self.vectors = vectors
        self.output_vectors = output_vectors
        self.node_vectors = node_vectors
        self.config: dict[str, Any] = {"format_version": format_version_of(config), **config}
        self.metrics: list[dict[str, Any]] = [dict(report) for report in metrics]
        self.phrases = phrases
        log_normaliser_of(self.config, "config")
        self._check_shapes()

    def _check_shapes(self) -> None:
        size = self.vectors.vector_size
        rows = matrix_rows(self.config, len(self.vectors))
        for name, matrix in (("output_vectors", self.output_vectors), ("node_vectors", self.node_vectors)):
            if (matrix is None) == (name in rows):
                verb, has = ("None", "has them") if matrix is None else ("given", "has none")
                raise FormatError(f"{name} is {verb}, but a model of objective {self._objective!r} {has}.")
            if matrix is not None and matrix.shape != (rows[name], size):
                raise FormatError(
                    f"{name} has shape {matrix.shape}, the word vectors {self.vectors.matrix.shape}; "
                    f"expected {(rows[name], size)}."
                )

    @property
    def _objective(self) -> object:
        return self.config.get("objective")

    @property
    def log_normaliser(self) -> float | None:
        """What NCE learned as the logarithm of its partition function; ``None`` where nothing was learned."""
        return log_normaliser_of(self.config, "config")

    def __repr__(self) -> str:
        size = self.vectors.vector_size
        return f"Model({len(self.vectors):,} words, vector_size={size}, objective={self._objective!r})"

    if not TYPE_CHECKING:  # a type checker shall still find what is not there

        def __getattr__(self, name: str) -> None:
            """Say what gensim's names are here."""
            raise AttributeError(missing_attribute("Model", name, _GENSIM_NAMES), name=name, obj=self)

    def predict_output(self, context: str | Sequence[str], topn: int | None = 10) -> list[tuple[str, float]]:
        """Return the output words that the model thinks most probable around or among these words.

        With h the mean of the words' input vectors, it is what the model's objective says of h, see
        :mod:`coterie.objectives.prediction`. A CBOW model is trained to predict from such a mean. A Skip-gram
        model predicts from one word at a time, and the mean gives the geometric mean of the predictions from
        each word alone, normalised (with hierarchical softmax: of the odds at each node of the tree).

        Parameters
        ----------
        context
            A word or a list of words; one that is listed twice counts twice.
        topn
            At most so many; ``None`` gives every word of the vocabulary.

        Returns
        -------
        list of (str, float)
            Words and their probabilities, the most probable first. Those of all words sum to 1.

        Raises
        ------
        WordNotFoundError
            A word is not in the vocabulary, with the nearest spellings.
        ConfigError
            The context is empty or a sentence in one string, or ``topn`` is below 1.

        Examples
        --------
        >>> import numpy as np
        >>> vectors = WordVectors(["sea", "ship"], np.array([[1, 0], [0, 1]], np.float32), np.array([2, 2]))
        >>> model = Model(vectors, np.array([[0, 1], [2, 0]], np.float32), {"objective": "softmax"}, [])
        >>> [(word, round(probability, 3)) for word, probability in model.predict_output(["sea"])]
        [('ship', 0.881), ('sea', 0.119)]
        """
        if topn is not None:
            check_whole("topn", topn, " or None for all")
        config = prediction_config(self.config)
        hidden = self._mean_input(context_words(context, self.vectors.index))
        tree = self._tree if config.objective == "hierarchical_softmax" else None
        logs = output_log_probabilities(hidden, self, self._counts, config, tree)
        words = self.vectors.words
        return [(words[row], probability) for row, probability in most_probable(logs, topn)]

    def _mean_input(self, words: Sequence[str]) -> NDArray[np.float64]:
        rows = self.vectors[words].astype(np.float64)
        finite = np.isfinite(rows).all(axis=1)
        if not finite.all():
            word = words[int(finite.argmin())]
            raise FormatError(f"the vector of {word!r} holds NaN or infinity; train or fetch it anew.")
        return np.asarray(rows.mean(axis=0))

    @property
    def _counts(self) -> NDArray[np.int64]:
        if self.vectors.counts is None:
            raise FormatError("the model's vectors have lost their counts.")
        return self.vectors.counts

    @cached_property
    def _tree(self) -> HuffmanTree:
        from coterie.objectives.huffman import build_huffman

        return build_huffman(self._counts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model folder in one step: at any moment ``path`` has the old model or the new one, whole.

        Parameters
        ----------
        path
            A folder that does not exist (its parents are made), is empty, or is a Coterie model and
            nothing else, which is replaced.

        Raises
        ------
        FormatError
            Something else is at ``path``.
        ResourceError
            No room or no permission; nothing is left behind, and an earlier model is as it was.
        """
        _check_replaceable(Path(path))
        words, counts = self.vectors.column, self._counts
        named = {
            "input_vectors": self.vectors.matrix,
            "output_vectors": self.output_vectors,
            "node_vectors": self.node_vectors,
        }
        matrices = {key: matrix for key, matrix in named.items() if matrix is not None}
        name = Path(os.path.realpath(path)).name
        card = model_card(name, self.config, words, self.vectors.vector_size)
        with replacing_folder(path) as folder:
            fill_folder(folder, words, counts, matrices, (self.config, self.metrics, card))
            if self.phrases is not None:
                with (folder / PHRASES).open("wb") as file:
                    self.phrases.write(file)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Load a model folder; the matrices are mapped, read-only, and nothing is unpickled.

        Raises
        ------
        FormatError
            No model is there, it is damaged or incomplete, or a newer Coterie saved it.
        """
        path = Path(path)
        config = read_config(path)
        log_normaliser_of(config, f"{path / 'config.json'} is damaged")
        metrics = read_metrics(path)
        words, counts = read_vocabulary(path)
        matrices = map_matrices(path, config, len(words))
        vectors = _word_vectors(path, words, matrices["input_vectors"], counts)
        phrases = PhraseModel.load(path / PHRASES) if (path / PHRASES).exists() else None
        output_vectors, node_vectors = matrices.get("output_vectors"), matrices.get("node_vectors")
        return cls(vectors, output_vectors, config, metrics, phrases, node_vectors=node_vectors)


def load_vectors(path: str | os.PathLike[str]) -> WordVectors:
    """Load only the word vectors of a model folder, mapped.

    Parameters
    ----------
    path
        A folder that :meth:`Model.save` wrote.

    Raises
    ------
    FormatError
        As for :meth:`Model.load`.
    """
    table = read_table(Path(path))
    return _word_vectors(Path(path), table.words, table.matrix, table.counts)


def _word_vectors(
    path: Path, words: list[str], matrix: NDArray[np.float32], counts: NDArray[np.int64] | None
) -> WordVectors:
    try:
        return WordVectors(words, matrix, counts)
    except FormatError as error:
        raise FormatError(f"{path} is damaged: {error}") from None


def check_destination(path: str | os.PathLike[str]) -> None:
    """Find out, before hours of training, whether :meth:`Model.save` will be able to write there.

    Parameters
    ----------
    path
        Where the model is to be saved. Missing parents are made.

    Raises
    ------
    FormatError
        Something else than an earlier model is at ``path``.
    ResourceError
        The system refuses.
    """
    _check_replaceable(Path(path))
    try_folder(path)


def _check_replaceable(path: Path) -> None:
    if path.is_symlink() and not path.exists():
        raise FormatError(f"{path} is a link to nothing; remove it or choose another place.")
    if path.exists() and not path.is_dir():
        raise FormatError(f"{path} is a file; a model is a folder. Choose another name.")
    if not path.is_dir() or not any(path.iterdir()):
        return
    # A folder that someone added files to is not ours alone to remove.
    foreign = foreign_entries(path)
    if foreign or not is_model_folder(path):
        held = f" ({', '.join(foreign[:5])})" if foreign else ""
        raise FormatError(
            f"{path} is a folder with other things in it{held} and is not replaced. Choose another."
        )
