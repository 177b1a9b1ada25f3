"""The benchmark beside the peers: what it reads off them, what it leaves out of logs, and its page."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.memory import PeakMemory
from benchmarks.peers import fasttext_peer, measure, peers, word2vec_c
from benchmarks.peers.logs import log_lines
from benchmarks.peers.page import page
from benchmarks.peers.peers import PEERS, Peer, missing_peers
from benchmarks.peers.plan import in_turns, jobs
from benchmarks.results import Results

PROGRESS = "\rAlpha: 0.02{0}  Progress: {0}%  Words/thread/sec: 183.30k  "


def progress(*points):
    return [(when, PROGRESS.format(f"{share:.2f}")) for when, share in points]


def test_speed_of_the_c_program_is_that_between_its_first_and_last_progress():
    assert word2vec_c.training_seconds(progress((5.0, 10), (6.0, 30), (9.0, 60))) == pytest.approx(8.0)


def test_of_progress_that_came_at_once_the_last_counts():
    together = [(1.0, PROGRESS.format("5.00") + PROGRESS.format("20.00")), *progress((3.0, 60))]
    assert word2vec_c.training_seconds(together) == pytest.approx(5.0)


@pytest.mark.parametrize(
    "printed", [[], progress((1.0, 50)), progress((1.0, 50), (2.0, 50)), [(1.0, "100K\r")]]
)
def test_too_little_progress_tells_no_speed(printed):
    assert word2vec_c.training_seconds(printed) is None


def test_the_vocabulary_of_the_c_program_is_read_or_missed():
    assert word2vec_c.vocabulary_size([(0.0, "Starting\nVocab size: 1"), (0.1, "2\nWords")]) == 12
    with pytest.raises(RuntimeError, match="Vocab size"):
        word2vec_c.vocabulary_size([(0.0, "ERROR: training data file not found!\n")])


def test_the_speed_of_fasttext_is_the_last_it_printed():
    line = "Progress: {}% words/sec/thread: {:>7} lr:  0.0 avg.loss:  2.8 ETA:   0h 0m 0s\r".format
    assert fasttext_peer.words_per_second(line("5.1", 99) + line("100.0", 1200), 2) == 2400
    assert fasttext_peer.words_per_second("Read 0M words", 2) is None


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Looking in indexes: https://user:pass@mirror.corp.example:8443/simple", "Looking in indexes: URL"),
        ("error: /home/me/.venv/lib/python3.14/site-packages/x.py: no", "error: …/x.py: no"),
        ("see ~/secret/place.txt and ../up/file.c", "see …/place.txt and …/file.c"),
        ("Pool(host='mirror.corp', port=80): Max retries", "Pool(host=HOST, port=80): Max retries"),
        ("Pool(host='mirror', port=80): Max retries", "Pool(host=HOST, port=80): Max retries"),
        ("mirror.corp.example:443 said no", "HOST said no"),
        ("could not connect to 10.1.2.3:8080", "could not connect to HOST"),
        ("Failed to resolve 'pypi.example.org'", "Failed to resolve 'HOST'"),
        ("host=intranet is unknown", "host=HOST is unknown"),
        ("proxy build-cache:3128 refused", "proxy HOST refused"),
        ("\x1b[31merror\x1b[0m: gcc failed with exit code 1", "error: gcc failed with exit code 1"),
        ("word2vec.c:12:3: error: unknown type name", "word2vec.c:12:3: error: unknown type name"),
        ("ratio 3/4", "ratio 3/4"),
        ("/tmp", "…/tmp"),
    ],
)
def test_a_log_is_shown_without_the_machines_places_and_hosts(line, shown):
    assert log_lines(line) == [shown]


def test_a_log_is_shown_by_its_end_in_lines_that_fit():
    lines = log_lines("\n".join([*(f"line {i}" for i in range(50)), "", "x" * 500, "[notice] a new pip"]))
    assert len(lines) == 12
    assert lines[-2] == "line 49"
    assert len(lines[-1]) == 110


def test_a_peer_may_be_missing_only_with_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr(Peer, "installed", property(lambda peer: peer.module != "word2vec_c"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert missing_peers(["gensim", "coterie"]) == {}
    with pytest.raises(LookupError, match="word2vec is not installed, and there is no log"):
        missing_peers(PEERS)
    (tmp_path / "peers").mkdir()
    (tmp_path / "peers" / "word2vec.log").write_text(f"gcc: {tmp_path}/word2vec.c: not found\n")
    assert missing_peers(PEERS) == {"word2vec": ["gcc: …/word2vec.c: not found"]}


def test_turns_begin_with_another_peer_every_run():
    assert [in_turns("abc", run) for run in range(4)] == [list("abc"), list("bca"), list("cab"), list("abc")]


def test_a_child_can_be_watched_and_its_end_is_no_fault():
    memory = PeakMemory()
    memory.look()
    assert memory.bytes > 0
    memory.watch_child(2**22 + 1)
    memory.look()
    assert memory.bytes == 0


def test_the_age_of_the_process_is_its_own():
    assert 0 < measure.seconds_since_start() < 24 * 3600


def options(**changes):
    common = {"sizes": [100, 300], "negatives": [5], "models": [(100, 5)], "threads": [1, 2], "runs": 2}
    return argparse.Namespace(**{**common, "epochs": 3, "eval_dir": None, **changes})


def test_every_setting_is_trained_by_every_peer_in_every_turn():
    planned = jobs(options(), ["speed", "models"], list(PEERS), 1000, 500)
    speed = [job.job for job in planned if job.section == "speed"]
    models = [job.job for job in planned if job.section == "models"]
    assert len(speed) == 2 * 2 * 2 * len(PEERS)
    assert len({json.dumps(job, sort_keys=True) for job in speed}) == len(speed)
    assert len(models) == 2 * len(PEERS)
    assert {(job["threads"], job["epochs"]) for job in models} == {(2, 3)}


# Canned measurements: words/s of one thread and right answers of each peer; Coterie is 10 times gensim.
CANNED = {
    "gensim": (1e5, 0.30, 80),
    "gensim-lines": (0.9e5, 0.30, 85),
    "word2vec": (0.8e5, 0.34, 60),
    "fasttext": (0.5e5, 0.20, 90),
    "coterie": (1e6, 0.31, 70),
    "coterie-deterministic": (9e5, 0.3, 70),
    "coterie-pair": (4e5, 0.31, 70),
}
WORDS = 1_000_000


def trained(section, name, size, threads, epochs, seed, judged=False):
    speed, right, mebibytes = CANNED[name]
    seconds = WORDS * epochs / (speed * threads * (1 + seed / 10 if name == "coterie" else 1.1))
    job = jobs(options(runs=1), [section], [name], 1, 1)[0].job
    job |= {"vector_size": size, "threads": threads, "epochs": epochs, "seed": seed}
    result = {"train_seconds": seconds, "total_seconds": seconds + 2, "vocabulary": 1000}
    result |= {"peak_memory": mebibytes * 2**20}
    if judged:
        result |= {"total": right + seed / 100, "semantic": 0.5, "syntactic": None, "total_asked": 1234}
        result |= {"wordsim353": 0.4, "simlex999": -0.01 if name == "coterie" else 0.2}
    return {"name": f"{name}, …", "job": job, "result": result}


def about(**more):
    text = {"name": "a.txt", "words": WORDS, "sentences": 10, "shuffled": False}
    command = "python -m benchmarks.peers --words 5"
    return {"machine": ["A CPU, 2 cores"], "text": text, "command": command, "missing": {}, **more}


def canned(judged=True, names=CANNED, **more):
    speed = [
        trained("speed", name, size, threads, 1, seed)
        for size in (100, 300)
        for threads in (1, 2)
        for name in names
        for seed in (1, 2, 3)
    ]
    models = [trained("models", name, 100, 2, 3, seed, judged) for name in names for seed in (1, 2, 3)]
    timed = [
        {"name": name, "job": {"kind": "ingest", "epochs": 1, "seed": 1}, "result": {"seconds": 0.5}}
        for name in ("gensim", "coterie")
    ]
    cold = [{"name": "coterie", "job": {"kind": "cold", "seed": 1}, "result": {"seconds": 4.24}}]
    sections = {"speed": speed, "models": models, "ingest": timed, "cold": cold}
    return Results(
        Path("none.json"),
        {name: {**about(**more), "measurements": list(measured)} for name, measured in sections.items()},
    )


def test_ratios_are_medians_of_the_turns():
    told = page(canned())
    assert "| 1 | D=100, k=5 | 0.11 M |" in told
    assert "| 1 | D=300, k=5 | **10.9×** (10.0–11.8) |" in told, "1.1, 1.2, 1.3 million against 0.11"
    assert "| 2 | D=100, k=5 | **2.0×** (2.0–2.0) |" in told, "the second thread"
    assert "medians of the runs (3; seeds 1, 2, 3)" in " ".join(told.split())
    assert "compile at the first training of a process, without any cache, in 4.2 s" in " ".join(told.split())


def test_quality_stands_beside_speed_with_its_spread():
    told = page(canned())
    assert (
        "| D=100, k=5 | gensim `corpus_file` | 0.22 M | 32.0 (31.0–33.0) | 50.0 | – | 0.400 | 0.200 |" in told
    )
    assert "(1,234 asked)" in told


def test_the_page_says_where_a_peer_is_ahead():
    told = " ".join(page(canned()).split("## Where a peer is ahead")[1].split("## ")[0].split())
    assert "Google analogies, D=100, k=5: word2vec (C) 36.0 (within the spread)" not in told
    assert "Google analogies, D=100, k=5: word2vec (C) 36.0; Coterie 33.0" in told
    assert "memory, D=100, k=5: word2vec (C) 60 MiB; Coterie 70 MiB" in told
    assert "gensim `corpus_file` 0.200" in told
    assert "seconds" not in told, "none is faster"


def test_without_evaluation_sets_quality_is_not_judged():
    assert "Not judged" in page(canned(judged=False))
    assert "![Speed" not in page(canned(judged=False))


def test_a_missing_peer_is_explained_by_its_log():
    few = {name: value for name, value in CANNED.items() if name != "word2vec"}
    told = page(canned(names=few, missing={"word2vec": ["gcc: command not found"]}))
    assert "## word2vec (C) is missing" in told
    assert "```text\ngcc: command not found\n```" in told
    assert "| word2vec (C) |" not in told


def test_a_measurement_that_failed_leaves_a_dash():
    results = canned()
    kept = results.sections["speed"]["measurements"]
    results.sections["speed"]["measurements"] = [
        done for done in kept if done["job"]["peer"] != "fasttext" or done["job"]["vector_size"] == 100
    ]
    assert "| 1 | D=300, k=5 | 0.11 M | 0.099 M | 0.088 M | – | 1.20 M | 0.99 M | 0.44 M |" in page(results)


def test_the_page_is_written_though_all_of_coteries_measurements_failed():
    results = canned()
    kept = results.sections["speed"]["measurements"]
    results.sections["speed"]["measurements"] = [done for done in kept if done["job"]["peer"] != "coterie"]
    assert "| 1 | D=300, k=5 | 0.11 M |" in page(results)


def test_a_resumed_run_keeps_only_what_this_machine_measured():
    results = canned()
    same = {**about(), "machine": ["A CPU, 2 cores", "gensim 4", "Something else ran"]}
    results.sections["speed"]["machine"] = ["A CPU, 2 cores", "gensim 4"]
    results.begin("speed", same, resume=True)
    assert results.sections["speed"]["measurements"]
    results.begin("speed", {**same, "machine": ["A CPU, 2 cores", "gensim 5"]}, resume=True)
    assert not results.sections["speed"]["measurements"]


def test_the_figure_has_the_models_that_were_judged(tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks.peers.figure import draw

    assert draw(canned(judged=False), tmp_path) is None
    before = draw(canned(), tmp_path).read_bytes()
    assert draw(canned(), tmp_path).read_bytes() == before, "equal numbers, equal file"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--sections", "speed,price"], "unknown section price"),
        (["--peers", "coterie,glove"], "unknown peer glove"),
        (["--peers", "gensim"], "coterie must be among them"),
        (["--words", "0"], "must be at least 1"),
        (["--models", "100:0"], "must be at least 1"),
        (["--models", "100"], "--models"),
        (["--sizes", "100,x"], "--sizes"),
        (["--corpus", "none.txt"], "--corpus none.txt: no such file"),
        (["--eval-dir", "none"], "no questions-words.txt"),
        (["--threads", "1000000"], "cores"),
    ],
)
def test_wrong_options_are_refused(wrong, told, capsys):
    from benchmarks.peers.__main__ import parse

    with pytest.raises(SystemExit):
        parse(wrong)
    assert told in capsys.readouterr().err


def test_the_demos_text_has_a_small_grid(tmp_path):
    from benchmarks.peers.__main__ import parse

    (tmp_path / "a.txt").write_text("a b")
    small, whole = parse([]), parse(["--corpus", str(tmp_path / "a.txt"), "--negatives", "20,5"])
    assert (small.sizes, small.negatives, small.models) == ([100], [5], [(100, 5)])
    assert whole.models == [(100, 5), (100, 20), (300, 5), (300, 20)]


@pytest.mark.slow
def test_a_run_of_all_sections(tmp_path, capsys):
    """Whoever is installed trains a tiny text; the others need a log, which this environment may lack."""
    pytest.importorskip("matplotlib")
    from benchmarks.peers import __main__ as program

    generator = np.random.default_rng(0)
    words = [f"w{i}" for i in range(60)]
    shares = 1 / np.arange(1, 61)
    lines = (" ".join(generator.choice(words, 25, p=shares / shares.sum())) for _ in range(2000))
    corpus = tmp_path / "text.txt"
    corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "questions-words.txt").write_text(": family\nw1 w2 w3 w4\n: gram1\nw4 w3 w2 w1\n")
    (tmp_path / "wordsim353.tsv").write_text("w1\tw2\t3\nw2\tw3\t1\nw4\tw5\t2\nw1\tw9\t4\n")
    here = [name for name, peer in PEERS.items() if peer.installed]
    small = ["--corpus", str(corpus), "--eval-dir", str(tmp_path), "--docs", str(tmp_path)]
    small += ["--peers", ",".join(here), "--runs", "1", "--epochs", "2", "--sizes", "300", "--negatives", "2"]
    small += ["--threads", "1", "--speed-words", "20000"]

    program.main(small)
    assert "about 0.0 more" in capsys.readouterr().out
    kept = json.loads((tmp_path / "figures" / "benchmarks.json").read_text(encoding="utf-8"))["sections"]
    assert {name for name, section in kept.items() if section["measurements"]} >= {
        "speed",
        "models",
        "ingest",
    }
    models = {done["job"]["peer"]: done["result"] for done in kept["models"]["measurements"]}
    assert list(models) == here
    for result in models.values():
        assert result["total_asked"] == 2
        assert -1 <= result["wordsim353"] <= 1
        assert result["vocabulary"] in (60, 61), "the C program and fastText may count a line's end"
        assert result["total_seconds"] > 0
        assert result["peak_memory"] > 0
        assert result["train_seconds"] is None or 0 < result["train_seconds"] < result["total_seconds"]
    told = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert str(tmp_path) not in told
    assert (tmp_path / "figures" / "benchmarks-quality.svg").is_file()

    program.main([*small, "--resume"])
    assert "0 measurements" in capsys.readouterr().out
    program.main(["--docs", str(tmp_path), "--report-only"])
    assert (tmp_path / "benchmarks.md").read_text(encoding="utf-8") == told


def test_the_program_is_found_beside_python_or_not(monkeypatch, tmp_path):
    monkeypatch.setattr(word2vec_c.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert word2vec_c.program() is None
    (tmp_path / "word2vec").write_text("#!/bin/sh\n")
    os.chmod(tmp_path / "word2vec", 0o755)  # noqa: PTH101
    assert word2vec_c.program() == tmp_path / "word2vec"
    assert peers.PEERS["word2vec"].installed
