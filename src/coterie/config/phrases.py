"""Which words are joined to phrases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from coterie.config.checks import BY_OTHERS, Config, check_finite, check_integer, check_one_of
from coterie.errors import ConfigError

__all__ = ["PhraseConfig", "PhraseScoring"]

PhraseScoring = Literal["paper", "npmi"]


@dataclass(frozen=True, kw_only=True)
class PhraseConfig(Config):
    """Which neighbouring words are joined into one (arXiv 1310.4546, section 4).

    An option that nothing asks for is an error when it is given, and ``None`` otherwise.

    Parameters
    ----------
    phrases
        Passes that learn phrases, 0 for none. Each joins pairs of what the one before left, so that n passes
        find phrases of up to 2ⁿ words; the paper runs 2 to 4.
    phrase_min_count
        Pairs seen less often are no phrases (5).
    phrase_threshold
        Pairs with a greater score are phrases: a number for all passes, or a list with one for each, such as
        ``[200, 100]`` (``"paper"``: 100; ``"npmi"``: 0.5).
    phrase_scoring
        ``"paper"``: ``(count(ab) − δ) / (count(a)·count(b)) · tokens``, as the authors' word2phrase has
        it, or ``"npmi"``: pointwise mutual information divided by its greatest value, between −1 and 1.
    phrase_discount
        δ of ``"paper"``; ``phrase_min_count`` by default.
    phrase_delimiter
        Stands between the words of a phrase (``"_"``).
    known_phrases
        Phrases that are always joined, before any is learned: strings with blanks between the words, or
        sequences of words.

    Examples
    --------
    >>> PhraseConfig(phrases=2, phrase_threshold=[200, 100]).phrase_threshold
    (200.0, 100.0)
    >>> PhraseConfig(known_phrases=["new york"]).known_phrases
    (('new', 'york'),)
    """

    phrases: int = 0
    phrase_min_count: int = BY_OTHERS
    phrase_threshold: tuple[float, ...] = BY_OTHERS
    phrase_scoring: PhraseScoring = BY_OTHERS
    phrase_discount: float | None = None
    phrase_delimiter: str = BY_OTHERS
    known_phrases: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        check_integer("phrases", self.phrases, 0, 10)
        object.__setattr__(self, "known_phrases", _known_phrases(self.known_phrases))
        if self.phrases:
            self._settle_learning()
        else:
            self._refuse(
                ("phrase_min_count", "phrase_threshold", "phrase_scoring", "phrase_discount"),
                "phrases is 0, so that none is learned; set phrases to 1 or more",
            )
        if self:
            object.__setattr__(self, "phrase_delimiter", _delimiter(self.phrase_delimiter))
        else:
            self._refuse(("phrase_delimiter",), "phrases is 0 and there are no known_phrases; give either")

    def __bool__(self) -> bool:
        """Whether there is anything to join."""
        return self.phrases > 0 or bool(self.known_phrases)

    def _refuse(self, options: Sequence[str], why: str) -> None:
        for option in options:
            if (value := getattr(self, option)) is not None:
                raise ConfigError(f"{option} is {value!r}, but {why}, or leave {option} out.")

    def _settle_learning(self) -> None:
        for option, default in (("phrase_min_count", 5), ("phrase_scoring", "paper")):
            if getattr(self, option) is None:
                object.__setattr__(self, option, default)
        check_integer("phrase_min_count", self.phrase_min_count, 1)
        check_one_of("phrase_scoring", self.phrase_scoring, get_args(PhraseScoring))
        if self.phrase_scoring == "npmi":
            self._refuse(("phrase_discount",), "phrase_scoring 'npmi' has no δ; take phrase_scoring 'paper'")
        elif self.phrase_discount is None:
            object.__setattr__(self, "phrase_discount", float(self.phrase_min_count))
        else:
            check_finite("phrase_discount", self.phrase_discount, least=0)
        object.__setattr__(self, "phrase_threshold", self._thresholds())

    def _thresholds(self) -> tuple[float, ...]:
        given: Any = self.phrase_threshold
        if given is None:
            given = 100.0 if self.phrase_scoring == "paper" else 0.5
        if not isinstance(given, list | tuple):
            given = [given] * self.phrases
        if len(given) != self.phrases:
            raise ConfigError(
                f"phrase_threshold holds {len(given)} numbers, but phrases is {self.phrases}; "
                "give one number for each pass, or one for all."
            )
        npmi = self.phrase_scoring == "npmi"
        for value in given:
            check_finite("phrase_threshold", value)
            if not (-1 <= value <= 1 if npmi else value >= 0):
                bounds = "between -1 and 1" if npmi else "at least 0"
                raise ConfigError(
                    f"phrase_threshold is {value:g}, but with phrase_scoring {self.phrase_scoring!r} "
                    f"it must be {bounds}."
                )
        return tuple(float(value) for value in given)


def _delimiter(given: Any) -> str:
    if given is None:
        return "_"
    if not isinstance(given, str) or not given or any(character.isspace() for character in given):
        raise ConfigError(
            f"phrase_delimiter is {given!r}; it must be one or more characters, no white space."
        )
    return given


def _known_phrases(given: Any) -> tuple[tuple[str, ...], ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise ConfigError(f"known_phrases is {given!r}; give a list of phrases, such as ['new york'].")
    phrases = []
    for phrase in given:
        words = tuple(phrase.split()) if isinstance(phrase, str) else phrase
        if not isinstance(words, list | tuple) or not all(isinstance(w, str) and w for w in words):
            raise ConfigError(f"known_phrases holds {phrase!r}; a phrase is a string or a list of words.")
        if len(words) < 2:
            raise ConfigError(f"known_phrases holds {phrase!r}; a phrase has two words or more.")
        phrases.append(tuple(words))
    return tuple(dict.fromkeys(phrases))
