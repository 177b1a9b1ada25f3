"""The deterministic mode: the same bits with any number of workers, as good as free threads, and no hang."""

from __future__ import annotations

import hashlib
import multiprocessing
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from coterie.config import TrainingConfig
from coterie.corpus import encode
from coterie.errors import TrainingError
from coterie.kernels.barrier import make_arrivals, meet, release
from coterie.kernels.compile import JIT_ENABLED, kernel
from coterie.sampling.plan import Sentences
from coterie.training import schedule, trainer
from coterie.training.trainer import Trainer
from reference import synthetic

CLUSTERS, WORDS = 6, 8
needs_threads = pytest.mark.skipif(not JIT_ENABLED, reason="threads meet in compiled code")


@pytest.fixture(scope="module")
def clusters():
    sentences = list(synthetic.clustered_sentences(clusters=CLUSTERS, words=WORDS))
    ids = np.ascontiguousarray(np.concatenate(sentences), dtype=np.uint32)
    offsets = np.concatenate(([0], np.cumsum([len(s) for s in sentences]))).astype(np.int64)
    return Sentences(ids, offsets), np.bincount(ids).astype(np.int64)


def config(**changes):
    usual = {"vector_size": 100, "sample": 0, "epochs": 2, "deterministic": True}
    return TrainingConfig(**{**usual, **changes})


def first(corpus, number):
    """The first sentences of a corpus."""
    (ids, offsets, _), counts = corpus
    return Sentences(ids[: offsets[number]], offsets[: number + 1]), counts


@pytest.fixture(scope="module")
def bible():
    """Real text, whose words come in neighbouring windows: what a long batch cannot be trained on."""
    kingjames = pytest.importorskip("coterie.cli.kingjames")
    try:
        lines = list(kingjames.paragraphs())
    except ImportError as error:
        pytest.skip(str(error))
    with encode([line.lower() for line in lines]) as corpus:
        sentences = Sentences(np.array(corpus.ids), np.array(corpus.offsets))
        return sentences, np.array(corpus.vocabulary.counts)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes", [{}, {"negative": 12}, {"negative": 20}, {"alpha": 0.1}, {"window": 15}], ids=str
)
def test_real_text_is_learned_as_by_free_threads(bible, changes):
    settings = {"sample": 1e-3, "workers": 2, **changes}
    free, in_step = (
        Trainer(*bible, config(deterministic=deterministic, **settings)).run()
        for deterministic in (False, True)
    )
    assert in_step.loss == pytest.approx(free.loss, rel=0.03)
    norms = [np.linalg.norm(run.weights.input_vectors, axis=1).max() for run in (free, in_step)]
    assert norms[1] < 1.5 * norms[0]


def threads_left():
    return [thread for thread in threading.enumerate() if thread.name.startswith("coterie")]


def outcome(result):
    """What has to be the same: every bit of the weights, and the loss that is told."""
    weights = b"".join(matrix.tobytes() for _, matrix in result.weights.matrices())
    return hashlib.sha256(weights).hexdigest(), result.loss


@needs_threads
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"vector_size": 300},
        {"negative_sharing": "pair", "epochs": 1},
        {"architecture": "cbow"},
        {"objective": "nce"},
        {"output_dtype": "bfloat16"},
        {"objective": "hierarchical_softmax"},
        {"objective": "softmax", "epochs": 1},
    ],
    ids=str,
)
def test_the_same_bits_with_any_number_of_workers(clusters, changes, monkeypatch):
    monkeypatch.setattr(trainer, "available_cores", lambda: 8)
    monkeypatch.setattr(schedule, "_PLANS_OF_A_THREAD", 1)  # many rounds
    clusters = first(clusters, 300)
    seen = {outcome(Trainer(*clusters, config(workers=workers, **changes)).run()) for workers in (1, 2, 3, 8)}
    assert len(seen) == 1
    another = outcome(Trainer(*clusters, config(workers=2, seed=2, **changes)).run())
    assert another not in seen, "the test can fail"


def _run(sentences, counts, settings, results):
    results.put(outcome(Trainer(sentences, counts, settings).run()))


def _busy(until):
    while time.monotonic() < until:
        pass


@needs_threads
@pytest.mark.slow
def test_the_same_bits_where_other_processes_take_the_cores(clusters):
    """In processes of their own: alone, and with a busy process on every core."""
    sentences, counts = first(clusters, 500)
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    seen = set()
    for rivals in (0, multiprocessing.cpu_count()):
        busy = [
            spawn.Process(target=_busy, args=(time.monotonic() + 120,), daemon=True) for _ in range(rivals)
        ]
        for process in busy:
            process.start()
        run = spawn.Process(target=_run, args=(sentences, counts, config(workers=2), results))
        run.start()
        try:
            seen.add(results.get(timeout=110))
        finally:
            run.join()
            for process in busy:
                process.terminate()
                process.join()
    assert len(seen) == 1


@pytest.mark.parametrize("workers", [1, 3])
def test_planted_clusters_are_found(clusters, workers):
    result = Trainer(*clusters, config(vector_size=16, workers=workers, epochs=8, alpha=0.05)).run()
    vectors = result.weights.input_vectors[:, :16]
    assert synthetic.neighbours_in_cluster(vectors, words=WORDS) >= 0.95


@needs_threads
@pytest.mark.parametrize("workers", [1, 3])
def test_runs_of_some_epochs_go_on_bit_for_bit(clusters, workers):
    settings = config(workers=workers, epochs=3)
    whole = Trainer(*clusters, settings).run()
    part = Trainer(*clusters, settings, epochs=range(1)).run()
    rest = Trainer(*clusters, settings, weights=part.weights, epochs=range(1, 3)).run()
    assert outcome(rest)[0] == outcome(whole)[0]


@needs_threads
@pytest.mark.parametrize("architecture", ["skip_gram", "cbow"])
@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize("call", [2, 4])
def test_an_error_in_any_thread_ends_the_run(clusters, architecture, number, call, monkeypatch):
    monkeypatch.setattr(trainer, "available_cores", lambda: 3)
    run = Trainer(*clusters, config(workers=3, architecture=architecture))
    learner, calls = run._crew.learners[number], []

    def failing(plan, rate, record):
        calls.append(rate)
        if len(calls) == call - (number > 0):  # the first thread's first call compiles
            raise MemoryError("none left")
        return learner(plan, rate, record)

    run._crew.learners[number] = failing
    with pytest.raises(MemoryError, match="none left"):
        run.run()
    assert not threads_left()


@needs_threads
def test_a_loss_that_goes_wrong_ends_the_run(clusters, monkeypatch):
    monkeypatch.setattr(trainer, "available_cores", lambda: 3)

    def check(*arguments):
        raise TrainingError("it diverges")

    monkeypatch.setattr(trainer, "check_loss", check)
    with pytest.raises(TrainingError, match="it diverges"):
        Trainer(*clusters, config(workers=3)).run()
    assert not threads_left()


@needs_threads
@pytest.mark.parametrize("stage", ["compile", "train"])
@pytest.mark.parametrize("error", [KeyError("the callback's"), KeyboardInterrupt()], ids=repr)
def test_what_a_callback_raises_ends_the_run(clusters, stage, error, monkeypatch):
    monkeypatch.setattr(trainer, "available_cores", lambda: 3)
    monkeypatch.setattr(trainer, "_TICK", 0.001)

    def callback(progress):
        if progress.stage == stage:
            raise error

    run = Trainer(*clusters, config(workers=3, epochs=50), callback)
    compile_, started = run.compile, threading.Event()

    def slowly():
        started.wait(0.2)
        return compile_()

    run.compile = slowly
    if isinstance(error, KeyError):
        with pytest.raises(KeyError, match="the callback's"):
            run.run()
    else:
        result = run.run()
        assert result.interrupted
        assert result.words < 50 * len(clusters[0].ids)
    deadline = time.monotonic() + 20
    while threads_left() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not threads_left()


@needs_threads
def test_a_thread_that_cannot_start_ends_the_run(clusters, monkeypatch):
    monkeypatch.setattr(trainer, "available_cores", lambda: 3)
    start = threading.Thread.start

    def refused(thread):
        if thread.name == "coterie-2":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        Trainer(*clusters, config(workers=3)).run()
    assert not threads_left()


@kernel
def _meetings(arrivals, turn, number, written, wrong):
    for meeting in range(200):
        written[number] = meeting
        meet(arrivals, number, turn)
        for other in range(arrivals.shape[0]):
            wrong[number] += written[other] != meeting
        meet(arrivals, number, turn)


@needs_threads
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_meet(threads):
    arrivals, written, wrong = (
        make_arrivals(threads),
        np.zeros(threads, np.int64),
        np.zeros(threads, np.int64),
    )
    workers = [
        threading.Thread(target=_meetings, args=(arrivals, np.zeros(1, np.int64), number, written, wrong))
        for number in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong.tolist() == [0] * threads
    assert arrivals[:, 0].tolist() == [400 if threads > 1 else 0] * threads


@needs_threads
def test_whoever_is_released_waits_no_more():
    arrivals, written, wrong = make_arrivals(2), np.zeros(2, np.int64), np.zeros(2, np.int64)
    lonely = threading.Thread(
        target=_meetings, args=(arrivals, np.zeros(1, np.int64), 0, written, wrong), daemon=True
    )
    lonely.start()
    release(arrivals)
    lonely.join(timeout=30)
    assert not lonely.is_alive()


def test_a_model_says_that_it_was_trained_so(tmp_path: Path):
    import coterie

    sentences = [list("abcdefgh") * 5, list("fghij") * 7] * 20
    files = []
    for workers in (1, 2):
        model = coterie.train(
            sentences, vector_size=20, min_count=1, epochs=2, deterministic=True, workers=workers, cache=False
        )
        model.save(tmp_path / f"{workers}")
        assert coterie.load_model(tmp_path / f"{workers}").config["training"]["deterministic"]
        files.append((tmp_path / f"{workers}" / "model.safetensors").read_bytes())
    assert files[0] == files[1]
