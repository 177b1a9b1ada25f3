"""What a process holds, as the system tells it, and what it hands back."""

import ctypes

import numpy as np

from coterie.kernels import freed, process_memory
from coterie.kernels.allocate import aligned_matrix
from coterie.kernels.freed import give_back_freed
from coterie.kernels.process_memory import greatest_memory, held_memory

MIB = 1 << 20


def test_memory_that_is_touched_is_held_and_remembered():
    before = held_memory()
    assert before > MIB
    matrix = aligned_matrix(100_000, 112)  # 43 MiB, of which nothing is there yet
    assert held_memory() < before + 20 * MIB
    matrix[:] = 1
    assert held_memory() > before + 40 * MIB
    del matrix
    assert held_memory() < before + 20 * MIB
    assert greatest_memory() > before + 40 * MIB


def test_a_system_that_does_not_tell(tmp_path, monkeypatch):
    monkeypatch.setattr(process_memory, "_STATUS", tmp_path / "status")
    assert held_memory() == greatest_memory() == 0
    (tmp_path / "status").write_text("Name:\tpython\nVmHWM:\t 900 kB\nRssAnon:\t 500 kB\nRssFile:\t 300 kB\n")
    assert held_memory() == 500 * 1024
    assert greatest_memory() == 600 * 1024


def test_another_c_library_is_let_alone(monkeypatch):
    give_back_freed()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    freed.give_back_freed()
    assert np.ones(1)[0] == 1
