"""Lengths of vectors, and means of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.compat.gensim.store import VectorStore
from coterie.errors import ConfigError
from coterie.neighbours import row_norms, unit

__all__ = ["Means"]


class Means(VectorStore):
    """What is computed from the vectors themselves."""

    def fill_norms(self, force: bool = False) -> None:
        """Take the lengths of all vectors, where they are not known; ``force`` after changes in place."""
        if self.norms is None or force:
            self.norms = row_norms(self.vectors.astype(np.float32, copy=False))

    def _divisors(self, start: int = 0, stop: int | None = None) -> NDArray[np.float32]:
        """Return the norms of rows, 1 for a zero row: its cosines are then 0, where gensim has NaN."""
        self.fill_norms()
        assert self.norms is not None
        norms = self.norms[start:stop]
        return np.where(norms == 0, np.float32(1), norms)

    def get_normed_vectors(self) -> NDArray[np.float32]:
        """Return a copy of the matrix with rows of length 1; zero rows stay zero."""
        normed = self.vectors / self._divisors()[:, np.newaxis]
        return normed.astype(np.float32, copy=False)

    def unit_normalize_all(self) -> None:
        """Scale all vectors to length 1, for good: training can't go on from them."""
        self.vectors = self.get_normed_vectors().astype(self.vectors.dtype)

    def init_sims(self, replace: bool = False) -> None:
        """Do what :meth:`fill_norms` does, or with ``replace`` :meth:`unit_normalize_all`."""
        if replace:
            self.unit_normalize_all()
        else:
            self.fill_norms()

    def get_mean_vector(
        self,
        keys: Sequence[Any] | NDArray[Any],
        weights: Any = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> NDArray[np.float32]:
        """Return the weighted mean of vectors, divided by the sum of the weights' sizes.

        Parameters
        ----------
        keys
            Keys, rows or vectors.
        weights
            A number for each, 1 by default.
        pre_normalize
            Take the vectors of keys with length 1; vectors that are given are taken as they are.
        post_normalize
            Scale the mean to length 1.
        ignore_missing
            Leave out keys that are not there, instead of raising.

        Raises
        ------
        ConfigError
            There is nothing to take the mean of, or another number of weights than of keys.
        """
        return self._mean(keys, weights, pre_normalize, post_normalize, ignore_missing).astype(np.float32)

    def _mean(
        self, keys: Any, weights: Any, pre_normalize: bool, post_normalize: bool, ignore_missing: bool
    ) -> NDArray[np.float64]:
        if len(keys) == 0:
            raise ConfigError("there are no keys to take the mean of.")
        weights = np.ones(len(keys)) if weights is None else np.asarray(weights, dtype=np.float64)
        if weights.shape != (len(keys),):
            raise ConfigError(f"{len(keys)} keys, but weights of shape {weights.shape}; give one for each.")
        mean, total = np.zeros(self.vector_size), 0.0
        for key, weight in zip(keys, weights.tolist(), strict=True):
            if isinstance(key, np.ndarray):
                vector: NDArray[Any] = key
            elif not ignore_missing or key in self:
                vector = self.get_vector(key, norm=pre_normalize)
            else:
                continue
            mean += weight * vector.astype(np.float64)
            total += abs(weight)
        if total > 0:
            mean /= total
        return unit(mean, "the mean") if post_normalize else mean
