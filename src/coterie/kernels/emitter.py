"""The few words in which the vector kernels are written: LLVM's vector types over an IR builder.

A vector holds :data:`LANES` float32, as many as this CPU's registers do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import llvmlite.binding
import numba.core.config
from llvmlite import ir
from numba.core import cgutils as _untyped_cgutils

from coterie.kernels.bfloat16 import COLUMN_FACTOR, ROTATION, SHIFTS

__all__ = ["FLOAT_BYTES", "INT64", "LANES", "VECTOR_BYTES", "ZERO", "Emitter", "Value", "supported"]

cgutils: Any = _untyped_cgutils
Value: TypeAlias = Any  # an llvmlite ir.Value; llvmlite has no types


def _host_features() -> set[str]:
    """Return the names, as LLVM has them, of the features that kernels are compiled for.

    These are the CPU's, unless the environment tells Numba to leave some out (``NUMBA_CPU_FEATURES``).
    """
    told: str | None = numba.core.config.CPU_FEATURES  # type: ignore[attr-defined]
    if told is not None:
        return {name[1:] for name in told.split(",") if name.startswith("+")}
    return {name for name, present in llvmlite.binding.get_host_cpu_features().items() if present}


def supported() -> bool:
    """Tell whether this CPU has vectors and fused multiply-add wide enough to be worth these kernels."""
    features = _host_features()
    return {"avx2", "fma"} <= features or "neon" in features


LANES: int = 16 if "avx512f" in _host_features() else 8
"""float32 in a vector; on NEON LLVM splits eight into two registers."""

FLOAT, BYTE, INT32, INT64 = ir.FloatType(), ir.IntType(8), ir.IntType(32), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, LANES)
_HALVES, _WORDS = (ir.VectorType(ir.IntType(bits), LANES) for bits in (16, 32))
ZERO = ir.Constant(VECTOR, [0.0] * LANES)
FLOAT_BYTES = 4
VECTOR_BYTES = FLOAT_BYTES * LANES


class Emitter:
    """Emits vector code into the function that `builder` is building."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """Return x·y + z, lane by lane, rounded once."""
        kind = x.type
        name, ternary = f"llvm.fma.v{kind.count}f32", ir.FunctionType(kind, [kind] * 3)
        return self.builder.call(
            cgutils.get_or_insert_function(self.builder.module, ternary, name), [x, y, z]
        )

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

    def load_narrow(self, address: Value) -> Value:
        """Return the vector of the bfloat16 at `address`."""
        bits = self.builder.zext(self.load(address, _HALVES, VECTOR_BYTES // 2), _WORDS)
        return self.builder.bitcast(self.builder.shl(bits, self._word(16)), VECTOR)

    def store_narrow(self, value: Value, address: Value, noise: Value) -> None:
        """Write `value` at `address` as bfloat16, rounded by the upper halves of `noise`."""
        bits = self.builder.add(self.builder.bitcast(value, _WORDS), self.builder.lshr(noise, self._word(16)))
        kept = self.builder.trunc(self.builder.lshr(bits, self._word(16)), _HALVES)
        self.store(kept, address, align=VECTOR_BYTES // 2)

    def noise(self, seed: Value, d: Value) -> Value:
        """Return :func:`.bfloat16.noise_at` of the columns from byte `d` of a float32 row on, for place 0."""
        builder = self.builder
        column = builder.trunc(builder.udiv(d, INT64(FLOAT_BYTES)), INT32)
        start = builder.add(builder.trunc(seed, INT32), builder.mul(column, INT32(COLUMN_FACTOR)))
        lanes = ir.Constant(_WORDS, [COLUMN_FACTOR * lane % 2**32 for lane in range(LANES)])
        noise = builder.add(self.splat(start), lanes)
        for shift in SHIFTS:
            shifted = builder.shl if shift > 0 else builder.lshr
            noise = builder.xor(noise, shifted(noise, self._word(abs(shift))))
        return noise

    def rotated(self, noise: Value) -> Value:
        """Return the noise for the next place."""
        kind = ir.FunctionType(_WORDS, [_WORDS] * 3)
        name = f"llvm.fshl.v{LANES}i32"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [noise, noise, self._word(ROTATION)])

    def _word(self, number: int) -> ir.Constant:
        return ir.Constant(_WORDS, [number] * LANES)

    def row(self, base: Value, stride: Value, numbers: Value, i: int) -> Value:
        """Return the address of the row whose number is entry `i` of an int32 array."""
        number = self.builder.sext(self.load(self.offset(numbers, 4 * i), INT32, 4), INT64)
        return self.offset(base, self.builder.mul(number, stride))

    def listed(self, addresses: Value, i: Value) -> Value:
        """Return entry `i` of an array of addresses."""
        return self.load(self.offset(addresses, self.builder.mul(i, INT64(8))), INT64, 8)

    def shuffle(self, v: Value, w: Value, lanes: Sequence[int]) -> Value:
        """Return the named lanes of v and, counted on, of w."""
        return self.builder.shuffle_vector(v, w, ir.Constant(ir.VectorType(INT32, len(lanes)), list(lanes)))

    def broadcast(self, address: Value) -> Value:
        """Return a vector whose lanes all hold the float at `address`."""
        return self.splat(self.load(address, FLOAT, 4))

    def splat(self, value: Value, lanes: int = LANES) -> Value:
        """Return a vector whose lanes all hold `value`."""
        one = self.builder.insert_element(
            ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined), value, INT32(0)
        )
        return self.shuffle(one, one, [0] * lanes)

    def load_floats(self, address: Value, count: int) -> Value:
        """Return a vector that begins with the `count` floats at `address`, of 4 lanes or a power of two."""
        lanes = max(4, 1 << (count - 1).bit_length())
        return self.load(address, ir.VectorType(FLOAT, lanes), 4)

    def pick(self, v: Value, lanes: Sequence[int], count: int) -> Value:
        """Return a vector of `count` lanes that begins with the named lanes of `v`."""
        return self.shuffle(v, v, [*lanes, *[lanes[-1]] * (count - len(lanes))])

    def constant(self, number: float, lanes: int = LANES) -> ir.Constant:
        """Return a vector of `number` in every lane."""
        return ir.Constant(ir.VectorType(FLOAT, lanes), [float(number)] * lanes)

    def bytes_of(self, count: Value) -> Value:
        """Return the bytes that `count` float32 take."""
        return self.builder.mul(count, INT64(4))

    def half(self, amount: Value) -> Value:
        """Return half of a number of bytes."""
        return self.builder.lshr(amount, INT64(1))

    def prefetch(self, address: Value) -> None:
        """Ask for the cache line at `address`, which may be anything: a prefetch raises no fault."""
        kind = ir.FunctionType(ir.VoidType(), [BYTE.as_pointer(), INT32, INT32, INT32])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        pointer = self.builder.inttoptr(address, BYTE.as_pointer())
        self.builder.call(function, [pointer, INT32(0), INT32(3), INT32(1)])

    def loop(
        self,
        end: Value,
        step: int,
        state: list[Value],
        body: Callable[[Value, list[Value]], list[Value]],
        start: Value | None = None,
    ) -> list[Value]:
        """``for t in range(start or 0, end, step): state = body(t, state)``, the state in registers.

        The body is run at least once.
        """
        builder = self.builder
        entry = builder.block
        top, done = builder.append_basic_block("top"), builder.append_basic_block("done")
        builder.branch(top)
        builder.position_at_end(top)
        counter = builder.phi(INT64)
        phis = [builder.phi(value.type) for value in state]
        after = body(counter, list(phis))
        following = builder.add(counter, INT64(step))
        for phi, first, later in zip(
            [counter, *phis], [start or INT64(0), *state], [following, *after], strict=True
        ):
            phi.add_incoming(first, entry)
            phi.add_incoming(later, builder.block)
        builder.cbranch(builder.icmp_signed("<", following, end), top, done)
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

        Each round adds the halves of two vectors' groups of lanes into one vector, so m vectors, a power of
        two, take about m + log₂(LANES / m) additions instead of m · log₂ LANES. Up to such a number, and to
        4, vectors are repeated.
        """
        rounds = max(2, (len(vectors) - 1).bit_length())
        # Rounds deal the lanes out from the highest bit of a vector's place down to the lowest.
        places = [int(f"{place:0{rounds}b}"[::-1], 2) for place in range(1 << rounds)]
        half = 1 << (rounds - 1)
        vectors = [vectors[(p if p < len(vectors) else p - half) % len(vectors)] for p in places]
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
        """Add the halves of each group of `width` lanes: of `v` into its first half, of `w` into its last."""
        lanes = range(v.type.count)
        if w is None:
            kept = [lane for lane in lanes if lane % width < half]
            return self.builder.fadd(
                self.shuffle(v, v, kept), self.shuffle(v, v, [lane + half for lane in kept])
            )
        # One of the two is a blend, which leaves lanes where they are and is cheaper than a shuffle.
        blended = [lane + v.type.count * (lane % width >= half) for lane in lanes]
        crossed = [lane + half if lane % width < half else lane - half + v.type.count for lane in lanes]
        return self.builder.fadd(self.shuffle(v, w, blended), self.shuffle(v, w, crossed))
