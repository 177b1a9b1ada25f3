"""What the settings of a model tell of its other contents: its matrices, its learned numbers, its name.

Folders that were saved before there was a choice have no ``training.architecture``: they are Skip-gram.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coterie.config import TrainingConfig
from coterie.config.checks import is_finite
from coterie.errors import ConfigError, FormatError

__all__ = ["format_version_of", "log_normaliser_of", "matrix_rows", "method_of", "prediction_config"]

_ARCHITECTURES = {"skip_gram": "Skip-gram", "cbow": "CBOW"}
_OBJECTIVES = {
    "negative_sampling": "negative sampling",
    "nce": "noise-contrastive estimation",
    "hierarchical_softmax": "hierarchical softmax",
    "softmax": "the full softmax",
}


def _training(config: Mapping[str, Any], option: str) -> Any:
    training = config.get("training")
    return training.get(option) if isinstance(training, Mapping) else None


def _hierarchical(config: Mapping[str, Any]) -> bool:
    return config.get("objective") == "hierarchical_softmax"


def format_version_of(config: Mapping[str, Any]) -> int:
    """Return the lowest version of the folder's format that holds such a model.

    Version 1 has ``input_vectors`` and ``output_vectors``. A Coterie that knows only that one would miss
    ``node_vectors``, or lose them where it saves the model again.
    """
    return 2 if _hierarchical(config) else 1


def matrix_rows(config: Mapping[str, Any], words: int) -> dict[str, int]:
    """Return the names of the matrices that a model of these settings has, and their rows.

    Examples
    --------
    >>> matrix_rows({"objective": "nce"}, 10)
    {'input_vectors': 10, 'output_vectors': 10}
    >>> matrix_rows({"objective": "hierarchical_softmax", "training": {"negative": 0}}, 10)
    {'input_vectors': 10, 'node_vectors': 9}
    """
    rows = {"input_vectors": words}
    if not _hierarchical(config) or _training(config, "negative"):
        rows["output_vectors"] = words
    if _hierarchical(config):
        rows["node_vectors"] = max(0, words - 1)
    return rows


def log_normaliser_of(config: Mapping[str, Any], where: str) -> float | None:
    """Return what NCE learned as the logarithm of its partition function, or ``None`` if it did not.

    Raises
    ------
    FormatError
        It is there or not against the other settings, or no finite number; `where` starts the message.
    """
    value = config.get("log_normaliser")
    learned = config.get("objective") == "nce" and _training(config, "nce_partition") == "learned"
    if not learned:
        if value is not None:
            raise FormatError(f"{where}: log_normaliser is {value!r}, but this objective learns none.")
        return None
    if not is_finite(value):
        raise FormatError(
            f"{where}: log_normaliser is {value!r}; with nce_partition 'learned' it is a finite number."
        )
    return float(value)


def method_of(config: Mapping[str, Any]) -> str:
    """Return what the model was trained with, in words.

    Examples
    --------
    >>> method_of({"objective": "hierarchical_softmax", "training": {"architecture": "cbow", "negative": 5}})
    'CBOW with hierarchical softmax and negative sampling'
    """
    # Whoever made the model may have written anything there.
    architecture = str(_training(config, "architecture") or "skip_gram")
    named = _ARCHITECTURES.get(architecture, architecture)
    objective = config.get("objective")
    if objective is None:
        return f"{named} (objective not recorded)"
    both = " and negative sampling" if _hierarchical(config) and _training(config, "negative") else ""
    return f"{named} with {_OBJECTIVES.get(str(objective), str(objective).replace('_', ' '))}{both}"


def prediction_config(config: Mapping[str, Any]) -> TrainingConfig:
    """Return the settings that predictions of the output word depend on, the others at their defaults.

    Raises
    ------
    FormatError
        They are not recorded, or are none that Coterie has.
    """
    objective = config.get("objective")
    needed: dict[str, Any] = {"objective": objective}
    if objective == "negative_sampling":
        needed["ns_exponent"] = _training(config, "ns_exponent")
    for option, value in needed.items():
        if value is None:
            raise FormatError(f"the model's settings have no {option}, which predictions depend on.")
    try:
        return TrainingConfig(**needed)
    except ConfigError as error:
        raise FormatError(f"the model's settings can't be used for predictions: {error}") from error
