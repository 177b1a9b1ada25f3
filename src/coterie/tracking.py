"""Callbacks that write a training's reports where people look: a file, TensorBoard, Weights & Biases.

The last two need an extra: ``pip install 'coterie[tensorboard]'``, ``'coterie[wandb]'``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from coterie.errors import ConfigError, ResourceError
from coterie.training.callbacks import Callback, Training

__all__ = ["JsonLines", "TensorBoard", "WeightsAndBiases"]

# Where a training stands, not how it fares: the axis, and what is constant or follows from it.
_AXES = ("words", "epoch", "seconds")


class _Reports(Callback):
    """Hands on each report of a training once."""

    _told = 0

    def on_start(self, training: Training) -> None:
        self._told = len(training.metrics)  # those of before a training went on are written already

    def on_interval(self, training: Training) -> None:
        for report in training.metrics[self._told :]:
            self._write(report)
        self._told = len(training.metrics)

    on_epoch_end = on_end = on_interval

    def _write(self, report: dict[str, Any]) -> None:
        raise NotImplementedError


def _values(report: dict[str, Any]) -> dict[str, float]:
    """Return how the training fares, as far as it is known."""
    return {name: value for name, value in report.items() if name not in _AXES and value is not None}


class JsonLines(_Reports):
    """Writes each report as a line of JSON, as soon as it is known; a model's ``metrics.jsonl`` has the same.

    Parameters
    ----------
    path
        The file; it is begun anew, with the earlier reports of a training that goes on.

    Raises
    ------
    ResourceError
        It can't be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path

    def on_start(self, training: Training) -> None:
        """Begin the file with what is known: a training that goes on may have reported more once."""
        super().on_start(training)
        self._add("".join(json.dumps(report) + "\n" for report in training.metrics), "w")

    def _write(self, report: dict[str, Any]) -> None:
        self._add(json.dumps(report) + "\n", "a")

    def _add(self, text: str, mode: str) -> None:
        try:
            with Path(self._path).open(mode, encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise ResourceError(f"{os.fspath(self._path)} can't be written: {error.strerror}.") from error


class TensorBoard(_Reports):
    """Writes loss, learning rate, speed, validation loss and score as TensorBoard's scalars, by words.

    Parameters
    ----------
    folder
        For the event file; ``tensorboard --logdir FOLDER`` shows it.

    Raises
    ------
    ConfigError
        tensorboardX is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise ConfigError(
                "TensorBoard needs tensorboardX: pip install 'coterie[tensorboard]'."
            ) from error
        self._writer = SummaryWriter(os.fspath(folder))

    def _write(self, report: dict[str, Any]) -> None:
        for name, value in _values(report).items():
            self._writer.add_scalar(name, value, report["words"])

    def on_end(self, training: Training) -> None:
        """Write what is left, and close the file."""
        self.on_interval(training)
        self._writer.close()


class WeightsAndBiases(_Reports):
    """Logs loss, learning rate, speed, validation loss and score to a run of Weights & Biases.

    Whether it goes to their servers, to a file or nowhere is decided by ``mode`` (or by the environment's
    ``WANDB_MODE``): ``"online"``, ``"offline"`` or ``"disabled"``.

    Parameters
    ----------
    project
        The project's name.
    **options
        What ``wandb.init`` takes: ``mode``, ``name``, ``dir``, ``entity``, ``config`` …

    Raises
    ------
    ConfigError
        wandb is not installed.
    """

    def __init__(self, project: str, **options: Any) -> None:
        try:
            import wandb
        except ImportError as error:
            raise ConfigError(
                "Weights & Biases needs their package: pip install 'coterie[wandb]'."
            ) from error
        self._run = wandb.init(project=project, **options)

    def _write(self, report: dict[str, Any]) -> None:
        self._run.log({**_values(report), "epoch": report["epoch"]}, step=report["words"])

    def on_end(self, training: Training) -> None:
        """Write what is left, and finish the run."""
        self.on_interval(training)
        self._run.finish(exit_code=int(training.outcome == "failed"))
