"""A barrier inside compiled code: threads that work in step meet thousands of times in a second.

Python's own barrier takes tens of microseconds, as long as a batch of blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils as _untyped_cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from coterie.kernels.compile import Index, inner_kernel
from coterie.kernels.simd import address_of

__all__ = ["make_arrivals", "meet", "release"]

cgutils: Any = _untyped_cgutils
_INT64 = ir.IntType(64)
# Looks at the counter before the thread lets another have its processor, for that may be the one it waits
# for: some 20 µs, several times what a meeting takes where all have a processor to themselves.
_PATIENCE = 1024


def make_arrivals(threads: int) -> NDArray[np.int64]:
    """Return where `threads` meet: how many meetings each has come to, int64, shape (threads, ·)."""
    # A pair of cache lines each: nobody waits for a line that others write, and a signal crosses once.
    return np.zeros((threads, 16), np.int64)


@inner_kernel
def meet(arrivals: NDArray[np.int64], number: Index, turn: NDArray[np.int64]) -> None:
    """Wait until all threads have come to this meeting; what they wrote before is then seen by all.

    ``arrivals`` is shared. ``turn`` (1), from 0, is the thread's own and counts its meetings.
    """
    threads, row = arrivals.shape[0], arrivals.strides[0]
    if threads > 1:
        turn[0] += 1
        _arrive(address_of(arrivals) + number * row, turn[0])
        for other in range(threads):
            _await(address_of(arrivals) + other * row, turn[0])


def release(arrivals: NDArray[np.int64]) -> None:
    """End all meetings, now and later: nobody waits any more."""
    arrivals[:] = 1 << 62


def _arrive_of(typing: Any, place: Any, turn: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], _INT64.as_pointer())
        # Not what releases all has written: that stays.
        builder.atomic_rmw("max", pointer, arguments[1], "release")
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


def _await_of(typing: Any, place: Any, turn: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], _INT64.as_pointer())
        entry, look = builder.block, builder.append_basic_block("look")
        builder.branch(look)
        builder.position_at_end(look)
        looks = builder.phi(_INT64)
        arrived = builder.load_atomic(pointer, "acquire", 8)
        following = builder.add(looks, _INT64(1))
        with builder.if_then(builder.icmp_signed(">", following, _INT64(_PATIENCE)), likely=False):
            kind = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])
        looks.add_incoming(_INT64(0), entry)
        looks.add_incoming(following, builder.block)
        done = builder.append_basic_block("done")
        builder.cbranch(builder.icmp_signed("<", arrived, arguments[1]), look, done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


_arrive = cast(Callable[[Any, Any], None], intrinsic(_arrive_of))
_await = cast(Callable[[Any, Any], None], intrinsic(_await_of))
