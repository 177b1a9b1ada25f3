"""A model to a folder and back: what save and load of gensim's Word2Vec become without pickle."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from coterie.compat.gensim.building import Building
from coterie.compat.gensim.keyed_files import check_layout, check_mmap, refuse_pickle
from coterie.compat.gensim.refusals import NoVocabularyError
from coterie.compat.gensim.settings import DEFAULTS
from coterie.errors import FormatError
from coterie.model import Model
from coterie.vectors import WordVectors

__all__ = ["ModelFiles", "read_model"]

_KEPT = (
    *DEFAULTS,
    "corpus_count",
    "corpus_total_words",
    "effective_min_count",
    "train_count",
    "total_train_time",
    "min_alpha_yet_reached",
    "running_training_loss",
    "lifecycle_events",
)
_FACADE = "gensim"
_WAY_OUT = (
    "Train the model again with Coterie; or, for its vectors alone, save them where gensim is installed: "
    "model.wv.save_word2vec_format('vectors.bin', binary=True); KeyedVectors.load_word2vec_format reads them."
)


class ModelFiles(Building):
    """Saving."""

    def as_model(self) -> Model:
        """Return the same model as :class:`coterie.Model`; the matrices are shared, not copied.

        Raises
        ------
        NoVocabularyError
            There is no vocabulary yet.
        """
        import coterie

        if self._weights is None or len(self.wv) != len(self._counts):
            raise NoVocabularyError(
                "there is no vocabulary yet, or wv is not the model's own; call build_vocab."
            )
        config = self._config(self._counts)
        matrices = {name: matrix[:, : self.vector_size] for name, matrix in self._weights.matrices()}
        described = {
            "coterie_version": coterie.__version__,
            "objective": config.objective,
            "training": config.to_dict() | {"workers": self.workers},
            "vocabulary": {"min_count": self.min_count},
            "corpus_statistics": {
                "tokens": int(self._counts.sum()),
                "sentences": self.corpus_count,
                "words": len(self.wv),
            },
            _FACADE: {name: getattr(self, name) for name in _KEPT},
        }
        words = WordVectors(list(self.wv.index_to_key), self.wv.vectors, self._counts)
        outputs, nodes = matrices.get("output_vectors"), matrices.get("node_vectors")
        return Model(words, outputs, described, [], node_vectors=nodes)

    def save(
        self,
        fname: str | os.PathLike[str],
        separately: Any = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Iterable[str] = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Write the model as a Coterie model folder, which :func:`coterie.load_model` reads as well.

        Parameters
        ----------
        fname
            A folder that does not exist, is empty, or is a model, which is replaced.
        separately, sep_limit, pickle_protocol
            Without effect: matrices are always mapped, and nothing is pickled.
        ignore
            Must be left empty.

        Raises
        ------
        FormatError
            Something else is at ``fname``.
        """
        check_layout(ignore)
        self.as_model().save(fname)


def read_model(fname: str | os.PathLike[str], mmap: str | None) -> tuple[Model, dict[str, Any]]:
    """Return a saved model, and the façade's attributes of it.

    Raises
    ------
    FormatError
        It is something else, or a model that was not trained through the façade.
    """
    check_mmap(mmap)
    path = Path(fname)
    refuse_pickle(path, _WAY_OUT)
    model = Model.load(path)
    kept = model.config.get(_FACADE)
    if not isinstance(kept, dict) or set(kept) != set(_KEPT):
        raise FormatError(
            f"{path} is a Coterie model that was not saved by this class; load it with coterie.load_model, "
            "or its vectors with KeyedVectors.load."
        )
    if mmap is None:
        model.vectors = WordVectors(model.vectors.words, np.array(model.vectors.matrix), model.vectors.counts)
    return model, kept
