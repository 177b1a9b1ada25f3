"""Machine code of kernels, kept on disk: made once for a CPU and a state of the sources, then loaded.

A file holds the object code of one kernel behind a line of JSON with its check sum and its *key*, which is
all that the code depends on: every source file of the package, so that no dependency is forgotten and any
edit makes new code; the versions of Python, Numba, LLVM and NumPy; the CPU and its features; Numba's settings
in the environment; the kernel, and the layout of its arguments. A file that is damaged, has another key or
belongs to someone else is not used. Where nothing can be written nothing is kept.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import platform
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba.core.codegen
import numba.core.config
from llvmlite.binding import ffi

from coterie.config.places import default_cache_directory

__all__ = ["Code", "directory", "find", "keep", "link", "object_code", "surroundings"]

Code = tuple[str, bytes]
"""The name of a procedure, and the object code that it is in."""

_ROOT = Path(__file__).parents[1]
_ENDING = ".kernel"
_KEPT_FILES = 64
_LONGEST_CALL = 10.0
# They own the memory of the code that they have linked.
_engines: list[Any] = []


def directory() -> Path | None:
    """Return the folder ``kernels`` in Coterie's cache.

    None with ``COTERIE_KERNEL_CACHE=off``, and where the package has no source files that one could look at.
    """
    if os.environ.get("COTERIE_KERNEL_CACHE") == "off" or not _sources():
        return None
    try:
        return default_cache_directory() / "kernels"
    except RuntimeError:  # of a user without a home
        return None


@cache
def _sources() -> tuple[Path, ...]:
    return tuple(sorted(_ROOT.rglob("*.py")))


@cache
def surroundings() -> dict[str, Any]:
    """Return the part of a key that is the same for all kernels of this process."""
    sources = hashlib.sha256()
    for path in _sources():
        content = path.read_bytes()
        sources.update(f"{path.relative_to(_ROOT)}\0{len(content)}\0".encode() + content)
    return {
        "sources": sources.hexdigest(),
        "versions": [platform.python_version(), *map(version, ("numba", "llvmlite", "numpy"))],
        "cpu": [llvm.get_process_triple(), *_cpu()],
        "settings": {name: value for name, value in sorted(os.environ.items()) if name.startswith("NUMBA_")},
    }


def find(key: dict[str, Any]) -> Code | None:
    """Return the code that is kept for a key of JSON's types; None if there is none that can be used."""
    place = directory()
    if place is None:
        return None
    path = place / _name(key)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError), path.open("rb") as file:
        head, code = json.loads(file.readline()), file.read()
        owned = os.fstat(file.fileno()).st_uid == os.getuid()
        if owned and head["key"] == key and head["sha256"] == hashlib.sha256(code).hexdigest():
            os.utime(path)  # what is not used for longest goes first
            return str(head["name"]), code
    return None


def keep(key: dict[str, Any], code: Code) -> None:
    """Keep the code for a key, in one step; where the system refuses, do nothing."""
    place = directory()
    if place is None:
        return
    name, content = code
    head = {"key": key, "name": name, "sha256": hashlib.sha256(content).hexdigest()}
    with contextlib.suppress(OSError):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_oldest(place)
        with tempfile.TemporaryDirectory(dir=place) as folder:
            partial = Path(folder) / "code"
            partial.write_bytes(json.dumps(head).encode() + b"\n" + content)
            partial.replace(place / _name(key))


def _name(key: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32] + _ENDING


def _remove_oldest(place: Path) -> None:
    kept = sorted(place.glob(f"*{_ENDING}"), key=lambda path: path.stat().st_mtime)
    for path in kept[: max(0, len(kept) + 1 - _KEPT_FILES)]:
        path.unlink(missing_ok=True)


def object_code(ir: str) -> bytes:
    """Return the object code of a module in LLVM's language."""
    return bytes(_machine().emit_object(llvm.parse_assembly(ir)))


def link(code: Code) -> int:
    """Link code into this process, for good; return the address of its procedure."""
    name, content = code
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    engine.finalize_object()
    _engines.append(engine)
    return int(engine.get_function_address(name))


@atexit.register
def _keep_out_of_llvm() -> None:
    """Let no other thread be in LLVM when the process ends, by its own lock, which is never given back.

    Some threads may still compile then: nobody waits for them if the text is faulty, or after Ctrl-C. LLVM's
    static objects are destroyed at the end of the process, and a thread that goes on using them crashes it:
    one of ten such processes did. A call of LLVM takes some tenths of a second; a forked child may have
    inherited a lock that nobody holds.
    """
    with contextlib.suppress(AttributeError):  # a version of llvmlite that has another lock
        ffi.lib._lock._lock.acquire(timeout=_LONGEST_CALL)


def _machine() -> Any:
    """Return this process's machine, as Numba describes it to LLVM."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    name, features = _cpu()
    return target.create_target_machine(
        cpu=name,
        features=features,
        opt=3,
        reloc="static" if target.name.startswith("x86") else "default",
        codemodel="jitdefault",
        jit=True,
    )


def _cpu() -> tuple[str, str]:
    """Return the CPU's name and its features: this machine's, or what Numba's settings say."""
    settings: Any = numba.core.config
    features = settings.CPU_FEATURES
    if features is None:
        features = numba.core.codegen.get_host_cpu_features()  # type: ignore[no-untyped-call]
    return settings.CPU_NAME or llvm.get_host_cpu_name(), features
