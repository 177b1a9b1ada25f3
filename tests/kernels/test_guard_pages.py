"""The SIMD kernels touch nothing outside their arrays: each lies against a page that may not be touched.

A fault ends the process, so the walk happens in one of its own; a control makes sure that the pages do guard.
"""

from __future__ import annotations

import ctypes
import mmap
import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from coterie.kernels.compile import JIT_ENABLED
from coterie.kernels.emitter import supported

pytestmark = [
    pytest.mark.simd,
    pytest.mark.skipif(not (JIT_ENABLED and supported()), reason="needs the JIT and AVX2 or NEON"),
]

PAGE = mmap.PAGESIZE
SIZES = (4, 16, 100, 112, 300)
BLOCKS = ((1, 1), (2, 6), (3, 2), (5, 4), (6, 6), (7, 3), (10, 6), (12, 5), (13, 6), (25, 21))


def guarded(size: int, *, at_end: bool) -> np.ndarray:
    """Return `size` bytes that end (or begin) right at a page without access; the other side has one too."""
    pages = -(-size // PAGE)
    buffer = mmap.mmap(-1, (pages + 2) * PAGE)
    flat = np.frombuffer(buffer, np.uint8)
    libc = ctypes.CDLL(None, use_errno=True)
    for page in (0, pages + 1):
        address = ctypes.c_void_p(flat.ctypes.data + page * PAGE)
        if libc.mprotect(address, ctypes.c_size_t(PAGE), 0) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")
    start = PAGE + (pages * PAGE - size if at_end else 0)
    return flat[start : start + size]


def walk(at_end: bool) -> None:
    """Take steps on matrices and working memory that all lie against guard pages."""
    from coterie.kernels.allocate import padded_columns
    from coterie.kernels.block import Matrices, make_block
    from coterie.kernels.compile import kernel
    from coterie.kernels.logistic import found_in, make_simd_step
    from coterie.kernels.simd import PANEL_ROWS

    def whole(step):
        find_gradients, update = step

        @kernel
        def run(matrices, block, inputs, outputs):
            rate, count, found = np.float32(0.01), inputs.size, found_in(block)
            outputs = find_gradients(matrices, block, inputs, 0, count, outputs, rate, False, found)
            update(matrices, block, inputs, 0, count, found, outputs, block.coming, 0, block.columns)

        return run

    steps = {
        narrow: [
            whole(make_simd_step(offsets=True, panels=panels, narrow=narrow)) for panels in (False, True)
        ]
        for narrow in (False, True)
    }

    def against_page(array: np.ndarray) -> np.ndarray:
        moved = guarded(array.nbytes, at_end=at_end).view(array.dtype).reshape(array.shape)
        moved[:] = array
        return moved

    generator = np.random.default_rng(0)
    for vector_size, narrow in product(SIZES, steps):
        # So many rows of whole cache lines, or of halves, are whole pages: both ends meet a guard page.
        rows = 128
        columns = padded_columns(vector_size)
        pair = [np.zeros((rows, columns), np.float32) for _ in range(2)]
        for matrix in pair:
            matrix[:, :vector_size] = generator.normal(size=(rows, vector_size))
        if narrow:
            pair[1] = (pair[1].view(np.uint32) >> 16).astype(np.uint16)
        matrices = Matrices(*map(against_page, pair))
        one_panel, panels = steps[narrow]
        for inputs, outputs in BLOCKS:
            block = make_block(inputs, outputs, vector_size)
            arrays = {name: a for name, a in block._asdict().items() if isinstance(a, np.ndarray)}
            block = block._replace(**{name: against_page(array) for name, array in arrays.items()})
            copy = block.output_copy
            block.output_copy_rows[:] = copy.ctypes.data + np.arange(len(copy)) * copy.strides[0]
            for outer in ([0, rows - 1], [rows - 1, rows - 1]):  # the ends, and a row listed twice
                listed = against_page(np.array((outer * inputs)[:inputs], np.int32))
                block.outputs[:outputs] = (outer * outputs)[:outputs]
                for run in (one_panel, panels) if inputs <= PANEL_ROWS else (panels,):
                    run(matrices, block, listed, outputs)


@pytest.mark.parametrize("side", ["end", pytest.param("start", marks=pytest.mark.slow)])
def test_nothing_beyond_the_arrays_is_touched(side):
    done = subprocess.run([sys.executable, __file__, side], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"exit status {done.returncode} (−11 is a fault): {done.stderr}"
    assert done.stdout == "walked\n"


def test_the_pages_do_guard():
    program = (
        f"import runpy; guarded = runpy.run_path({__file__!r})['guarded'];"
        "import ctypes; ctypes.memset(guarded(64, at_end=True).ctypes.data + 64, 1, 1)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode < 0, "writing right behind a guarded array has to end the process"


if __name__ == "__main__":
    walk(at_end=sys.argv[1] == "end")
    print("walked")
