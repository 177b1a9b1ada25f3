"""A kernel's arguments as one record in memory, by which its machine code is called without Numba.

The record is what Numba itself holds for a tuple of the arguments: a number for a number, a nested record for
a named tuple, and for an array the fields of Numba's array, the first two of which, its owners, stay empty: a
kernel has no runtime that would count them. Python fills the record through :mod:`ctypes`, and compiled code
loads it by one intrinsic.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias, cast

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

__all__ = ["Layout", "fill", "layout_of", "loader", "record_class"]

Layout: TypeAlias = tuple[Any, ...]
"""What calls must have in common to run the same code: types, nesting, numbers of dimensions; hashable."""


class _Array(ctypes.Structure):
    """Numba's array up to its shape and its strides (in bytes)."""

    _fields_ = (
        ("memory", ctypes.c_void_p),
        ("parent", ctypes.c_void_p),
        ("items", ctypes.c_int64),
        ("itemsize", ctypes.c_int64),
        ("data", ctypes.c_void_p),
    )


def layout_of(value: Any) -> Layout:
    """Return the layout of an argument, or of a tuple of them.

    Examples
    --------
    >>> layout_of((np.zeros(3, np.float32), 1, True))
    ('tuple', ('array', '<f4', 1, True, True), ('int64',), ('bool',))
    """
    if isinstance(value, tuple):
        return ("tuple", *map(layout_of, value))
    if isinstance(value, np.ndarray):
        flags = value.flags
        return ("array", value.dtype.str, value.ndim, flags.c_contiguous, flags.writeable)
    if isinstance(value, bool):
        return ("bool",)
    if isinstance(value, int):
        return ("int64",)
    if isinstance(value, float):
        return ("float64",)
    return (value.dtype.name,)


@cache
def record_class(layout: Layout) -> Any:
    """Return the :mod:`ctypes` class of a layout's record."""
    kind = layout[0]
    if kind == "tuple":
        fields = [(f"field{i}", record_class(part)) for i, part in enumerate(layout[1:])]
        return type("Record", (ctypes.Structure,), {"_fields_": fields})
    if kind == "array":
        extent = ctypes.c_int64 * layout[2]
        return type("Array", (_Array,), {"_fields_": [("shape", extent), ("strides", extent)]})
    return np.ctypeslib.as_ctypes_type(np.dtype(kind))


def fill(record: Any, arguments: tuple[Any, ...]) -> None:
    """Write the arguments into a record of their layout; it is good for as long as their arrays live."""
    for (name, _), value in zip(record._fields_, arguments, strict=True):
        if isinstance(value, tuple):
            fill(getattr(record, name), value)
        elif isinstance(value, np.ndarray):
            array = getattr(record, name)
            array.items, array.itemsize, array.data = value.size, value.itemsize, value.ctypes.data
            array.shape[:], array.strides[:] = value.shape, value.strides
        else:
            setattr(record, name, value.item() if isinstance(value, np.generic) else value)


def loader(arguments: tuple[Any, ...]) -> Callable[[int], Any]:
    """Return the intrinsic that takes the address of a record of such arguments and returns the arguments."""
    kind = numba.typeof(arguments)  # type: ignore[no-untyped-call]

    def load(typing: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            pointer = builder.inttoptr(values[0], context.get_data_type(kind).as_pointer())
            return context.unpack_value(builder, kind, pointer)

        return kind(types.int64), generate

    return cast(Callable[[int], Any], intrinsic(load))
