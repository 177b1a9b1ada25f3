"""Limits of control groups, read from trees of files as Linux lays them out."""

import os

import pytest

from coterie.kernels.cgroups import cpu_quota, memory_left
from coterie.kernels.cores import available_cores

GIB = 1 << 30
V2 = "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
UNLIMITED = 9223372036854771712  # what version 1 writes for no limit


def tree(root, cgroup, mountinfo, files):
    """Write a tree: /proc/self/cgroup, /proc/self/mountinfo, and files below /sys/fs/cgroup."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(cgroup)
    (root / "proc/self/mountinfo").write_text(mountinfo)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


def group(name, maximum, current, idle=0, high="max"):
    return {
        f"{name}memory.max": maximum,
        f"{name}memory.high": high,
        f"{name}memory.current": current,
        f"{name}memory.stat": f"anon 5\ninactive_file {idle}\nactive_file 7",
    }


def test_the_own_groups_limit_counts_without_idle_pages(tmp_path):
    files = group("job/", 4 * GIB, 3 * GIB, idle=GIB)
    assert memory_left(tree(tmp_path, "0::/job\n", V2, files)) == 2 * GIB


def test_the_soft_limit_counts_as_well(tmp_path):
    files = group("job/", 4 * GIB, GIB, high=2 * GIB)
    assert memory_left(tree(tmp_path, "0::/job\n", V2, files)) == GIB


@pytest.mark.parametrize("tightest", ["", "a/", "a/b/", "a/b/c/"])
def test_the_tightest_group_up_to_the_root_counts(tmp_path, tightest):
    files = {}
    for name in ("", "a/", "a/b/", "a/b/c/"):
        files |= group(name, 3 * GIB if name == tightest else 8 * GIB, 2 * GIB)
    files |= group("a/other/", GIB, GIB)  # a neighbour's limit is none of ours
    assert memory_left(tree(tmp_path, "0::/a/b/c\n", V2, files)) == GIB


def test_without_a_limit_nothing_is_known(tmp_path):
    assert memory_left(tree(tmp_path, "0::/job\n", V2, group("job/", "max", GIB))) is None
    assert memory_left(tmp_path / "nowhere") is None
    assert cpu_quota(tmp_path / "nowhere") is None


def test_more_used_than_allowed_leaves_nothing(tmp_path):
    assert memory_left(tree(tmp_path, "0::/\n", V2, group("", GIB, 2 * GIB))) == 0


V1 = (
    "31 24 0:27 /docker/0a1b /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
    "32 24 0:28 /docker/0a1b /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
    "33 24 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
)
V1_GROUPS = "9:memory:/docker/0a1b/inner\n4:cpu,cpuacct:/docker/0a1b\n0::/somewhere\n"


def test_version_1_in_a_container(tmp_path):
    def limit(name, maximum, used, idle):
        return {
            f"memory/{name}memory.limit_in_bytes": maximum,
            f"memory/{name}memory.usage_in_bytes": used,
            f"memory/{name}memory.stat": f"inactive_file 1\ntotal_inactive_file {idle}",
        }

    files = limit("", 6 * GIB, 5 * GIB, 2 * GIB) | limit("inner/", UNLIMITED, GIB, 0)
    files |= {"cpu,cpuacct/cpu.cfs_quota_us": 250_000, "cpu,cpuacct/cpu.cfs_period_us": 100_000}
    root = tree(tmp_path, V1_GROUPS, V1, files)
    assert memory_left(root) == 3 * GIB
    assert cpu_quota(root) == 2.5


def test_a_group_outside_of_the_mount_gives_the_mounts_own_limit(tmp_path):
    mount = V2.replace(" / /sys", " /pod /sys")
    files = group("", 2 * GIB, GIB) | group("pod/", GIB, GIB)
    assert memory_left(tree(tmp_path, "0::/../other\n", mount, files)) == GIB


@pytest.mark.parametrize(
    ("own", "above", "quota"),
    [
        ("max 100000", "max 100000", None),
        ("150000 100000", "max 100000", 1.5),
        ("max 100000", "50000 100000", 0.5),
        ("800000 100000", "20000 10000", 2.0),
    ],
)
def test_the_tightest_quota_of_time_counts(tmp_path, own, above, quota):
    files = {"a/b/cpu.max": own, "a/cpu.max": above}
    assert cpu_quota(tree(tmp_path, "0::/a/b\n", V2, files)) == quota


@pytest.mark.parametrize(("quota", "cores"), [("10000 100000", 1), ("150000 100000", 2), ("max 100000", 6)])
def test_cores_are_the_quota_rounded_up(tmp_path, monkeypatch, quota, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(6)), raising=False)
    assert available_cores(tree(tmp_path, "0::/\n", V2, {"cpu.max": quota})) == cores


def test_a_quota_beyond_the_cores_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    assert available_cores(tree(tmp_path, "0::/\n", V2, {"cpu.max": "900000 100000"})) == 2


def test_version_1_without_a_quota(tmp_path):
    files = {"cpu,cpuacct/cpu.cfs_quota_us": -1, "cpu,cpuacct/cpu.cfs_period_us": 100_000}
    files |= {"memory/inner/memory.limit_in_bytes": UNLIMITED, "memory/inner/memory.usage_in_bytes": GIB}
    root = tree(tmp_path, V1_GROUPS, V1, files)
    assert cpu_quota(root) is None
    assert memory_left(root) is None
