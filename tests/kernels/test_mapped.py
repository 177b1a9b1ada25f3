"""Matrices in files without a name."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from coterie.errors import ResourceError
from coterie.kernels.allocate import aligned_matrix
from coterie.kernels.mapped import check_mapping, mapped_matrix


def files_of(folder):
    """The files of a folder that this process has mapped, named or not."""
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if f"{folder}/" in line]


def test_a_mapped_matrix_is_like_one_in_memory(tmp_path):
    for rows, columns in ((5, 20), (1000, 1024), (1, 1)):
        mapped, held = mapped_matrix(tmp_path, rows, columns), aligned_matrix(rows, columns)
        assert (mapped.shape, mapped.dtype, mapped.strides) == (held.shape, held.dtype, held.strides)
        assert mapped.flags.c_contiguous
        assert mapped.flags.writeable
        assert mapped.ctypes.data % 64 == 0
        assert not mapped.any()
        mapped[-1, -1] = 3
        assert mapped[-1, -1] == 3


def test_nothing_is_left_in_the_folder(tmp_path):
    matrix = mapped_matrix(tmp_path, 100, 100)
    assert list(tmp_path.iterdir()) == []
    assert files_of(tmp_path)
    del matrix
    assert not files_of(tmp_path)


def test_it_is_no_anonymous_memory_and_gone_with_a_killed_process(tmp_path):
    program = """
        import os, signal, sys
        from coterie.kernels.mapped import mapped_matrix
        from coterie.kernels.process_memory import held_memory
        before = held_memory()
        matrix = mapped_matrix(sys.argv[1], 100_000, 100)
        matrix[:] = 1
        print(held_memory() - before, matrix.nbytes, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    run = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)]
    result = subprocess.run(run, capture_output=True, text=True, check=False)
    held, size = map(int, result.stdout.split())
    assert result.returncode == -9
    assert size == 100_000 * 112 * 4
    assert held < size / 10
    assert list(tmp_path.iterdir()) == []


def test_what_the_system_refuses(tmp_path, monkeypatch):
    with pytest.raises(ResourceError, match="is no folder; the matrices go there"):
        check_mapping(tmp_path / "nowhere")
    check_mapping(tmp_path)

    def full(descriptor, start, size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(ResourceError, match=r"refused 43 MiB of disk for a matrix \(No space left") as no:
        mapped_matrix(tmp_path, 100_000, 100)
    assert "matrices_dir" in str(no.value)
    assert list(tmp_path.iterdir()) == []
