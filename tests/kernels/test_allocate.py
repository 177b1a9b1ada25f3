from __future__ import annotations

import pytest

from coterie.errors import ResourceError
from coterie.kernels.allocate import ROW_MULTIPLE, aligned_matrix, padded_columns


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 16), (7, 100), (10_000, 300)])
def test_rows_are_whole_aligned_cache_lines_of_zeros(rows, columns):
    matrix = aligned_matrix(rows, columns)
    assert matrix.shape == (rows, padded_columns(columns))
    assert matrix.shape[1] % ROW_MULTIPLE == 0
    assert matrix.ctypes.data % 64 == 0
    assert matrix.flags.c_contiguous
    assert matrix.flags.writeable
    assert not matrix.any()


def test_a_refusal_says_what_to_change():
    with pytest.raises(ResourceError, match=r"refused .* MiB .* lower vector_size or max_vocab_size"):
        aligned_matrix(1 << 48, 100)
