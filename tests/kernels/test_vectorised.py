"""The plain kernels are fast where nothing else runs, because LLVM makes vectors of their loops."""

from __future__ import annotations

import re

import numpy as np
import pytest

from coterie.kernels.allocate import aligned_matrix
from coterie.kernels.block import Matrices, make_block
from coterie.kernels.compile import JIT_ENABLED, kernel
from coterie.kernels.logistic import found_in, make_plain_step

pytestmark = pytest.mark.skipif(not JIT_ENABLED, reason="there is no machine code with the JIT off")

# Products of several floats at once: x86 with and without fused multiply-add, then ARM.
PACKED = re.compile(r"\bvf(?:n?m)(?:add|sub)\w*ps\b|\bv?mulps\b|\bfm(?:la|ls|ul)\b.*\bv\d+\.[24]s")
SINGLE = ["vfmadd213ss %xmm0, %xmm1, %xmm2", "vmulss %xmm0, %xmm1, %xmm2", "fmul s0, s1, s2"]
SEVERAL = ["vfmadd231ps (%rax), %zmm1, %zmm2", "mulps %xmm0, %xmm1", "fmla v0.4s, v1.4s, v2.4s"]


def test_the_expression_tells_one_float_from_several():
    assert not any(PACKED.search(line) for line in SINGLE)
    assert all(PACKED.search(line) for line in SEVERAL)


def assembly(run, *arguments):
    matrices = Matrices(aligned_matrix(3, 20), aligned_matrix(3, 20))
    run(matrices, make_block(3, 3, 20), np.arange(3, dtype=np.int32), *arguments)
    (code,) = run.inspect_asm().values()
    return code


@pytest.mark.parametrize("offsets", [False, True])
def test_the_plain_step_computes_with_vectors(offsets):
    find_gradients, update = make_plain_step(offsets=offsets)

    @kernel
    def scores(matrices, block, numbers, rate):
        find_gradients(matrices, block, numbers, 0, 3, 3, rate, False, found_in(block))

    @kernel
    def change(matrices, block, numbers):
        update(matrices, block, numbers, 0, 3, found_in(block), 3, block.coming, 0, block.columns)

    assert PACKED.search(assembly(scores, np.float32(0.1))), "the dot products"
    assert PACKED.search(assembly(change)), "the changes of rows"
