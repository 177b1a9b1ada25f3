"""How vectors are trained; options that depend on each other are settled here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from coterie.config.checks import BY_OTHERS, Config, check_finite, check_integer, check_one_of
from coterie.errors import ConfigError

__all__ = [
    "Architecture",
    "CbowGradient",
    "Collisions",
    "Kernel",
    "NcePartition",
    "NegativeSharing",
    "ObjectiveName",
    "OutputDtype",
    "Subsampling",
    "TrainingConfig",
]

ObjectiveName = Literal["negative_sampling", "nce", "hierarchical_softmax", "softmax"]
Architecture = Literal["skip_gram", "cbow"]
Collisions = Literal["skip", "keep"]
NegativeSharing = Literal["window", "pair"]
Subsampling = Literal["word2vec", "paper"]
OutputDtype = Literal["float32", "bfloat16"]
NcePartition = Literal["learned", "one"]
CbowGradient = Literal["mean", "word2vec"]
Kernel = Literal["auto", "simd", "plain"]


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(Config):
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
    output_dtype
        How ``output_vectors`` are kept while they are trained: ``"float32"``, or ``"bfloat16"``, rounded
        stochastically, which takes less time and memory where the vocabulary is large; they end as float32.
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
    deterministic
        Train in batches of blocks that all threads share, so that the same seed gives the same bits with any
        number of workers. Takes a third to a half more time with one, and up to twice the time with several.
    validation
        The part of the sentences, below 1, that is held out of the training, by a hash of their words, and
        on which the loss is measured.
    validation_every
        Epochs between two such measurements; 0.25: four in each.
    early_stopping
        End the training when so many measurements in turn were no better than the best one; ``None``: never.
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
    negative: int = BY_OTHERS
    ns_exponent: float | None = None
    collisions: Collisions | None = None
    negative_sharing: NegativeSharing | None = None
    output_dtype: OutputDtype | None = None
    nce_partition: NcePartition | None = None
    cbow_gradient: CbowGradient | None = None
    sample: float = 1e-3
    subsampling: Subsampling = "word2vec"
    alpha: float = BY_OTHERS
    min_alpha: float = 0.0001
    epochs: int = 5
    workers: int | None = None
    seed: int = 1
    deterministic: bool = False
    validation: float = 0.0
    validation_every: float = 1.0
    early_stopping: int | None = None
    kernel: Kernel = "auto"

    def __post_init__(self) -> None:
        check_one_of("objective", self.objective, get_args(ObjectiveName))
        check_one_of("architecture", self.architecture, get_args(Architecture))
        check_integer("vector_size", self.vector_size, 1, 65_536)
        check_integer("window", self.window, 1, 10_000)
        self._settle_negatives()
        self._settle_architecture()
        self._settle("nce_partition", "learned" if self.objective == "nce" else None)
        if self.nce_partition is not None:
            check_one_of("nce_partition", self.nce_partition, get_args(NcePartition))
        check_finite("sample", self.sample, least=0)
        check_one_of("subsampling", self.subsampling, get_args(Subsampling))
        check_finite("alpha", self.alpha, above=0)
        check_finite("min_alpha", self.min_alpha, least=0)
        if self.min_alpha > self.alpha:
            raise ConfigError(
                f"min_alpha is {self.min_alpha:g}, above alpha ({self.alpha:g}); the rate falls to it."
            )
        check_integer("epochs", self.epochs, 1)
        if self.workers is not None:
            check_integer("workers", self.workers, 1)
        check_integer("seed", self.seed, 0, 2**63 - 1)
        self._check_validation()
        check_one_of("kernel", self.kernel, get_args(Kernel))
        if self.objective == "softmax" and self.kernel != "auto":
            raise ConfigError(
                f"kernel is {self.kernel!r}, but objective 'softmax' runs on the BLAS; leave kernel out."
            )

    def _check_validation(self) -> None:
        check_finite("validation", self.validation, least=0)
        if self.validation >= 1:
            raise ConfigError(
                f"validation is {self.validation:g}; it is the part of the sentences that is not trained, "
                "such as 0.001."
            )
        check_finite("validation_every", self.validation_every, above=0)
        if self.early_stopping is not None:
            check_integer("early_stopping", self.early_stopping, 1)

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
            check_integer("negative", self.negative, 0 if hierarchical else 1, 10_000)
        some = self.negative > 0
        why = f"objective {self.objective!r}" + (
            " with negative 0" if self.objective == "hierarchical_softmax" else ""
        )
        self._settle("ns_exponent", 0.75 if some else None, why)
        if self.ns_exponent is not None:
            check_finite("ns_exponent", self.ns_exponent)
        if self.objective == "nce" and self.collisions == "skip":
            raise ConfigError(
                "collisions is 'skip', but objective 'nce' needs all its noise words, the positive one too; "
                "leave collisions out."
            )
        self._settle("collisions", ("keep" if self.objective == "nce" else "skip") if some else None, why)
        if self.collisions is not None:
            check_one_of("collisions", self.collisions, get_args(Collisions))
        self._settle("output_dtype", "float32" if some else None, why)
        if self.output_dtype is not None:
            check_one_of("output_dtype", self.output_dtype, get_args(OutputDtype))

    def _settle_architecture(self) -> None:
        cbow = self.architecture == "cbow"
        if cbow:
            why = "architecture 'cbow', which has one example a window,"
        else:
            why = f"objective {self.objective!r}" + (" with negative 0" if self.negative == 0 else "")
        self._settle("negative_sharing", "window" if self.negative > 0 and not cbow else None, why)
        if self.negative_sharing is not None:
            check_one_of("negative_sharing", self.negative_sharing, get_args(NegativeSharing))
        self._settle("cbow_gradient", "mean" if cbow else None, "architecture 'skip_gram'")
        if self.cbow_gradient is not None:
            check_one_of("cbow_gradient", self.cbow_gradient, get_args(CbowGradient))
        self._settle("alpha", 0.075 if self.cbow_gradient == "mean" else 0.025)
