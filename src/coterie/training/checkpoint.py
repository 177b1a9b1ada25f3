"""Checkpoints: where a training stood, on disk, so that it goes on from there as if it had never stopped.

A checkpoint is a folder, named after the units of work that were done by then:

=======================  ==================================================================================
``weights.safetensors``  the learned arrays, as they are while they are trained
``state.json``           how far the training was, its losses and reports, what it was a training of; sizes
                         and CRC-32 of both files
=======================  ==================================================================================

It is written beside its place and renamed when it is on the disk, so that whoever looks, at any moment, finds
whole ones only; the last two are kept. The training waits while its arrays are handed to the system, which
takes about as long as copying them, and goes on while they come to the disk.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from zlib import crc32

import numpy as np

from coterie.errors import CoterieError, FormatError, ResourceError
from coterie.formats.safetensors import map_safetensors, write_safetensors
from coterie.kernels.allocate import aligned_matrix
from coterie.kernels.bfloat16 import as_floats
from coterie.objectives.weights import Weights

__all__ = ["Checkpoint", "Checkpoints", "TrainingState", "latest_checkpoint", "remove_checkpoints"]

FORMAT_VERSION = 1
_WEIGHTS, _STATE, _LOCK = "weights.safetensors", "state.json", "lock"
_PARTIAL = ".partial"
_KEPT = 2
_BLOCK = 1 << 22
# A training waits for at most this part of its time, however short the interval that was asked for.
_MOST_WAITING = 0.03


@dataclass(frozen=True)
class TrainingState:
    """Where a training stands between two units of work.

    Parameters
    ----------
    weights
        The learned arrays; ``output_vectors`` may be the bits of bfloat16.
    units, words
        What has been done, over all epochs.
    chunk
        Token positions of a unit: units are counted in these.
    seconds
        Of training, so far.
    losses
        What the meter of losses has gathered, JSON-ready.
    metrics
        The reports so far.
    """

    weights: Weights
    units: int
    words: int
    chunk: int
    seconds: float
    losses: dict[str, Any] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Checkpoint:
    """A state that was read, and what it is a training of: ``about`` is JSON as it was given."""

    state: TrainingState
    about: dict[str, Any]
    path: Path


class Checkpoints:
    """Writes the checkpoints of one training into a folder of its own.

    Parameters
    ----------
    place
        The folder; it is made when it is claimed.
    every, every_words
        Seconds, or words of training, between two; ``None`` for both: only what is asked for.
    tell
        Called with a message when a checkpoint can't be written; the training goes on.
    fresh
        Whether the training begins anew: what the folder has from another goes when the first checkpoint of
        this one is there.

    Attributes
    ----------
    about
        JSON-ready: what is kept with each checkpoint, for the training that goes on.
    """

    def __init__(
        self,
        place: str | os.PathLike[str],
        every: float | None,
        every_words: int | None,
        tell: Callable[[str], None],
        *,
        fresh: bool = True,
    ) -> None:
        self.place = Path(place)
        self.about: dict[str, Any] = {}
        self._every, self._every_words, self._tell = every, every_words, tell
        self._fresh, self._others = fresh, list[Path]()
        self._last, self._last_words = time.monotonic(), 0
        self._waited = 0.0
        self._writer: threading.Thread | None = None
        self._lock: int | None = None

    def due(self, words: int) -> bool:
        """Tell whether it is time for the next one, when so many words are done, and the last one is done."""
        if self._writer is not None and self._writer.is_alive():
            return False
        passed = time.monotonic() - self._last
        if passed < self._waited / _MOST_WAITING:
            return False
        by_time = self._every is not None and passed >= self._every
        return by_time or (self._every_words is not None and words - self._last_words >= self._every_words)

    def save(self, state: TrainingState, *, wait: bool = False) -> bool:
        """Write a checkpoint; return whether all went well so far.

        The state may change again when this returns. With ``wait`` the checkpoint is then on the disk.
        """
        self.wait()
        began = time.monotonic()
        try:
            partial = self._prepared(state.units)
            with (partial / _WEIGHTS).open("wb") as file:
                write_safetensors(file, _arrays(state.weights))
        except (OSError, CoterieError) as error:
            self._failed(error, state.units)
            return False
        finally:
            self._last, self._last_words = time.monotonic(), state.words
            self._waited = self._last - began
        told = {
            "format_version": FORMAT_VERSION,
            "units": state.units,
            "words": state.words,
            "chunk": state.chunk,
            "seconds": state.seconds,
            "losses": state.losses,
            "metrics": list(state.metrics),
            "about": self.about,
        }
        self._writer = threading.Thread(target=self._finish, args=(partial, told), name="coterie-checkpoint")
        self._writer.start()
        if wait:
            self.wait()
        return True

    def wait(self) -> None:
        """Wait until what has been handed over is on the disk."""
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    def close(self) -> None:
        """Wait, and let others write there; a folder without checkpoints goes."""
        self.wait()
        if self._lock is not None:
            if not _finished(self.place):
                remove_checkpoints(self.place)
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        self.claim()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def claim(self) -> None:
        """Make the folder this training's own.

        Raises
        ------
        ResourceError
            Another training writes there, or the system refuses.
        """
        if self._lock is not None:
            return
        try:
            self.place.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.place / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ResourceError(f"{self.place} can't be written: {error.strerror or error}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise ResourceError(
                f"{self.place} holds the checkpoints of a training that is running. Wait for it, or choose "
                "another place for this one's model."
            ) from None
        except OSError:
            pass  # a file system without locks: as well as can be
        self._lock = lock
        _sweep(self.place)
        if self._fresh and (others := _finished(self.place)):
            self._others = others
            self._tell(
                f"{self.place} holds checkpoints of a training that did not end; this one is another, and "
                "they go when its first checkpoint is written. To go on with them, stop and resume."
            )

    def _prepared(self, units: int) -> Path:
        """Return an empty folder for a checkpoint that is to come."""
        self.claim()
        partial = self.place / f"{units:015}{_PARTIAL}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        return partial

    def _finish(self, partial: Path, told: dict[str, Any]) -> None:
        """Bring a checkpoint to the disk and to its place; remove those before the last two."""
        try:
            weights = partial / _WEIGHTS
            _sync(weights)
            told["weights"] = {"bytes": weights.stat().st_size, "crc32": _checksum(weights)}
            text = json.dumps(told)
            (partial / _STATE).write_text(json.dumps({"crc32": crc32(text.encode()), "state": text}))
            _sync(partial / _STATE)
            _sync(partial)
            place = self.place / partial.name.removesuffix(_PARTIAL)
            shutil.rmtree(place, ignore_errors=True)  # the same units once more, after an interrupt
            partial.rename(place)
            _sync(self.place)
            others, self._others = self._others, []
            for old in (*(path for path in others if path != place), *_finished(self.place)[:-_KEPT]):
                shutil.rmtree(old, ignore_errors=True)
        except (OSError, ValueError) as error:
            self._failed(error, told["units"])

    def _failed(self, error: Exception, units: int) -> None:
        shutil.rmtree(self.place / f"{units:015}{_PARTIAL}", ignore_errors=True)
        why = getattr(error, "strerror", None) or str(error).rstrip(".")
        self._tell(
            f"{self.place}: no checkpoint could be written ({why}); the training goes on, and an earlier "
            "checkpoint is as it was."
        )


def remove_checkpoints(place: str | os.PathLike[str]) -> None:
    """Remove the checkpoints of a training that is done, and the folder if nothing else is in it."""
    place = Path(place)
    for path in _finished(place):
        shutil.rmtree(path, ignore_errors=True)
    _sweep(place)
    with contextlib.suppress(OSError):
        (place / _LOCK).unlink(missing_ok=True)
        place.rmdir()


def latest_checkpoint(place: str | os.PathLike[str], tell: Callable[[str], None]) -> Checkpoint:
    """Read the last whole checkpoint of a folder, its arrays into memory.

    Parameters
    ----------
    place
        The folder of a :class:`Checkpoints`.
    tell
        Called with what is wrong with a later one, if the one before it has to do.

    Raises
    ------
    FormatError
        There is no checkpoint, none that is whole, or a newer Coterie wrote it.
    """
    place = Path(place)
    found = _finished(place)
    if not found:
        raise FormatError(f"{place}: there is no checkpoint to go on from.")
    for path in reversed(found):
        try:
            return _read(path)
        except FormatError as error:
            damage = error
            tell(f"{damage} The checkpoint before it is taken, if there is one.")
    raise FormatError(f"{place}: none of its checkpoints is whole. {damage}")


def _read(path: Path) -> Checkpoint:
    try:
        kept = json.loads((path / _STATE).read_bytes())
        text = kept["state"]
        _require(kept["crc32"] == crc32(text.encode()), f"the checksum of {_STATE} is another")
        told = json.loads(text)
        version = told["format_version"]
        _require(
            version == FORMAT_VERSION,
            f"its format version is {version}, and this Coterie reads {FORMAT_VERSION}",
        )
        expected, file = told["weights"], path / _WEIGHTS
        whole = file.stat().st_size == expected["bytes"] and _checksum(file) == expected["crc32"]
        _require(whole, f"{_WEIGHTS} is damaged or cut short")
        state = TrainingState(
            _weights(map_safetensors(file)),
            *(told[name] for name in ("units", "words", "chunk", "seconds", "losses", "metrics")),
        )
        return Checkpoint(state, told["about"], path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, CoterieError) as error:
        raise FormatError(f"{path} is no whole checkpoint ({error}).") from error


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ValueError(otherwise)


def _arrays(weights: Weights) -> dict[str, Any]:
    """Return the arrays that are kept, rows with their padding: they are handed over as they lie."""
    arrays = dict(weights.matrices())
    if weights.log_normaliser is not None:
        arrays["log_normaliser"] = weights.log_normaliser
    return arrays


def _weights(arrays: Mapping[str, Any]) -> Weights:
    """Return copies of mapped arrays, as trainings take them: float32, aligned."""
    copies = {}
    for name, array in arrays.items():
        if name == "log_normaliser":
            copies[name] = np.array(array)
            continue
        copies[name] = aligned_matrix(*array.shape)
        rows = max(1, _BLOCK // max(1, array.shape[1]))
        for start in range(0, len(array), rows):
            block = array[start : start + rows]
            copies[name][start : start + rows] = as_floats(block) if block.dtype == np.uint16 else block
    return Weights(**copies)


def _finished(place: Path) -> list[Path]:
    """Return the checkpoints in a folder, the earliest first."""
    return sorted(path for path in place.glob("*") if path.name.isdecimal() and path.is_dir())


def _sweep(place: Path) -> None:
    """Remove what a writer that was killed has left."""
    for left in place.glob(f"*{_PARTIAL}"):
        shutil.rmtree(left, ignore_errors=True)


def _checksum(file: Path) -> int:
    value = 0
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            value = crc32(block, value)
    return value


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
