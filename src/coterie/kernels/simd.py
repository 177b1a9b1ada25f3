"""Loop nests written in LLVM's vector types, as Numba intrinsics: the only file that does so.

Numba's autovectoriser reaches a third of this speed, since it keeps neither a tile of scores nor the
changes of a block's rows in registers. What is here:

===================  ===================================================================
``dot_tile``         scores of up to 4 × 3 rows, each row loaded once for the whole tile
``scaled_sigmoids``  a multiple of the logistic function of a stretch of scores, in place
``rank_update``      ``X += GᵀY`` and ``Y += G X`` in one sweep over the columns, while
                     the rows of the next block come into the cache
===================  ===================================================================

Addresses are int64. A *row list* is an int64 array that holds the address of each row, so that rows stay
where they are in their matrices. A length `n` counts float32 and is a multiple of :data:`LANES`; rows are
aligned to a whole vector. Sizes known only at run time select a copy of the code unrolled for that size.

These functions can neither run with the JIT off nor be seen by ``NUMBA_BOUNDSCHECK``; tests hold them to
the plain kernels of :mod:`coterie.kernels.logistic` on matrices between guard pages.
"""

from __future__ import annotations

import itertools
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
    "rank_update",
    "scaled_sigmoids",
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
"""Input rows that one sweep updates; enough for a window of 6."""

# So many input rows fit into 16 registers with old values and changes; more are done in two groups.
_ROWS_IN_REGISTERS = 6

_FLOAT, _BYTE, _INT32, _INT64 = ir.FloatType(), ir.IntType(8), ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_QUAD = ir.VectorType(_FLOAT, 4)
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
        return self.splat(self.load(address, _FLOAT, 4))

    def splat(self, value: Value) -> Value:
        """Return a vector whose lanes all hold `value`."""
        one = self.builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, _INT32(0))
        return self.shuffle(one, one, [0] * LANES)

    def load_quads(self, address: Value) -> Value:
        """Load a vector as it was stored, four floats at a time.

        A wide load over several narrower stores that are still on their way waits until all have arrived.
        """
        parts = [self.load(self.offset(address, 4 * i), _QUAD, 4) for i in range(0, LANES, 4)]
        while len(parts) > 1:
            lanes = range(2 * parts[0].type.count)
            parts = [self.shuffle(v, w, lanes) for v, w in zip(parts[0::2], parts[1::2], strict=True)]
        return parts[0]

    def constant(self, number: float) -> ir.Constant:
        return ir.Constant(_VECTOR, [float(number)] * LANES)

    def bytes_of(self, count: Value) -> Value:
        return self.builder.mul(count, _INT64(4))

    def prefetch(self, rows: Value, i: Value, offset: Value) -> list[Value]:
        """Ask for the cache line at `offset` of entry `i` of a row list; the body of a loop."""
        builder, kind = (
            self.builder,
            ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), _INT32, _INT32, _INT32]),
        )
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        row = self.load(self.offset(rows, builder.mul(i, _INT64(8))), _INT64, 8)
        pointer = builder.inttoptr(self.offset(row, offset), _BYTE.as_pointer())
        builder.call(function, [pointer, _INT32(0), _INT32(3), _INT32(1)])
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


def _intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make an intrinsic of `function`; kernels call it without the first argument."""
    return cast(Callable[..., Any], intrinsic(function))


def _procedure(arguments: int) -> Any:
    """Return the signature of an intrinsic that takes int64 arguments and returns nothing."""
    return types.void(*[types.int64] * arguments)


@_intrinsic
def dot_tile(typing, inputs, input_count, outputs, output_count, n, scores, stride):
    """``scores[j, i] = X_i · Y_j`` for 1–4 input rows and 1–3 output rows; `stride` in bytes between rows j.

    Four floats of each row of `scores` are written in any case.
    """

    def generate(context, builder, signature, arguments):
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
                row = sums[j * len(x) : (j + 1) * len(x)]
                # Always four lanes, of which the last may be repetitions: `load_quads` reads four.
                row_sums = emit.horizontal_sums((row * 4)[:4])
                emit.store(row_sums, emit.offset(out, builder.mul(out_stride, _INT64(j))), align=4)

        sizes = [8 * j + i for j in range(1, TILE_OUTPUTS + 1) for i in range(1, TILE_INPUTS + 1)]
        emit.specialise(builder.add(builder.mul(y_count, _INT64(8)), x_count), sizes, tile)
        return context.get_dummy_value()

    return _procedure(7), generate


@_intrinsic
def rank_update(
    typing,
    old_inputs,
    inputs,
    input_count,
    old_outputs,
    outputs,
    output_count,
    n,
    g,
    stride,
    stash,
    coming,
    coming_count,
):
    """``X_i += Σ_j g[j, i]·Y_j`` and ``Y_j += Σ_i g[j, i]·X_i``, for 1–12 input rows.

    The right-hand sides read the rows of the *old* lists, the sums go into the rows of the others. Where
    no output row is listed twice both lists of a side may be the same: a column is read whole before it is
    written, and an input row listed twice is read again before each addition. `stride` is in bytes;
    `stash` has room for 64 aligned bytes for each output row.

    Meanwhile the `coming_count` rows listed in `coming` are fetched into the cache, a line of each with every
    line of the sweep: asked for all at once, they fill the queue of misses and stop the arithmetic.
    """

    def generate(context, builder, signature, arguments):
        (
            old_xs,
            xs,
            x_count,
            old_ys,
            ys,
            y_count,
            length,
            gradient,
            gradient_stride,
            stash_rows,
            coming_rows,
            coming_number,
        ) = arguments
        emit = _Emitter(builder)

        def sweep(m: int) -> None:
            old_x, x = ([emit.row(rows, i) for i in range(m)] for rows in (old_xs, xs))
            parts = -(-m // _ROWS_IN_REGISTERS)
            bounds = [m * part // parts for part in range(parts + 1)]
            groups = [range(first, last) for first, last in itertools.pairwise(bounds)]

            def changes_of(group: range, held: list[Value], d: Value) -> list[Value]:
                """Add one group's part to every output row; return the changes of its input rows."""

                def output_row(j: Value, changes: list[Value]) -> list[Value]:
                    entry, place = (
                        builder.mul(j, _INT64(8)),
                        emit.offset(stash_rows, builder.mul(j, _INT64(64))),
                    )
                    target = emit.offset(emit.load(emit.offset(ys, entry), _INT64, 8), d)
                    if group.start == 0:
                        old_row = emit.load(emit.offset(old_ys, entry), _INT64, 8)
                        old_y = emit.load_vector(emit.offset(old_row, d))
                        if parts > 1:
                            emit.store(old_y, place)
                    else:
                        old_y = emit.load_vector(place)
                    new_y = emit.load_vector(target)
                    weights = emit.offset(gradient, builder.mul(j, gradient_stride), 4 * group.start)
                    after = []
                    for i, value in enumerate(held):
                        weight = emit.broadcast(emit.offset(weights, 4 * i))
                        after.append(emit.fma(weight, old_y, changes[i]))
                        new_y = emit.fma(weight, value, new_y)
                    emit.store(new_y, target)
                    return after

                return emit.loop(y_count, 1, [_ZERO] * len(group), output_row)

            def column(d: Value, _: list[Value]) -> list[Value]:
                new_line = builder.icmp_signed("==", builder.and_(d, _INT64(63)), _INT64(0))
                any_coming = builder.icmp_signed(">", coming_number, _INT64(0))
                with builder.if_then(builder.and_(new_line, any_coming)):
                    emit.loop(coming_number, 1, [], lambda r, _: emit.prefetch(coming_rows, r, d))
                changed: list[tuple[int, Value]] = []
                for group in groups:
                    held = [emit.load_vector(emit.offset(old_x[i], d)) for i in group]
                    add(changed, d)  # only now: a row of this group may be one of the last group's
                    changed = list(zip(group, changes_of(group, held, d), strict=True))
                add(changed, d)
                return []

            def add(changed: list[tuple[int, Value]], d: Value) -> None:
                for i, change in changed:
                    address = emit.offset(x[i], d)
                    emit.store(builder.fadd(emit.load_vector(address), change), address)

            emit.loop(emit.bytes_of(length), _VECTOR_BYTES, [], column)

        emit.specialise(x_count, range(1, UPDATE_ROWS + 1), sweep)
        return context.get_dummy_value()

    return _procedure(12), generate


@_intrinsic
def scaled_sigmoids(typing, scores, count, factor):
    """``s = factor·σ(s)`` for `count` floats, rounded up to whole vectors, as ``logistic.sigmoid`` has it."""

    def generate(context, builder, signature, arguments):
        address, number, scale = arguments
        emit = _Emitter(builder)
        factors = emit.splat(scale)

        def polynomial(q: Value, *coefficients: float) -> Value:
            value = emit.constant(coefficients[0])
            for coefficient in coefficients[1:]:
                value = emit.fma(value, q, emit.constant(coefficient))
            return value

        def stretch(d: Value, _: list[Value]) -> list[Value]:
            place = emit.offset(address, d)
            t = builder.fmul(emit.load_quads(place), emit.constant(0.5))
            for relation, bound in ((">", 4.97), ("<", -4.97)):
                # "unordered" comparisons would turn NaN into a bound; NaN must stay and be found.
                beyond = builder.fcmp_ordered(relation, t, emit.constant(bound))
                t = builder.select(beyond, emit.constant(bound), t)
            q = builder.fmul(t, t)
            numerator = builder.fmul(t, polynomial(q, 0.5, 189.0, 8662.5, 67567.5))
            denominator = polynomial(q, 28.0, 3150.0, 62370.0, 135135.0)
            value = builder.fadd(emit.constant(0.5), builder.fdiv(numerator, denominator))
            emit.store(builder.fmul(factors, value), place, align=4)
            return []

        emit.loop(emit.bytes_of(number), _VECTOR_BYTES, [], stretch)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.float32), generate
