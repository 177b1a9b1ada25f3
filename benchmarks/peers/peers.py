"""The peers by name: what the tables call them, which module runs them, and whether they are installed."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from benchmarks.peers.adapter import Adapter
from benchmarks.peers.logs import log_lines
from benchmarks.peers.word2vec_c import program

__all__ = ["PEERS", "SIDE", "Peer", "adapter", "missing_peers"]


@dataclass(frozen=True)
class Peer:
    """One row of the tables: a program and how it is used."""

    name: str
    label: str
    module: str
    variant: str
    distribution: str

    @property
    def installed(self) -> bool:
        """Whether it can be run here."""
        if self.module == "word2vec_c":
            return program() is not None
        package = {"gensim_peer": "gensim", "fasttext_peer": "fasttext", "coterie_peer": "coterie"}
        return importlib.util.find_spec(package[self.module]) is not None


PEERS = {
    peer.name: peer
    for peer in (
        Peer("gensim", "gensim `corpus_file`", "gensim_peer", "file", "gensim"),
        Peer("gensim-lines", "gensim iterable", "gensim_peer", "lines", "gensim"),
        Peer("word2vec", "word2vec (C)", "word2vec_c", "", "word2vec"),
        Peer("fasttext", "fastText", "fasttext_peer", "", "fasttext-numpy2-wheel"),
        Peer("coterie", "Coterie", "coterie_peer", "window", "coterie"),
        Peer(
            "coterie-deterministic",
            "Coterie, `deterministic=True`",
            "coterie_peer",
            "deterministic",
            "coterie",
        ),
        Peer("coterie-pair", 'Coterie, `negative_sharing="pair"`', "coterie_peer", "pair", "coterie"),
    )
}
# Not a way that people train with (the text has to fit into memory), but it tells what reading costs.
SIDE = {"gensim-lists": Peer("gensim-lists", "gensim, lists in memory", "gensim_peer", "lists", "gensim")}


def adapter(module: str) -> Adapter:
    """Return a peer's module, which imports the peer only when it runs."""
    return cast(Adapter, importlib.import_module(f"benchmarks.peers.{module}"))


def missing_peers(names: Iterable[str]) -> dict[str, list[str]]:
    """Return those that are not installed, with the end of the log of their installation.

    Raises
    ------
    LookupError
        If there is no such log: a row may be missing only for a reason that the page can show.
    """
    missing = {}
    for name in names:
        peer = PEERS[name]
        if peer.installed:
            continue
        log = Path(sys.prefix) / "peers" / f"{peer.distribution}.log"
        if not log.is_file():
            raise LookupError(
                f"{peer.distribution} is not installed, and there is no log of a failed installation; "
                "run `make bench`, which installs it (gensim has no wheel for Python 3.14 yet: "
                "`make clean`, then `make PYTHON=python3.13 bench`), or leave it out with --peers."
            )
        missing[name] = log_lines(log.read_text(encoding="utf-8", errors="replace"))
    return missing
