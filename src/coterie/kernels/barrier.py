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

__all__ = ["meet", "release"]

cgutils: Any = _untyped_cgutils
_INT64 = ir.IntType(64)
# Looks at the counter before the thread lets another have its processor, for that may be the one it waits
# for: some 20 µs, several times what a meeting takes where all have a processor to themselves.
_PATIENCE = 1024


@inner_kernel
def meet(arrivals: NDArray[np.int64], turn: NDArray[np.int64], threads: Index) -> None:
    """Wait until all `threads` have come to this meeting; what they wrote before is then seen by all.

    ``arrivals`` (1) is shared and counts all arrivals ever; ``turn`` (1) is the thread's own and counts its
    meetings. Both begin at 0.
    """
    if threads > 1:
        turn[0] += 1
        _arrive_and_wait(address_of(arrivals), turn[0] * threads)


def release(arrivals: NDArray[np.int64]) -> None:
    """End all meetings, now and later: nobody waits any more."""
    arrivals[0] = 1 << 62


def _arrive_and_wait_of(typing: Any, counter: Any, awaited: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], _INT64.as_pointer())
        builder.atomic_rmw("add", place, _INT64(1), "seq_cst")
        entry, look = builder.block, builder.append_basic_block("look")
        builder.branch(look)
        builder.position_at_end(look)
        looks = builder.phi(_INT64)
        arrived = builder.load_atomic(place, "acquire", 8)
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


_arrive_and_wait = cast(Callable[[int, Any], None], intrinsic(_arrive_and_wait_of))
