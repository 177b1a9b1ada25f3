"""The disk that a training needs for its model, its checkpoints and its matrices, checked beforehand."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from coterie.config import TrainingConfig
from coterie.corpus.disk import shown_size
from coterie.errors import ResourceError
from coterie.kernels.allocate import padded_columns
from coterie.training.resources import matrices_size

__all__ = ["Places", "check_disk", "checkpoint_size", "model_size"]

# Checkpoints that are kept: the one that was being written is there or gone when the model is saved.
_KEPT = 2
# A word and its count in vocabulary.parquet.
_WORD_BYTES = 24


class Places(NamedTuple):
    """Where a training writes; ``None``: nowhere, or it is not known.

    There are up to ``most`` checkpoints at once: two that are kept and one that is being written.
    """

    output: str | os.PathLike[str] | None = None
    checkpoints: str | os.PathLike[str] | None = None
    matrices: str | os.PathLike[str] | None = None
    most: int = 3


class _Need(NamedTuple):
    """Bytes of a place while training, and while the model is saved."""

    place: Path
    training: int
    saving: int
    what: str

    @property
    def told(self) -> str:
        return f"{self.what} about {shown_size(max(self.training, self.saving))}"


def model_size(words: int, config: TrainingConfig) -> int:
    """Return the bytes of a model's folder, about: float32 rows without padding, and the vocabulary.

    Examples
    --------
    >>> model_size(1_000_000, TrainingConfig(vector_size=100)) / 1e6
    824.0
    """
    return words * (4 * len(config.matrices) * config.vector_size + _WORD_BYTES)


def checkpoint_size(words: int, config: TrainingConfig) -> int:
    """Return the bytes of a checkpoint: the matrices as they are while they are trained.

    Examples
    --------
    >>> checkpoint_size(1_000_000, TrainingConfig(vector_size=100, output_dtype="bfloat16")) / 1e6
    672.0
    """
    narrow = config.output_dtype == "bfloat16" and "output_vectors" in config.matrices
    return matrices_size(words, config) - narrow * 2 * words * padded_columns(config.vector_size)


def check_disk(words: int, config: TrainingConfig, places: Places) -> str | None:
    """Return one line on the disk that training and saving take; ``None`` where nothing is to be written.

    Raises
    ------
    ResourceError
        A file system has less room.
    """
    needs = _needs(words, config, places)
    together: defaultdict[int, list[_Need]] = defaultdict(list)
    for need in needs:
        together[_device(_existing(need.place))].append(need)
    free = {}
    for device, some in together.items():
        folder = _existing(some[0].place)
        free[device] = shutil.disk_usage(folder).free
        needed = max(sum(need.training for need in some), sum(need.saving for need in some))
        if needed > free[device]:
            parts = ", ".join(need.told for need in some)
            raise ResourceError(
                f"not enough disk in {folder}: {parts}; {shown_size(free[device])} are free. "
                "Keep fewer words (max_vocab_size, or a higher min_count), lower vector_size, free some, or "
                f"write to another disk.{_without(some)}"
            )
    if not needs:
        return None
    told = ", ".join(need.told for need in needs)
    return f"on disk {told}, of {' and '.join(map(shown_size, free.values()))} that are free"


def _needs(words: int, config: TrainingConfig, places: Places) -> list[_Need]:
    needs = []
    if places.output is not None:
        needs.append(_Need(Path(places.output), 0, model_size(words, config), "the model takes"))
    if places.checkpoints is not None:
        folder = Path(places.checkpoints)
        there = sum(path.stat().st_size for path in folder.glob("checkpoint-*/*") if path.is_file())
        one = checkpoint_size(words, config)
        training, saving = (max(0, count * one - there) for count in (places.most, min(places.most, _KEPT)))
        needs.append(_Need(folder, training, saving, "checkpoints take up to"))
    if places.matrices is not None:
        size = matrices_size(words, config)
        needs.append(_Need(Path(places.matrices), size, size, "the matrices take"))
    return needs


def _without(needs: list[_Need]) -> str:
    """Say that it goes without checkpoints, where these are among what lacks room."""
    if not any(need.what.startswith("checkpoints") for need in needs):
        return ""
    return " Without checkpoints (--checkpoint-every off) less is needed, but nothing is left of a crash."


def _device(folder: Path) -> int:
    return folder.stat().st_dev


def _existing(path: Path) -> Path:
    """Return the folder in which a path is, or the nearest above that there is."""
    path = Path(os.path.realpath(path))
    return next(folder for folder in (path, *path.parents) if folder.is_dir())
