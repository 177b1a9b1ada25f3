"""Loop nests in LLVM's vector types, as Numba intrinsics, written in the words of :mod:`.emitter`.

Numba's autovectoriser reaches a third of this speed, since it keeps neither a tile of scores nor the
changes of a block's rows in registers. What is here, for a *panel* of up to ``PANEL_ROWS`` input rows:

===================  ===================================================================
``panel_gradients``  scores and gradients of the panel against all output rows, tile by
                     tile: while one tile's sums become gradients, the next one's are taken
``rank_update``      ``X += GᵀY`` and ``Y += G X`` in one sweep over the columns, while
                     rows of a coming block are fetched into the cache
``copy_rows``        copies of rows, for blocks of several panels
===================  ===================================================================

Addresses are int64, numbers of rows int32. Rows stay where they are in their matrices: row r of one that
begins at `base` is at ``base + r·stride``, in bytes. A length `n` counts float32 and is a multiple of
``emitter.LANES``; rows are aligned to a whole vector. Sizes known only at run time select a copy of the code
unrolled for that size.

A panel of m input rows has its scores and gradients packed: that of input row i and output row j is entry
``j·m + i``, so that a tile is whole vectors whatever its shape. What lies behind a panel's last entry is
overwritten, up to ``SLACK_ROWS`` rows of it and a vector.

These functions can neither run with the JIT off nor be seen by ``NUMBA_BOUNDSCHECK``; tests hold them to
the plain kernels of :mod:`coterie.kernels.logistic` on matrices between guard pages.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias, cast

from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from coterie.kernels.compile import JIT_ENABLED
from coterie.kernels.emitter import FLOAT_BYTES, INT64, LANES, VECTOR_BYTES, ZERO, Emitter, Value

__all__ = [
    "PANEL_ROWS",
    "SLACK_ROWS",
    "address_of",
    "copy_rows",
    "fetch_rows",
    "panel_gradients",
    "rank_update",
]

# AVX-512 has 32 registers; AVX2 has 16, and NEON 32 of half a vector.
_REGISTERS = 32 if LANES == 16 else 16

PANEL_ROWS = 12 if LANES == 16 else 6
"""Input rows of a panel: old values and changes of so many fit into the registers, with three to work in.

A window of 6 words on either side is one panel with AVX-512, and two with AVX2.
"""

_TILE_OUTPUTS = (3, 2, 1)

_Row: TypeAlias = Callable[[Value], Value]

_LINE_BYTES = 64

SLACK_ROWS = 3
"""Entries behind those of the last output row that a tile of three, in vectors of four, may read."""


def _intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make an intrinsic of `function`; kernels call it without the first argument."""
    return cast(Callable[..., Any], intrinsic(function))


@_intrinsic
def _compiled_address(typing, array):

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.ptrtoint(data, INT64)

    return types.int64(array), generate


def _plain_address(array: NDArray[Any]) -> int:
    return array.ctypes.data


address_of = _compiled_address if JIT_ENABLED else _plain_address
"""Return where an array's data begin; Numba's own way to ask makes an object."""


def _tile_outputs(inputs: int) -> int:
    """Return how many output rows a tile has: sums for three quarters of the registers, at most.

    All of these divide the usual 1 + k, which is 6. More would leave a small window a single tile, and
    nothing to compute while its sums become gradients.
    """
    return next(outputs for outputs in _TILE_OUTPUTS if 4 * inputs * outputs <= 3 * _REGISTERS)


@functools.cache
def panel_gradients(*, offsets: bool, narrow: bool) -> Callable[..., Any]:
    """Return the intrinsic that finds one panel's gradients, packed, and the scores that they come from.

    ``s_ji = X_i · Y_j − o_j`` and ``g_ji = rate·(t_j − w_j·σ(s_ji))``. Input rows have `stride` bytes, output
    rows, if `narrow` in bfloat16, half as many. `inputs` and `outputs` are the addresses of the rows'
    numbers, `labels` (t), `weights` (w) and `row_offsets` (o, without `offsets` taken to be 0) of a float32
    for each output row; these four have ``SLACK_ROWS`` more entries behind the last, numbers of rows that may
    be read among them. σ is as ``logistic.sigmoid`` has it.
    """

    @_intrinsic
    def panel_gradients(
        typing,
        inputs,
        input_count,
        input_base,
        outputs,
        output_count,
        output_base,
        stride,
        n,
        labels,
        weights,
        row_offsets,
        eta,
        scores,
        gradients,
    ):
        def generate(context, builder, signature, arguments):
            numbers, x_count, xs, y_numbers, y_count, ys, width, length = arguments[:8]
            label_of, weight_of, offset_of, rate, score_at, gradient_at = arguments[8:]
            emit = Emitter(builder)

            def panel(m: int) -> None:
                x, n = [_wide(emit, emit.row(xs, width, numbers, i)) for i in range(m)], _tile_outputs(m)
                of_outputs = emit.half(width) if narrow else width
                rows = _narrow if narrow else _wide

                def tile(j: Value, _: list[Value]) -> list[Value]:
                    first = emit.bytes_of(j)
                    listed = emit.offset(y_numbers, first)
                    y = [rows(emit, emit.row(ys, of_outputs, listed, t)) for t in range(n)]
                    sums = emit.loop(
                        emit.bytes_of(length),
                        VECTOR_BYTES,
                        [ZERO] * (m * n),
                        lambda d, sums: _outer_products(emit, x, y, d, sums),
                    )
                    t, w = (emit.load_floats(emit.offset(of, first), n) for of in (label_of, weight_of))
                    eta = emit.splat(rate, t.type.count)
                    scale = builder.fmul(eta, w)
                    # η(t − w σ(s)) = η(t − w/2) − ηw · ½ tanh(s/2)
                    constant = builder.fmul(
                        eta, builder.fsub(t, builder.fmul(w, emit.constant(0.5, w.type.count)))
                    )
                    shift = emit.load_floats(emit.offset(offset_of, first), n) if offsets else None
                    place = builder.mul(first, INT64(m))
                    for start in range(0, m * n, LANES):
                        row = [(start + lane) // m for lane in range(min(LANES, m * n - start))]
                        s = emit.horizontal_sums(sums[start : start + LANES])
                        if offsets:
                            s = builder.fsub(s, emit.pick(shift, row, s.type.count))
                        slope, level = (emit.pick(v, row, s.type.count) for v in (scale, constant))
                        g = builder.fsub(level, builder.fmul(slope, _half_tanh(emit, s)))
                        for base, value in ((score_at, s), (gradient_at, g)):
                            emit.store(value, emit.offset(base, place, FLOAT_BYTES * start), align=4)
                    return []

                emit.loop(y_count, n, [], tile)

            emit.specialise(x_count, range(1, PANEL_ROWS + 1), panel)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 11, types.float32, types.int64, types.int64), generate

    return panel_gradients


def _wide(emit: Emitter, row: Value) -> _Row:
    """Return what loads columns, from byte `d` on, of the float32 row at this address."""
    return lambda d: emit.load_vector(emit.offset(row, d))


def _narrow(emit: Emitter, row: Value) -> _Row:
    """Return the same of a row in bfloat16; `d` counts the bytes that the row would have in float32."""
    return lambda d: emit.load_narrow(emit.offset(row, emit.half(d)))


def _outer_products(emit: Emitter, x: list[_Row], y: list[_Row], d: Value, sums: list[Value]) -> list[Value]:
    """Add one vector's products of every row of `x` with every row of `y` to the sums."""
    added = list(sums)
    # The shorter side is held in registers, the longer one comes by: each row is loaded once.
    held_are_inputs = len(x) <= len(y)
    held, passing = (x, y) if held_are_inputs else (y, x)
    values = [load(d) for load in held]
    for p, load in enumerate(passing):
        value = load(d)
        for h, other in enumerate(values):
            i, j = (h, p) if held_are_inputs else (p, h)
            added[j * len(x) + i] = emit.fma(value, other, sums[j * len(x) + i])
    return added


def _half_tanh(emit: Emitter, s: Value) -> Value:
    """Return ½ tanh(s/2) = σ(s) − ½, lane by lane, as ``logistic.sigmoid`` computes it."""
    builder = emit.builder

    def polynomial(q: Value, *coefficients: float) -> Value:
        value = emit.constant(coefficients[0], s.type.count)
        for coefficient in coefficients[1:]:
            value = emit.fma(value, q, emit.constant(coefficient, s.type.count))
        return value

    t = builder.fmul(s, emit.constant(0.5, s.type.count))
    for relation, number in ((">", 4.97), ("<", -4.97)):
        # "unordered" comparisons would turn NaN into a bound; NaN must stay and be found.
        bound = emit.constant(number, s.type.count)
        t = builder.select(builder.fcmp_ordered(relation, t, bound), bound, t)
    q = builder.fmul(t, t)
    numerator = builder.fmul(t, polynomial(q, 0.5, 189.0, 8662.5, 67567.5))
    return builder.fdiv(numerator, polynomial(q, 28.0, 3150.0, 62370.0, 135135.0))


@functools.cache
def copy_rows(*, narrow: bool) -> Callable[..., Any]:
    """Return the intrinsic that copies columns, in bytes of float32, of the rows with the numbers at `rows`.

    They go to `copies`, a row every `stride`; rows that are `narrow`, in bfloat16, become float32.
    """

    @_intrinsic
    def copy_rows(typing, rows, count, base, stride, start, stop, copies):
        def generate(context, builder, signature, arguments):
            numbers, number, matrix, width, first, last, target = arguments
            emit = Emitter(builder)

            def row(i: Value, _: list[Value]) -> list[Value]:
                of_row = emit.half(width) if narrow else width
                source = emit.row(matrix, of_row, emit.offset(numbers, emit.bytes_of(i)), 0)
                load = (_narrow if narrow else _wide)(emit, source)
                place = emit.offset(target, builder.mul(i, width))

                def column(d: Value, _: list[Value]) -> list[Value]:
                    emit.store(load(d), emit.offset(place, d))
                    return []

                emit.loop(last, VECTOR_BYTES, [], column, start=first)
                return []

            emit.loop(number, 1, [], row)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 7), generate

    return copy_rows


@_intrinsic
def _compiled_fetch(typing, addresses, count, n):
    def generate(context, builder, signature, arguments):
        rows, number, length = arguments
        emit = Emitter(builder)

        def row(i: Value, _: list[Value]) -> list[Value]:
            start = emit.listed(rows, i)

            def line(d: Value, _: list[Value]) -> list[Value]:
                emit.prefetch(emit.offset(start, d))
                return []

            emit.loop(emit.bytes_of(length), _LINE_BYTES, [], line)
            return []

        emit.loop(number, 1, [], row)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 3), generate


def _no_fetch(addresses: int, count: int, n: int) -> None:
    pass


fetch_rows = _compiled_fetch if JIT_ENABLED else _no_fetch
"""Ask for all lines of the rows whose addresses are listed, which may be anything."""


@functools.cache
def rank_update(*, copies: bool, narrow: bool) -> Callable[..., Any]:
    """Return the intrinsic of ``X_i += Σ_j g_ji·Y_j`` and ``Y_j += Σ_i g_ji·X_i`` for one panel.

    A column is read whole before it is written, so that both right-hand sides have the values before the
    step; an input row listed twice is read again before each addition. Output rows are distinct. With
    `copies`, for a block of several panels, the *old* rows, on the right-hand sides, are copies in float32.

    Only columns from `start` to `stop`, in bytes of float32, are changed, each on its own: the same comes out
    however they are divided. Input rows are given by their numbers, output rows by the address of a list of
    their addresses, since a sweep asks for those with every line. If they are `narrow`, in bfloat16, they are
    rounded by the noise that follows from `seed`.

    Meanwhile the rows whose addresses are listed in `coming`, one more than output rows, are fetched into the
    cache, a line of each with every line of the sweep: asked for all at once, they fill the queue of misses
    and stop the arithmetic. These addresses may be anything; the first or the last is an input row's.
    """

    @_intrinsic
    def rank_update(
        typing,
        old_inputs,
        old_input_base,
        inputs,
        input_count,
        input_base,
        stride,
        old_outputs,
        outputs,
        output_count,
        start,
        stop,
        g,
        coming,
        seed,
    ):
        def generate(context, builder, signature, arguments):
            old_numbers, old_xs, numbers, x_count, xs, width, old_ys, ys, y_count, begin = arguments[:10]
            end, gradient, coming_rows, noise_seed = arguments[10:]
            emit = Emitter(builder)

            first_coming, last_coming = (emit.listed(coming_rows, j) for j in (INT64(0), y_count))

            def sweep(m: int) -> None:
                x = [emit.row(xs, width, numbers, i) for i in range(m)]
                old_x = [emit.row(old_xs, width, old_numbers, i) for i in range(m)] if copies else x

                def column(d: Value, _: list[Value]) -> list[Value]:
                    held = [emit.load_vector(emit.offset(row, d)) for row in old_x]
                    of_output = emit.half(d) if narrow else d
                    noise = [emit.noise(noise_seed, d)] if narrow else []

                    def output_row(j: Value, state: list[Value]) -> list[Value]:
                        changes, noise = state[:m], state[m:]
                        emit.prefetch(emit.offset(emit.listed(coming_rows, j), of_output))
                        target = emit.offset(emit.listed(ys, j), of_output)
                        new = old = (emit.load_narrow if narrow else emit.load_vector)(target)
                        if copies:
                            old = emit.load_vector(emit.offset(emit.listed(old_ys, j), d))
                        weights = emit.offset(gradient, builder.mul(j, INT64(FLOAT_BYTES * m)))
                        after = []
                        for i, value in enumerate(held):
                            weight = emit.broadcast(emit.offset(weights, FLOAT_BYTES * i))
                            after.append(emit.fma(weight, old, changes[i]))
                            new = emit.fma(weight, value, new)
                        if narrow:
                            emit.store_narrow(new, target, noise[0])
                        else:
                            emit.store(new, target)
                        return [*after, *map(emit.rotated, noise)]

                    changes = emit.loop(y_count, 1, [ZERO] * m + noise, output_row)[:m]
                    for row, change in zip(x, changes, strict=True):
                        address = emit.offset(row, d)
                        emit.store(builder.fadd(emit.load_vector(address), change), address)
                    emit.prefetch(emit.offset(last_coming, d))
                    if narrow:
                        emit.prefetch(emit.offset(first_coming, d))
                    return []

                emit.loop(end, VECTOR_BYTES, [], column, start=begin)

            emit.specialise(x_count, range(1, PANEL_ROWS + 1), sweep)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 14), generate

    return rank_update
