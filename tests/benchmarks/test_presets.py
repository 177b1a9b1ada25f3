"""The benchmark of the presets: what it trains is what they are, and its page tells all of it."""

from __future__ import annotations

import pytest

from benchmarks.presets.__main__ import jobs, parse
from benchmarks.presets.measure import train
from benchmarks.presets.page import page
from benchmarks.presets.settings import NAMED, SWEEP
from benchmarks.results import Results
from coterie.config import TrainingConfig


@pytest.mark.parametrize("setting", [*NAMED.values(), *SWEEP], ids=str)
def test_settings_are_such(setting):
    TrainingConfig(**setting)


def test_nothing_is_measured_twice():
    planned = [job.job for job in jobs(parse(["--runs", "2"]), 1000)]
    assert all(planned.count(job) == 1 for job in planned)
    assert {job["seed"] for job in planned if job["setting"] == {}} == {1, 2}


def test_a_preset_is_measured_and_told(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("the ship left her sail in the sea\n" * 200)
    results = Results(tmp_path / "presets.json")
    about = {"name": "a text", "words": 1600, "sentences": 200}
    results.begin("presets", {"machine": ["a machine"], "text": about, "command": "c"}, resume=False)
    options = parse(["--runs", "2", "--no-sweep", "--size", "8", "--threads", "1"])
    for measurement in jobs(options, 1600):
        place = {"text": str(text), "cache": str(tmp_path / "cache"), "eval_dir": None}
        result = train({**measurement.job, **place})
        assert result["seconds"] > 0
        results.add("presets", measurement.name, measurement.job, result | {"total": 0.25})
    lines = page(results).splitlines()
    for name in NAMED:
        (line,) = (line for line in lines if line.startswith(f"| **{name}**"))
        assert "| 2 |" in line
        assert "25.0 (25.0–25.0)" in line
