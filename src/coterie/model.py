"""Model: both matrices, the settings that made them, and the course of the training; a folder on disk."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coterie.errors import FormatError
from coterie.formats.card import model_card
from coterie.formats.files import replacing_folder, try_folder
from coterie.formats.folder import (
    FORMAT_VERSION,
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
from coterie.phrases import PhraseModel
from coterie.vectors import WordVectors, missing_attribute

__all__ = ["Model", "check_destination", "load_vectors"]


_GENSIM_NAMES = {
    "wv": ".vectors",
    "most_similar": ".vectors.most_similar",
    "syn1neg": ".output_vectors",
    "train": "coterie.train, which trains from the start",
    "build_vocab": "a part of coterie.train",
    "predict_output_word": "not there yet",
}


class Model:
    """What training gives and :meth:`save` keeps.

    Parameters
    ----------
    vectors
        The words, their counts and ``input_vectors``, the word vectors.
    output_vectors
        float32, shape ``(len(vectors), vector_size)``: the projection's rows, in the same order.
    config
        JSON-ready settings: ``coterie_version``, ``training``, ``corpus``, ``vocabulary``, ``objective``,
        ``corpus_statistics``, ``figures``; ``format_version`` is added.
    metrics
        JSON-ready reports of the training, in their order.
    phrases
        What was joined in the text, to be joined in any text that the model is to read.

    Raises
    ------
    FormatError
        Shapes that don't fit, or vectors without counts.

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
        output_vectors: NDArray[np.float32],
        config: Mapping[str, Any],
        metrics: Sequence[Mapping[str, Any]],
        phrases: PhraseModel | None = None,
    ) -> None:
        if output_vectors.shape != vectors.matrix.shape:
            raise FormatError(
                f"output_vectors has shape {output_vectors.shape}, the word vectors {vectors.matrix.shape}."
            )
        if vectors.counts is None:
            raise FormatError("these vectors have no counts; a model needs them. Pass counts to WordVectors.")
        self.vectors = vectors
        self.output_vectors = output_vectors
        self.config: dict[str, Any] = {"format_version": FORMAT_VERSION, **config}
        self.metrics: list[dict[str, Any]] = [dict(report) for report in metrics]
        self.phrases = phrases

    def __repr__(self) -> str:
        size, objective = self.vectors.vector_size, self.config.get("objective")
        return f"Model({len(self.vectors):,} words, vector_size={size}, objective={objective!r})"

    if not TYPE_CHECKING:  # a type checker shall still find what is not there

        def __getattr__(self, name: str) -> None:
            """Say what gensim's names are here."""
            raise AttributeError(missing_attribute("Model", name, _GENSIM_NAMES), name=name, obj=self)

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
        words, counts = self.vectors.words, self.vectors.counts
        if counts is None:
            raise FormatError("the model's vectors have lost their counts.")
        name = Path(os.path.realpath(path)).name
        card = model_card(name, self.config, words, self.vectors.vector_size)
        with replacing_folder(path) as folder:
            fill_folder(
                folder,
                words,
                counts,
                {"input_vectors": self.vectors.matrix, "output_vectors": self.output_vectors},
                (self.config, self.metrics, card),
            )
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
        metrics = read_metrics(path)
        words, counts = read_vocabulary(path)
        matrices = map_matrices(path, len(words))
        vectors = WordVectors(words, matrices["input_vectors"], counts)
        phrases = PhraseModel.load(path / PHRASES) if (path / PHRASES).exists() else None
        return cls(vectors, matrices["output_vectors"], config, metrics, phrases)


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
    return WordVectors(table.words, table.matrix, table.counts)


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
