"""Loop nests in LLVM's vector types, as Numba intrinsics, written in the words of :mod:`.emitter`.

Numba's autovectoriser reaches a third of this speed, since it keeps neither a tile of scores nor the
changes of a block's rows in registers. What is here:

===================  ===================================================================
``dot_tile``         scores of up to 4 × 3 rows, each row loaded once for the whole tile
``scaled_sigmoids``  a multiple of the logistic function of a stretch of scores, in place
``rank_update``      ``X += GᵀY`` and ``Y += G X`` in one sweep over the columns, while
                     the rows of the next block come into the cache
===================  ===================================================================

Addresses are int64. A *row list* is an int64 array that holds the address of each row, so that rows stay
where they are in their matrices. A length `n` counts float32 and is a multiple of ``emitter.LANES``; rows
are aligned to a whole vector. Sizes known only at run time select a copy of the code unrolled for that size.

These functions can neither run with the JIT off nor be seen by ``NUMBA_BOUNDSCHECK``; tests hold them to
the plain kernels of :mod:`coterie.kernels.logistic` on matrices between guard pages.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, cast

from numba import types
from numba.extending import intrinsic

from coterie.kernels.emitter import INT64, VECTOR_BYTES, ZERO, Emitter, Value

__all__ = [
    "TILE_INPUTS",
    "TILE_OUTPUTS",
    "UPDATE_ROWS",
    "dot_tile",
    "rank_update",
    "scaled_sigmoids",
]


TILE_INPUTS, TILE_OUTPUTS = 4, 3
"""A tile's 12 accumulators, with 3 + 1 registers for rows, fill the 16 that AVX2 has."""

UPDATE_ROWS = 12
"""Input rows that one sweep updates; enough for a window of 6."""

# So many input rows fit into 16 registers with old values and changes; more are done in two groups.
_ROWS_IN_REGISTERS = 6


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
        emit = Emitter(builder)

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

            sums = emit.loop(emit.bytes_of(length), VECTOR_BYTES, [ZERO] * (len(x) * len(y)), column)
            for j in range(len(y)):
                row = sums[j * len(x) : (j + 1) * len(x)]
                # Always four lanes, of which the last may be repetitions: `load_quads` reads four.
                row_sums = emit.horizontal_sums((row * 4)[:4])
                emit.store(row_sums, emit.offset(out, builder.mul(out_stride, INT64(j))), align=4)

        sizes = [8 * j + i for j in range(1, TILE_OUTPUTS + 1) for i in range(1, TILE_INPUTS + 1)]
        emit.specialise(builder.add(builder.mul(y_count, INT64(8)), x_count), sizes, tile)
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
        emit = Emitter(builder)

        def sweep(m: int) -> None:
            old_x, x = ([emit.row(rows, i) for i in range(m)] for rows in (old_xs, xs))
            parts = -(-m // _ROWS_IN_REGISTERS)
            bounds = [m * part // parts for part in range(parts + 1)]
            groups = [range(first, last) for first, last in itertools.pairwise(bounds)]

            def changes_of(group: range, held: list[Value], d: Value) -> list[Value]:
                """Add one group's part to every output row; return the changes of its input rows."""

                def output_row(j: Value, changes: list[Value]) -> list[Value]:
                    entry, place = (
                        builder.mul(j, INT64(8)),
                        emit.offset(stash_rows, builder.mul(j, INT64(64))),
                    )
                    target = emit.offset(emit.load(emit.offset(ys, entry), INT64, 8), d)
                    if group.start == 0:
                        old_row = emit.load(emit.offset(old_ys, entry), INT64, 8)
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

                return emit.loop(y_count, 1, [ZERO] * len(group), output_row)

            def column(d: Value, _: list[Value]) -> list[Value]:
                new_line = builder.icmp_signed("==", builder.and_(d, INT64(63)), INT64(0))
                any_coming = builder.icmp_signed(">", coming_number, INT64(0))
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

            emit.loop(emit.bytes_of(length), VECTOR_BYTES, [], column)

        emit.specialise(x_count, range(1, UPDATE_ROWS + 1), sweep)
        return context.get_dummy_value()

    return _procedure(12), generate


@_intrinsic
def scaled_sigmoids(typing, scores, count, factor):
    """``s = factor·σ(s)`` for `count` floats, rounded up to whole vectors, as ``logistic.sigmoid`` has it."""

    def generate(context, builder, signature, arguments):
        address, number, scale = arguments
        emit = Emitter(builder)
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

        emit.loop(emit.bytes_of(number), VECTOR_BYTES, [], stretch)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.float32), generate
