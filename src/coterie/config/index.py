"""How an approximate index of neighbours is built and searched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from coterie.config.checks import Config, check_integer, check_one_of

__all__ = ["IndexConfig", "IndexDtype"]

IndexDtype = Literal["f32", "bf16", "f16", "i8"]


@dataclass(frozen=True, kw_only=True)
class IndexConfig(Config):
    """The settings of a graph of neighbours (HNSW, Malkov and Yashunin 2018, https://arxiv.org/abs/1603.09320).

    Parameters
    ----------
    connectivity
        Links of a word in the graph, the paper's M: more find more, and take more room.
    expansion_add
        Words looked at when one is added, the paper's efConstruction: more make a better graph, slower.
    expansion_search
        Words looked at by a search, the paper's ef: more find more, slower.
    dtype
        The numbers that the graph's copy of the vectors is held in: ``"f32"``, ``"bf16"``, ``"f16"`` or
        ``"i8"``. Scores do not depend on it, only which words are found.

    Examples
    --------
    >>> IndexConfig(dtype="f16").connectivity
    16
    """

    connectivity: int = 16
    expansion_add: int = 128
    expansion_search: int = 128
    dtype: IndexDtype = "f16"

    def __post_init__(self) -> None:
        check_integer("connectivity", self.connectivity, 2, 512)
        check_integer("expansion_add", self.expansion_add, 1, 100_000)
        check_integer("expansion_search", self.expansion_search, 1, 100_000)
        check_one_of("dtype", self.dtype, get_args(IndexDtype))
