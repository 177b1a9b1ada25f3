"""The short form of ``make fuzz``; what it has found; and that it finds what is there to be found."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fuzzing.__main__ import main
from fuzzing.judging import Arcs, judged
from fuzzing.mutations import mutated
from fuzzing.readers import READERS
from fuzzing.traps import READERS as TRAPS
from fuzzing.worker import Hunt, read_case

FOUND = sorted((Path(__file__).parent / "found").iterdir())


@pytest.fixture(scope="module")
def seeds():
    """Make those of a reader once, and only where they are needed."""
    made = {}
    return lambda name: made.setdefault(name, READERS[name].seeds())


@pytest.mark.parametrize("name", READERS)
def test_whole_files_are_read(tmp_path, seeds, name):
    for files in seeds(name):
        outcome = judged(READERS[name], READERS[name].pack(files), tmp_path / "files", Arcs())
        assert outcome.finding is None
        assert outcome.read


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(seed=st.integers(0, 2**32), packed=st.booleans(), whole=st.integers(0, 99))
@example(seed=1, packed=False, whole=0)
def test_changed_files_give_a_result_or_an_error_of_ours(tmp_path, seeds, name, seed, packed, whole):
    reader = READERS[name]
    files = seeds(name)[whole % len(seeds(name))]
    random = Random(seed)
    if packed:
        files = mutated(reader.pack(files), [], random)
    else:
        files = reader.pack(mutated(files, seeds(name), random))
    assert judged(reader, files, tmp_path / "files", Arcs()).finding is None


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case.name)
def test_what_fuzzing_has_found(tmp_path, case):
    name, files = read_case(case)
    if name not in READERS:
        pytest.skip("its library is not installed")
    assert judged(READERS[name], files, tmp_path / "files", Arcs()).finding is None


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("raises", "ValueError: invalid literal"),
        ("hoards", "MiB of memory"),
        ("asks", "MemoryError"),
        ("says nothing", "names no file"),
        ("whole", None),
    ],
)
def test_faults_are_found(tmp_path, name, finding):
    found = judged(TRAPS[name], {"n": b"x"}, tmp_path / "files", Arcs()).finding
    assert finding in found if finding else found is None


def test_silent_damage_is_found(tmp_path):
    """Of a reader that says there are checksums, and looks at none; not of the others."""
    for name, expected in (
        ("damaged", {None, "damage that the checksums should have told of"}),
        ("whole", {None}),
    ):
        hunt, found = Hunt(TRAPS[name], Random(1)), set()
        for _ in range(40):
            case = hunt.next_case()
            found.add(hunt.run(tmp_path / "files", case, hunt.as_read(case)))
        assert found == expected


def test_ways_through_the_code_are_told_apart(tmp_path):
    arcs = Arcs()
    reader = READERS["vocabulary file"]
    judged(reader, {"v.txt": b"a 1\n"}, tmp_path / "files", arcs)
    first = len(arcs.seen)
    judged(reader, {"v.txt": b"b 2\n"}, tmp_path / "files", arcs)
    assert len(arcs.seen) == first > 0
    judged(reader, {"v.txt": b"a b c\n"}, tmp_path / "files", arcs)
    assert len(arcs.seen) > first


@pytest.mark.slow
def test_a_process_that_hangs_or_dies_is_ended_and_its_case_is_kept(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    options = [
        "--minutes",
        "0.2",
        "--table",
        "fuzzing.traps",
        "--hang",
        "1",
        "--out",
        str(tmp_path / "found"),
    ]
    assert main([*options, "--reader", "whole"]) == 0
    for name, told in (("dies", "the process ended with status -11"), ("hangs", "a case took more than 1 s")):
        out = tmp_path / name
        assert main([*options, "--reader", name, "--out", str(out)]) == 1
        (case,) = out.iterdir()
        assert told in (case / "finding").read_text()
        assert read_case(case)[0] == name
        assert told in capfd.readouterr().out
