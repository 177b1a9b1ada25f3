"""Machine code that is kept does what the kernel does, and is never used for anything else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coterie
from coterie.kernels import machine_code, stored
from coterie.kernels.arguments import fill, layout_of, loader, record_class
from coterie.kernels.compile import FLAGS, STORABLE
from coterie.kernels.stored import StoredKernel, caller_of, stored_kernel

pytestmark = pytest.mark.skipif(not STORABLE, reason="kernels are called through Numba here")

PACKAGE = Path(coterie.__file__).parent


class Inner(NamedTuple):
    numbers: np.ndarray
    factor: np.float32
    turned: bool


class Outer(NamedTuple):
    inner: Inner
    table: np.ndarray
    count: int


def outer(rows, columns, factor, turned, count):
    numbers = np.arange(rows * columns, dtype=np.float32).reshape(rows, columns)
    return Outer(Inner(numbers, np.float32(factor), turned), np.arange(rows, dtype=np.uint8), count)


def _read(record, other, out):
    """Write something of every field to `out`."""
    total = 0.0
    for i in range(record.inner.numbers.shape[0]):
        for j in range(record.inner.numbers.shape[1]):
            total += (i + 1) * record.inner.numbers[i, j]
        total += record.table[i]
    out[0] = total
    out[1] = record.inner.factor
    out[2] = -1.0 if record.inner.turned else 1.0
    out[3] = record.count
    out[4] = other


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("COTERIE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COTERIE_KERNEL_CACHE", raising=False)
    return tmp_path / "cache" / "kernels"


READ = StoredKernel(_read)


@settings(deadline=None)  # the first call compiles
@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.floats(-8, 8, width=32),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(-1e6, 1e6),
)
def test_every_argument_arrives(rows, columns, factor, turned, count, other):
    given_record, out, expected = outer(rows, columns, factor, turned, count), np.zeros(5), np.zeros(5)
    READ(given_record, other, out)
    _read(given_record, other, expected)
    assert out.tolist() == expected.tolist()


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["nothing", "record", "number", "out", "layout"]), st.integers(-9, 9)),
        min_size=1,
        max_size=12,
    )
)
def test_a_caller_notices_whatever_is_another_object(changes):
    call, record, other, out = caller_of(READ), outer(2, 4, 1, False, 3), 0.5, np.zeros(5)
    for what, number in changes:
        if what == "record":
            record = outer(2 + number % 3, 4, number, True, number)
        elif what == "layout":
            numbers = outer(2, 8, 1, False, 3).inner.numbers[:, ::2]
            record = record._replace(inner=record.inner._replace(numbers=numbers))
        elif what == "number":
            other = float(number)
        elif what == "out":
            out = np.zeros(5)
        out[:] = np.nan
        call(record, other, out)
        expected = np.zeros(5)
        _read(record, other, expected)
        assert out.tolist() == expected.tolist()


def test_a_caller_of_what_is_no_stored_kernel_is_itself():
    assert caller_of(_read) is _read


def test_other_layouts_have_code_of_their_own():
    out = np.zeros(5)
    kernel = StoredKernel(_read)
    whole = outer(2, 6, 1, False, 3)
    kernel(whole, 0.5, out)
    strided = whole._replace(inner=whole.inner._replace(numbers=whole.inner.numbers[:, ::2]))
    kernel(strided, 0.5, out)
    expected = np.zeros(5)
    _read(strided, 0.5, expected)
    assert out.tolist() == expected.tolist()
    assert len(kernel.layouts) == 2


def test_a_record_is_what_numba_holds():
    """The sizes that ctypes and LLVM give the same fields are the same."""
    arguments = (outer(2, 3, 1, True, 4), True, np.float32(2), np.uint64(2**64 - 1))
    record = record_class(layout_of(arguments))()
    fill(record, arguments)
    at = loader(arguments)

    @numba.njit
    def last(address):
        return at(address)[3]

    import ctypes

    assert last(ctypes.addressof(record)) == 2**64 - 1


def test_code_is_found_again(place, monkeypatch):
    arguments = (outer(2, 2, 1, False, 1), 0.0, np.zeros(5))
    StoredKernel(_read)(*arguments)
    assert [path.suffix for path in place.iterdir()] == [".kernel"]
    assert place.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(stored, "_compiled", lambda *_: pytest.fail("it was compiled again"))
    StoredKernel(_read)(*arguments)


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "another key", "no JSON", "someone else's"])
def test_code_that_cannot_be_trusted_is_made_anew(place, monkeypatch, damage):
    arguments = (outer(2, 2, 1, False, 1), 2.5, np.zeros(5))
    StoredKernel(_read)(*arguments)
    (path,) = place.iterdir()
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[-10:]
    elif damage == "changed":
        content[-100] ^= 1
    elif damage == "empty":
        content.clear()
    elif damage == "another key":
        head, code = bytes(content).split(b"\n", 1)
        told = json.loads(head)
        told["key"]["sources"] = "of another state"
        content = json.dumps(told).encode() + b"\n" + code
    elif damage == "no JSON":
        content[:2] = b"]["
    else:
        monkeypatch.setattr(os, "getuid", lambda: 12345)
    path.write_bytes(bytes(content))
    compiled = []
    make = stored._compiled
    monkeypatch.setattr(stored, "_compiled", lambda *given: compiled.append(1) or make(*given))
    arguments[2][:] = 0
    StoredKernel(_read)(*arguments)
    assert compiled == [1]
    assert arguments[2][4] == 2.5


def test_where_nothing_can_be_written_nothing_is_kept(place, monkeypatch):
    out = np.zeros(5)
    place.parent.mkdir()
    place.touch()  # a file is where the folder should be
    StoredKernel(_read)(outer(2, 2, 1, False, 1), 1.5, out)
    assert out[4] == 1.5
    place.unlink()
    monkeypatch.setenv("COTERIE_KERNEL_CACHE", "off")
    StoredKernel(_read)(outer(2, 2, 1, False, 1), 1.25, out)
    assert out[4] == 1.25
    monkeypatch.delenv("COTERIE_KERNEL_CACHE")
    monkeypatch.setattr(machine_code, "_sources", tuple)  # a package without its sources
    StoredKernel(_read)(outer(2, 2, 1, False, 1), 1.75, out)
    assert out[4] == 1.75
    assert not place.exists()


def test_what_is_not_used_for_longest_goes(place, monkeypatch):
    monkeypatch.setattr(machine_code, "_KEPT_FILES", 3)
    for number in range(5):
        machine_code.keep({"number": number}, ("name", b"code"))
        for path in place.iterdir():
            os.utime(path, (path.stat().st_mtime - 10,) * 2)
    kept = [number for number in range(5) if machine_code.find({"number": number})]
    assert kept == [2, 3, 4]


def _closed_over(held):
    def three(a, b, c):
        c[0] = a + b + held

    return three


def test_what_a_closure_holds_is_a_part_of_the_key():
    out = np.zeros(1, np.int64)
    for held in (1, 2):
        StoredKernel(_closed_over(held))(10, 20, out)
        assert out[0] == 30 + held
    with pytest.raises(TypeError, match="can't be a part of the key"):
        StoredKernel(_closed_over([3]))(10, 20, out)


def test_with_bounds_checks_it_is_an_ordinary_kernel(monkeypatch):
    monkeypatch.setattr(stored, "STORABLE", False)
    assert not isinstance(stored_kernel(_read), StoredKernel)
    assert FLAGS["_nrt"] is False


TRAIN = """
    import hashlib, sys
    import numpy as np
    sys.path.insert(0, sys.argv[1])
    import coterie
    from coterie.kernels import stored
    made = []
    make = stored._compiled
    stored._compiled = lambda *given: made.append(1) or make(*given)
    text = [[f"w{(i * j) % 17}" for j in range(12)] for i in range(400)]
    model = coterie.train(text, vector_size=24, workers=1, min_count=1, epochs=1, cache=False)
    print(coterie.__file__, len(made), hashlib.sha256(np.ascontiguousarray(model.vectors.matrix)).hexdigest())
"""


def train(root, cache, **more):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(TRAIN), str(root)],
        env={**os.environ, "COTERIE_CACHE": str(cache), **more},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    file, compiled, bits = done.stdout.split()
    assert Path(file).parent.parent == Path(root)
    return int(compiled), bits


@pytest.mark.slow
def test_a_change_in_any_source_file_makes_new_code(tmp_path):
    """A kernel that another file's kernel calls is changed, in a copy of the package."""
    root, cache = tmp_path / "copy", tmp_path / "kept"
    shutil.copytree(PACKAGE, root / "coterie", ignore=shutil.ignore_patterns("__pycache__"))
    cold, bits = train(root, cache)
    assert cold > 0
    assert train(root, cache) == (0, bits), "loaded code trains the same bits"
    assert train(root, cache, COTERIE_KERNEL_CACHE="off") == (cold, bits)
    file = root / "coterie" / "sampling" / "rng.py"
    file.write_text(file.read_text().replace("0x9E3779B97F4A7C15", "0x9E3779B97F4A7C17"))
    again, changed = train(root, cache)
    assert (again, changed != bits) == (cold, True)
    assert train(root, cache) == (0, changed)
    file.write_text(file.read_text().replace("0x9E3779B97F4A7C17", "0x9E3779B97F4A7C15"))
    assert train(root, cache) == (0, bits), "the old code is still there"


ENDING = """
    import atexit, threading
    from llvmlite.binding import ffi

    told, turn = [], threading.Event()

    def look():
        turn.wait()
        told.append(ffi.lib._lock._lock.acquire(blocking=False))

    def tell():
        turn.set()
        other.join()
        print("taken" if told[0] else "kept out")

    other = threading.Thread(target=look, daemon=True)
    other.start()
    atexit.register(tell)  # what is registered last is called first
    import coterie.kernels.machine_code
"""


def test_no_thread_is_in_llvm_when_the_process_ends():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ENDING)], stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout == "kept out\n"
