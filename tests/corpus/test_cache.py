import errno
import fcntl
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from coterie.config import CorpusConfig, VocabularyConfig
from coterie.config.places import default_cache_directory
from coterie.corpus import (
    CacheConfig,
    EncodedCorpus,
    clear_caches,
    disk,
    encode,
    list_caches,
)
from coterie.corpus import cache as cache_module
from coterie.errors import ConfigError, CorpusError, FormatError, ResourceError

EVERY_WORD = VocabularyConfig(min_count=1)


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat and the dog\n" * 50)
    return path


@pytest.fixture
def cache(tmp_path):
    return CacheConfig(tmp_path / "cache")


def run(text, cache, messages=None, **options):
    listener = [].append if messages is None else messages.append
    with encode(text, cache=cache, on_event=listener, **options) as encoded:
        return encoded.from_cache, encoded.path, encoded.ids.tolist(), encoded.vocabulary.words


def test_the_second_run_takes_the_cache_and_says_so(text, cache):
    messages = []
    first = run(text, cache, messages)
    assert messages == [
        f"encoded corpus kept in the cache: {first[1]} ({list_caches(cache.directory)[0].size:,} bytes)"
    ]
    second = run(str(text), cache, messages)
    assert messages[-1].startswith(f"encoded corpus taken from the cache: {first[1]}")
    assert (first[0], second[0]) == (False, True)
    assert first[1:] == second[1:]
    assert sorted(path.name for path in first[1].iterdir()) == [
        "ids.u32",
        "meta.json",
        "offsets.i64",
        "vocabulary.arrow",
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"vocabulary": VocabularyConfig(min_count=1)},
        {"vocabulary": VocabularyConfig(keep_words=("x",))},
        {"corpus": CorpusConfig(tokenizer="whitespace")},
        {"corpus": CorpusConfig(lowercase="none")},
        {"corpus": CorpusConfig(text_field="body")},
    ],
)
def test_other_settings_are_another_cache(text, cache, options):
    run(text, cache)
    assert run(text, cache, **options)[0] is False
    assert run(text, cache)[0] is True
    assert len(list_caches(cache.directory)) == 2


def test_a_changed_source_is_encoded_again_and_its_old_cache_goes(text, cache):
    old = run(text, cache)[1]
    text.write_text("a new text\n" * 50)
    messages = []
    from_cache, new, _, words = run(text, cache, messages)
    assert (from_cache, words) == (False, ["a", "new", "text"])
    assert messages[0] == "the source has changed since it was encoded; encoding it again."
    assert new.exists()
    assert not old.exists()


def test_a_touched_source_counts_as_changed(text, cache):
    run(text, cache)
    os.utime(text, (1, 1))
    assert run(text, cache)[0] is False


@pytest.mark.parametrize("name", ["ids.u32", "offsets.i64", "vocabulary.arrow", "meta.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "grow", "gone", "empty"])
def test_a_damaged_cache_is_noticed_and_made_again(text, cache, name, damage):
    _, folder, ids, words = run(text, cache)
    path = folder / name
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        middle = len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 0x80]) + data[middle + 1 :]
        path.write_bytes({"flip": flipped, "cut": data[:-4], "grow": data + b"\0" * 8, "empty": b""}[damage])
    with pytest.raises(FormatError, match=str(folder)):
        EncodedCorpus(folder)
    messages = []
    again = run(text, cache, messages)
    assert messages[0].startswith("the cache is damaged and will be made again: ")
    assert again == (False, folder, ids, words)
    assert run(text, cache)[0] is True


def test_another_format_version_is_not_read(text, cache):
    folder = run(text, cache)[1]
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(meta | {"format_version": 99}))
    with pytest.raises(FormatError, match="format version 99; this program reads 1"):
        EncodedCorpus(folder)


def test_what_has_no_key_is_not_kept(text, cache):
    for source, options in ((["a b"] * 5, {}), (text, {"tokenizer": str.split})):
        from_cache, path, _, _ = run(source, cache, **options)
        assert from_cache is False
        assert path.parent == cache.directory
        assert not path.exists()
    assert list(cache.directory.iterdir()) == []


def test_the_limit_removes_what_was_not_used_for_longest(tmp_path, cache):
    texts = []
    for i in range(3):
        texts.append(tmp_path / f"{i}.txt")
        texts[-1].write_text(f"word{i} " * 500)
    for i in range(3):
        os.utime(run(texts[i], cache)[1] / "meta.json", (i + 1, i + 1))
    assert run(texts[0], cache)[0] is True  # used last, now
    size = max(cached.size for cached in list_caches(cache.directory))
    messages = []
    with encode(texts[2], cache=cache) as in_use:
        run(texts[0], CacheConfig(cache.directory, 2 * size), messages, vocabulary=EVERY_WORD)
        left = {Path(cached.sources[0]).name for cached in list_caches(cache.directory)}
        assert in_use.path.exists()
    assert "1.txt" not in left
    assert sum("cache limit" in message for message in messages) == 2
    messages = []
    assert run(texts[1], CacheConfig(cache.directory, 0), messages)[1].exists()
    assert len(list_caches(cache.directory)) == 1
    assert "above the limit of 0" in messages[-1]


def test_caches_are_listed_and_cleared(text, cache):
    with encode(text, cache=cache) as encoded:
        (cached,) = list_caches(cache.directory)
        assert (cached.path, cached.sources) == (encoded.path, (str(text.resolve()),))
        assert (cached.size, cached.n_tokens, cached.n_words) == (encoded.size, encoded.n_tokens, 4)
        assert cached.size == sum(path.stat().st_size for path in encoded.path.iterdir())
        assert clear_caches(cache.directory) == 0  # in use
    assert clear_caches(cache.directory) == cached.size
    assert list_caches(cache.directory) == []
    assert list_caches(cache.directory / "nowhere") == []


def _encode_in_process(text, directory):
    with encode(text, cache=CacheConfig(directory)) as encoded:
        return encoded.ids.tolist()


@pytest.mark.slow
def test_programs_may_share_a_cache(text, cache):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        results = pool.starmap(_encode_in_process, [(text, cache.directory)] * 6)
    assert all(result == results[0] for result in results)
    assert [path.name for path in cache.directory.iterdir()] == [list_caches(cache.directory)[0].path.name]


def test_a_builder_that_comes_second_takes_the_first_ones_folder(text, cache, monkeypatch):
    first = run(text, cache)[1]
    monkeypatch.setattr("coterie.corpus.cache.Cache.find", lambda self, key: None)
    assert run(text, cache)[1] == first
    assert list(cache.directory.iterdir()) == [first]


def test_a_folder_that_is_swept_before_it_is_locked_is_made_again(text, cache, monkeypatch):
    """Between the making of the lock and its taking another program that looks for left ones may come by."""
    lock, swept = fcntl.flock, []

    def sweep_first(file, operation):
        if operation == fcntl.LOCK_SH and not swept:
            (folder,) = cache.directory.glob("building-*")
            swept.append(folder)
            cache_module._sweep(cache.directory)
            assert not folder.exists()
        lock(file, operation)

    monkeypatch.setattr(cache_module.fcntl, "flock", sweep_first)
    with encode(text, cache=cache) as encoded:
        assert encoded.ids.size
    assert len(swept) == 1
    assert [path.name for path in cache.directory.iterdir()] == [encoded.path.name]


def test_what_a_killed_program_left_is_swept(text, cache):
    left = cache.directory / "building-killed"
    left.mkdir(parents=True)
    (left / "lock").touch()
    (left / "ids.u32").write_bytes(b"half")
    recent = cache.directory / "building-this-moment"
    recent.mkdir()
    run(text, cache)
    assert not left.exists()
    assert recent.exists()


def test_a_failed_or_interrupted_run_leaves_nothing(tmp_path, cache, monkeypatch):
    (tmp_path / "bad.jsonl").write_text('{"text": "a"}\nbad')
    with pytest.raises(CorpusError):
        run(tmp_path / "bad.jsonl", cache)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    def interrupted():
        yield "a"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode(interrupted())
    assert list(cache.directory.iterdir()) == list((tmp_path / "temporary").iterdir()) == []


def test_default_place(monkeypatch):
    monkeypatch.setenv("COTERIE_CACHE", "/one")
    assert default_cache_directory() == Path("/one")
    monkeypatch.delenv("COTERIE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    assert default_cache_directory() == Path("/two/coterie")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache_directory() == Path.home() / ".cache" / "coterie"


def test_a_limit_must_be_a_size():
    with pytest.raises(ConfigError, match="cache_limit is -1"):
        CacheConfig(Path("a"), -1)


def test_a_cache_directory_that_cannot_be(text, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError, match=r"file: cannot be written .*--cache-dir, cache_dir"):
        run(text, CacheConfig(tmp_path / "file"))
    with pytest.raises(ResourceError, match="cannot be written"):
        run(text, CacheConfig(tmp_path / "file" / "below"))


def test_too_little_disk_is_told_before_the_work(text, cache, monkeypatch):
    usage = type(shutil.disk_usage("/"))(10**9, 10**9, 100)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr("coterie.corpus.encoding._first_pass", lambda *arguments: pytest.fail("work began"))
    with pytest.raises(
        ResourceError, match=r"needs about 0\.0 MB there, and 0\.0 MB are free\. Free some, or put"
    ):
        run(text, cache)
    assert list(cache.directory.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_is_told(text, cache, monkeypatch, number):
    def refuse(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("coterie.corpus.second_pass.write_vocabulary", refuse)
    with pytest.raises(ResourceError, match="disk full while the corpus was encoded"):
        run(text, cache)
    assert list(cache.directory.iterdir()) == []


_LIMITED = """
    import resource, signal, sys
    from pathlib import Path
    from coterie.config import VocabularyConfig
    from coterie.corpus import CacheConfig, encode
    from coterie.errors import ResourceError

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
    text, directory = Path(sys.argv[1]), Path(sys.argv[2])
    every_word = VocabularyConfig(min_count=1)
    try:
        encode(text, vocabulary=every_word, cache=CacheConfig(directory), memory_limit=int(sys.argv[4]))
    except ResourceError as error:
        print(error)
    print(list(directory.iterdir()))
"""


@pytest.mark.parametrize(("limit", "memory"), [(10_000, 1 << 20), (300_000, 1)])
def test_a_real_limit_on_file_sizes(tmp_path, limit, memory):
    # The second case fails while the dictionary spills: ids fit, the segment's words do not.
    text = tmp_path / "text.txt"
    text.write_text("\n".join(f"some-word-{i}" for i in range(20_000)))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_LIMITED), text, tmp_path / "cache", str(limit), str(memory)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "file size limit reached while the corpus was encoded" in done.stdout
    assert done.stdout.endswith("[]\n")


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="needs the right to mount")
def test_a_real_full_disk(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small], capture_output=True
    ).returncode:
        pytest.skip("mounting is not allowed")
    try:
        text = tmp_path / "text.txt"
        text.write_text("\n".join(f"w{i}" for i in range(100_000)))
        with pytest.raises(ResourceError, match=r"needs about 0\.\d MB there, and 0\.3 MB are free"):
            run(text, CacheConfig(small / "cache"))
        words = (f"w{i}" for i in range(100_000))  # of unknown size: nothing can be foreseen
        with pytest.raises(ResourceError, match="disk full while the corpus was encoded"):
            run(words, CacheConfig(small / "cache"))
        assert list((small / "cache").iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)
