"""Kernels compiled while the text is read are those that the training calls; nothing waits in vain."""

from __future__ import annotations

import gc
import subprocess
import sys
import time

import pytest

import coterie
from coterie.compat.gensim import Word2Vec
from coterie.config import TrainingConfig, VocabularyConfig
from coterie.corpus import encode
from coterie.kernels import compile as flags
from coterie.kernels.compile import STORABLE
from coterie.kernels.machine_code import directory
from coterie.kernels.simd import PANEL_ROWS
from coterie.kernels.stored import StoredKernel
from coterie.sampling.plan import Sentences
from coterie.training import trainer, warm_up
from coterie.training.guarded import guarded_run

stored = pytest.mark.skipif(not STORABLE, reason="kernels are called through Numba here")

LONG = PANEL_ROWS + 4
TEXT = [[f"w{(i * j) % 17}" for j in range(LONG)] for i in range(60)]
SETTINGS = {
    "negative_sampling": {},
    "a draw for each pair": {"negative_sharing": "pair"},
    "windows wider than a panel": {"window": PANEL_ROWS + 1},
    "plain": {"kernel": "plain"},
    "bfloat16": {"output_dtype": "bfloat16"},
    "nce": {"objective": "nce"},
    "nce, wide": {"objective": "nce", "window": PANEL_ROWS},
    "nce with partition one": {"objective": "nce", "nce_partition": "one"},
    "hierarchical_softmax": {"objective": "hierarchical_softmax"},
    "hierarchical_softmax with negatives": {"objective": "hierarchical_softmax", "negative": 5},
    "softmax": {"objective": "softmax"},
    "in step": {"deterministic": True},
    "cbow in step": {"architecture": "cbow", "deterministic": True},
    "cbow": {"architecture": "cbow"},
    "cbow of word2vec": {"architecture": "cbow", "cbow_gradient": "word2vec"},
    "cbow, nce": {"architecture": "cbow", "objective": "nce"},
    "cbow, hierarchical_softmax": {"architecture": "cbow", "objective": "hierarchical_softmax"},
    "cbow, softmax": {"architecture": "cbow", "objective": "softmax"},
}


def configuration(name):
    return TrainingConfig(**{"vector_size": 24, "epochs": 1, "workers": 2, **SETTINGS[name]})


def train(config, text=TEXT):
    with encode(text, vocabulary=VocabularyConfig(min_count=1)) as corpus:
        sentences = Sentences(corpus.ids, corpus.offsets)
        return guarded_run(sentences, corpus.vocabulary.counts, config, None, lambda message: None)


@pytest.fixture
def asked(monkeypatch):
    """All kernels as in a new process; the list of those that code is asked for, with the layout."""
    for kernel in gc.get_objects():
        if type(kernel) is StoredKernel:
            monkeypatch.setattr(kernel, "_ready", {})
    make, found = StoredKernel._made_ready, []

    def made_ready(kernel, layout, arguments):
        found.append((kernel.__qualname__, layout))
        return make(kernel, layout, arguments)

    monkeypatch.setattr(StoredKernel, "_made_ready", made_ready)
    return found


@stored
@pytest.mark.parametrize("name", SETTINGS)
def test_the_training_compiles_nothing_more(asked, name):
    warm_up.warm_up(configuration(name)).join()
    assert len(asked) >= 2
    assert {path.suffix for path in directory().iterdir()} == {".kernel"}
    before, kept = list(asked), set(directory().iterdir())
    assert train(configuration(name)).words
    assert asked == before
    assert set(directory().iterdir()) == kept


@stored
def test_short_sentences_may_need_one_kernel_more(asked):
    config = configuration("windows wider than a panel")
    warm_up.warm_up(config).join()
    before = len(asked)
    assert train(config, [sentence[:6] for sentence in TEXT]).words
    assert len(asked) == before + 1


@stored
def test_a_training_that_comes_early_waits_for_what_is_being_compiled(asked):
    thread = warm_up.warm_up(configuration("negative_sampling"))
    assert train(configuration("negative_sampling")).words
    thread.join()
    once = {(name, layout) for name, layout in asked}
    assert {len(kernel.layouts) for kernel in gc.get_objects() if type(kernel) is StoredKernel} <= {0, 1}
    assert len(once) == 3  # alias table, plan, walk


def test_its_errors_are_left_to_the_training(monkeypatch):
    class Broken(trainer.Trainer):
        def compile(self):
            raise RuntimeError("no compiler here")

    monkeypatch.setattr(trainer, "Trainer", Broken)
    warm_up.warm_up(TrainingConfig()).join()  # pytest would tell of an exception in a thread
    with pytest.raises(RuntimeError, match="no compiler here"):
        Broken(*_corpus(), TrainingConfig(workers=1)).run()


def test_without_a_compiler_it_does_nothing(monkeypatch):
    monkeypatch.setattr(flags, "JIT_ENABLED", False)
    monkeypatch.setattr(trainer, "Trainer", lambda *_: pytest.fail("there is nothing to compile"))
    warm_up.warm_up(TrainingConfig()).join()


def _corpus():
    with encode(TEXT, vocabulary=VocabularyConfig(min_count=1)) as corpus:
        return Sentences(corpus.ids.copy(), corpus.offsets.copy()), corpus.vocabulary.counts


class ReadError(Exception):
    """The text has been asked for."""


def unreadable():
    raise ReadError
    yield


@pytest.mark.parametrize(
    "start",
    [lambda: coterie.train(unreadable(), window=3), lambda: Word2Vec(unreadable(), window=3)],
    ids=["coterie.train", "Word2Vec"],
)
def test_it_has_begun_when_the_text_is_read(monkeypatch, start):
    begun = []
    monkeypatch.setattr(warm_up, "warm_up", begun.append)
    with pytest.raises(ReadError):
        start()
    (config,) = begun
    assert config.window == 3


@pytest.mark.parametrize("seconds", [0.0, 0.8, 1.6])
def test_a_faulty_text_ends_the_program_amid_the_compilation(tmp_path, monkeypatch, seconds):
    """With its own status and message, whatever the compiler is doing; at once, wherever it is."""
    monkeypatch.setenv("COTERIE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    program = [sys.executable, "-c", "from coterie.cli import main; main()"]
    process = subprocess.Popen(
        [*program, "train", "-", "-o", str(tmp_path / "m")],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(seconds)
    _, told = process.communicate(b"a b c\n" * 10 + b"caf\xe9 a b\n", timeout=60)
    assert process.returncode == 1
    assert told.startswith(b"error: standard input, line 11, byte ")
    assert told.count(b"\n") == 1
