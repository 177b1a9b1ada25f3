"""The benchmark of the objectives: its text, its counts, its fits, its page, and tiny runs of it."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.objectives.cost import count_pairs, mean_path
from benchmarks.objectives.curves import CURVES
from benchmarks.objectives.page import page
from benchmarks.objectives.rows import rows
from benchmarks.objectives.sections import sizes
from benchmarks.objectives.series import cost_series, slope
from benchmarks.objectives.text import beginning, encode_text
from benchmarks.results import Results
from benchmarks.tables import counted, digits, short
from coterie.config import TrainingConfig
from coterie.objectives.choose import make_objective
from coterie.objectives.weights import make_weights
from coterie.sampling.plan import make_plan, make_sampler, plan_chunk

WORDS = [f"w{i}" for i in range(40)]


def sentences_of(lines):
    return [line.split() for line in lines]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A text of 400 lines over 40 words by Zipf's law."""
    generator = np.random.default_rng(0)
    shares = 1 / np.arange(1, 41)
    path = tmp_path_factory.mktemp("corpus") / "text.txt"
    lines = [
        " ".join(generator.choice(WORDS, generator.integers(1, 30), p=shares / shares.sum()))
        for _ in range(400)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def text(corpus, tmp_path_factory):
    return encode_text(corpus, None, tmp_path_factory.mktemp("encoded"), 1)


def test_the_text_keeps_its_sentences_in_another_order(corpus, text):
    encoded, about = text
    ids, offsets, _ = encoded.cut(len(encoded.words))
    found = [[encoded.words[i] for i in ids[start:stop]] for start, stop in itertools.pairwise(offsets)]
    before = sentences_of(corpus.read_text(encoding="utf-8").splitlines())
    assert sorted(found) == sorted(before)
    assert found != before
    assert (about["words"], about["sentences"], about["distinct"]) == (len(ids), 400, 40)
    assert (np.diff(encoded.counts) <= 0).all()


def test_a_cut_leaves_out_rare_words_and_empty_sentences(text):
    encoded, _ = text
    whole, cut = encoded.cut(40), encoded.cut(5)
    np.testing.assert_array_equal(cut.ids, whole.ids[whole.ids < 5])
    assert cut.offsets[-1] == len(cut.ids)
    assert (np.diff(cut.offsets) > 0).all()
    assert len(cut.offsets) < len(whole.offsets)


@pytest.mark.parametrize("tokens", [1, 100, 10**9])
def test_a_beginning_is_whole_sentences(text, tokens):
    whole = text[0].cut(40)
    part = beginning(whole, tokens)
    assert len(part.ids) == part.offsets[-1]
    assert len(part.ids) >= min(tokens, len(whole.ids))
    if len(part.offsets) > 2:
        assert part.offsets[-2] < tokens, "one sentence less would not have been enough"


def test_pairs_are_those_that_the_objective_trains(text):
    sentences, counts = text[0].cut(40), text[0].counts
    config = TrainingConfig(sample=0.01, window=4, epochs=1, vector_size=4)
    plan = make_plan(len(sentences.ids), 4, config)
    plan_chunk(make_sampler(counts, config, 0), sentences, 0, 0, len(sentences.ids), 4, plan)
    learn = make_objective(make_weights(40, config), counts, config, 4).learner()
    _, examples = learn(plan, 0.01, True)
    assert count_pairs(sentences, counts, config) == examples
    twice = TrainingConfig(sample=0, window=4, epochs=2, vector_size=4)
    once = TrainingConfig(sample=0, window=4, epochs=1, vector_size=4, shrink_windows=False)
    assert examples < count_pairs(sentences, counts, once) < count_pairs(sentences, counts, twice)


def test_the_mean_path_is_weighted_by_counts():
    assert mean_path(np.array([2, 1, 1])) == 1.5


def test_slope_of_a_power_is_its_exponent():
    assert slope({v: 3 * v**0.7 for v in (10.0, 50.0, 1000.0)}) == pytest.approx(0.7)
    assert slope({10.0: 5.0}) is None


def test_slope_is_by_least_squares():
    points = {1.0: np.e, 10.0: 1.0, 100.0: np.e}
    assert slope(points) == pytest.approx(0, abs=1e-12)


def test_sizes_end_with_the_vocabulary_of_a_small_text():
    assert sizes(7_407) == [1_000, 3_000, 7_407]
    assert sizes(500) == [500]
    assert sizes(10**6) == [1_000, 3_000, 10_000, 30_000, 100_000, 300_000]


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (5, "5"), (0.75, "0.75"), (1e-3, "1e-3"), (1e-5, "1e-5"), (-0.5, "-0.5")]
)
def test_settings_are_written_as_people_do(value, shown):
    assert short(value) == shown


def test_a_number_has_its_noun():
    assert (counted(1, "run"), counted(3000, "run")) == ("1 run", "3,000 runs")


@pytest.mark.parametrize(
    ("value", "shown"), [(0.12345, "0.123"), (1234.5, "1,234"), (3.14159, "3.14"), (0, "0")]
)
def test_digits(value, shown):
    assert digits(value) == shown


def test_rows_that_change_are_what_the_theory_says(text):
    def counted(objective, negative=0):
        job = {"text": text[0].folder, "objective": objective, "negative": negative, "sizes": [5, 40]}
        return rows(job | {"examples": 30, "seed": 1})["points"]

    for point in counted("softmax"):
        assert point["least"] == point["most"] == point["words"]
    for point in counted("negative_sampling", 3):
        assert 1 <= point["least"] <= point["most"] <= 4
        assert point["most_inputs"] == 1
    small, large = counted("hierarchical_softmax")
    assert small["path"] < large["path"]
    assert large["mean"] == pytest.approx(large["path"], abs=1.0)


ABOUT = {
    "machine": ["A CPU (AVX2), 2 cores", "numpy 2"],
    "text": {"name": "a.txt", "words": 1000, "sentences": 10, "distinct": 3000, "distinct_5": 100},
    "command": "python -m benchmarks.objectives",
}
JUDGED = {
    "semantic": 0.5,
    "semantic_asked": 100,
    "syntactic": 0.25,
    "syntactic_asked": 300,
    "total": 0.3125,
    "total_asked": 400,
    "words": 2_000_000,
    "vocabulary": 100,
    "text": 1000,
}


def section(*measurements, **about):
    measured = [{"name": name, "job": job, "result": result} for name, job, result in measurements]
    return {**ABOUT, **about, "measurements": measured}


def cost_section(ns_exponent=0.1):
    def of(name, seed, power):
        points = [
            {
                "words": v,
                "tokens": 512,
                "seconds_per_million": seed * v**power,
                "path": 7.0 if v == 1000 else 8.0,
            }
            for v in (1000, 3000)
        ]
        job = {"vector_size": 100, "seconds": 0.5, "rounds": 3, "seed": seed, "hot": CURVES[name].hot}
        return name, job, {"points": points}

    powers = {"softmax": 1.0, "hs": 0.2, "ns20": 0.1, "nce5": 0.1, "ns5": ns_exponent, "ns5_hot": 0.0}
    return section(*(of(name, seed, power) for seed in (1, 2, 9) for name, power in powers.items()))


def trained(value, seed=1, **settings):
    common = {"negative": 5, "ns_exponent": 0.75, "sample": 1e-3, "vector_size": 100}
    job = {"settings": common | settings, "epochs": 2, "min_count": 5, "threads": 2, "seed": seed}
    return f"{value:g}", job, JUDGED | {"seconds": 30.0, "total": 0.3 + seed / 100, "wordsim353": 0.5}


def table_1_section():
    def of(name, sample, **settings):
        job = {"settings": {"sample": sample, "vector_size": 300}, "epochs": 2, "min_count": 5, "threads": 2}
        return name, job, JUDGED | {"seconds": 90.0}

    return section(of("NEG-5", 0.0), of("HS-Huffman", 1e-5))


def test_the_costs_of_the_page_are_computed():
    results = Results(Path("none.json"), {"cost": cost_section()})
    assert cost_series(results)["softmax"][1000] == pytest.approx(2000), "the median of the runs"
    told = page(results)
    assert "| log-log slope |  | **1.00** | **0.20** | **0.10** | **0.10** | **0.10** | **0.00** |" in told
    assert "NS, k = 5: slope 0.10; nearly flat (at most 0.15): **yes**" in told
    assert "this ends there and not at 300,000" in told
    assert re.search(r"mean path grows ×1\.14 and the\s+cost ×1\.25", told)
    assert "Those about quality need evaluation sets" in told


def test_a_steep_objective_is_not_called_flat():
    told = page(Results(Path("none.json"), {"cost": cost_section(ns_exponent=0.3)}))
    assert "NS, k = 5: slope 0.30; nearly flat (at most 0.15): **no**" in told


def test_variations_share_the_default_and_stand_in_order():
    sections = {
        "default": section(trained(1e-3), trained(1e-3, seed=2)),
        "negatives": section(trained(20, negative=20), trained(1, negative=1)),
    }
    told = page(Results(Path("none.json"), sections))
    rows = re.findall(r"^\| (\d+) \| \d+\.\d", told, re.MULTILINE)
    assert rows == ["1", "5", "20"]
    assert "| 25.0 (25.0 to 25.0) | 31.5 (31.0 to 32.0) | 0.500 (0.500 to 0.500) |" in told
    assert "- Highest total: k 5." in told
    assert "as small as 2–5" in told


def test_subsampling_goes_from_none_to_the_most_with_its_speeds():
    sections = {
        "default": section(trained(1e-3)),
        "subsampling": section(*(trained(sample, sample=sample) for sample in (1e-5, 0, 1e-4))),
    }
    sections["subsampling"]["measurements"][1]["result"]["seconds"] = 75.0
    told = page(Results(Path("none.json"), sections))
    assert re.findall(r"^\| (\S+) \| \d+\.0 \|", told, re.MULTILINE) == ["off", "1e-3", "1e-4", "1e-5"]
    assert "Speed against none: ×2.5 (1e-3), ×2.5 (1e-4), ×2.5 (1e-5)." in told


def test_table_1_stands_beside_the_papers():
    told = page(Results(Path("none.json"), {"table1": table_1_section()}))
    assert "| NEG-5 | off | 1.5 | 25.0 | 50.0 | 31.2 | 38 | 63 | 54 | 59 |" in told
    assert "| HS-Huffman | 1e-5 | 1.5 | 25.0 | 50.0 | 31.2 | 21 | 52 | 59 | 55 |" in told
    assert "(400 asked)" in told


def test_sections_of_different_runs_say_so():
    quality = section(
        (
            "ns5",
            {"minutes": 1, "threads": 2, "words": 30_000, "settings": {"vector_size": 100, "sample": 1e-3}},
            JUDGED | {"seconds": 61.0},
        ),
        command="python -m benchmarks.objectives --words 5",
    )
    told = page(Results(Path("none.json"), {"cost": cost_section(), "quality": quality}))
    assert re.search(r"^Cost:\n\n- A CPU", told, re.MULTILINE)
    assert re.search(r"^Quality:\n\n- A CPU", told, re.MULTILINE)
    assert "| 1 | NS, k = 5 | 61.0 | 2.00 | 2e+03 | 50.0 | 25.0 | 31.2 |" in told


def test_results_are_kept_at_once_and_taken_up_again(tmp_path):
    path = tmp_path / "new" / "objectives.json"
    results = Results.load(path)
    results.begin("rows", ABOUT, resume=False)
    results.add("rows", "ns5", {"seed": 1}, {"points": []})
    again = Results.load(path)
    again.begin("rows", ABOUT, resume=True)
    assert again.has("rows", {"seed": 1})
    assert not again.has("rows", {"seed": 2})
    again.begin("rows", ABOUT | {"text": {"name": "other"}}, resume=True)
    assert not again.has("rows", {"seed": 1})
    assert list(Results.load(path).of("rows")) == [("ns5", {"seed": 1}, {"points": []})]


def test_figures_show_what_was_measured_and_nothing_else(tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks.objectives.figures import draw

    files = draw(Results(Path("none.json"), {"cost": cost_section()}), tmp_path)
    assert [file.name for file in files] == ["objectives-cost.svg"]
    before = files[0].read_bytes()
    draw(Results(Path("none.json"), {"cost": cost_section()}), tmp_path)
    assert files[0].read_bytes() == before, "equal numbers, equal file"


@pytest.mark.parametrize("heights", [[0.0, 1.0, 2.0], [5.0, 5.0, 5.0, 100.0], [30.0, 0.0, 14.0]])
def test_labels_keep_apart_and_in_order(heights):
    from benchmarks.objectives.figures import _spread

    placed = _spread(heights, 14)
    order = np.argsort(heights, kind="stable")
    assert (np.diff(np.array(placed)[order]) >= 14 - 1e-9).all()
    assert np.mean(placed) == pytest.approx(np.mean(heights))


@pytest.mark.slow
def test_a_run_of_all_sections(corpus, tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    from benchmarks.objectives import __main__ as program
    from benchmarks.objectives import sections

    # A few of each kind, since every measurement is a process that compiles.
    monkeypatch.setattr(sections, "CURVES", {name: CURVES[name] for name in ("softmax", "ns5", "ns5_hot")})
    monkeypatch.setattr(sections, "QUALITY", ("softmax",))
    monkeypatch.setattr(sections, "VARIED", {"exponent": ("ns_exponent", (0.75, 1))})
    monkeypatch.setattr(sections, "TABLE_1", sections.TABLE_1[:1])
    (tmp_path / "questions-words.txt").write_text(": family\nw1 w2 w3 w4\n: gram1\nw4 w3 w2 w1\n")
    small = ["--corpus", str(corpus), "--runs", "1", "--minutes", "0.01", "--seeds", "1", "--epochs", "1"]
    docs = ["--docs", str(tmp_path), "--threads", "1"]

    program.main([*small, *docs, "--sections", "cost,rows,table1"])
    assert "left out, since no evaluation sets are given (--eval-dir): table1" in capsys.readouterr().out
    judged = ["--sections", "quality,exponent,table1", "--eval-dir", str(tmp_path)]
    program.main([*small, *docs, *judged])
    kept = json.loads((tmp_path / "figures" / "objectives.json").read_text(encoding="utf-8"))["sections"]
    counts = {name: len(section["measurements"]) for name, section in kept.items()}
    assert counts == {"cost": 3, "rows": 2, "quality": 1, "default": 1, "exponent": 1, "table1": 1}
    told = (tmp_path / "objectives.md").read_text(encoding="utf-8")
    assert "## Table 1 of the paper" in told
    assert str(tmp_path) not in told

    assert "[1/4]" in capsys.readouterr().out
    program.main([*small, *docs, *judged, "--resume"])
    assert "[1/" not in capsys.readouterr().out, "all of it had been measured"
    program.main([*docs, "--report-only"])
    assert (tmp_path / "objectives.md").read_text(encoding="utf-8").count("## ") == told.count("## ")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--sections", "cost,price"], "unknown section price"),
        (["--minutes", "1,two"], "--minutes 1,two: must be numbers"),
        (["--minutes", "0"], "--minutes above 0"),
        (["--words", "0"], "must be at least 1"),
        (["--corpus", "none.txt"], "--corpus none.txt: no such file"),
        (["--eval-dir", "none"], "no questions-words.txt"),
        (["--threads", "1000000"], "cores"),
    ],
)
def test_wrong_options_are_refused(wrong, told, capsys):
    pytest.importorskip("matplotlib")
    from benchmarks.objectives.__main__ import parse

    with pytest.raises(SystemExit):
        parse(wrong)
    assert told in capsys.readouterr().err
