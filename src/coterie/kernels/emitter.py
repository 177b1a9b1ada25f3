"""The few words in which the vector kernels are written: LLVM's vector types over an IR builder.

A vector holds :data:`LANES` float32, as many as this CPU's registers do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils as _untyped_cgutils

__all__ = ["INT64", "LANES", "VECTOR_BYTES", "ZERO", "Emitter", "Value", "supported"]

cgutils: Any = _untyped_cgutils
Value: TypeAlias = Any  # an llvmlite ir.Value; llvmlite has no types


def _host_features() -> set[str]:
    """Return the names of the features that this CPU has, as LLVM calls them."""
    return {name for name, present in llvmlite.binding.get_host_cpu_features().items() if present}


def supported() -> bool:
    """Tell whether this CPU has vectors and fused multiply-add wide enough to be worth these kernels."""
    features = _host_features()
    return {"avx2", "fma"} <= features or "neon" in features


LANES: int = 16 if "avx512f" in _host_features() else 8
"""float32 in a vector; on NEON LLVM splits eight into two registers."""

FLOAT, BYTE, INT32, INT64 = ir.FloatType(), ir.IntType(8), ir.IntType(32), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, LANES)
QUAD = ir.VectorType(FLOAT, 4)
ZERO = ir.Constant(VECTOR, [0.0] * LANES)
VECTOR_BYTES = 4 * LANES


class Emitter:
    """Emits vector code into the function that `builder` is building."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder
        name, ternary = f"llvm.fma.v{LANES}f32", ir.FunctionType(VECTOR, [VECTOR] * 3)
        self._fma = cgutils.get_or_insert_function(builder.module, ternary, name)

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """Return x·y + z, lane by lane, rounded once."""
        return self.builder.call(self._fma, [x, y, z])

    def offset(self, address: Value, *amounts: Value | int) -> Value:
        """Return `address` plus the amounts, in bytes."""
        for amount in amounts:
            address = self.builder.add(address, INT64(amount) if isinstance(amount, int) else amount)
        return address

    def load(self, address: Value, kind: ir.Type, align: int) -> Value:
        """Return the value of type `kind` at `address`."""
        return self.builder.load(self.builder.inttoptr(address, kind.as_pointer()), align=align)

    def load_vector(self, address: Value, align: int = VECTOR_BYTES) -> Value:
        """Return the vector at `address`."""
        return self.load(address, VECTOR, align)

    def store(self, value: Value, address: Value, align: int = VECTOR_BYTES) -> None:
        """Write `value` at `address`."""
        self.builder.store(value, self.builder.inttoptr(address, value.type.as_pointer()), align=align)

    def row(self, rows: Value, i: int) -> Value:
        """Return the address in entry `i` of a row list."""
        return self.load(self.offset(rows, 8 * i), INT64, 8)

    def shuffle(self, v: Value, w: Value, lanes: Sequence[int]) -> Value:
        """Return the named lanes of v and, counted on, of w."""
        return self.builder.shuffle_vector(v, w, ir.Constant(ir.VectorType(INT32, len(lanes)), list(lanes)))

    def broadcast(self, address: Value) -> Value:
        """Return a vector whose lanes all hold the float at `address`."""
        return self.splat(self.load(address, FLOAT, 4))

    def splat(self, value: Value) -> Value:
        """Return a vector whose lanes all hold `value`."""
        one = self.builder.insert_element(ir.Constant(VECTOR, ir.Undefined), value, INT32(0))
        return self.shuffle(one, one, [0] * LANES)

    def load_quads(self, address: Value) -> Value:
        """Load a vector as it was stored, four floats at a time.

        A wide load over several narrower stores that are still on their way waits until all have arrived.
        """
        parts = [self.load(self.offset(address, 4 * i), QUAD, 4) for i in range(0, LANES, 4)]
        while len(parts) > 1:
            lanes = range(2 * parts[0].type.count)
            parts = [self.shuffle(v, w, lanes) for v, w in zip(parts[0::2], parts[1::2], strict=True)]
        return parts[0]

    def constant(self, number: float) -> ir.Constant:
        """Return a vector of `number` in every lane."""
        return ir.Constant(VECTOR, [float(number)] * LANES)

    def bytes_of(self, count: Value) -> Value:
        """Return the bytes that `count` float32 take."""
        return self.builder.mul(count, INT64(4))

    def prefetch(self, rows: Value, i: Value, offset: Value) -> list[Value]:
        """Ask for the cache line at `offset` of entry `i` of a row list; the body of a loop."""
        builder, kind = (
            self.builder,
            ir.FunctionType(ir.VoidType(), [BYTE.as_pointer(), INT32, INT32, INT32]),
        )
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        row = self.load(self.offset(rows, builder.mul(i, INT64(8))), INT64, 8)
        pointer = builder.inttoptr(self.offset(row, offset), BYTE.as_pointer())
        builder.call(function, [pointer, INT32(0), INT32(3), INT32(1)])
        return []

    def loop(
        self, count: Value, step: int, state: list[Value], body: Callable[[Value, list[Value]], list[Value]]
    ) -> list[Value]:
        """``for t in range(0, count, step): state = body(t, state)``, the state in registers; count > 0."""
        builder = self.builder
        entry = builder.block
        top, done = builder.append_basic_block("top"), builder.append_basic_block("done")
        builder.branch(top)
        builder.position_at_end(top)
        counter = builder.phi(INT64)
        phis = [builder.phi(value.type) for value in state]
        after = body(counter, list(phis))
        following = builder.add(counter, INT64(step))
        for phi, first, later in zip([counter, *phis], [INT64(0), *state], [following, *after], strict=True):
            phi.add_incoming(first, entry)
            phi.add_incoming(later, builder.block)
        builder.cbranch(builder.icmp_signed("<", following, count), top, done)
        builder.position_at_end(done)
        return after

    def specialise(self, selector: Value, sizes: Iterable[int], body: Callable[[int], None]) -> None:
        """Run ``body(size)`` for the size that `selector` holds at run time; other values do nothing."""
        builder = self.builder
        done = builder.append_basic_block("done")
        switch = builder.switch(selector, done)
        for size in sizes:
            block = builder.append_basic_block(f"size{size}")
            switch.add_case(INT64(size), block)
            builder.position_at_end(block)
            body(size)
            builder.branch(done)
        builder.position_at_end(done)

    def horizontal_sums(self, vectors: list[Value]) -> Value:
        """Return a vector whose leading lanes are the sums over the lanes of each of `vectors`.

        Each round adds neighbouring halves of two vectors into one, so m vectors, a power of two, take about
        m + log₂(LANES / m) additions instead of m · log₂ LANES.
        """
        width = LANES  # partial sums that each of the original vectors still has
        while width > 1:
            half = width // 2
            pairs = (
                list(zip(vectors[0::2], vectors[1::2], strict=True))
                if len(vectors) > 1
                else [(vectors[0], None)]
            )
            vectors = [self._add_halves(v, w, width, half) for v, w in pairs]
            width = half
        return vectors[0]

    def _add_halves(self, v: Value, w: Value | None, width: int, half: int) -> Value:
        lanes = v.type.count
        sources = (0, lanes) if w is not None else (0,)
        low = [
            source + group + i for source in sources for group in range(0, lanes, width) for i in range(half)
        ]
        other = v if w is None else w
        high = [lane + half for lane in low]
        return self.builder.fadd(self.shuffle(v, other, low), self.shuffle(v, other, high))
