"""How a benchmark's page shows the command that made it."""

from __future__ import annotations

import pytest

from benchmarks.command import shown_arguments


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([], ""),
        (["--corpus", "/data/my text.txt", "--words", "5"], "--corpus 'my text.txt' --words 5"),
        (["--eval-dir=/a/b", "--runs=2"], "--eval-dir=b --runs=2"),
        (["--docs", "/tmp/x", "--resume", "--runs", "2"], "--runs 2"),
        (["--output=/tmp/x", "--epochs", "3"], "--epochs 3"),
        (["--report-only"], ""),
    ],
)
def test_paths_are_cut_and_places_left_out(given, shown):
    assert shown_arguments(given) == shown
