"""Memory, disk and time, told and checked before a training: what is reckoned, and what the errors say."""

from __future__ import annotations

import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from coterie.config import TrainingConfig
from coterie.errors import ConfigError, ResourceError
from coterie.objectives.full_softmax import MOST_SCORES
from coterie.objectives.huffman import build_huffman
from coterie.objectives.weights import make_weights
from coterie.training import disk, resources
from coterie.training.disk import Places, check_disk, checkpoint_size, model_size
from coterie.training.duration import about, expected_seconds, telling_time
from coterie.training.means import COUNTING_BYTES, Means, counting_share
from coterie.training.progress import Progress
from coterie.training.resources import (
    check_memory,
    matrices_size,
    most_words,
    needed_memory,
    plans_size,
    working_size,
)

MIB = 1 << 20


def config(**changes):
    return TrainingConfig(**{"vector_size": 16, "workers": 1, "sample": 0, "epochs": 2, **changes})


@pytest.fixture
def machine(monkeypatch):
    """A process that holds 100 MiB and can take as many more as one says."""

    def can_take(available):
        monkeypatch.setattr(resources, "available_memory", lambda: available)

    monkeypatch.setattr(resources, "held_memory", lambda: 100 * MIB)
    monkeypatch.setattr(resources, "greatest_memory", lambda: 150 * MIB)
    monkeypatch.setattr(resources, "is_compiling", lambda: False)
    can_take(None)
    return can_take


def told_mib(message):
    return int(re.search(r"the process about ([\d,]+) MiB", message)[1].replace(",", ""))


def test_memory_is_told_for_the_whole_process(machine):
    needed = needed_memory(1_000_000, config())
    assert matrices_size(1_000_000, config()) == 2 * 1_000_000 * 16 * 4 < needed
    assert told_mib(check_memory(1_000_000, config())) == round(100 + needed / MIB)
    assert told_mib(check_memory(10, config())) == 150  # it had held as much before
    machine(500 * MIB)
    assert "of 600 MiB available" in check_memory(1_000_000, config())


def test_too_little_memory_is_an_error_with_what_fits(machine):
    machine(100 * MIB)
    with pytest.raises(
        ResourceError, match=r"not enough memory: .* 200 MiB are available\. Keep at most"
    ) as no:
        check_memory(1_000_000, config())
    assert "max_vocab_size" in str(no.value)
    assert "vector_size" in str(no.value)
    assert "matrices_dir" in str(no.value)
    assert "memory_limit" not in str(no.value)
    held = matrices_size(1_000_000, config())  # as those of a checkpoint that was read
    check_memory(1_000_000, config(), held)
    machine(None)
    check_memory(1_000_000, config())


def test_the_limit_bounds_the_process(machine):
    machine(4096 * MIB)
    enough = 100 * MIB + needed_memory(1_000_000, config())
    assert "allowed (memory_limit)" in check_memory(1_000_000, config(), limit=enough)
    with pytest.raises(
        ResourceError, match=r"are allowed \(memory_limit\)\. Keep .* raise memory_limit, or keep"
    ):
        check_memory(1_000_000, config(), limit=enough - 1)
    machine(10 * MIB)  # the tighter of both counts
    with pytest.raises(ResourceError, match="110 MiB are available"):
        check_memory(1_000_000, config(), limit=enough)


def test_a_limit_below_what_the_process_holds(machine):
    with pytest.raises(ResourceError, match="No vocabulary fits"):
        check_memory(1_000_000, config(), limit=90 * MIB)


def test_the_most_words_are_those_that_fit(machine):
    assert most_words(config()) is None
    machine(400 * MIB)
    most = most_words(config())
    check_memory(most, config())
    with pytest.raises(ResourceError):
        check_memory(most + 1000, config())
    assert most_words(config(), limit=300 * MIB) < most == most_words(config(), limit=4096 * MIB)
    assert most_words(config(vector_size=1000)) < most < most_words(config(), on_disk=True)


@pytest.mark.parametrize("objective", ["negative_sampling", "hierarchical_softmax", "softmax"])
@pytest.mark.parametrize("on_disk", [False, True])
def test_the_words_that_fit_do_fit(objective, on_disk, machine):
    machine(200 * MIB)
    asked = config(objective=objective, workers=2)
    with pytest.raises(ResourceError) as caught:
        check_memory(5_000_000, asked, on_disk=on_disk)
    fits = int(re.search(r"at most ([\d,]+) words", str(caught.value))[1].replace(",", ""))
    check_memory(fits, asked, on_disk=on_disk)
    with pytest.raises(ResourceError):
        check_memory(int(1.2 * fits), asked, on_disk=on_disk)


def test_matrices_on_disk_are_no_memory(machine):
    assert "MiB of disk" in check_memory(1_000_000, config(vector_size=300), on_disk=True)
    more = needed_memory(1_000_000, config(vector_size=300), on_disk=True)
    assert more == needed_memory(1_000_000, config(vector_size=100), on_disk=True)
    assert more < needed_memory(1_000_000, config()) < matrices_size(1_000_000, config(vector_size=300))


def test_memory_counts_the_tree_and_the_scores():
    counts = (1e8 / np.arange(1, 50_001)).astype(np.int64)
    tree = build_huffman(counts)
    held = sum(array.nbytes for array in (tree.starts, tree.nodes, tree.bits, tree.children))
    assert held < working_size(50_000, config(objective="hierarchical_softmax")) < 2 * held
    assert working_size(50_000, config(objective="softmax", workers=2)) == 50_000 * 522 * 4
    assert working_size(5_000_000, config(objective="softmax", workers=2)) == MOST_SCORES * 4


def test_memory_counts_every_threads_plans(monkeypatch):
    monkeypatch.setattr(resources, "available_cores", lambda: 8)
    pairs = {"negative_sharing": "pair", "negative": 20, "window": 10}
    one = plans_size(1000, config(**pairs))
    assert one > 6 * MIB
    assert plans_size(1000, config(workers=4, **pairs)) == 4 * one
    assert plans_size(1000, config(workers=4, deterministic=True, **pairs)) >= 4 * one
    assert plans_size(1000, config(), tokens=1000) < plans_size(1000, config())


def test_a_compiler_that_is_at_work_counts(machine, monkeypatch):
    before = told_mib(check_memory(1_000_000, config()))
    monkeypatch.setattr(resources, "is_compiling", lambda: True)
    assert told_mib(check_memory(1_000_000, config())) == before + 80


def test_a_limit_is_a_number_that_a_text_can_be_read_in():
    assert Means().memory_limit is None
    assert Means(memory_limit=1 << 30).memory_limit == 1 << 30
    for wrong in (0, -1, True, "4GB", 1.5e9):
        with pytest.raises(ConfigError, match="memory_limit is"):
            Means(memory_limit=wrong)
    with pytest.raises(
        ConfigError, match=r"bounds the whole process, and reading a text takes at least 282 MiB"
    ):
        Means(memory_limit=100 * MIB)


def test_counting_words_takes_a_share_of_the_limit():
    assert counting_share(None, 8) == (COUNTING_BYTES, 8)
    shares = [counting_share(limit * MIB, 4) for limit in (282, 400, 1000, 2000, 4000, 8192, 65_536)]
    assert [threads for _, threads in shares][:1] == [1]
    assert shares == sorted(shares)
    assert shares[4][0] == COUNTING_BYTES
    assert shares[5][0] == 1 << 30  # who allows more is taken at their word
    for (share, threads), limit in zip(shares, (282, 400, 1000), strict=False):
        assert share + threads * (66 * MIB) + 200 * MIB <= limit * MIB


def disks(monkeypatch, free):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))


def test_disk_is_told_and_checked(tmp_path, monkeypatch):
    places = Places(output=tmp_path / "new" / "model", checkpoints=tmp_path / "model.checkpoints")
    model, one = model_size(10_000, config()), checkpoint_size(10_000, config())
    assert one == matrices_size(10_000, config())
    assert one < model < 2 * one  # so that two checkpoints and the model are more than three checkpoints
    disks(monkeypatch, model + 2 * one)
    told = check_disk(10_000, config(), places)
    assert told.startswith(
        "on disk the model takes about 1.5 MB, checkpoints take up to about 3.8 MB, of 4.1 MB"
    )
    disks(monkeypatch, model + 2 * one - 1)
    with pytest.raises(
        ResourceError, match=rf"not enough disk in {tmp_path}: the model .*--checkpoint-every off"
    ):
        check_disk(10_000, config(), places)
    with pytest.raises(ResourceError, match="not enough disk") as no:
        check_disk(100_000, config(), Places(output=tmp_path))
    assert "checkpoint" not in str(no.value)
    assert check_disk(10_000, config(), Places()) is None
    disks(monkeypatch, model + one)
    check_disk(10_000, config(), places._replace(most=1))
    with pytest.raises(ResourceError, match=r"the matrices take about 1\.3 MB"):
        check_disk(10_000, config(), Places(output=tmp_path, matrices=tmp_path, checkpoints=tmp_path, most=1))


def test_checkpoints_that_are_there_need_no_more_room(tmp_path, monkeypatch):
    one = checkpoint_size(10_000, config())
    (tmp_path / "checkpoint-1").mkdir()
    (tmp_path / "checkpoint-1" / "weights.safetensors").write_bytes(bytes(one))
    disks(monkeypatch, 2 * one)
    check_disk(10_000, config(), Places(checkpoints=tmp_path))
    disks(monkeypatch, 2 * one - 1)
    with pytest.raises(ResourceError, match="not enough disk"):
        check_disk(10_000, config(), Places(checkpoints=tmp_path))


def test_file_systems_are_checked_each_for_itself(tmp_path, monkeypatch):
    devices = {tmp_path / "a": 1, tmp_path / "b": 2}
    for folder in devices:
        folder.mkdir()
    monkeypatch.setattr(disk, "_device", lambda folder: devices[folder])
    disks(monkeypatch, 3 * checkpoint_size(10_000, config()))
    check_disk(10_000, config(), Places(output=tmp_path / "a", checkpoints=tmp_path / "b"))
    with pytest.raises(ResourceError, match="not enough disk"):
        check_disk(10_000, config(), Places(output=tmp_path / "a", checkpoints=tmp_path / "a"))


def test_bfloat16_makes_smaller_checkpoints_and_no_smaller_models():
    narrow = config(output_dtype="bfloat16")
    assert checkpoint_size(1000, narrow) == 0.75 * checkpoint_size(1000, config())
    assert model_size(1000, narrow) == model_size(1000, config())
    weights = make_weights(1000, narrow)
    assert checkpoint_size(1000, config()) == sum(matrix.nbytes for _, matrix in weights.matrices())


def test_time_grows_with_the_work_and_falls_with_the_threads():
    counts = np.full(10_000, 1000)

    def seconds(workers=1, lanes=8, **changes):
        return expected_seconds(counts, config(sample=1e-3, **changes), workers, lanes)

    once = seconds()
    assert once > 0
    assert seconds(epochs=4) == pytest.approx(2 * once)
    assert once / 2 <= seconds(workers=2) < once
    assert seconds(lanes=16) < once
    slower = [
        {"vector_size": 300},
        {"negative": 20},
        {"window": 10},
        {"objective": "nce"},
        {"objective": "softmax"},
        {"negative_sharing": "pair"},
    ]
    for changes in slower:
        assert seconds(**changes) > once, changes
    wide = {"vector_size": 300, "window": 10}
    assert seconds(architecture="cbow", **wide) < seconds(**wide)
    assert seconds(deterministic=True) > once
    tree = {"objective": "hierarchical_softmax"}
    assert once < seconds(negative=0, **tree) < seconds(negative=5, **tree)


def report(words, seconds, stage="train"):
    return Progress(stage=stage, words_done=words, words_total=1_000_000, seconds=seconds)


def test_the_measured_time_is_told_once():
    told, seen = [], []
    callback = telling_time(seen.append, told.append)
    reports = [report(0, 3, "compile"), report(0, 0), report(1000, 0.5), report(2000, 1.5), report(4000, 3.5)]
    for progress in [*reports, report(6000, 5), report(500_000, 6)]:
        callback(progress)
    assert len(seen) == 7
    # 3,000 words in 3 s: 996,000 more take 996 s.
    assert told == ["at the speed of the first seconds training goes on for about 17 minutes"]


def test_a_training_that_goes_on_is_told_by_its_own_speed():
    told = []
    callback = telling_time(None, told.append)
    callback(report(900_000, 10_000))  # words and seconds of the run before
    callback(report(900_500, 10_005))
    assert told == ["at the speed of the first seconds training goes on for about 17 minutes"]


def test_short_trainings_have_no_time_to_tell():
    told = []
    callback = telling_time(None, told.append)
    for words in (1000, 500_000):
        callback(report(words, words / 100_000))
    assert told == []
    assert about(59.9) == "about 60 seconds"
