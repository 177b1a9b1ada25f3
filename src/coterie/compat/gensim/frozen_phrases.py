"""FrozenPhrases: the phrases that were found, without the counts."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from coterie.compat.gensim.phrase_finding import PhraseFinder
from coterie.compat.gensim.phrase_scores import SCORERS
from coterie.compat.gensim.saved_phrases import SavedPhrases, check_saving, scorer_name
from coterie.phrases import PhraseModel

if TYPE_CHECKING:
    from coterie.compat.gensim.phrases import Phrases

__all__ = ["FrozenPhrases"]


class FrozenPhrases(SavedPhrases):
    """The phrases of a :class:`Phrases`, without the counts.

    Parameters
    ----------
    phrases_model
        What they are taken from.
    """

    def __init__(self, phrases_model: Phrases) -> None:
        super().__init__(phrases_model.connector_words)
        self.threshold, self.min_count = phrases_model.threshold, phrases_model.min_count
        self.delimiter = phrases_model.delimiter
        # Not used any more; None in phrases from a file that were scored by a function of the user's.
        self.scoring: Callable[..., float] | None = phrases_model.scoring
        self._kept = list(phrases_model.found())
        self._index()
        self.add_lifecycle_event("created", msg=str(self))

    def _index(self) -> None:
        self.phrasegrams = {
            self.delimiter.join(phrase.words): float(phrase.score or 0) for phrase in self._kept
        }

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{len(self.phrasegrams)} phrases, min_count={self.min_count}, "
            f"threshold={self.threshold}>"
        )

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """Return the joined phrase and its score, or (None, None) if it is none of the phrases."""
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        score = self.phrasegrams.get(phrase)
        return (None, None) if score is None or score <= self.threshold else (phrase, score)

    def as_phrase_model(self) -> PhraseModel:
        """Return the same phrases for :func:`coterie.train`, as its ``phrase_model``."""
        facts = {
            "threshold": self.threshold if math.isfinite(self.threshold) else None,
            "min_count": self.min_count,
            "scoring": scorer_name(self.scoring),
            "connector_words": sorted(self.connector_words),
        }
        return PhraseModel([[], self._kept], delimiter=self.delimiter, facts=facts)

    def save(self, fname: str | os.PathLike[str], **layout: Any) -> None:
        """Write the phrases as :meth:`coterie.PhraseModel.save` does: ``phrase_model`` takes the file.

        Parameters
        ----------
        fname
            The file; its name may end in ``.gz .bz2 .xz .zst``.
        **layout
            ``separately``, ``sep_limit`` and ``pickle_protocol`` are without effect.
        """
        check_saving(layout)
        self.as_phrase_model().save(fname)

    @classmethod
    def of_model(cls, model: PhraseModel) -> Self:
        """Return the learned phrases of a model, those of all its passes together."""
        made = cls.__new__(cls)
        PhraseFinder.__init__(made, model.facts.get("connector_words", ()))
        made._kept, made.delimiter = [phrase for phrase in model if phrase.score is not None], model.delimiter
        threshold = model.facts.get("threshold")
        made.threshold = -math.inf if threshold is None else threshold
        made.min_count = model.facts.get("min_count", model.facts.get("phrase_min_count", 1))
        made.scoring = SCORERS.get(model.facts.get("scoring") or "")
        made._index()
        return made
