"""Encoded corpora kept between runs: found by what they were made from, checked, and limited in size.

A cache is a folder named ``<what>-<state>``: *what* is a hash of the files' paths and the settings, *state*
one of the files' sizes and times. A changed source has the same *what* and another *state*: the old cache
is removed once the new one stands. Folders are built under another name and renamed when complete, so that
several programs may share a cache directory.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from coterie.config import CorpusConfig, VocabularyConfig
from coterie.corpus.disk import disk_faults
from coterie.corpus.encoded import FORMAT_VERSION, META, EncodedCorpus, remove_folder
from coterie.corpus.sources import SourceFile
from coterie.errors import ConfigError, FormatError
from coterie.formats.json_text import parse_json

__all__ = [
    "Cache",
    "CacheConfig",
    "CacheKey",
    "CachedCorpus",
    "clear_caches",
    "list_caches",
]

# Raised when a tokenizer's rules change, so that caches made by the old rules are not found.
_TOKENIZER_VERSION = 1
_BUILDING = "building-"
_LOCK = "lock"
_ABANDONED_SECONDS = 86_400


@dataclass(frozen=True)
class CacheConfig:
    """Where encoded corpora are kept, and how many bytes of them.

    Parameters
    ----------
    directory
        Made if it does not exist.
    limit
        When the caches together are larger, those not used for longest are removed (never one in use);
        ``None`` keeps all.
    """

    directory: Path
    limit: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "directory", Path(self.directory).expanduser())
        if self.limit is not None and (not isinstance(self.limit, int) or self.limit < 0):
            raise ConfigError(f"cache_limit is {self.limit!r}; it must be a number of bytes, 0 or more.")


@dataclass(frozen=True)
class CachedCorpus:
    """One cache, as :func:`list_caches` shows it."""

    path: Path
    sources: tuple[str, ...]
    size: int
    last_used: float
    n_tokens: int
    n_words: int


@dataclass(frozen=True)
class CacheKey:
    """What an encoded corpus is made from, and the hashes that name its folder."""

    what: str
    state: str
    ingredients: dict[str, Any]

    @classmethod
    def of(
        cls,
        files: Sequence[SourceFile],
        corpus: CorpusConfig,
        vocabulary: VocabularyConfig,
        phrases: dict[str, Any] | None = None,
    ) -> CacheKey:
        """Return the key of these files under these settings; ``phrases``: what is joined, if anything."""
        settings = vocabulary.to_dict()
        for option in ("words", "keep_words"):  # may be a million words: their hash does
            settings[option] = None if settings[option] is None else _hash(sorted(settings[option]))
        paths = [str(file.path.resolve()) for file in files if file.path]
        made_by = {
            "format_version": FORMAT_VERSION,
            "tokenizer_version": _TOKENIZER_VERSION,
            "unicode": unicodedata.unidata_version,
            "corpus": corpus.to_dict(),
            "vocabulary": settings,
        }
        if phrases is not None:
            made_by["phrases"] = phrases
        states = [[file.size, file.mtime_ns] for file in files]
        ingredients = {**made_by, "sources": paths, "sizes_and_times": states}
        return cls(_hash([made_by, paths]), _hash(states), ingredients)

    @property
    def folder(self) -> str:
        """Name of the cache's folder."""
        return f"{self.what}-{self.state}"


class Cache:
    """The caches of one directory.

    Parameters
    ----------
    config
        Place and limit.
    tell, warn
        Called with messages: what is normal, what the user should know.
    """

    def __init__(self, config: CacheConfig, tell: Callable[[str], None], warn: Callable[[str], None]) -> None:
        self._config, self._tell, self._warn = config, tell, warn
        with disk_faults(config.directory):
            config.directory.mkdir(parents=True, exist_ok=True)
        _sweep(config.directory)

    def find(self, key: CacheKey) -> EncodedCorpus | None:
        """Return the cache of ``key`` if there is a sound one; a damaged one is removed."""
        folder = self._config.directory / key.folder
        if not folder.exists():
            if any(self._config.directory.glob(f"{key.what}-*")):
                self._tell("the source has changed since it was encoded; encoding it again.")
            return None
        try:
            found = EncodedCorpus(folder, from_cache=True)
        except FormatError as error:
            self._warn(f"the cache is damaged and will be made again: {error}")
            remove_folder(folder)
            return None
        with contextlib.suppress(OSError):  # a cache that may only be read
            os.utime(folder / META)
        self._tell(f"encoded corpus taken from the cache: {folder} ({found.size:,} bytes)")
        return found

    def publish(self, folder: Path, key: CacheKey) -> EncodedCorpus:
        """Give a complete folder its name; if another program was first, take its."""
        target = self._config.directory / key.folder
        with disk_faults(self._config.directory):
            try:
                folder.rename(target)
            except OSError:
                if not target.is_dir():
                    raise
                remove_folder(folder)
            else:
                (target / _LOCK).unlink(missing_ok=True)
                _sync_directory(self._config.directory)
        encoded = EncodedCorpus(target, verify=False)
        for stale in self._config.directory.glob(f"{key.what}-*"):
            if stale != target:
                _remove_unused(stale)
        self._tell(f"encoded corpus kept in the cache: {target} ({encoded.size:,} bytes)")
        self._evict(keep=target)
        return encoded

    def _evict(self, keep: Path) -> None:
        limit = self._config.limit
        if limit is None:
            return
        caches = list_caches(self._config.directory)
        total = sum(cache.size for cache in caches)
        for cache in caches:
            if total > limit and cache.path != keep and _remove_unused(cache.path):
                total -= cache.size
                self._tell(f"cache limit of {limit:,} bytes: removed {cache.path}")
        if total > limit:
            self._warn(
                f"the caches in {self._config.directory} take {total:,} bytes, above the limit of {limit:,}."
            )


@contextlib.contextmanager
def building(directory: Path | None) -> Iterator[Path]:
    """Make a folder to build a corpus in, marked as in use; remove it if the work fails."""
    place = directory or Path(tempfile.gettempdir())
    with disk_faults(place):
        place.mkdir(parents=True, exist_ok=True)
        folder, lock = _locked_folder(place, _BUILDING if directory else "coterie-")
    try:
        with lock:
            yield folder
    except BaseException:
        remove_folder(folder)
        raise


def _locked_folder(place: Path, prefix: str) -> tuple[Path, TextIO]:
    """Make a folder with a lock that goes with the process, however it ends; _sweep finds what it left."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        lock = (folder / _LOCK).open("w")
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_SH)
        if os.fstat(lock.fileno()).st_nlink:
            return folder, lock
        lock.close()  # another program's sweep saw the lock before it was taken, and removed all


def list_caches(directory: Path) -> list[CachedCorpus]:
    """Return the caches in ``directory``, the one not used for longest first."""
    found = []
    for meta_path in Path(directory).glob(f"*/{META}"):
        try:
            meta = parse_json(meta_path.read_bytes())
            size = sum(stamp["bytes"] for stamp in meta["files"].values()) + meta_path.stat().st_size
            sources, tokens, words = (
                tuple(meta["key"]["sources"]),
                int(meta["n_tokens"]),
                int(meta["n_words"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
            continue  # being removed by another program, or damaged: the next use says so
        found.append(CachedCorpus(meta_path.parent, sources, size, meta_path.stat().st_mtime, tokens, words))
    return sorted(found, key=lambda cache: cache.last_used)


def clear_caches(directory: Path) -> int:
    """Remove the caches in ``directory`` that no program is using; return the bytes that are free now."""
    freed = 0
    for cache in list_caches(directory):
        if _remove_unused(cache.path):
            freed += cache.size
    return freed


def _remove_unused(folder: Path) -> bool:
    """Remove a cache unless a program has it open."""
    try:
        descriptor = os.open(folder / META, os.O_RDONLY)
    except OSError:
        remove_folder(folder)
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        remove_folder(folder)
        return True
    finally:
        os.close(descriptor)


def _sweep(directory: Path) -> None:
    """Remove what killed programs left half built."""
    for folder in directory.glob(f"{_BUILDING}*"):
        try:
            with (folder / _LOCK).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_folder(folder)
        except FileNotFoundError:
            # Made this moment and not locked yet, or a temporary corpus (its meta.json is locked instead).
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
                    _remove_unused(folder)
        except OSError:
            continue


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
