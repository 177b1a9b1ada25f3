"""What Phrases and FrozenPhrases share of saving and loading."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coterie.compat.gensim.keyed_files import check_layout, check_mmap, refuse_pickle
from coterie.compat.gensim.phrase_finding import PhraseFinder
from coterie.compat.gensim.phrase_scores import SCORERS
from coterie.errors import ConfigError
from coterie.formats.files import missing_path
from coterie.phrases import PhraseModel

__all__ = ["SavedPhrases", "check_saving", "scorer_name"]

_WAY_OUT = "Learn the phrases again: Phrases(sentences)."


class SavedPhrases(PhraseFinder):
    """Loading: what a file holds tells which of the two classes it is of."""

    @classmethod
    def load(cls, fname: str | os.PathLike[str], mmap: str | None = None) -> Any:
        """Read what ``save`` of :class:`Phrases` or :class:`FrozenPhrases` wrote, as what it was.

        Parameters
        ----------
        fname
            The file; of phrases that :meth:`coterie.PhraseModel.save` wrote as well.
        mmap
            Without effect.

        Raises
        ------
        FormatError
            It is something else; gensim's own pickles are not read.
        """
        from coterie.compat.gensim.frozen_phrases import FrozenPhrases
        from coterie.compat.gensim.phrases import Phrases

        check_mmap(mmap)
        path = Path(fname)
        refuse_pickle(path, _WAY_OUT)
        if not path.is_file():
            raise missing_path(path)
        with path.open("rb") as file:
            counted = file.read(9)[8:] == b"{"
        return Phrases.read(path) if counted else FrozenPhrases.of_model(PhraseModel.load(path))


def scorer_name(scoring: Callable[..., float] | None) -> str | None:
    """Return gensim's name for a scorer; None for a function of the user's."""
    return next((name for name, scorer in SCORERS.items() if scorer is scoring), None)


def check_saving(layout: dict[str, Any]) -> None:
    """Check the options of ``save`` beside the file."""
    check_layout(layout.pop("ignore", frozenset()))
    unknown = set(layout) - {"separately", "sep_limit", "pickle_protocol"}
    if unknown:
        raise ConfigError(f"save has no option {sorted(unknown)[0]!r}.")
