"""What a user may name as a source, as a list of files with their formats.

A file, a folder (searched to the bottom, in sorted order, for names with a known extension), a glob, several
of these, or ``-`` for standard input.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coterie.errors import CorpusError, MissingFileError, ResourceError

__all__ = ["Compression", "Format", "Paths", "SourceFile", "find_files", "format_of", "plain_text"]

Format = Literal["text", "jsonl", "csv", "tsv", "parquet", "arrow"]
Compression = Literal["gz", "bz2", "xz", "zst"]

_FORMATS: dict[str, Format] = {
    ".txt": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}
_COMPRESSIONS: dict[str, Compression] = {".gz": "gz", ".bz2": "bz2", ".xz": "xz", ".zst": "zst"}
_KNOWN = f"{' '.join(_FORMATS)}; text formats also with {' '.join(_COMPRESSIONS)}"


class Paths(tuple[str | os.PathLike[str], ...]):
    """Several files, folders or globs as one source (a plain list of strings is a list of texts).

    Examples
    --------
    >>> Paths(["one.txt", "more/"])
    Paths(['one.txt', 'more/'])
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Paths([{', '.join(repr(os.fspath(path)) for path in self)}])"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read.

    ``path`` is ``None`` for standard input; ``size`` and ``mtime_ns`` are ``None`` for what is no regular
    file (a pipe). ``named`` says that the user named this very file.
    """

    path: Path | None
    name: str
    format: Format
    compression: Compression | None = None
    size: int | None = None
    mtime_ns: int | None = None
    named: bool = True


def find_files(sources: Sequence[str | os.PathLike[str]], warn: Callable[[str], None]) -> list[SourceFile]:
    """Return the files that ``sources`` name, each once, in the order given.

    Raises
    ------
    CorpusError
        If one of them doesn't exist, yields no file, or has an extension that tells no known format.
    """
    files: dict[Path | None, SourceFile] = {}
    for source in sources:
        for file in _files_of(os.fspath(source), warn):
            identity = file.path.resolve() if file.path else None
            if identity in files:
                warn(f"{file.name} is named twice; it is read once.")
            files.setdefault(identity, file)
    if not files:
        raise CorpusError("no source is named; give a file, a folder, a glob, or - for standard input.")
    return list(files.values())


def plain_text(path: str | os.PathLike[str]) -> SourceFile:
    """Return the regular file as a source of plain text, whatever its name ends in.

    Raises
    ------
    MissingFileError
        If there is no such file.
    CorpusError
        If it is a folder or a pipe.
    """
    path = Path(path)
    if not _exists(path):
        raise MissingFileError(_missing(str(path)))
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise CorpusError(f"{path}: no regular file; it is read twice. Write the text to a file first.")
    compression = _COMPRESSIONS.get(path.suffix.lower())
    return SourceFile(path, str(path), "text", compression, status.st_size, status.st_mtime_ns)


def format_of(name: str) -> tuple[Format, Compression | None]:
    """Return the format and the compression that a file's name tells; no extension means plain text.

    Examples
    --------
    >>> format_of("news.jsonl.gz"), format_of("text8"), format_of("dump.zst")
    (('jsonl', 'gz'), ('text', None), ('text', 'zst'))
    """
    bare = Path(name.lower())
    extension = bare.suffix
    compression = _COMPRESSIONS.get(extension)
    if compression:
        extension = Path(bare.stem).suffix
    kind: Format | None = _FORMATS.get(extension) if extension else "text"
    if kind is None:
        raise CorpusError(
            f"{name}: the extension {extension} tells no known format ({_KNOWN}). If it is plain text, "
            "rename it "
            "or feed it as standard input, with - as the source."
        )
    if compression and kind in ("parquet", "arrow"):
        raise CorpusError(f"{name}: {kind} files are compressed inside; unpack this one first.")
    return kind, compression


def _files_of(source: str, warn: Callable[[str], None]) -> list[SourceFile]:
    if source == "-":
        return [SourceFile(None, "standard input", "text")]
    path = Path(source)
    if _exists(path):
        return _folder(path, warn) if path.is_dir() else [_file(path, named=True)]
    if glob.has_magic(source):
        return _matches(source, warn)
    raise MissingFileError(_missing(source))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        if isinstance(error, PermissionError):
            raise ResourceError(f"{path}: permission denied.") from error
        return False
    except ValueError:
        return False


def _is_file(path: Path) -> bool:
    """Tell whether a regular file is there; where that can't be known, opening it says why."""
    try:
        return path.is_file()
    except PermissionError:
        return True


def _missing(source: str) -> str:
    if len(source) > 255 or "\n" in source or len(source.split()) > 2:
        shown = source if len(source) <= 80 else source[:80] + "…"
        return f"no file {shown!r}. A string names a file; to train on text itself, pass a list of strings."
    parent = Path(source).parent
    if not parent.is_dir():
        return f"{source}: no such file; its folder {parent} does not exist either."
    return f"{source}: no such file or folder."


def _folder(folder: Path, warn: Callable[[str], None]) -> list[SourceFile]:
    files, skipped = _known(_walk(folder))
    if not files:
        others = f" ({len(skipped):,} others, such as {skipped[0].name})" if skipped else ""
        raise CorpusError(
            f"{folder}: no file with a known extension in this folder{others}. Known: {_KNOWN}."
        )
    _tell_skipped(str(folder), skipped, warn)
    return files


def _matches(pattern: str, warn: Callable[[str], None]) -> list[SourceFile]:
    paths: list[Path] = []
    for match in _globbed(Path(pattern)):
        if match.is_dir():
            paths += _walk(match)
        elif not pattern.endswith("/"):
            paths.append(match)
    files, skipped = _known(dict.fromkeys(paths))
    if not files:
        why = f"only files of unknown formats, such as {skipped[0].name}" if skipped else "nothing"
        raise CorpusError(f"{pattern}: the pattern matches {why}. Known extensions: {_KNOWN}.")
    _tell_skipped(pattern, skipped, warn)
    return files


def _globbed(pattern: Path) -> list[Path]:
    """Return what a pattern matches, sorted, without hidden ones.

    ``**`` follows no linked folder: two that link to each other would have no end. (``glob.glob`` follows.)
    """
    parts = pattern.parts
    plain = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    # Within a name two stars are one; pathlib would refuse them.
    wanted = [part if part == "**" else re.sub(r"\*{2,}", "*", part) for part in parts[plain:]]
    start = Path(*parts[:plain])
    hidden = {i for i, part in enumerate(wanted) if part.startswith(".")} if "**" not in wanted else set()
    found = []
    for match in start.glob("/".join(wanted)):
        inside = match.relative_to(start).parts
        if any(part.startswith(".") and i not in hidden for i, part in enumerate(inside)):
            continue
        if "**" in wanted and match.is_symlink() and match.is_dir():
            continue  # which Python 3.13 finds at the end of a way, without going further
        found.append(match)
    return sorted(set(found), key=str)


def _tell_skipped(source: str, skipped: Sequence[Path], warn: Callable[[str], None]) -> None:
    irregular = [path for path in skipped if path.suffix and not _is_file(path)]
    apart = set(irregular)
    unknown = [path for path in skipped if path not in apart]
    for paths, why in (
        (unknown, "of unknown formats"),
        (irregular, "that are links to nothing, or no files"),
    ):
        if paths:
            names = ", ".join(path.name for path in paths[:3]) + (", …" if len(paths) > 3 else "")
            warn(f"{source}: left out {len(paths):,} file(s) {why} ({names}).")


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below ``folder``, sorted, without hidden ones; linked folders aren't followed."""

    def refused(error: OSError) -> None:
        raise ResourceError(f"{error.filename}: cannot list this folder ({error.strerror}).") from error

    for parent, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _known(paths: Iterable[Path]) -> tuple[list[SourceFile], list[Path]]:
    files: list[SourceFile] = []
    skipped: list[Path] = []
    for path in paths:
        try:
            # A file without an extension is text when the user names it; in a folder it may be anything.
            if not path.suffix or not _is_file(path):
                skipped.append(path)
            else:
                files.append(_file(path, named=False))
        except CorpusError:
            skipped.append(path)
    return files, skipped


def _file(path: Path, *, named: bool) -> SourceFile:
    kind, compression = format_of(str(path))
    try:
        status = path.stat()
    except OSError as error:  # gone since it was found, or its folder may not be entered
        raise ResourceError(f"{path}: cannot be opened ({error.strerror}).") from error
    if not stat.S_ISREG(status.st_mode):
        if kind in ("parquet", "arrow"):  # whose end is read first, or which is mapped
            raise CorpusError(f"{path}: no regular file, as {kind} must be. Copy it to one first.")
        return SourceFile(path, str(path), kind, compression, named=named)
    return SourceFile(path, str(path), kind, compression, status.st_size, status.st_mtime_ns, named)
