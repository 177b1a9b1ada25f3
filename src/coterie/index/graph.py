"""The graph of neighbours, which is usearch's: everything that knows this library is here.

usearch is no dependency of Coterie's but an extra, and is imported when it is first needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.config import IndexConfig
from coterie.errors import FormatError, ResourceError
from coterie.neighbours import unit_rows
from coterie.queries import check_whole

__all__ = ["Graph", "library_version", "threads_of"]

# Rows added at once, between which progress is told and Ctrl-C is heard.
_ADDED = 1 << 14


class Graph:
    """Rows of a matrix in a graph in which the near ones are linked.

    Parameters
    ----------
    index
        usearch's.
    """

    def __init__(self, index: Any) -> None:
        self._index = index
        self.save: Callable[[str], None] = index.save

    @classmethod
    def build(
        cls,
        matrix: NDArray[np.float32],
        rows: NDArray[np.int64],
        config: IndexConfig,
        threads: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Graph:
        """Link these rows of a matrix."""
        index = _library().Index(ndim=matrix.shape[1], metric="cos", **config.to_dict())
        for start in range(0, len(rows), _ADDED):
            some = rows[start : start + _ADDED]
            # Of unit length, so that no dtype's range is left.
            index.add(some, unit_rows(matrix[some]).astype(np.float32), threads=threads)
            if progress is not None:
                progress(start + len(some), len(rows))
        return cls(index)

    @classmethod
    def load(cls, path: Path, config: IndexConfig, *, mapped: bool) -> Graph:
        """Read or map what :attr:`save` wrote; whether it is undamaged must be known."""
        library = _library()
        try:
            index = library.Index.restore(str(path), view=mapped)
        except (RuntimeError, ValueError, TypeError, KeyError) as error:
            raise FormatError(f"{path} can't be read by usearch ({error}).") from error
        if index is None:
            raise FormatError(f"{path} is no index of usearch.")
        graph = cls(index)
        graph.expand_searches(config.expansion_search)
        return graph

    def __len__(self) -> int:
        return len(self._index)

    @property
    def vector_size(self) -> int:
        """The length of a vector."""
        return int(self._index.ndim)

    @property
    def bytes(self) -> int:
        """How long the file is that :attr:`save` writes."""
        return int(self._index.serialized_length)

    def expand_searches(self, rows: int) -> None:
        """Let a search look at so many rows."""
        self._index.expansion_search = rows

    def candidates(
        self, units: NDArray[np.float64], count: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return pairs of a query's number and a row that is found for it, at most ``count`` a query."""
        count = min(count, len(self))
        if not count:
            nothing = np.empty(0, dtype=np.int64)
            return nothing, nothing
        # To start threads for one query costs more than they save.
        threads = 1 if len(units) == 1 else threads_of(None)
        found = self._index.search(units.astype(np.float32), count=count, threads=threads)
        rows = np.atleast_2d(found.keys).astype(np.int64)
        # For one query the library has another kind of answer, without counts.
        counts = np.array([rows.shape[1]]) if len(units) == 1 else found.counts
        query, place = np.nonzero(np.arange(rows.shape[1]) < counts[:, np.newaxis])
        return query, rows[query, place]


def threads_of(given: int | None) -> int:
    """Return the number of threads: all cores that the process may use by default."""
    if given is None:
        return len(os.sched_getaffinity(0))
    check_whole("threads", given)
    return given


def library_version() -> str:
    """Return the version of usearch."""
    _library()
    import usearch

    return str(usearch.__version__)


def _library() -> Any:
    # usearch's wheel carries a C++ library of its own and shows it to all. Where it is the first to do so,
    # PyArrow, loaded later, loses the numbers in its texts ("f" for the column "f0"); so PyArrow comes first.
    import pyarrow  # noqa: F401

    try:
        import usearch.index
    except ImportError as error:
        raise ResourceError(
            f"approximate neighbours need the library usearch, which can't be imported ({error}). "
            "Install it: pip install 'coterie[index]'."
        ) from error
    return usearch.index
