"""Whole runs: the loss that is told, determinism, guards, and clusters that are found again."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
import math
import threading
import weakref

import numpy as np
import pytest

from coterie.config import TrainingConfig
from coterie.errors import ConfigError, CorpusError, TrainingError
from coterie.objectives.weights import make_weights
from coterie.sampling.plan import Sentences, make_sampler
from coterie.sampling.rng import NEGATIVES, WINDOWS, stream_key
from coterie.training import trainer
from coterie.training.guard import check_input, check_loss, check_weights
from coterie.training.metrics import record_interval, records_chunk
from coterie.training.schedule import chunk_tokens, learning_rate, reach_of
from coterie.training.trainer import Trainer
from marks import KERNELS
from reference import skip_gram, synthetic

CLUSTERS, WORDS = 6, 8
UNTRAINED = 6 * math.log(2)


def encoded(sentences):
    ids = np.ascontiguousarray(np.concatenate(sentences), dtype=np.uint32)
    offsets = np.concatenate(([0], np.cumsum([len(s) for s in sentences]))).astype(np.int64)
    return Sentences(ids, offsets), np.bincount(ids).astype(np.int64)


def config(**changes):
    return TrainingConfig(**{"vector_size": 16, "workers": 1, "sample": 0, "epochs": 2, **changes})


@pytest.fixture(scope="module")
def clusters():
    return encoded(list(synthetic.clustered_sentences(clusters=CLUSTERS, words=WORDS)))


def digest(matrices):
    return hashlib.sha256(matrices.input_vectors.tobytes() + matrices.output_vectors.tobytes()).hexdigest()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("sharing", ["window", "pair"])
@pytest.mark.parametrize("workers", [1, 3])
def test_planted_clusters_are_found(clusters, kernel, sharing, workers):
    settings = config(kernel=kernel, negative_sharing=sharing, workers=workers, epochs=8, alpha=0.05)
    result = Trainer(*clusters, settings).run()
    vectors = result.weights.input_vectors[:, :16]
    assert synthetic.neighbours_in_cluster(vectors, words=WORDS) >= 0.95
    untrained = make_weights(CLUSTERS * WORDS, config()).input_vectors[:, :16]
    assert synthetic.neighbours_in_cluster(untrained, words=WORDS) < 0.5, "the test can fail"
    assert result.words == 2500 * 9 * 8
    assert not result.interrupted
    assert result.loss < UNTRAINED


@pytest.mark.parametrize(
    ("kernel", "changes"),
    [
        ("plain", {}),
        ("auto", {}),
        ("auto", {"window": 15}),
        ("auto", {"objective": "nce"}),
        ("auto", {"architecture": "cbow", "alpha": 0.1}),
        ("auto", {"deterministic": True}),
    ],
)
def test_output_vectors_in_bfloat16_learn_as_well(clusters, kernel, changes):
    wide, narrow = (
        Trainer(*clusters, config(kernel=kernel, epochs=4, output_dtype=dtype, **changes)).run()
        for dtype in ("float32", "bfloat16")
    )
    assert narrow.loss == pytest.approx(wide.loss, rel=0.01)
    found = [
        synthetic.neighbours_in_cluster(r.weights.input_vectors[:, :16], words=WORDS) for r in (wide, narrow)
    ]
    assert found[1] > found[0] - 0.05
    outputs = narrow.weights.output_vectors
    assert outputs.dtype == np.float32
    assert not (outputs.view(np.uint32) & 0xFFFF).any(), "numbers that bfloat16 has"
    assert (wide.weights.output_vectors.view(np.uint32) & 0xFFFF).any()
    norms = [np.linalg.norm(run.weights.output_vectors) for run in (wide, narrow)]
    assert norms[1] == pytest.approx(norms[0], rel=0.05)


def test_given_output_vectors_are_rounded_once_and_go_on(clusters):
    settings = config(output_dtype="bfloat16", alpha=1e-30, min_alpha=0)
    weights = given(CLUSTERS * WORDS, settings)
    before = weights.output_vectors.copy()
    Trainer(*clusters, settings, weights=weights).run()
    np.testing.assert_allclose(weights.output_vectors, before, rtol=2**-7)
    assert (weights.output_vectors != before).any()


def test_a_divergence_in_bfloat16_is_told(clusters):
    with pytest.raises(TrainingError, match=r"diverges|NaN"):
        Trainer(*clusters, config(output_dtype="bfloat16", alpha=1e4, epochs=4)).run()


def given(words, settings):
    """What another training may have left: no row is zero."""
    weights = make_weights(words, settings)
    for name, matrix in weights.matrices():
        generator = np.random.default_rng(len(name))
        matrix[:, :16] = generator.normal(0, 0.3, (len(matrix), 16))
    return weights


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("start", ["new weights", "given weights"])
def test_a_run_and_its_loss_are_the_twins(kernel, start):
    """Two epochs over chunks, with the rate falling: matrices, and the last epoch's mean loss to 1e-4."""
    sentences = [s.tolist() for s in synthetic.clustered_sentences(sentences=40, length=12)]
    corpus, counts = encoded(sentences)
    settings = config(kernel=kernel, sample=0.01, window=3, alpha=0.05)
    weights = given(len(counts), settings) if start == "given weights" else None
    V, P = (
        m[:, :16].astype(np.float64) for _, m in (weights or make_weights(len(counts), settings)).matrices()
    )
    result = Trainer(corpus, counts, settings, weights=weights).run()
    size, planned = chunk_tokens(len(corpus.ids), len(counts), 3, settings), 2 * len(corpus.ids)
    for epoch in range(2):
        sampler = make_sampler(counts, settings, epoch)
        losses = pairs = 0
        for position, inputs, outputs, labels in skip_gram.blocks(
            sentences,
            sampler.keep.tolist(),
            [(entry & 0xFFFFFFFF, entry >> 32) for entry in sampler.alias.tolist()],
            [int(stream_key(settings.seed, epoch, stream)) for stream in (WINDOWS, NEGATIVES)],
            window=3,
            shrink=True,
            negative=5,
            shared=True,
            skip=True,
        ):
            done = epoch * len(corpus.ids) + position // size * size
            rate = learning_rate(done, planned, settings.alpha, settings.min_alpha)
            losses += skip_gram.step(inputs, outputs, labels, V, P, rate)
            pairs += len(inputs)
    np.testing.assert_allclose(result.weights.input_vectors[:, :16], V, atol=1e-4)
    np.testing.assert_allclose(result.weights.output_vectors[:, :16], P, atol=1e-4)
    assert result.loss == pytest.approx(losses / pairs, rel=1e-4)


@pytest.mark.parametrize("kernel", KERNELS)
def test_one_worker_gives_the_same_bits(clusters, kernel):
    first, again, other = (
        digest(Trainer(*clusters, config(kernel=kernel, seed=seed)).run().weights) for seed in (3, 3, 4)
    )
    assert first == again != other


def test_a_long_sentence_is_trained_whole():
    corpus, counts = encoded([synthetic.clustered_sentences().ravel()])
    assert len(corpus.offsets) == 2
    result = Trainer(corpus, counts, config(epochs=1)).run()
    assert result.words == 22_500


def test_progress_is_told_from_the_calling_thread(clusters, monkeypatch):
    monkeypatch.setattr(trainer, "_TICK", 0.001)
    told = []
    caller = threading.current_thread()

    def callback(progress):
        assert threading.current_thread() is caller
        told.append(progress)

    result = Trainer(*clusters, config(epochs=6), callback).run()
    done = [progress.words_done for progress in told]
    assert done == sorted(done)
    assert told[-1].words_total == 6 * 22_500
    assert {progress.epochs for progress in told} == {6}
    assert result.metrics[-1]["words"] == 6 * 22_500
    assert result.metrics[-1]["loss"] < UNTRAINED
    assert result.metrics[-1]["learning_rate"] < 0.001


def test_an_interrupted_run_leaves_what_it_had(clusters, monkeypatch):
    monkeypatch.setattr(trainer, "_TICK", 0.001)

    def callback(progress):
        if progress.words_done > 22_500:
            raise KeyboardInterrupt

    result = Trainer(*clusters, config(epochs=400), callback).run()
    assert result.interrupted
    assert 22_500 < result.words < 400 * 22_500
    assert np.isfinite(result.weights.input_vectors).all()
    assert result.weights.output_vectors.any()


def test_an_error_in_the_callback_ends_the_run(clusters, monkeypatch):
    monkeypatch.setattr(trainer, "_TICK", 0.001)

    def callback(progress):
        raise ZeroDivisionError("of the caller's")

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError, match="of the caller's"):
        Trainer(*clusters, config(epochs=400), callback).run()
    assert threading.active_count() == before


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_run_that_diverges_stops_with_what_to_change(clusters, kernel):
    with pytest.raises(TrainingError, match=r"Lower alpha \(now 10000;"):
        Trainer(*clusters, config(kernel=kernel, alpha=1e4, epochs=50)).run()


def test_nan_in_a_matrix_is_found():
    weights = make_weights(10, config(vector_size=4))
    check_weights(weights, config())
    weights.output_vectors[7, 2] = np.nan
    with pytest.raises(TrainingError, match="row 7 of output_vectors has norm nan"):
        check_weights(weights, config())
    weights.output_vectors[7, 2] = 3000
    with pytest.raises(TrainingError, match=r"row 7 of output_vectors has norm 3e\+03"):
        check_weights(weights, config())


def test_a_loss_that_is_wrong_is_noticed():
    check_loss(UNTRAINED, UNTRAINED, config())
    for loss in (np.nan, np.inf):
        with pytest.raises(TrainingError, match="NaN or infinity"):
            check_loss(loss, UNTRAINED, config())
    with pytest.raises(TrainingError, match=r"rose to 20 an example, from 4\.16 when untrained"):
        check_loss(20, UNTRAINED, config())


def test_settings_that_cannot_do_what_they_say_are_told():
    assert check_input(np.array([0, 20]), 100, config()) == []
    (remark,) = check_input(np.array([0, 3, 7]), 100, config(window=10))
    assert remark == "window is 10, but the longest sentence has 4 words: it reaches at most 3"
    (remark,) = check_input(np.array([0, 20]), 4, config(negative=9))
    assert "negative is 9, but the vocabulary has 4 words" in remark


def test_nothing_to_learn_is_an_error():
    with pytest.raises(CorpusError, match="the vocabulary has 1 word"):
        check_input(np.array([0, 20]), 1, config())
    with pytest.raises(CorpusError, match="no pairs to train on"):
        check_input(np.array([0, 1, 2]), 20, config())


def test_small_runs_record_every_chunk_and_large_ones_a_fair_share():
    assert record_interval(22_500) == 1
    assert record_interval(100_000_000) == 32
    recorded = sum(records_chunk(1, 0, chunk, 32) for chunk in range(32_000))
    assert 850 < recorded < 1150


def test_the_sampled_loss_is_close_to_the_exact_one(clusters, monkeypatch):
    exact = Trainer(*clusters, config()).run()
    monkeypatch.setattr(trainer, "record_interval", lambda tokens: 8)
    sampled = Trainer(*clusters, config()).run()
    assert digest(exact.weights) == digest(sampled.weights), "recording changes nothing"
    assert sampled.loss != exact.loss
    assert sampled.loss == pytest.approx(exact.loss, rel=0.03)


def test_initial_vectors_are_word2vecs():
    weights = make_weights(2000, config(vector_size=50))
    values = weights.input_vectors[:, :50]
    assert np.abs(values).max() <= 1 / 100
    assert values.std() == pytest.approx(1 / 100 / 3**0.5, rel=0.02)
    assert not weights.output_vectors.any()
    assert not weights.input_vectors[:, 50:].any()
    assert reach_of(np.array([0, 9]), 5) == 5


@pytest.mark.parametrize("epochs", [range(0), range(1, 3), range(-1, 1), range(0, 2, 2)])
def test_epochs_outside_the_plan_are_refused(clusters, epochs):
    with pytest.raises(ConfigError, match=r"epochs is range"):
        Trainer(*clusters, config(), epochs=epochs)


def test_weights_that_do_not_fit_are_refused(clusters):
    words, settings = CLUSTERS * WORDS, config()
    weights = make_weights(words, settings)
    frozen = make_weights(words, settings).input_vectors
    frozen.flags.writeable = False
    shifted = np.zeros(words * 16 + 1, np.float32)[1:].reshape(words, 16)
    for changes, told in (
        ({"output_vectors": None}, "output_vectors is None"),
        ({"node_vectors": weights.output_vectors[1:]}, "node_vectors is given"),
        ({"input_vectors": weights.input_vectors[1:]}, "shape"),
        ({"input_vectors": weights.input_vectors.astype(np.float64)}, "float64"),
        ({"input_vectors": frozen}, "read-only"),
        ({"output_vectors": shifted}, "aligned"),
        ({"log_normaliser": np.zeros(1)}, "log_normaliser"),
    ):
        with pytest.raises(ConfigError, match=told):
            Trainer(*clusters, settings, weights=dataclasses.replace(weights, **changes))


@pytest.mark.parametrize("changes", [{}, {"deterministic": True}, {"validation": 0.1}], ids=str)
def test_a_trainer_goes_with_its_last_name(clusters, changes):
    """Matrices that wait for the collector of cycles are gigabytes, and the next ones get no huge pages."""
    gc.disable()
    try:
        run = Trainer(*clusters, TrainingConfig(vector_size=8, epochs=1, workers=2, **changes))
        run.run()
        left = weakref.ref(run), weakref.ref(run.weights.input_vectors)
        del run
        assert [name() for name in left] == [None, None]
    finally:
        gc.enable()
