import errno
import fcntl
import lzma
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from coterie import formats
from coterie.errors import ConfigError, CorpusError, FormatError, MissingFileError, ResourceError
from coterie.formats import replacing
from coterie.formats.files import reading
from coterie.formats.replacing import (
    replacing_file,
    replacing_files,
    replacing_folder,
    replacing_folder_by_file,
)

MATRIX = np.eye(3, dtype=np.float32)
WORDS = ["a", "b", "c"]


class BodyError(Exception):
    pass


def fail_after(*steps):
    for step in steps:
        step()
    raise BodyError


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("old")
    with pytest.raises(BodyError), replacing_file(path) as file:
        fail_after(lambda: file.write(b"half"), path.read_text)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with replacing_file(path) as file:
        file.write(b"new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    with replacing_file(tmp_path / "v"):
        pass
    assert (tmp_path / "v").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_is_followed(tmp_path):
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with replacing_file(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_the_old_folder_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "m"
    path.mkdir()
    (path / "old").touch()
    with pytest.raises(BodyError), replacing_folder(path) as folder:
        fail_after((folder / "half").touch)
    assert [p.name for p in path.iterdir()] == ["old"]
    with replacing_folder(path) as folder:
        (folder / "new").touch()
    assert [p.name for p in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]


def test_without_the_systems_exchange_the_old_is_renamed_first(tmp_path, monkeypatch):
    monkeypatch.setattr(replacing, "_exchange", lambda one, other: False)
    test_the_old_folder_stays_until_the_new_one_is_whole(tmp_path)


def test_a_rename_that_fails_puts_the_old_folder_back(tmp_path, monkeypatch):
    path = tmp_path / "m"
    path.mkdir()
    (path / "old").touch()
    monkeypatch.setattr(replacing, "_exchange", lambda one, other: False)
    rename = type(path).rename

    def fails(self, target):
        if self.name.endswith(".partial"):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(type(path), "rename", fails)
    with pytest.raises(ResourceError, match="Input/output error"), replacing_folder(path) as folder:
        (folder / "new").touch()
    assert [p.name for p in path.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [path]


def test_what_an_interrupted_rename_left_is_told(tmp_path):
    (tmp_path / ".m.1a2b3c4d.old").mkdir()
    with pytest.raises(FormatError, match=r"left the earlier one at .*\.m\.1a2b3c4d\.old"):
        formats.read(tmp_path / "m")


def test_leavings_of_the_dead_go_and_those_of_the_living_stay(tmp_path):
    dead_file, dead_folder = tmp_path / ".v[1].00000000.partial", tmp_path / ".v[1].00000001.partial"
    dead_file.touch()
    dead_folder.mkdir()
    (dead_folder / "x").touch()
    other = tmp_path / ".v1.00000000.partial"
    other.touch()
    with replacing_file(tmp_path / "v[1]"):
        assert not dead_file.exists()
        assert not dead_folder.exists()
        with replacing_file(tmp_path / "v[1]") as second:
            second.write(b"second")
        assert (tmp_path / "v[1]").read_bytes() == b"second"
    assert (tmp_path / "v[1]").read_bytes() == b""
    assert other.exists()


@pytest.mark.parametrize("number", [errno.EBADF, errno.ENOSYS, errno.ENOLCK])
def test_a_file_system_without_locks_is_written_all_the_same(tmp_path, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    left = tmp_path / ".v.00000000.partial"
    left.touch()
    monkeypatch.setattr(fcntl, "flock", refuse)
    with replacing_file(tmp_path / "v") as file:
        file.write(b"new")
    with replacing_folder(tmp_path / "m") as folder:
        (folder / "x").touch()
    assert (tmp_path / "v").read_bytes() == b"new"
    assert (tmp_path / "m" / "x").exists()
    assert left.exists(), "it may be a living writer's"


def test_files_are_locked_as_nfs_wants_it(tmp_path, monkeypatch):
    """There flock is a POSIX lock, which of a file that is open for reading only is refused."""
    flags = []
    lock = fcntl.flock
    monkeypatch.setattr(
        fcntl, "flock", lambda open_file, how: flags.append(open_file) or lock(open_file, how)
    )
    (tmp_path / ".v.00000000.partial").touch()
    with replacing_file(tmp_path / "v"):
        assert flags
        assert fcntl.fcntl(flags[-1], fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDWR
        assert not (tmp_path / ".v.00000000.partial").exists()


@pytest.mark.parametrize("atomic", [True, False])
def test_a_file_takes_the_place_of_a_folder(tmp_path, monkeypatch, atomic):
    if not atomic:
        monkeypatch.setattr(replacing, "_exchange", lambda *_: False)
    path = make_folder(tmp_path / "m")
    (path / "x").write_text("old")
    with pytest.raises(BodyError), replacing_folder_by_file(path) as file:
        fail_after(lambda: file.write(b"half"))
    assert (path / "x").read_text() == "old"
    with replacing_folder_by_file(path) as file:
        file.write(b"new")
        assert (path / "x").exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_refusals_tell_what_to_do(tmp_path):
    with pytest.raises(
        ResourceError, match=r"nowhere/v\.txt can't be written: No such file.*Does its folder"
    ):
        formats.write(tmp_path / "nowhere" / "v.txt", WORDS, MATRIX)
    with pytest.raises(FormatError, match="not a regular file"):
        formats.write(make_folder(tmp_path / "v.txt"), WORDS, MATRIX)


def make_folder(path):
    path.mkdir()
    return path


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_no_permission_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ResourceError, match="Choose a folder where you may write"):
        formats.write(tmp_path / "v.txt", WORDS, MATRIX)


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    """RLIMIT_FSIZE stands in for the full disk: the write fails in the middle, as there."""
    script = """
        import resource, sys
        import numpy as np
        from coterie import formats
        from coterie.errors import ResourceError
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        words = [f"w{i}" for i in range(5_000)]
        matrix = np.random.default_rng(1).standard_normal((5_000, 50)).astype("f4")
        for name in ("v.bin", "v.txt", "v.txt.gz", "v.txt.zst", "v.safetensors"):
            try:
                formats.write(f"{sys.argv[1]}/{name}", words, matrix)
            except ResourceError as error:
                assert f"{name} can't be written: no room" in str(error), error
            else:
                raise SystemExit(f"{name} was written")
    """
    subprocess.run([sys.executable, "-W", "error", "-c", textwrap.dedent(script), tmp_path], check=True)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_path_offers_what_is_there(tmp_path):
    for name in ("wiki-model", "wiki.bin", "zebra"):
        (tmp_path / name).touch()
    with pytest.raises(FormatError, match=r"wiki-modell does not exist. In .* there is wiki-model"):
        formats.read(tmp_path / "wiki-modell")
    with pytest.raises(FormatError, match=r"there is zebra"):
        formats.read(tmp_path / "zebar" / "inner")
    with pytest.raises(FormatError, match="there is nothing"):
        formats.read(make_folder(tmp_path / "empty") / "x")


def test_what_is_missing_is_also_the_error_that_scripts_expect(tmp_path):
    for expected in (FileNotFoundError, FormatError, CorpusError, MissingFileError, ValueError):
        with pytest.raises(expected):
            formats.read(tmp_path / "none")
    with pytest.raises(MissingFileError, match="does not exist"):
        formats.read("a\0b")


def test_a_name_that_the_system_refuses_is_told(tmp_path):
    with pytest.raises(ResourceError, match="can't be read: File name too long"):
        formats.read(tmp_path / ("v" * 300))
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ResourceError, match="can't be read: Too many levels"):
        formats.read(tmp_path / "loop")


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2", ".xz", ".zst"])
def test_lines_of_every_compression(tmp_path, ending):
    import pyarrow as pa

    text, path = b"one\ntwo\n" * 1000, tmp_path / f"t{ending}"
    with pa.output_stream(path, compression=None if ending in ("", ".xz") else "detect") as file:
        file.write(lzma.compress(text) if ending == ".xz" else text)
    with reading(path) as file:
        assert list(file) == text.splitlines(keepends=True)


def test_a_relative_path_offers_what_is_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vectors.bin").touch()
    with pytest.raises(FormatError, match=r"there is vectors\.bin"):
        formats.read("vector.bin")


def test_too_little_memory_is_told(tmp_path):
    (tmp_path / "v").touch()
    with pytest.raises(ResourceError, match="v can't be read: too little memory"), reading(tmp_path / "v"):
        raise MemoryError


def test_two_files_take_their_places_together(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("old")
    with pytest.raises(BodyError), replacing_files(one, other) as (first, second):
        fail_after(lambda: first.write(b"1"), lambda: second.write(b"2"))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
    with replacing_files(one, other) as (first, second):
        first.write(b"1")
        second.write(b"2")
        assert (one.read_text(), other.exists()) == ("old", False)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"one": "1", "other": "2"}


def test_reading_a_folder_as_a_file_is_told(tmp_path):
    with pytest.raises(FormatError, match="is a folder"), reading(tmp_path):
        pass


@pytest.mark.parametrize("ending", [".bin", ".txt", ".vec", ".safetensors", ".txt.zst"])
def test_the_name_tells_what_to_write_and_the_contents_what_to_read(tmp_path, ending):
    formats.write(tmp_path / f"v{ending}", WORDS, MATRIX, np.array([3, 2, 1]))
    table = formats.read(tmp_path / f"v{ending}")
    assert table.words == WORDS
    np.testing.assert_array_equal(table.matrix, MATRIX)
    assert formats.read(tmp_path / f"v{ending}", limit=2).words == WORDS[:2]
    if not ending.endswith(".zst"):
        (tmp_path / f"v{ending}").rename(tmp_path / "whatever.name")
        assert formats.read(tmp_path / "whatever.name").words == WORDS


@pytest.mark.parametrize("name", ["v", "v.model", "v.gz", "v.zip"])
def test_a_name_that_tells_no_format_is_refused(tmp_path, name):
    with pytest.raises(FormatError, match=r"end it in \.bin, \.txt, \.vec, \.glove, \.safetensors"):
        formats.write(tmp_path / name, WORDS, MATRIX)


def test_safetensors_is_not_compressed(tmp_path):
    with pytest.raises(FormatError, match="can't be compressed"):
        formats.write(tmp_path / "v.safetensors.gz", WORDS, MATRIX)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x80\x04\x95rest", r"is a pickle, perhaps gensim's; save it there with .wv.save_word2vec_format"),
        (b"\xba\x16O/rest", r"v is cut short: it ends at byte 8, in its header"),
        (b"PAR1rest", r"v is damaged or cut short \(8 bytes\)"),
        (b"\x1f\x8brest", r"is gzip-compressed; end its name in \.gz"),
        (b"", "is empty"),
        (b"Once upon a time\nthere was\n", 'expected "words dimensions"'),
        (b"\x00\x01\x02\x03", 'expected "words dimensions"'),
    ],
)
def test_other_peoples_files_are_recognised(tmp_path, content, told):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(FormatError, match=told):
        formats.read(tmp_path / "v")


def test_the_limit_is_checked_for_every_format(tmp_path):
    formats.write(tmp_path / "v.safetensors", WORDS, MATRIX)
    with pytest.raises(ConfigError, match="limit is 0"):
        formats.read(tmp_path / "v.safetensors", limit=0)


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.glove", "v.npy", "v.tsv"])
def test_an_empty_word_is_told_as_such(tmp_path, name):
    with pytest.raises(FormatError, match=r"a word is empty.*\.safetensors"):
        formats.write(tmp_path / name, ["a", "", "c"], MATRIX)


def test_a_cut_file_is_told_its_own_number_of_words_whatever_the_limit(tmp_path):
    path = tmp_path / "v.bin"
    formats.write(path, WORDS, MATRIX)
    path.write_bytes(path.read_bytes()[:25])
    with pytest.raises(FormatError, match=r"announces 3 words"):
        formats.read(path, limit=2)
