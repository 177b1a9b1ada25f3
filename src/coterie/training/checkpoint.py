"""Checkpoints: where a training stood, on disk, so that it goes on from there as if it had never stopped.

A checkpoint is a folder, named after the run that it is of and the units of work that were done by then:

=======================  ==================================================================================
``weights.safetensors``  the learned arrays, as they are while they are trained
``state.json``           how far the training was, its losses and reports, what it was a training of; sizes
                         and CRC-32 of both files
=======================  ==================================================================================

It is written beside its place and renamed when it is on the disk, so that whoever looks, at any moment, finds
whole ones only; the last two of a run are kept. The training waits while its arrays are handed to the system,
which takes about as long as copying them, and goes on while they come to the disk.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from zlib import crc32

import numpy as np

from coterie.errors import ConfigError, FormatError, ResourceError
from coterie.formats.json_text import parse_json
from coterie.formats.replacing import sync
from coterie.formats.safetensors import map_safetensors, write_safetensors
from coterie.kernels.allocate import aligned_matrix, padded_columns
from coterie.kernels.bfloat16 import as_floats
from coterie.objectives.weights import Weights
from coterie.training.means import Allocate

__all__ = ["Checkpoint", "Checkpoints", "TrainingState", "latest_checkpoint", "remove_finished"]

FORMAT_VERSION = 1
_WEIGHTS, _STATE, _LOCK, _DONE = "weights.safetensors", "state.json", "checkpoints.lock", "finished"
# The run's number, a time of the clock, and the units: sorted by name the last one is the latest.
_NAME = re.compile(r"checkpoint-(\d{20})-\d{15}")
_PARTIAL = ".partial"
_KEPT = 2
_MARGIN = 3  # a training may take as many times as long as is expected
_BLOCK = 1 << 22
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
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
    halted
        Units that were done at the last halt, an end of an epoch or an evaluation, that is left behind.
    """

    weights: Weights
    units: int
    words: int
    chunk: int
    seconds: float
    losses: dict[str, Any] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    halted: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint on the disk, with what it is of: ``about`` is JSON as it was given."""

    path: Path
    run: int
    about: dict[str, Any]
    progress: dict[str, Any]

    def state(self, allocate: Allocate = aligned_matrix) -> TrainingState:
        """Return the state, its matrices where `allocate` makes them.

        Raises
        ------
        FormatError
            The arrays are none that a training could have kept.
        """
        file = self.path / _WEIGHTS
        return TrainingState(_weights(file, map_safetensors(file), allocate), **self.progress)


class Checkpoints:
    """Writes the checkpoints of one training into a folder; a context manager that has the folder to itself.

    Parameters
    ----------
    place
        The folder; it is made if need be, and goes again if no checkpoint is in it.
    every, every_words
        Seconds, or words of training, between two; ``None`` for both: only what is asked for.
    tell
        Called with a message when a checkpoint can't be written; the training goes on. It may be called in
        another thread.

    Attributes
    ----------
    about
        JSON-ready: what is kept with each checkpoint, for the training that goes on.
    run
        The number of the run that checkpoints are of; that of an earlier one, if it goes on.
    """

    def __init__(
        self,
        place: str | os.PathLike[str],
        every: float | None,
        every_words: int | None,
        tell: Callable[[str], None],
    ) -> None:
        self.place = Path(place)
        self.about: dict[str, Any] = {}
        self.run = time.time_ns()
        self._every, self._every_words, self._tell = every, every_words, tell
        self._last, self._last_words, self._last_units = time.monotonic(), 0, -1
        self._waited = 0.0
        self._writer: threading.Thread | None = None
        self._lock: int | None = None
        self._made = False

    def most(self, seconds: float, words: int) -> int:
        """Return how many checkpoints there may be at once in a training of about so many seconds, and words.

        Two are kept and one is being written, but a short training has one only: when it is ended early.
        """
        by_time = 0.0 if self._every is None else _MARGIN * seconds / self._every
        by_words = 0.0 if self._every_words is None else words / self._every_words
        return min(_KEPT + 1, 1 + int(by_time + by_words))

    def begin(self) -> None:
        """Tell that the training begins: intervals count from now."""
        self._last = time.monotonic()

    def due(self, words: int) -> bool:
        """Tell whether it is time for the next one, when so many words are done, and the last one is done."""
        if self._writer is not None and self._writer.is_alive():
            return False
        passed = time.monotonic() - self._last
        if passed < self._waited / _MOST_WAITING:
            return False
        by_time = self._every is not None and passed >= self._every
        return by_time or (self._every_words is not None and words - self._last_words >= self._every_words)

    def save(self, state: TrainingState, since: float | None = None, *, wait: bool = False) -> None:
        """Write a checkpoint, unless there is one of this state.

        The state may change again when this returns; the training has waited ``since`` this time of
        :func:`time.monotonic`, or since now. With ``wait`` the checkpoint is on the disk when this returns.
        """
        self.wait()
        if state.units == self._last_units:
            return
        began = time.monotonic() if since is None else since
        try:
            partial = self._handed_over(state)
        except OSError as error:
            self._failed(error, self._name(state.units))
            return
        finally:
            self._last, self._last_words = time.monotonic(), state.words
            self._waited = self._last - began
        names = ("units", "words", "chunk", "seconds", "losses", "metrics", "halted")
        progress = {name: getattr(state, name) for name in names}
        told = {
            "format_version": FORMAT_VERSION,
            "progress": {**progress, "metrics": list(state.metrics)},
            "about": self.about,
        }
        writer = threading.Thread(target=self._finish, args=(partial, told), name="coterie-checkpoint")
        writer.start()
        self._writer = writer
        if wait:
            self.wait()

    def wait(self) -> None:
        """Wait until what has been handed over is on the disk."""
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    def finish(self) -> None:
        """Tell that the training has come to its end: its checkpoints may go."""
        self.wait()
        with contextlib.suppress(OSError):
            if _finished(self.place):
                (self.place / _DONE).touch()

    def go_on(self, checkpoint: Checkpoint) -> None:
        """Tell that the training goes on from a checkpoint of the folder."""
        self.run, self._last_units = checkpoint.run, checkpoint.progress["units"]
        with contextlib.suppress(OSError):
            (self.place / _DONE).unlink(missing_ok=True)

    def refuse_others(self) -> None:
        """Refuse to begin anew where a training has not come to its end; remove one that has.

        Raises
        ------
        ConfigError
            With what to do.
        """
        if not (others := _finished(self.place)):
            return
        if not (self.place / _DONE).exists():
            raise ConfigError(
                f"{self.place} holds checkpoints of a training that did not end. Go on with it "
                f"(coterie train --resume MODEL, coterie.resume), or remove the folder to train anew."
            )
        for path in others:
            shutil.rmtree(path, ignore_errors=True)
        (self.place / _DONE).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Make the folder this training's own.

        Raises
        ------
        ResourceError
            Another training writes there, or the system refuses.
        """
        try:
            if not self.place.is_dir():
                self.place.mkdir(parents=True)
                self._made = True
            self._lock = _locked(self.place)
            _sweep(self.place)
        except BaseException as error:
            self.__exit__()
            if isinstance(error, OSError) and not isinstance(error, ResourceError):
                raise ResourceError(f"{self.place} can't be written: {error.strerror or error}.") from error
            raise
        return self

    def __exit__(self, *error: object) -> None:
        """Wait, and let others write there."""
        try:
            self.wait()
        finally:
            if self._lock is not None:
                if not _finished(self.place):
                    _remove_traces(self.place, folder=self._made)
                os.close(self._lock)
                self._lock = None

    def _name(self, units: int) -> str:
        return f"checkpoint-{self.run:020}-{units:015}"

    def _handed_over(self, state: TrainingState) -> Path:
        """Write the arrays of a checkpoint that is to come; on a full disk, in the place of the older one."""
        partial = self.place / (self._name(state.units) + _PARTIAL)
        for again in (False, True):
            shutil.rmtree(partial, ignore_errors=True)
            try:
                partial.mkdir()
                with (partial / _WEIGHTS).open("wb") as file:
                    write_safetensors(file, _arrays(state.weights))
            except OSError as error:
                older = _finished(self.place)[:-1]
                if again or error.errno not in _FULL or not older:
                    raise
                shutil.rmtree(older[0], ignore_errors=True)
            else:
                break
        return partial

    def _finish(self, partial: Path, told: dict[str, Any]) -> None:
        """Bring a checkpoint to the disk and to its place; remove those before the last two."""
        try:
            weights = partial / _WEIGHTS
            sync(weights)
            told["weights"] = {"bytes": weights.stat().st_size, "crc32": _checksum(weights)}
            text = json.dumps(told)
            (partial / _STATE).write_text(json.dumps({"crc32": crc32(text.encode()), "state": text}))
            sync(partial / _STATE)
            sync(partial)
            place = partial.with_name(partial.name.removesuffix(_PARTIAL))
            shutil.rmtree(place, ignore_errors=True)  # one that was found damaged
            partial.rename(place)
            sync(self.place)
            self._last_units = told["progress"]["units"]
            for old in _finished(self.place)[:-_KEPT]:
                shutil.rmtree(old, ignore_errors=True)
        except (OSError, ValueError) as error:
            self._failed(error, partial.name.removesuffix(_PARTIAL))

    def _failed(self, error: Exception, name: str) -> None:
        shutil.rmtree(self.place / (name + _PARTIAL), ignore_errors=True)
        why = getattr(error, "strerror", None) or str(error).rstrip(".")
        kept = "; an earlier one is as it was" if _finished(self.place) else ""
        self._tell(f"{self.place}: a checkpoint could not be written ({why}){kept}")


def latest_checkpoint(place: str | os.PathLike[str], tell: Callable[[str], None]) -> Checkpoint:
    """Find the last whole checkpoint of a folder; its checksums are compared, its arrays not yet loaded.

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
    ResourceError
        The system refuses to read one.
    """
    place = Path(place)
    found = _finished(place)
    if not found:
        raise FormatError(f"{place}: there is no checkpoint to go on from.")
    for path in reversed(found):
        try:
            return _checked(path)
        except _DamagedError as error:
            damage = error
            tell(f"{damage} The checkpoint before it is taken, if there is one.")
    raise FormatError(f"{place}: none of its checkpoints is whole. {damage}")


class _DamagedError(FormatError):
    """A checkpoint that an earlier one may stand in for."""


def _checked(path: Path) -> Checkpoint:
    try:
        _require((path / _STATE).is_file(), f"{_STATE} is missing, or no regular file")
        kept = parse_json((path / _STATE).read_bytes())
        text = kept["state"]
        _require(kept["crc32"] == crc32(text.encode()), f"the checksum of {_STATE} is another")
        told = parse_json(text)
        version = told["format_version"]
        if version == FORMAT_VERSION:
            expected, file = told["weights"], path / _WEIGHTS
            whole = file.stat().st_size == expected["bytes"] and _checksum(file) == expected["crc32"]
            _require(whole, f"{_WEIGHTS} is damaged or cut short")
            about, progress = told["about"], told["progress"]
            _require(isinstance(about, dict), "its settings are none")
            _require(_is_progress(progress), "its progress is none")
            return Checkpoint(path, _run_of(path), about, progress)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _DamagedError(f"{path} is no whole checkpoint ({error}).") from error
    except OSError as error:
        raise ResourceError(f"{path} can't be read: {error.strerror or error}.") from error
    raise FormatError(f"{path}: its format version is {version}; this Coterie reads {FORMAT_VERSION}.")


def _is_progress(value: object) -> bool:
    """Tell whether it is what :class:`TrainingState` has beside the weights."""
    kinds = {
        "units": int,
        "words": int,
        "chunk": int,
        "halted": int,
        "seconds": float | int,
        "losses": dict,
        "metrics": list,
    }
    return (
        isinstance(value, dict)
        and set(value) == set(kinds)
        and all(isinstance(value[name], kind) for name, kind in kinds.items())
        and all(isinstance(report, dict) for report in value["metrics"])
        and min(value["units"], value["words"], value["seconds"], value["halted"]) >= 0
        and value["chunk"] > 0
    )


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ValueError(otherwise)


def remove_finished(place: str | os.PathLike[str]) -> None:
    """Remove the checkpoints of a training that has come to its end, and the folder if nothing else is in it.

    Those of a training that has not, or that is running, stay.
    """
    place = Path(place)
    if not (place / _DONE).exists():
        return
    with contextlib.suppress(OSError):
        lock = _locked(place)
        try:
            for path in _finished(place):
                shutil.rmtree(path, ignore_errors=True)
            _sweep(place)
            _remove_traces(place, folder=True)
        finally:
            os.close(lock)


def _locked(place: Path) -> int:
    """Return the open lock of a folder.

    Raises
    ------
    ResourceError
        Another has it.
    """
    lock = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise ResourceError(
            f"{place} holds the checkpoints of a training that is running. Wait for it, or choose another "
            "place for this one's model."
        ) from None
    except OSError:
        pass  # a file system without locks: as well as can be
    return lock


def _remove_traces(place: Path, *, folder: bool) -> None:
    with contextlib.suppress(OSError):
        (place / _DONE).unlink(missing_ok=True)
        (place / _LOCK).unlink(missing_ok=True)
        if folder:
            place.rmdir()


def _arrays(weights: Weights) -> dict[str, Any]:
    """Return the arrays that are kept, rows with their padding: they are handed over as they lie."""
    arrays = dict(weights.matrices())
    if weights.log_normaliser is not None:
        arrays["log_normaliser"] = weights.log_normaliser
    return arrays


def _weights(file: Path, arrays: Mapping[str, Any], allocate: Allocate) -> Weights:
    """Return copies of mapped arrays, as trainings take them: float32, aligned."""
    _check_arrays(file, arrays)
    copies = {}
    for name, array in arrays.items():
        if name == "log_normaliser":
            copies[name] = np.array(array)
            continue
        copies[name] = allocate(*array.shape)
        rows = max(1, _BLOCK // max(1, array.shape[1]))
        for start in range(0, len(array), rows):
            block = array[start : start + rows]
            copies[name][start : start + rows] = as_floats(block) if block.dtype == np.uint16 else block
    return Weights(**copies)


def _check_arrays(file: Path, arrays: Mapping[str, Any]) -> None:
    """Refuse what no training has kept, before there is room made for it.

    A row of the file is as long as one in memory, so that no shape asks for more than twice the file's size.
    """
    other = sorted(set(arrays) - {"input_vectors", "output_vectors", "node_vectors", "log_normaliser"})
    if other or "input_vectors" not in arrays:
        fault = f"{other[0]!r} is none of a training's arrays" if other else "input_vectors are missing"
        raise FormatError(f"{file}: {fault}.")
    columns = arrays["input_vectors"].shape[1:]
    for name, array in arrays.items():
        kinds: tuple[Any, ...] = (np.float32,)
        if name == "log_normaliser":
            fits, kinds = array.shape == (1,), (np.float64,)
        else:
            if name == "output_vectors":
                kinds = (np.float32, np.uint16)
            fits = (
                array.ndim == 2
                and array.shape[1:] == columns
                and columns[0] == padded_columns(columns[0]) > 0
            )
        if not fits or array.dtype not in kinds:
            raise FormatError(
                f"{file}: {name} is {array.dtype} of shape {array.shape}, which no training has."
            )


def _finished(place: Path) -> list[Path]:
    """Return the checkpoints in a folder, the earliest first."""
    named = (path for path in place.glob("checkpoint-*") if _NAME.fullmatch(path.name))
    return sorted(path for path in named if path.is_dir() and not path.is_symlink())


def _run_of(path: Path) -> int:
    named = _NAME.fullmatch(path.name)
    assert named is not None
    return int(named[1])


def _sweep(place: Path) -> None:
    """Remove what a writer that was killed has left."""
    for left in place.glob(f"checkpoint-*{_PARTIAL}"):
        if _NAME.fullmatch(left.name.removesuffix(_PARTIAL)) and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


def _checksum(file: Path) -> int:
    value = 0
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            value = crc32(block, value)
    return value
