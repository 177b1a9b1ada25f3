"""Keys and their vectors, growing and changing: the part of gensim's KeyedVectors that holds things."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from coterie.compat.gensim.lifecycle import LOGGER, Lifecycle
from coterie.compat.gensim.refusals import refuse_unless
from coterie.errors import ConfigError
from coterie.neighbours import unit
from coterie.vocabulary import missing_word

__all__ = ["KEY_TYPES", "Key", "VectorStore"]

Key: TypeAlias = "str | int | np.integer[Any]"
KEY_TYPES = (str, int, np.integer)


class VectorStore(Lifecycle):
    """Keys, a row for each, and named attributes beside them (``expandos``)."""

    def __init__(
        self, vector_size: int, count: int = 0, dtype: DTypeLike = np.float32, mapfile_path: None = None
    ) -> None:
        refuse_unless("mapfile_path", mapfile_path, None, "gensim does not use it either.")
        self.vector_size = int(vector_size)
        self.index_to_key: list[Any] = [None] * count
        self.key_to_index: dict[Any, int] = {}
        self.next_index = 0
        self.expandos: dict[str, NDArray[Any]] = {}
        self.vectors = np.zeros((count, self.vector_size), dtype=dtype)
        self.vectors_lockf: NDArray[np.float32] = np.ones(1, dtype=np.float32)
        self.lifecycle_events: list[dict[str, Any]] | None = None

    @property
    def vectors(self) -> NDArray[Any]:
        """The matrix, a row for each key; a new one has its norms taken anew."""
        return self._vectors

    @vectors.setter
    def vectors(self, matrix: NDArray[Any]) -> None:
        self._vectors = matrix
        self.norms: NDArray[np.float32] | None = None

    def __str__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, key: object) -> bool:
        return self.has_index_for(key)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.index_to_key)

    def has_index_for(self, key: object) -> bool:
        """Tell whether the key, or the row of this number, is there."""
        return self._find(key) is not None

    def _find(self, key: object) -> int | None:
        try:
            row = self.key_to_index.get(key)
        except TypeError:  # unhashable: no key
            return None
        if row is None and isinstance(key, int | np.integer) and 0 <= key < len(self.index_to_key):
            return int(key)
        return row

    def get_index(self, key: object, default: int | None = None) -> int:
        """Return the row of a key; a whole number that is no key is a row itself.

        Raises
        ------
        WordNotFoundError
            A ``KeyError`` with the nearest spellings, where there is no ``default``.
        """
        row = self._find(key)
        if row is not None:
            return row
        if default is not None:
            return default
        raise missing_word(key, [word for word in self.index_to_key if isinstance(word, str)])

    def __getitem__(self, key_or_keys: Any) -> NDArray[Any]:
        """Return the vector of a key, or a new matrix with a row for each of several keys."""
        if isinstance(key_or_keys, KEY_TYPES):
            return self.get_vector(key_or_keys)
        return self.vectors[[self.get_index(key) for key in key_or_keys]]

    def get_vector(self, key: Key, norm: bool = False) -> NDArray[Any]:
        """Return the vector of a key, read-only; with ``norm`` of length 1 (a zero vector stays zero)."""
        row = self.vectors[self.get_index(key)]
        vector: NDArray[Any] = unit(row, repr(key)).astype(np.float32) if norm else row.view()
        vector.flags.writeable = False
        return vector

    def __setitem__(self, keys: Any, weights: Any) -> None:
        """Set the vectors of one key or a list of keys; new keys are added."""
        self.add_vectors(keys if isinstance(keys, list) else [keys], weights, replace=True)

    def add_vector(self, key: Key, vector: Any) -> int:
        """Put a vector in the next free row, or behind the last, and return its row."""
        row = self.next_index
        if row < len(self) and self.index_to_key[row] is None:
            self.index_to_key[row], self.key_to_index[key] = key, row
            self.vectors[row] = vector
            self.norms = None
        else:
            row = len(self)
            warnings.warn(
                "add_vector copies the whole matrix for one more row; add many at once with add_vectors, or "
                "give KeyedVectors the count beforehand.",
                UserWarning,
                stacklevel=2,
            )
            self.add_vectors([key], [vector])
        self.next_index = row + 1
        return row

    def add_vectors(
        self,
        keys: Any,
        weights: Any,
        extras: Mapping[str, NDArray[Any]] | None = None,
        replace: bool = False,
    ) -> None:
        """Add keys with their vectors.

        Parameters
        ----------
        keys
            A key, or a list of distinct ones.
        weights
            A row for each.
        extras
            By name, an array with a value for each key, kept as its attribute.
        replace
            What to do with keys that are there already: give them the new vector, or leave the old one.
        """
        if isinstance(keys, KEY_TYPES):
            keys = [keys]
        rows = np.asarray(weights)
        if rows.ndim == 1:
            rows = rows.reshape(1, -1)
        if rows.shape != (len(keys), self.vector_size) or len(set(keys)) != len(keys):
            raise ConfigError(
                f"{len(keys):,} keys and vectors of shape {rows.shape}; expected distinct keys and a row of "
                f"{self.vector_size} numbers for each."
            )
        extras = dict(extras or {})
        self.allocate_vecattrs(list(extras), [values.dtype for values in extras.values()])
        known = np.array([key in self.key_to_index for key in keys], dtype=bool)
        new = np.flatnonzero(~known)
        for i in new.tolist():
            self.key_to_index[keys[i]] = len(self.index_to_key)
            self.index_to_key.append(keys[i])
        self.vectors = np.concatenate((self.vectors, rows[new].astype(self.vectors.dtype)))
        self.allocate_vecattrs()
        chosen = np.arange(len(keys)) if replace else new
        targets = [self.key_to_index[keys[i]] for i in chosen.tolist()]
        self.vectors[targets] = rows[chosen]
        for name, values in extras.items():
            self.expandos[name][targets] = values[chosen]

    def allocate_vecattrs(
        self, attrs: Iterable[str] | None = None, types: Iterable[Any] | None = None
    ) -> None:
        """Make room for the named attributes, of these types, with a value for every key; 0 where unset.

        Raises
        ------
        TypeError
            The attribute is there with another type.
        """
        if attrs is None or types is None:
            attrs, types = list(self.expandos), [values.dtype for values in self.expandos.values()]
        for name, kind in zip(attrs, types, strict=True):
            wanted = np.dtype(_STORED.get(kind, kind))
            values = self.expandos.get(name)
            if values is not None and not np.issubdtype(wanted, values.dtype):
                raise TypeError(f"attribute {name!r} holds {values.dtype}, and {wanted} is no kind of it.")
            if values is None or len(values) != len(self):
                room = np.zeros(len(self), dtype=wanted if values is None else values.dtype)
                if values is not None:
                    room[: len(values)] = values[: len(room)]
                self.expandos[name] = room

    def set_vecattr(self, key: Key, attr: str, val: Any) -> None:
        """Set one key's value of a named attribute; the first value settles the type."""
        row = self.get_index(key)
        self.allocate_vecattrs([attr], [type(val)])
        self.expandos[attr][row] = val

    def get_vecattr(self, key: Key, attr: str) -> Any:
        """Return one key's value of a named attribute.

        Raises
        ------
        KeyError
            There is no such key or attribute.
        """
        return self.expandos[attr][self.get_index(key)]

    def resize_vectors(self, seed: int = 0) -> None:
        """Give keys that have no row yet a random one, uniform in ±1/vector_size."""
        rows = len(self.vectors)
        if rows != len(self):
            fresh = np.random.default_rng(seed).random((len(self), self.vector_size), dtype=np.float32)
            matrix = ((2 * fresh - 1) / self.vector_size).astype(self.vectors.dtype)
            matrix[:rows] = self.vectors[: len(self)]
            self.vectors = matrix
        self.allocate_vecattrs()

    def sort_by_descending_frequency(self) -> None:
        """Order keys, vectors and attributes by ``count``, the most frequent first; ties stay in order."""
        if not len(self):
            return
        if len(self.vectors):
            LOGGER.warning(
                "sorting after vectors were made; a model that was trained with them no longer fits"
            )
        order = np.argsort(-self.expandos["count"].astype(np.int64), kind="stable")
        self.index_to_key = [self.index_to_key[row] for row in order.tolist()]
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}
        self.allocate_vecattrs()
        self.expandos = {name: values[order] for name, values in self.expandos.items()}
        if len(self.vectors):
            self.vectors = self.vectors[order]


_STORED: dict[Any, Any] = {int: np.int64, str: object}
"""How Python's types are kept: whole numbers wide, and strings as they are instead of cut to one length."""
