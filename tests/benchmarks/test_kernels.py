"""The benchmark of the kernels: its arithmetic by hand, its plans, its page, and a tiny run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.kernels.changed import HOT_WORDS, with_hot_rows, with_windows, without_centres
from benchmarks.kernels.page import page
from benchmarks.kernels.part_tables import parts
from benchmarks.kernels.roofline import figures, flops, traffic
from benchmarks.kernels.text import SENTENCE, zipf_counts, zipf_text
from benchmarks.results import Results
from coterie.kernels.compile import JIT_ENABLED
from coterie.kernels.emitter import supported
from coterie.objectives.huffman import build_huffman
from coterie.sampling.plan import ChunkPlan

needs_kernels = pytest.mark.skipif(not (JIT_ENABLED and supported()), reason="needs the SIMD kernels")

ABOUT = {"machine": ["A CPU", "coterie 0"], "text": {"made": "words by Zipf's law"}, "command": "python -m x"}

# 2 windows of 2 × 3 and 4 × 2 rows from 10 words of text: 14 pairs, 11 rows, 5 output rows and 2 entering.
POINT = {
    "objective": "negative_sampling",
    "negative": 2,
    "text": 10,
    "windows": 2,
    "pairs": 14,
    "rows": 11,
    "far": 7,
    "plan": [2e-6, 1e-6, 9e-6],
    "train": [8e-6, 8e-6, 1e-5],
    "visit": [1e-6, 2e-6, 3e-6],
    "sgemm": [1.2e9, 2.4e9, 8.4e9],
}


def section(kind, *measured):
    measurements = [
        {"name": name, "job": {"kind": kind, "rounds": 3, "seconds": 0.5, **job}, "result": result}
        for name, job, result in measured
    ]
    return {**ABOUT, "measurements": measurements}


def test_operations_and_bytes_by_hand():
    assert flops(14, 100) == 8400
    # 100 float32 are 400 bytes, in lines of 64 bytes 448; read and written.
    assert traffic(11, 100) == 11 * 2 * 448
    assert traffic(1, 16) == 128
    assert traffic(1, 17) == 256


def test_figures_by_hand():
    of = figures(POINT, 100)
    assert of.words_per_second == pytest.approx(10 / 10e-6)
    assert (of.plan_ns, of.train_ns) == (pytest.approx(1000), pytest.approx(4000))
    assert of.rate == pytest.approx(8400 / 8e-6)
    assert of.product_share == pytest.approx(1.05 / 2.4)
    assert of.bytes_per_word == pytest.approx(985.6)
    assert of.far_bytes_per_word == pytest.approx(627.2)
    assert of.intensity == pytest.approx(8400 / 6272)
    assert of.bandwidth == pytest.approx(6272 / 2e-6)
    assert of.arithmetic_ns == pytest.approx(8400 / 2.4 / 2)
    assert of.memory_ns == pytest.approx(1000)
    assert of.bound_ns == of.arithmetic_ns
    assert of.bound_share == pytest.approx(1750 / 4000)
    assert of.bound_rate == pytest.approx(2.4e9), "bounded by arithmetic, it would run like the BLAS"


def test_where_memory_takes_longer_it_is_the_bound():
    of = figures(POINT | {"visit": [7e-6]}, 100)
    assert of.bound_ns == of.memory_ns == pytest.approx(3500)
    assert of.bound_rate == pytest.approx(8400 / 7e-6)


TIMES = {
    "train": [500e-9, 600e-9, 900e-9],
    "hot_negatives": [450e-9],
    "hot_rows": [400e-9],
    "plan": [100e-9],
    "plan_without_negatives": [70e-9],
    "plain": [900e-9],
    "empty_plan": [10e-9],
    "empty_train": [15e-9],
    "sgemm": [2e11],
}
DIVIDED = {"text": 10, "chunks": 2, "windows": 5, "pairs": 50, "plain_text": 5, "times": TIMES}


def test_the_parts_of_a_words_time_sum_to_it():
    of = parts(DIVIDED)
    expected = {
        "planning": 5.0,  # 70/10 less 10/5
        "drawing": 3.0,
        "arithmetic": 37.0,  # 400/10 less 15/5
        "memory, negatives": 15.0,
        "memory, words": 5.0,
        "Python": 5.0,
    }
    assert of == pytest.approx(expected)
    assert sum(of.values()) == pytest.approx((600 + 100) / 10)


def made_up():
    job = {"words": 10_000, "vector_size": 100}
    tree = POINT | {"objective": "hierarchical_softmax", "negative": 0, "visit": [7e-6]}
    too_large = {"words": 10_000_000, "vector_size": 768}
    windows = [
        {"inputs": m, "windows": 10, "pairs": 60 * m, "train": [1e-8 * (50 + 7 * m)], "sgemm": [1e12]}
        for m in (1, 2, 3)
    ]
    fetched = {
        "windows": 100,
        "train": [5e-5, 6e-5, 9e-5],
        "distances": [{"ahead": 7, "visit": [3e-5, 1e-5, 2e-5]}, {"ahead": 0, "visit": [4e-5]}],
    }
    return Results(
        Path("none.json"),
        {
            "ahead": section("ahead", ("V = 9, D = 8", {"negative": 5}, fetched)),
            "grid": section(
                "grid",
                ("a", job, {"points": [POINT, tree]}),
                ("b", too_large, {"left_out": 61 << 30, "available": 8 << 30}),
            ),
            "shares": section(
                "shares", ("D = 100, k = 5", {"words": 9000, "vector_size": 100, "negative": 5}, DIVIDED)
            ),
            "windows": section(
                "windows", ("D = 8", {"vector_size": 8, "negative": 5, "words": 9000}, {"points": windows})
            ),
        },
    )


def test_the_page_is_computed_from_the_results():
    told = page(made_up())
    assert "- Text: words by Zipf's law\n" in told
    assert told.index("roofline bound") < told.index("## Speed")
    measured = "| 10,000 | 100 | 2 | 1.00 M | 1000 | 4000 | 1 | 43.8 |"
    assert measured + " 0.986 | 0.627 | 1.3 | 3 | 1750 | 1000 | 43.8 |" in told
    assert re.search(
        r"### Hierarchical softmax.*- Bounded by memory and not by arithmetic: 1 of 1 shape\.", told, re.S
    )
    assert (
        "V = 10,000,000, D = 768: left out, since the matrices take 61.0 GiB, and 8.0 GiB were available"
        in (" ".join(told.split()))
    )
    parts_in_percent = "5.0 (7.1) | 3.0 (4.3) | 37.0 (52.9) | 15.0 (21.4) | 5.0 (7.1) | 5.0 (7.1)"
    assert f"| D = 100, k = 5 | 70.0 | {parts_in_percent} |" in told
    # 50 pairs of 600 operations at 200 GFLOP/s for 10 words; the plain kernel takes 900 ns for 5 words.
    assert "| D = 100, k = 5 | 15.0 | 40.5 | 0 | 5 | 180 | 3.0 |" in told
    assert "| 2 | 64 | 9 | 0.9 |" in told
    assert "- D = 8: 50 ns a window and 7.0 ns for each context word, by least squares." in told
    assert "| 0 | 400 |\n| 7 | 200 |\n| training | 600 |" in told
    assert "Not measured" not in told


def test_a_page_of_one_section_names_the_others():
    results = made_up()
    del results.sections["grid"], results.sections["shares"], results.sections["ahead"]
    assert "The sections grid, shares, ahead.\n" in page(results)


def test_the_figure_shows_what_was_measured(tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks.kernels.figure import draw

    (file,) = draw(made_up(), tmp_path)
    assert file.name == "kernels-roofline.svg"
    before = file.read_bytes()
    draw(made_up(), tmp_path)
    assert file.read_bytes() == before, "equal numbers, equal file"
    assert draw(Results(Path("none.json")), tmp_path) == []


def test_the_text_follows_its_counts():
    counts = zipf_counts(1000)
    assert counts[0] / counts[99] == pytest.approx(100, rel=1e-3)
    text = zipf_text(counts, 50_050, seed=3)
    assert np.diff(text.offsets).tolist() == [SENTENCE] * 500 + [50]
    shares = np.bincount(text.ids, minlength=1000) / 50_050
    expected = counts / counts.sum()
    # Six standard deviations of a binomial share.
    assert (abs(shares - expected) < 6 * np.sqrt(expected / 50_050) + 1e-3).all()
    assert (zipf_text(counts, 50_050, seed=3).ids == text.ids).all()


def small_plan(survivors=12, first=2, last=9):
    return ChunkPlan(
        tokens=np.arange(1000, 1020, dtype=np.int32),
        positions=np.arange(20),
        low=np.zeros(20, np.int32),
        high=np.full(20, survivors, np.int32),
        weights=np.ones(20, np.float32),
        draws=np.zeros(20, np.int32),
        negatives=np.zeros(50, np.int32),
        extent=np.array([survivors, first, last]),
    )


def test_hot_rows_are_few_and_distinct_in_a_block():
    plan = with_hot_rows(small_plan())
    assert plan.tokens.max() < HOT_WORDS <= plan.negatives.min()
    assert len(set(plan.negatives.tolist())) == 50
    assert plan.tokens.dtype == plan.negatives.dtype == np.int32


@pytest.mark.parametrize("inputs", range(1, 11))
def test_windows_have_the_size_that_is_asked_for(inputs):
    plan = with_windows(small_plan(), inputs)
    centres = np.arange(plan.extent[1], plan.extent[2])
    assert len(centres)
    assert (plan.high[centres] - plan.low[centres] - 1 == inputs).all()
    assert plan.low[centres].min() >= 0
    assert plan.high[centres].max() <= plan.extent[0]


def test_no_centres_are_no_windows():
    assert without_centres(small_plan()).extent.tolist() == [12, 0, 0]


@needs_kernels
@pytest.mark.parametrize("objective", ["negative_sampling", "hierarchical_softmax"])
def test_counts_and_far_rows_are_those_of_the_plans(objective):
    """Block by block, as the kernels go through a plan."""
    from benchmarks.kernels.grid import counted
    from benchmarks.kernels.visits import far_rows, visits
    from benchmarks.kernels.work import configure, make_work, weights_for

    k = 3 if objective == "negative_sampling" else 0
    counts = zipf_counts(1000)
    work = make_work(configure(objective, 24, k), weights_for(1000, 24, tree=True), counts, 1e-9, seed=1)
    matrices, tree = work.objective.matrices, build_huffman(counts)
    windows = pairs = rows = 0
    far = []
    for plan in work.plans:
        draw = 0
        for c in range(plan.extent[1], plan.extent[2]):
            inputs = int(plan.high[c] - plan.low[c] - 1)
            if inputs == 0:
                continue
            word = plan.tokens[c]
            listed = [word, *plan.negatives[draw : draw + k]]
            if k == 0:
                listed = tree.nodes[tree.starts[word] : tree.starts[word + 1]]
            draw += k
            windows, pairs = windows + 1, pairs + inputs * len(set(listed))
            rows += inputs + len(set(listed))
            far += [matrices.output_vectors[row].ctypes.data for row in listed]
            entering = plan.tokens[min(c + work.reach, plan.extent[0] - 1)]
            far.append(matrices.input_vectors[entering].ctypes.data)
    found = counted(work)
    assert found["text"] == sum(unit.stop - unit.start for unit in work.units)
    assert (found["windows"], found["pairs"], found["rows"]) == (windows, pairs, rows)
    assert found["far"] == len(far)
    assert far_rows(work).tolist() == far
    before = matrices.output_vectors.copy()
    visits(work)()
    assert (matrices.output_vectors == before).all()


@needs_kernels
def test_visited_rows_are_changed_to_their_end():
    from benchmarks.kernels.visits import visit_rows
    from coterie.kernels.allocate import aligned_matrix

    matrix = aligned_matrix(4, 24)
    addresses = np.array([matrix[row].ctypes.data for row in (2, 0, 2)])
    visit_rows(addresses, 2, 4 * 32, np.float32(1.5))
    assert matrix.sum(axis=1).tolist() == [48, 0, 96, 0]


@needs_kernels
def test_matrices_that_do_not_fit_are_left_out(monkeypatch):
    from benchmarks.kernels import grid

    monkeypatch.setattr(grid, "available_memory", lambda: 1 << 30)
    result = grid.grid({"words": 1_000_000, "vector_size": 100, "curves": [["negative_sampling", 5]]})
    assert result == {"left_out": 2 * 1_000_000 * 448, "available": 1 << 30}


@pytest.mark.slow
@needs_kernels
def test_a_run_of_all_sections(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    from benchmarks.kernels import __main__ as program
    from benchmarks.kernels import sections

    # A few of each kind, since every measurement is a process that compiles.
    monkeypatch.setattr(sections, "NEGATIVES", (2,))
    monkeypatch.setattr(sections, "WITH_TREE", (24,))
    monkeypatch.setattr(sections, "DIVIDED", ((24, 5),))
    monkeypatch.setattr(sections, "BY_WINDOW", (24,))
    small = ["--vocabularies", "1000", "--sizes", "24", "--rounds", "1", "--seconds", "0.001"]
    docs = ["--docs", str(tmp_path)]
    program.main([*small, *docs])
    assert "[1/4]" in capsys.readouterr().out
    kept = json.loads((tmp_path / "figures" / "kernels.json").read_text(encoding="utf-8"))["sections"]
    (measured,) = kept["grid"]["measurements"]
    points = measured["result"]["points"]
    assert [point["objective"] for point in points] == ["negative_sampling", "nce", "hierarchical_softmax"]
    assert all(min(point[name]) > 0 for point in points for name in ("plan", "train", "visit", "sgemm"))
    told = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert told.count("\n## ") == 4
    assert str(tmp_path) not in told

    program.main([*small, *docs, "--resume"])
    assert "[1/" not in capsys.readouterr().out, "all of it had been measured"
    program.main([*docs, "--report-only"])
    assert (tmp_path / "performance.md").read_text(encoding="utf-8") == told


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--sections", "grid,price"], "unknown section price"),
        (["--sizes", "100,two"], "--sizes 100,two: must be whole numbers"),
        (["--vocabularies", "10"], "--vocabularies 10: must be at least 1,000"),
        (["--rounds", "0"], "--rounds must be at least 1"),
    ],
)
def test_wrong_options_are_refused(wrong, told, capsys):
    from benchmarks.kernels.__main__ import parse

    with pytest.raises(SystemExit):
        parse(wrong)
    assert told in capsys.readouterr().err
