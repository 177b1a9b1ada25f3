"""Where a command will write: checked before the work, not after an hour of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from coterie.errors import ResourceError

__all__ = ["check_output_file", "check_output_folder"]


def check_output_folder(path: Path) -> bool:
    """Check that a model can be saved at ``path``, and make its parent folders.

    Returns
    -------
    bool
        Whether a model is there already, which saving will replace.

    Raises
    ------
    ResourceError
        If something else is there, or the place cannot be written.
    """
    if path.exists() and not path.is_dir():
        raise ResourceError(f"{path} is a file; name a new folder for the model with -o.")
    from coterie.formats.folder import is_model_folder

    occupied = path.is_dir() and any(path.iterdir())
    if occupied and not is_model_folder(path):
        raise ResourceError(f"{path} holds files that are no model of Coterie; name another folder with -o.")
    _check_writable(path)
    return occupied


def check_output_file(path: Path) -> None:
    """Check that a file can be written at ``path``, and make its parent folders.

    Raises
    ------
    ResourceError
        If a folder is there, or the place cannot be written.
    """
    if path.is_dir():
        raise ResourceError(f"{path} is a folder; name a file.")
    _check_writable(path)


def _check_writable(path: Path) -> None:
    """Write a temporary file: permissions alone don't tell of full or read-only disks."""
    folder = path.absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 4096)
    except OSError as error:
        raise ResourceError(
            f"cannot write {path}: {error.strerror} ({folder}); name another place."
        ) from error
