"""Settings as frozen dataclasses, checked once where they are made; nothing else validates.

An option is named in an error as the user wrote it in Python (``min_count``); the command line's
spelling is the same with dashes (``--min-count``).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from coterie.errors import ConfigError

__all__ = [
    "Architecture",
    "CbowGradient",
    "Collisions",
    "CorpusConfig",
    "Kernel",
    "NcePartition",
    "NegativeSharing",
    "ObjectiveName",
    "PhraseConfig",
    "PhraseScoring",
    "Subsampling",
    "TrainingConfig",
    "VocabularyConfig",
]

Lowercase = Literal["unicode", "turkish", "none"]
EncodingErrors = Literal["strict", "replace", "ignore"]
ObjectiveName = Literal["negative_sampling", "nce", "hierarchical_softmax", "softmax"]
Architecture = Literal["skip_gram", "cbow"]
Collisions = Literal["skip", "keep"]
NegativeSharing = Literal["window", "pair"]
Subsampling = Literal["word2vec", "paper"]
NcePartition = Literal["learned", "one"]
CbowGradient = Literal["mean", "word2vec"]
PhraseScoring = Literal["paper", "npmi"]
Kernel = Literal["auto", "simd", "plain"]

# Stands as the default where the real one depends on another option; replaced when the object is made.
_BY_OTHERS: Any = None


def _one_of(option: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ConfigError(f"{option} is {value!r}; choose one of {', '.join(choices)}.")


def _integer(option: str, value: object, least: int, most: int | None = None) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{option} is {value!r}; it must be a whole number.")
    if value < least or (most is not None and value > most):
        bound = f"at least {least}" if most is None else f"between {least} and {most}"
        raise ConfigError(f"{option} is {value}; it must be {bound}.")


def _finite(option: str, value: object, least: float = -math.inf, above: float = -math.inf) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(f"{option} is {value!r}; it must be a finite number.")
    if value < least:
        raise ConfigError(f"{option} is {value}; it must be at least {least:g}.")
    if value <= above:
        raise ConfigError(f"{option} is {value}; it must be above {above:g}.")


class _Config:
    """What all settings share: a plain dictionary for config.json."""

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values, in the order they are declared."""
        return dataclasses.asdict(self)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True, kw_only=True)
class CorpusConfig(_Config):
    """How text becomes sentences of tokens.

    Parameters
    ----------
    tokenizer
        ``"words"`` or ``"whitespace"``; a Python callable is passed beside this object, and its
        name stands here.
    lowercase
        Lower-casing before tokenisation: ``"unicode"``, ``"turkish"`` (I → ı, İ → i) or ``"none"``.
        ``None`` takes the tokenizer's own default: ``"unicode"`` for ``words``, ``"none"`` otherwise.
    text_field
        The field or column that holds the text in JSONL, CSV, TSV, Parquet and Arrow.
    encoding_errors
        What to do with bytes that are not UTF-8.
    """

    tokenizer: str = "words"
    lowercase: Lowercase | None = None
    text_field: str = "text"
    encoding_errors: EncodingErrors = "strict"

    def __post_init__(self) -> None:
        if not isinstance(self.tokenizer, str) or not self.tokenizer:
            raise ConfigError(
                f"tokenizer is {self.tokenizer!r}; name one (words, whitespace) or pass a callable."
            )
        if self.lowercase is not None:
            _one_of("lowercase", self.lowercase, get_args(Lowercase))
        if not self.text_field:
            raise ConfigError("text_field is empty; name the field that holds the text.")
        _one_of("encoding_errors", self.encoding_errors, get_args(EncodingErrors))


@dataclass(frozen=True, kw_only=True)
class VocabularyConfig(_Config):
    """Which words are kept.

    Parameters
    ----------
    min_count
        Words seen less often are dropped.
    max_vocab_size
        At most this many words are kept, the most frequent first; ``None`` keeps all.
    words
        An explicit vocabulary: only these are kept, whatever their count (those the text lacks are
        left out, with a warning).
    keep_words
        Words that are kept whatever their count, beside what ``min_count`` and ``max_vocab_size`` keep.
    """

    min_count: int = 5
    max_vocab_size: int | None = None
    words: tuple[str, ...] | None = None
    keep_words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _integer("min_count", self.min_count, 1)
        if self.max_vocab_size is not None:
            _integer("max_vocab_size", self.max_vocab_size, 1)
        for option in ("words", "keep_words"):
            value = getattr(self, option)
            if isinstance(value, str):
                raise ConfigError(f"{option} is the string {value!r}; give a list of words.")
            if value is not None:
                object.__setattr__(self, option, tuple(value))
                bad = next((w for w in value if not isinstance(w, str) or not w), None)
                if bad is not None:
                    raise ConfigError(f"{option} holds {bad!r}; every entry must be a word.")
        if self.words is not None and not self.words:
            raise ConfigError("words is empty; name at least one word or leave it out.")


@dataclass(frozen=True, kw_only=True)
class PhraseConfig(_Config):
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
    phrase_min_count: int = _BY_OTHERS
    phrase_threshold: tuple[float, ...] = _BY_OTHERS
    phrase_scoring: PhraseScoring = _BY_OTHERS
    phrase_discount: float | None = None
    phrase_delimiter: str = _BY_OTHERS
    known_phrases: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        _integer("phrases", self.phrases, 0, 10)
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
        _integer("phrase_min_count", self.phrase_min_count, 1)
        _one_of("phrase_scoring", self.phrase_scoring, get_args(PhraseScoring))
        if self.phrase_scoring == "npmi":
            self._refuse(("phrase_discount",), "phrase_scoring 'npmi' has no δ; take phrase_scoring 'paper'")
        elif self.phrase_discount is None:
            object.__setattr__(self, "phrase_discount", float(self.phrase_min_count))
        else:
            _finite("phrase_discount", self.phrase_discount, least=0)
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
            _finite("phrase_threshold", value)
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


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(_Config):
    """How vectors are trained (arXiv 1310.4546); names are gensim's where it has one.

    An option that the objective or the architecture does not have is an error when it is given, and ``None``
    (``negative``: 0) otherwise; those with a default of their own there say which.

    Parameters
    ----------
    objective
        The loss of an example: ``"negative_sampling"``, ``"nce"`` (noise-contrastive estimation),
        ``"hierarchical_softmax"`` or ``"softmax"`` (the full one).
    architecture
        ``"skip_gram"``: each word of a window is an input and predicts the centre; ``"cbow"``: their mean
        does.
    vector_size
        D, the length of a vector.
    window
        The greatest distance between centre and context word, in words after subsampling.
    shrink_windows
        Draw each centre's radius uniformly from 1 … ``window`` (word2vec), or always use ``window``.
    negative
        k, the negatives drawn for a window (or pair, see ``negative_sharing``): 5, but 0 with
        ``"hierarchical_softmax"``, where more than 0 trains negative sampling beside it.
    ns_exponent
        The noise distribution is ``count ** ns_exponent``, normalised; any finite number (0.75).
    collisions
        A negative that equals the positive word is skipped (``"skip"``: the released word2vec) or kept
        (``"keep"``: what NCE needs, always).
    negative_sharing
        ``"window"``: the pairs of a Skip-gram window share one draw of negatives (arXiv 1604.04661);
        ``"pair"``: every pair draws its own.
    nce_partition
        NCE's partition function: ``"learned"``, a log-normaliser that starts at log V, or fixed at ``"one"``.
    cbow_gradient
        How the gradient of the mean reaches its words: ``"mean"``, divided by their number as the derivative
        has it (arXiv 2012.15332), or ``"word2vec"``, whole to each.
    sample
        Subsampling threshold t for frequent words; 0 turns it off.
    subsampling
        With ``f`` the word's relative frequency, keep with probability ``sqrt(t/f) + t/f``
        (``"word2vec"``, the released program) or ``sqrt(t/f)`` (``"paper"``).
    alpha, min_alpha
        The learning rate falls linearly from ``alpha`` (0.025; CBOW with the gradient of the mean 0.075) to
        ``min_alpha`` over the planned work.
    epochs
        Passes over the corpus.
    workers
        Threads; ``None`` takes one per available core.
    seed
        Of all randomness. With one worker the same seed gives the same bits on the same machine.
    kernel
        ``"simd"`` (LLVM vector intrinsics), ``"plain"`` Numba, or ``"auto"``: what the CPU can run. The full
        softmax runs on the BLAS.

    Examples
    --------
    >>> TrainingConfig().negative, TrainingConfig(objective="hierarchical_softmax").negative
    (5, 0)
    """

    objective: ObjectiveName = "negative_sampling"
    architecture: Architecture = "skip_gram"
    vector_size: int = 100
    window: int = 5
    shrink_windows: bool = True
    negative: int = _BY_OTHERS
    ns_exponent: float | None = None
    collisions: Collisions | None = None
    negative_sharing: NegativeSharing | None = None
    nce_partition: NcePartition | None = None
    cbow_gradient: CbowGradient | None = None
    sample: float = 1e-3
    subsampling: Subsampling = "word2vec"
    alpha: float = _BY_OTHERS
    min_alpha: float = 0.0001
    epochs: int = 5
    workers: int | None = None
    seed: int = 1
    kernel: Kernel = "auto"

    def __post_init__(self) -> None:
        _one_of("objective", self.objective, get_args(ObjectiveName))
        _one_of("architecture", self.architecture, get_args(Architecture))
        _integer("vector_size", self.vector_size, 1, 65_536)
        _integer("window", self.window, 1, 10_000)
        self._settle_negatives()
        self._settle_architecture()
        self._settle("nce_partition", "learned" if self.objective == "nce" else None)
        if self.nce_partition is not None:
            _one_of("nce_partition", self.nce_partition, get_args(NcePartition))
        _finite("sample", self.sample, least=0)
        _one_of("subsampling", self.subsampling, get_args(Subsampling))
        _finite("alpha", self.alpha, above=0)
        _finite("min_alpha", self.min_alpha, least=0)
        if self.min_alpha > self.alpha:
            raise ConfigError(
                f"min_alpha is {self.min_alpha:g}, above alpha ({self.alpha:g}); the rate falls to it."
            )
        _integer("epochs", self.epochs, 1)
        if self.workers is not None:
            _integer("workers", self.workers, 1)
        _integer("seed", self.seed, 0, 2**63 - 1)
        _one_of("kernel", self.kernel, get_args(Kernel))
        if self.objective == "softmax" and self.kernel != "auto":
            raise ConfigError(
                f"kernel is {self.kernel!r}, but objective 'softmax' runs on the BLAS; leave kernel out."
            )

    @property
    def matrices(self) -> tuple[str, ...]:
        """The names of the matrices that are trained, see ``objectives.weights.Weights``."""
        hierarchical = self.objective == "hierarchical_softmax"
        return (
            "input_vectors",
            *(["output_vectors"] if self.negative or not hierarchical else []),
            *(["node_vectors"] if hierarchical else []),
        )

    def _settle(self, option: str, default: object, why: str = "") -> None:
        """Give an option that is unset its default here; ``None``: there is no such option here."""
        value = getattr(self, option)
        if value is not None and default is None:
            why = why or f"objective {self.objective!r}"
            raise ConfigError(f"{option} is {value!r}, but {why} has no such option; leave {option} out.")
        if value is None:
            object.__setattr__(self, option, default)

    def _settle_negatives(self) -> None:
        if self.objective == "softmax":
            if self.negative != 0:
                self._settle("negative", None)
            object.__setattr__(self, "negative", 0)
        else:
            hierarchical = self.objective == "hierarchical_softmax"
            self._settle("negative", 0 if hierarchical else 5)
            _integer("negative", self.negative, 0 if hierarchical else 1, 10_000)
        some = self.negative > 0
        why = f"objective {self.objective!r}" + (
            " with negative 0" if self.objective == "hierarchical_softmax" else ""
        )
        self._settle("ns_exponent", 0.75 if some else None, why)
        if self.ns_exponent is not None:
            _finite("ns_exponent", self.ns_exponent)
        if self.objective == "nce" and self.collisions == "skip":
            raise ConfigError(
                "collisions is 'skip', but objective 'nce' needs all its noise words, the positive one too; "
                "leave collisions out."
            )
        self._settle("collisions", ("keep" if self.objective == "nce" else "skip") if some else None, why)
        if self.collisions is not None:
            _one_of("collisions", self.collisions, get_args(Collisions))

    def _settle_architecture(self) -> None:
        cbow = self.architecture == "cbow"
        if cbow:
            why = "architecture 'cbow', which has one example a window,"
        else:
            why = f"objective {self.objective!r}" + (" with negative 0" if self.negative == 0 else "")
        self._settle("negative_sharing", "window" if self.negative > 0 and not cbow else None, why)
        if self.negative_sharing is not None:
            _one_of("negative_sharing", self.negative_sharing, get_args(NegativeSharing))
        self._settle("cbow_gradient", "mean" if cbow else None, "architecture 'skip_gram'")
        if self.cbow_gradient is not None:
            _one_of("cbow_gradient", self.cbow_gradient, get_args(CbowGradient))
        self._settle("alpha", 0.075 if self.cbow_gradient == "mean" else 0.025)
