"""The benchmark of reading text: its files hold the same words, and its page tells what was measured."""

from __future__ import annotations

import pytest

from benchmarks.ingest.files import FORMS, write_files
from benchmarks.ingest.measure import encoding, scan
from benchmarks.ingest.page import page
from benchmarks.results import Results

WORDS = 300


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ingest")
    (folder / "corpus").write_text("a b c a\n\nb a, a a\n" * 5)
    return folder, write_files(folder / "corpus", WORDS, folder)


def test_the_text_is_repeated(written):
    folder, about = written
    assert (about["words"], about["sentences"], about["times"]) == (300, 75, 7.5)
    assert (folder / "text.txt").read_text() == "a b c a\nb a, a a\n" * 37 + "a b c a\n"


def test_a_corpus_without_text(tmp_path):
    (tmp_path / "corpus").write_text("\n\n")
    with pytest.raises(ValueError, match="no text in it"):
        write_files(tmp_path / "corpus", 1, tmp_path)


def test_every_form_is_measured_and_told(written, tmp_path):
    pytest.importorskip("gensim")
    folder, about = written
    results = Results(tmp_path / "ingest.json")
    results.begin("ingest", {"machine": ["a machine"], "text": about, "command": "a command"}, resume=False)
    jobs = [
        {"kind": "encoding", "file": form.file, "tokenizer": form.tokenizer, "runs": 2, "threads": 2}
        for form in FORMS
    ]
    for job in jobs:
        result = encoding(job | {"folder": str(folder)})
        assert result["tokens"] == WORDS
        assert {len(result[name]) for name in ("seconds", "cpu", "raw")} == {3}
        results.add("ingest", job["file"], job, result)
    job = {"kind": "scan", "file": "text.txt", "threads": 1}
    results.add("ingest", "gensim", job, scan(job | {"folder": str(folder)}))
    text = page(results)
    for form in FORMS:
        assert f"| {form.name} | `{form.tokenizer}` | 2 | **" in text
    assert "as it is written (the text 7.5 times over)" in text
    assert "gensim's own scan" in text
