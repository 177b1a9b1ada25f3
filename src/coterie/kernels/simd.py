"""Loop nests written in LLVM's vector types, as Numba intrinsics: the only file that does so.

Numba's autovectoriser reaches a third of this speed, since it keeps neither a tile of scores nor the
changes of a block's rows in registers. What is here:

=================  =====================================================================
``dot_tile``       scores of up to 4 × 3 rows, each row loaded once for the whole tile
``rank_update``    ``X += GᵀY`` and ``Y += G X`` in one sweep over the columns
``sigmoid_rows``   the logistic function of a stretch of scores, in place
``prefetch_row``   a hint that a row will soon be read and written
=================  =====================================================================

Addresses are int64. A *row list* is an int64 array that holds the address of each row, so that rows stay
where they are in their matrices. A length `n` counts float32 and is a multiple of :data:`LANES`; rows are
aligned to a whole vector. Sizes known only at run time select a copy of the code unrolled for that size.

These functions can neither run with the JIT off nor be seen by ``NUMBA_BOUNDSCHECK``; tests hold them to
the plain kernels of :mod:`coterie.kernels.logistic` on matrices between guard pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, cast

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils as _untyped_cgutils
from numba.extending import intrinsic

__all__ = [
    "LANES",
    "TILE_INPUTS",
    "TILE_OUTPUTS",
    "UPDATE_ROWS",
    "dot_tile",
    "prefetch_row",
    "rank_update",
    "sigmoid_rows",
    "supported",
]

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

TILE_INPUTS, TILE_OUTPUTS = 4, 3
"""A tile's 12 accumulators, with 3 + 1 registers for rows, fill the 16 that AVX2 has."""

UPDATE_ROWS = 12
"""Input rows whose changes one sweep keeps in registers: 12 of 16; enough for a window of 6."""

# Beyond this many input rows their old values no longer fit beside their changes: kept on the stack instead.
_ROWS_IN_REGISTERS = 6

_FLOAT, _BYTE, _INT32, _INT64 = ir.FloatType(), ir.IntType(8), ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_ZERO = ir.Constant(_VECTOR, [0.0] * LANES)
_VECTOR_BYTES = 4 * LANES


class _Emitter:
    """The few words in which the kernels below are written, over an IR builder."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder
        name, ternary = f"llvm.fma.v{LANES}f32", ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        self._fma = cgutils.get_or_insert_function(builder.module, ternary, name)

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """Return x·y + z, lane by lane, rounded once."""
        return self.builder.call(self._fma, [x, y, z])

    def offset(self, address: Value, *amounts: Value | int) -> Value:
        """Return `address` plus the amounts, in bytes."""
        for amount in amounts:
            address = self.builder.add(address, _INT64(amount) if isinstance(amount, int) else amount)
        return address

    def load(self, address: Value, kind: ir.Type, align: int) -> Value:
        return self.builder.load(self.builder.inttoptr(address, kind.as_pointer()), align=align)

    def load_vector(self, address: Value, align: int = _VECTOR_BYTES) -> Value:
        return self.load(address, _VECTOR, align)

    def store(self, value: Value, address: Value, align: int = _VECTOR_BYTES) -> None:
        self.builder.store(value, self.builder.inttoptr(address, value.type.as_pointer()), align=align)

    def row(self, rows: Value, i: int) -> Value:
        """Return the address in entry `i` of a row list."""
        return self.load(self.offset(rows, 8 * i), _INT64, 8)

    def shuffle(self, v: Value, w: Value, lanes: Sequence[int]) -> Value:
        return self.builder.shuffle_vector(v, w, ir.Constant(ir.VectorType(_INT32, len(lanes)), list(lanes)))

    def broadcast(self, address: Value) -> Value:
        """Return a vector whose lanes all hold the float at `address`."""
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        one = self.builder.insert_element(undefined, self.load(address, _FLOAT, 4), _INT32(0))
        return self.shuffle(one, one, [0] * LANES)

    def constant(self, number: float) -> ir.Constant:
        return ir.Constant(_VECTOR, [float(number)] * LANES)

    def bytes_of(self, count: Value) -> Value:
        return self.builder.mul(count, _INT64(4))

    def stack_vectors(self, count: int) -> Value:
        """Return a pointer to room for `count` vectors on the stack."""
        pointer = cgutils.alloca_once(self.builder, _VECTOR, size=count)
        pointer.align = _VECTOR_BYTES
        return pointer

    def loop(
        self, count: Value, step: int, state: list[Value], body: Callable[[Value, list[Value]], list[Value]]
    ) -> list[Value]:
        """``for t in range(0, count, step): state = body(t, state)``, the state in registers; count > 0."""
        builder = self.builder
        entry = builder.block
        top, done = builder.append_basic_block("top"), builder.append_basic_block("done")
        builder.branch(top)
        builder.position_at_end(top)
        counter = builder.phi(_INT64)
        phis = [builder.phi(value.type) for value in state]
        after = body(counter, list(phis))
        following = builder.add(counter, _INT64(step))
        for phi, first, later in zip([counter, *phis], [_INT64(0), *state], [following, *after], strict=True):
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
            switch.add_case(_INT64(size), block)
            builder.position_at_end(block)
            body(size)
            builder.branch(done)
        builder.position_at_end(done)

    def horizontal_sums(self, vectors: list[Value]) -> Value:
        """Return a vector whose leading lanes are the sums over the lanes of each of `vectors`.

        Each round adds neighbouring halves of two vectors into one, so m vectors take about
        m + log₂(LANES / m) additions instead of m · log₂ LANES.
        """
        missing = (1 << (len(vectors) - 1).bit_length()) - len(vectors)
        vectors = vectors + [vectors[0]] * missing
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


def _intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make an intrinsic of `function`; kernels call it without the first argument."""
    return cast(Callable[..., Any], intrinsic(function))


def _procedure(arguments: int) -> Any:
    """Return the signature of an intrinsic that takes int64 arguments and returns nothing."""
    return types.void(*[types.int64] * arguments)


@_intrinsic
def dot_tile(typing, inputs, input_count, outputs, output_count, n, scores, stride):  # type: ignore[no-untyped-def]
    """``scores[j, i] = X_i · Y_j`` for 1–4 input rows and 1–3 output rows; `stride` in bytes between rows j.

    With three input rows a fourth float of each row of `scores` is overwritten.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        xs, x_count, ys, y_count, length, out, out_stride = arguments
        emit = _Emitter(builder)

        def tile(size: int) -> None:
            x = [emit.row(xs, i) for i in range(size % 8)]
            y = [emit.row(ys, j) for j in range(size // 8)]

            def column(d: Value, sums: list[Value]) -> list[Value]:
                values = [emit.load_vector(emit.offset(row, d)) for row in x]
                updated = []
                for j, row in enumerate(y):
                    other = emit.load_vector(emit.offset(row, d))
                    updated += [emit.fma(v, other, sums[j * len(x) + i]) for i, v in enumerate(values)]
                return updated

            sums = emit.loop(emit.bytes_of(length), _VECTOR_BYTES, [_ZERO] * (len(x) * len(y)), column)
            for j in range(len(y)):
                # Three sums come as four lanes: the fourth lands where the next tile, or nothing, is.
                row_sums = emit.horizontal_sums(sums[j * len(x) : (j + 1) * len(x)])
                emit.store(row_sums, emit.offset(out, builder.mul(out_stride, _INT64(j))), align=4)

        sizes = [8 * j + i for j in range(1, TILE_OUTPUTS + 1) for i in range(1, TILE_INPUTS + 1)]
        emit.specialise(builder.add(builder.mul(y_count, _INT64(8)), x_count), sizes, tile)
        return context.get_dummy_value()

    return _procedure(7), generate


@_intrinsic
def rank_update(typing, old_inputs, inputs, input_count, old_outputs, outputs, output_count, n, g, stride):  # type: ignore[no-untyped-def]
    """``X_i += Σ_j g[j, i]·Y_j`` and ``Y_j += Σ_i g[j, i]·X_i``, for 1–12 input rows.

    The right-hand sides read the rows of the *old* lists, the sums go into the rows of the others. Where
    no output row is listed twice both lists of a side may be the same: a column is read whole before it is
    written, and an input row listed twice is read again before each addition. `stride` is in bytes.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        old_xs, xs, x_count, old_ys, ys, y_count, length, gradient, gradient_stride = arguments
        emit = _Emitter(builder)

        stash = builder.ptrtoint(emit.stack_vectors(UPDATE_ROWS), _INT64)

        def sweep(m: int) -> None:
            old_x = [emit.row(old_xs, i) for i in range(m)]
            x = [emit.row(xs, i) for i in range(m)]
            in_registers = m <= _ROWS_IN_REGISTERS

            def column(d: Value, _: list[Value]) -> list[Value]:
                held = [emit.load_vector(emit.offset(row, d)) for row in old_x]
                if not in_registers:
                    for i, value in enumerate(held):
                        emit.store(value, emit.offset(stash, i * _VECTOR_BYTES))

                def output_row(j: Value, changes: list[Value]) -> list[Value]:
                    entry = builder.mul(j, _INT64(8))
                    target = emit.offset(emit.load(emit.offset(ys, entry), _INT64, 8), d)
                    old_y = emit.load_vector(emit.offset(emit.load(emit.offset(old_ys, entry), _INT64, 8), d))
                    new_y = emit.load_vector(target)
                    weights = emit.offset(gradient, builder.mul(j, gradient_stride))
                    after = []
                    for i in range(m):
                        weight = emit.broadcast(emit.offset(weights, 4 * i))
                        value = (
                            held[i]
                            if in_registers
                            else emit.load_vector(emit.offset(stash, i * _VECTOR_BYTES))
                        )
                        after.append(emit.fma(weight, old_y, changes[i]))
                        new_y = emit.fma(weight, value, new_y)
                    emit.store(new_y, target)
                    return after

                changes = emit.loop(y_count, 1, [_ZERO] * m, output_row)
                for row, change in zip(x, changes, strict=True):
                    address = emit.offset(row, d)
                    emit.store(builder.fadd(emit.load_vector(address), change), address)
                return []

            emit.loop(emit.bytes_of(length), _VECTOR_BYTES, [], column)

        emit.specialise(x_count, range(1, UPDATE_ROWS + 1), sweep)
        return context.get_dummy_value()

    return _procedure(9), generate


@_intrinsic
def sigmoid_rows(typing, scores, count):  # type: ignore[no-untyped-def]
    """``s = σ(s)`` for `count` floats rounded up to whole vectors: the fraction of ``logistic.sigmoid``."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address, number = arguments
        emit = _Emitter(builder)

        def polynomial(q: Value, *coefficients: float) -> Value:
            value = emit.constant(coefficients[0])
            for coefficient in coefficients[1:]:
                value = emit.fma(value, q, emit.constant(coefficient))
            return value

        def stretch(d: Value, _: list[Value]) -> list[Value]:
            t = builder.fmul(emit.load_vector(emit.offset(address, d), align=4), emit.constant(0.5))
            for relation, bound in ((">", 4.97), ("<", -4.97)):
                # "unordered" comparisons would turn NaN into a bound; NaN must stay and be found.
                beyond = builder.fcmp_ordered(relation, t, emit.constant(bound))
                t = builder.select(beyond, emit.constant(bound), t)
            q = builder.fmul(t, t)
            numerator = builder.fmul(t, polynomial(q, 0.5, 189.0, 8662.5, 67567.5))
            denominator = polynomial(q, 28.0, 3150.0, 62370.0, 135135.0)
            value = builder.fadd(emit.constant(0.5), builder.fdiv(numerator, denominator))
            emit.store(value, emit.offset(address, d), align=4)
            return []

        emit.loop(emit.bytes_of(number), _VECTOR_BYTES, [], stretch)
        return context.get_dummy_value()

    return _procedure(2), generate


@_intrinsic
def prefetch_row(typing, row, n):  # type: ignore[no-untyped-def]
    """Ask for the cache lines of a row of `n` floats that will be read and written."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address, length = arguments
        emit = _Emitter(builder)
        kind = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), _INT32, _INT32, _INT32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")

        def line(d: Value, _: list[Value]) -> list[Value]:
            pointer = builder.inttoptr(emit.offset(address, d), _BYTE.as_pointer())
            builder.call(function, [pointer, _INT32(0), _INT32(3), _INT32(1)])
            return []

        emit.loop(emit.bytes_of(length), 64, [], line)
        return context.get_dummy_value()

    return _procedure(2), generate
