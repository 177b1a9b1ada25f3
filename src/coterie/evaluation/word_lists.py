"""Files of word lists for WEAT, as JSON or TOML: two named lists of targets and two of attributes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coterie.errors import ConfigError, FormatError, MissingFileError, ResourceError
from coterie.evaluation.bias import WeatResult, weat
from coterie.vectors import WordVectors

__all__ = ["WordLists", "evaluate_weat", "read_word_lists"]


@dataclass(frozen=True)
class WordLists:
    """The lists of one test: where they come from, what they are called, and X, Y, A and B."""

    name: str
    names: tuple[str, str, str, str]
    lists: tuple[tuple[str, ...], ...]


def evaluate_weat(
    vectors: WordVectors,
    words: WordLists,
    *,
    case_insensitive: bool = True,
    permutations: int = 100_000,
    seed: int = 1,
) -> WeatResult:
    """Make the test of a file of word lists; see :func:`coterie.evaluation.weat`.

    Raises
    ------
    ConfigError
        The file's lists can't be used with these vectors.
    """
    x, y, a, b = words.lists
    try:
        return weat(
            vectors,
            *(x, y, a, b),
            names=words.names,
            case_insensitive=case_insensitive,
            permutations=permutations,
            seed=seed,
        )
    except ConfigError as error:
        message = str(error)
        for part, name in zip(
            ("targets_x", "targets_y", "attributes_a", "attributes_b"), words.names, strict=True
        ):
            message = message.replace(part, repr(name))
        raise ConfigError(f"{words.name}: {message}") from error


def read_word_lists(path: str | os.PathLike[str]) -> WordLists:
    """Read the word lists of one test.

    Parameters
    ----------
    path
        A file that ends in ``.toml``, or JSON:
        ``{"targets": {"flowers": […], "insects": […]}, "attributes": {"pleasant": […], "unpleasant": […]}}``.

    Raises
    ------
    FormatError
        It is no such file; the message tells what was found.

    Examples
    --------
    >>> import tempfile
    >>> lists = '{"targets": {"x": ["a"], "y": ["b"]}, "attributes": {"p": ["c"], "q": ["d"]}}'
    >>> with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
    ...     _ = file.write(lists), file.flush()
    ...     read_word_lists(file.name).names
    ('x', 'y', 'p', 'q')
    """
    path = Path(path)
    content = _parsed(path)
    if not isinstance(content, dict):
        raise FormatError(f"{path}: expected targets and attributes, found {type(content).__name__}.")
    if other := [key for key in content if key not in ("targets", "attributes")]:
        raise FormatError(f"{path}: {other[0]!r} is unknown here; there are targets and attributes.")
    pairs = [*_two_lists(path, content, "targets"), *_two_lists(path, content, "attributes")]
    x, y, a, b = (name for name, _ in pairs)
    return WordLists(path.name, (x, y, a, b), tuple(words for _, words in pairs))


def _parsed(path: Path) -> Any:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if path.suffix == ".toml":
            import tomllib

            return tomllib.loads(text)
        return json.loads(text, object_pairs_hook=_once)
    except FileNotFoundError:
        raise MissingFileError(f"{path} does not exist.") from None
    except OSError as error:
        raise ResourceError(f"{path} can't be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:  # of JSON, TOML and UTF-8
        kind = "TOML" if path.suffix == ".toml" else "JSON"
        raise FormatError(f"{path} is no {kind}: {error}.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that is there twice, of which JSON's reader would silently keep the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def _two_lists(path: Path, content: dict[str, Any], kind: str) -> list[tuple[str, tuple[str, ...]]]:
    lists = content.get(kind)
    if not isinstance(lists, dict) or len(lists) != 2:
        found = f"{len(lists)} ({', '.join(lists)})" if isinstance(lists, dict) else f"{lists!r:.60}"
        raise FormatError(f"{path}: {kind} must be two named lists of words; found {found}.")
    for name, words in lists.items():
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise FormatError(f"{path}: {kind}, {name!r}: expected a list of words, found {words!r:.60}.")
    return [(name, tuple(words)) for name, words in lists.items()]
