"""Kernels whose machine code is kept: compiled by the first process that calls them, loaded by the others."""

from __future__ import annotations

import ctypes
import functools
import inspect
import json
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import types

from coterie.kernels import machine_code
from coterie.kernels.arguments import Layout, fill, layout_of, loader, record_class
from coterie.kernels.compile import FLAGS, STORABLE, inlined_kernel, kernel
from coterie.kernels.machine_code import Code

__all__ = ["StoredKernel", "caller_of", "stored_kernel"]

# Some of the options used here are missing from Numba's annotations.
_cfunc: Any = numba.cfunc

F = TypeVar("F", bound=Callable[..., None])
_Ready = tuple[Any, Callable[[int], None]]

# A call through ctypes releases the GIL.
_PROCEDURE = ctypes.CFUNCTYPE(None, ctypes.c_int64)


class StoredKernel:
    """A kernel without a result that Python calls.

    Parameters
    ----------
    function
        Of the package itself, since its sources are a part of the key. It may use other kernels, and numbers
        or strings of the functions around it. It takes 3 to 8 arguments.
    """

    def __init__(self, function: Callable[..., None]) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._lock = threading.Lock()
        self._ready: dict[Layout, _Ready] = {}

    def __call__(self, *arguments: Any) -> None:
        """Run it, once there is code for such arguments."""
        record, run = self.prepared(arguments)
        run(ctypes.addressof(record))

    def prepared(self, arguments: tuple[Any, ...]) -> tuple[Any, Callable[[int], None]]:
        """Return the record of the arguments and the procedure that takes its address."""
        layout = layout_of(arguments)
        record_of, run = self._ready.get(layout) or self._made_ready(layout, arguments)
        record = record_of()
        fill(record, arguments)
        return record, run

    @property
    def layouts(self) -> list[Layout]:
        """The layouts of arguments that there is code for."""
        return list(self._ready)

    def _made_ready(self, layout: Layout, arguments: tuple[Any, ...]) -> _Ready:
        with self._lock:
            if layout not in self._ready:
                told = {"kernel": _identity(self._function), "layout": layout, **machine_code.surroundings()}
                key = json.loads(json.dumps(told))
                code = machine_code.find(key)
                if code is None:
                    code = _compiled(self._function, arguments)
                    machine_code.keep(key, code)
                self._ready[layout] = record_class(layout), _PROCEDURE(machine_code.link(code))
            return self._ready[layout]


class _Caller:
    """Calls a stored kernel with what are mostly the same arguments, and writes only those that are not.

    A tuple or an array is the same as long as it is the same object, which the caller keeps alive.
    """

    def __init__(self, kernel: StoredKernel) -> None:
        self._kernel = kernel
        self._arguments: tuple[Any, ...] = ()

    def __call__(self, *arguments: Any) -> None:
        if list(map(type, arguments)) != list(map(type, self._arguments)):
            self._prepare(arguments)
        for (name, _), new, old in zip(self._fields, arguments, self._arguments, strict=True):
            if new is old:
                continue
            if isinstance(new, tuple) and layout_of(new) == layout_of(old):
                fill(getattr(self._record, name), new)
            elif isinstance(new, tuple | np.ndarray):
                self._prepare(arguments)
                break
            else:
                setattr(self._record, name, new.item() if isinstance(new, np.generic) else new)
        self._arguments = arguments
        self._run(self._address)

    def _prepare(self, arguments: tuple[Any, ...]) -> None:
        self._record, self._run = self._kernel.prepared(arguments)
        self._fields, self._address = self._record._fields_, ctypes.addressof(self._record)
        self._arguments = arguments


def caller_of(kernel: Callable[..., None]) -> Callable[..., None]:
    """Return what runs a kernel again and again, from one thread at a time, with less to do for each call."""
    return _Caller(kernel) if isinstance(kernel, StoredKernel) else kernel


def stored_kernel(function: F) -> F:
    """Compile `function` when it is first called, without the GIL, and keep its machine code.

    With bounds checks, whose exceptions must reach Python, it is an ordinary kernel.
    """
    return cast(F, StoredKernel(function)) if STORABLE else kernel(function)


def _compiled(function: Callable[..., None], arguments: tuple[Any, ...]) -> Code:
    """Return the code of the procedure that takes the address of a record of arguments."""
    # A part of the procedure before either is compiled: a quarter less to compile.
    run = _procedure(inlined_kernel(function), loader(arguments), len(arguments))
    options = {name: value for name, value in FLAGS.items() if name != "nogil"}
    compiled = _cfunc(types.void(types.int64), nopython=True, **options)(run)
    return compiled.native_name, machine_code.object_code(compiled.inspect_llvm())


def _procedure(body: Any, arguments_at: Any, number: int) -> Callable[[int], None]:
    """Return what calls `body` with the fields of a record: Numba inlines no call with a star."""

    def three(address: int) -> None:
        a = arguments_at(address)
        body(a[0], a[1], a[2])

    def four(address: int) -> None:
        a = arguments_at(address)
        body(a[0], a[1], a[2], a[3])

    def five(address: int) -> None:
        a = arguments_at(address)
        body(a[0], a[1], a[2], a[3], a[4])

    def six(address: int) -> None:
        a = arguments_at(address)
        body(a[0], a[1], a[2], a[3], a[4], a[5])

    def eight(address: int) -> None:
        a = arguments_at(address)
        body(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7])

    def seven(address: int) -> None:
        a = arguments_at(address)
        body(a[0], a[1], a[2], a[3], a[4], a[5], a[6])

    return {3: three, 4: four, 5: five, 6: six, 7: seven, 8: eight}[number]


def _identity(value: Any) -> Any:
    """Return what tells a kernel from others of the same sources: its name, and what its closures hold."""
    # A compiled function's source, an intrinsic's definition, or a plain function.
    function = getattr(value, "py_func", getattr(value, "_defn", value))
    if inspect.isfunction(function):
        held = [cell.cell_contents for cell in function.__closure__ or ()]
        return [function.__module__, function.__qualname__, [_identity(content) for content in held]]
    if isinstance(value, bool | int | float | str | np.generic):
        return repr(value)
    raise TypeError(f"a kernel's closure holds {value!r}, which can't be a part of the key of its code.")
