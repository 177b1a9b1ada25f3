"""What is held out: chosen by its words, trained by nobody, measured without a trace."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.config import TrainingConfig
from coterie.errors import ConfigError, CorpusError
from coterie.objectives.weights import make_weights
from coterie.sampling.held_out import held_out_threshold, mark_held_out
from coterie.sampling.pairs import Pairs
from coterie.sampling.plan import Sentences
from coterie.sampling.rng import bits_at
from coterie.training import trainer, validation
from coterie.training.callbacks import Watch
from coterie.training.checkpoint import Checkpoints, latest_checkpoint
from coterie.training.halts import Halts
from coterie.training.metrics import no_better
from coterie.training.trainer import Trainer
from marks import mostly_slow
from reference import synthetic

EVERY_OBJECTIVE = [
    {},
    {"negative_sharing": "pair"},
    {"architecture": "cbow"},
    {"objective": "nce"},
    {"objective": "hierarchical_softmax", "negative": 2},
    {"objective": "softmax"},
    {"output_dtype": "bfloat16"},
    {"deterministic": True},
]


def encoded(sentences):
    ids = np.ascontiguousarray(np.concatenate(sentences), dtype=np.uint32)
    offsets = np.concatenate(([0], np.cumsum([len(s) for s in sentences]))).astype(np.int64)
    return Sentences(ids, offsets), np.bincount(ids).astype(np.int64)


@pytest.fixture(scope="module")
def clusters():
    return encoded(list(synthetic.clustered_sentences(clusters=6, words=8)))


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(trainer, "_TICK", 0.001)


def config(**changes):
    usual = {"vector_size": 20, "workers": 1, "sample": 0, "epochs": 2, "validation": 0.1}
    return TrainingConfig(**{**usual, **changes})


def marks_of(text, fraction):
    marks = np.zeros(len(text.offsets) - 1, np.uint8)
    mark_held_out(held_out_threshold(fraction), text.ids, text.offsets, marks)
    return marks.astype(bool)


def bits(result):
    return [matrix.tobytes() for _, matrix in result.weights.matrices()]


def losses(result):
    return [report["validation_loss"] for report in result.metrics if "validation_loss" in report]


@settings(deadline=None, max_examples=40)
@given(
    sentences=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=90), min_size=1, max_size=20),
    fraction=st.floats(0.01, 0.99),
)
def test_who_is_held_out_follows_from_the_words_alone(sentences, fraction):
    text, _ = encoded(sentences)
    expected = []
    for sentence in sentences:
        hashed = len(sentence)
        for word in sentence[:64]:
            hashed = bits_at(hashed, word)
        expected.append(bits_at(hashed, 0) < int(fraction * 2**64))
    assert marks_of(text, fraction).tolist() == expected


def test_as_many_are_held_out_as_were_asked_for():
    generator = np.random.default_rng(0)
    text, _ = encoded([generator.integers(0, 1000, 12) for _ in range(20_000)])
    for fraction in (0.001, 0.1, 0.5):
        expected = fraction * 20_000
        assert abs(marks_of(text, fraction).sum() - expected) < 5 * math.sqrt(expected)
    assert not marks_of(text, 0.0).any()


@pytest.mark.parametrize("changes", mostly_slow(EVERY_OBJECTIVE), ids=str)
def test_what_is_held_out_is_not_trained(changes):
    """Words that only held out sentences have keep the vectors that they began with."""
    generator = np.random.default_rng(3)
    sentences = [generator.integers(0, 20, 8) for _ in range(300)]
    held = marks_of(encoded(sentences)[0], 0.3)
    # Each sentence gets a word of its own; which are held out is asked again, since that changes them.
    sentences = [np.append(sentence, 20 + i) for i, sentence in enumerate(sentences)]
    text, counts = encoded(sentences)
    held = marks_of(text, 0.3)
    run = config(validation=0.3, **changes)
    begun = make_weights(len(counts), run).input_vectors
    trained = Trainer(text, counts, run).run().weights.input_vectors
    moved = (begun != trained).any(axis=1)
    assert 50 < held.sum() < 130
    assert not moved[20:][held].any()
    assert moved[20:][~held].all()


@pytest.mark.parametrize("changes", mostly_slow(EVERY_OBJECTIVE, fast=4), ids=str)
def test_measuring_changes_nothing(clusters, changes):
    results = [Trainer(*clusters, config(validation_every=every, **changes)).run() for every in (2, 0.25)]
    assert bits(results[0]) == bits(results[1])
    assert [len(losses(result)) for result in results] == [1, 8]
    assert losses(results[0])[0] == losses(results[1])[-1]


@pytest.mark.parametrize("workers", [1, 3])
def test_free_threads_are_measured_while_they_stand(clusters, workers):
    result = Trainer(*clusters, config(workers=workers, validation_every=0.25, epochs=4)).run()
    found = losses(result)
    assert len(found) == 16
    assert found[-1] < 0.97 * found[0]
    assert result.words == 4 * len(clusters[0].ids)
    units = -(-len(clusters[0].ids) // 512)
    measured = [report["words"] for report in result.metrics if "validation_loss" in report]
    assert measured[:3] == [512 * round(units * part) for part in (0.25, 0.5, 0.75)]


@pytest.mark.parametrize("sharing", ["window", "pair"])
def test_the_loss_is_that_of_the_equation(clusters, sharing):
    """−log σ(s_O) − Σ log σ(−s_w), the mean over the pairs of the plan, in float64."""
    text, counts = clusters
    run = config(validation=0.2, negative_sharing=sharing, collisions="keep")
    trained = Trainer(text, counts, run)
    result = trained.run()
    inputs, outputs = (m[:, :20].astype(np.float64) for _, m in result.weights.matrices())
    held = validation.held_out_of(text, counts, run)
    plan_unit, plan = held._planner.planner(), held._planner.make_plan()
    total, pairs = 0.0, 0
    for unit in held._planner.units(range(1)):
        plan_unit(unit._replace(epoch=-1), plan)
        for centre in range(plan.extent[1], plan.extent[2]):
            draw = plan.draws[centre]
            for i in range(plan.low[centre], plan.high[centre]):
                if i == centre:
                    continue
                vector = inputs[plan.tokens[i]]
                total += np.logaddexp(0, -vector @ outputs[plan.tokens[centre]])
                total += np.logaddexp(0, outputs[plan.negatives[draw : draw + 5]] @ vector).sum()
                draw += 5 * (sharing == "pair")
                pairs += 1
    assert pairs > 1000
    assert losses(result)[-1] == pytest.approx(total / pairs, rel=1e-4)


def test_pairs_are_held_out_as_well():
    generator = np.random.default_rng(0)
    ids = generator.integers(0, 30, 4000).astype(np.uint32)
    counts = np.bincount(ids[::2], minlength=30)
    run = config(window=1, shrink_windows=False, validation=0.2)
    result = Trainer(Pairs(ids, np.zeros(0, np.float32)), counts, run).run()
    assert len(losses(result)) == 2
    held = validation.held_out_of(Pairs(ids, np.zeros(0, np.float32)), counts, run)
    marks = np.zeros(2000, np.uint8)
    mark_held_out(held_out_threshold(0.2), ids, 2 * np.arange(2001), marks)
    assert held._planner.tokens == 2 * marks.sum() > 600


def test_only_so_much_is_measured_on(clusters, monkeypatch):
    monkeypatch.setattr(validation, "_MOST_TOKENS", 100)
    held = validation.held_out_of(*clusters, config(validation=0.5))
    assert held._planner.tokens == 100


@pytest.mark.parametrize(("fraction", "says"), [(1e-9, "holds out 0 of"), (1 - 1e-9, "set it lower")])
def test_a_part_that_holds_out_nothing_or_all_is_refused(clusters, fraction, says):
    with pytest.raises(CorpusError, match=says):
        Trainer(*clusters, config(validation=fraction))


@pytest.mark.parametrize(
    ("option", "value"),
    [("validation", 1.0), ("validation", -0.1), ("validation_every", 0), ("early_stopping", 0)],
)
def test_settings_out_of_range(option, value):
    with pytest.raises(ConfigError, match=f"^{option} is "):
        TrainingConfig(**{option: value})


@settings(deadline=None, max_examples=100)
@given(
    units=st.integers(1, 50),
    first=st.integers(0, 3),
    epochs=st.integers(1, 4),
    every=st.none() | st.floats(0.01, 6),
    at_epochs=st.booleans(),
)
def test_halts_are_where_they_are_asked_for(units, first, epochs, every, at_epochs):
    halts, found = Halts(units, range(first, first + epochs), every, at_epochs=at_epochs), []
    while (place := halts.next) is not None:
        found.append((place, *halts.passing()))
    places = [place for place, _, _ in found]
    assert places == sorted(set(places))
    assert halts.passed == units * epochs * (every is not None or at_epochs)
    ends = [place for place, _, ends_epoch in found if ends_epoch]
    assert ends == ([units * (i + 1) for i in range(epochs)] if at_epochs else [])
    evaluations = [place for place, evaluates, _ in found if evaluates]
    if every is None:
        assert evaluations == []
        return
    step = max(1.0, every * units)
    multiples = {
        round(i * step) - first * units for i in range(math.ceil(units * (first + epochs) / step) + 1)
    }
    expected = {place for place in multiples if 0 < place < units * epochs} | {units * epochs}
    assert set(evaluations) == expected


@pytest.mark.parametrize("changes", [{}, {"deterministic": True, "workers": 2}], ids=str)
def test_a_run_that_goes_on_measures_as_if_it_had_never_stopped(clusters, tmp_path, changes):
    run = config(validation_every=0.25, epochs=3, **changes)
    whole = Trainer(*clusters, run).run()
    state = None
    for place in (0.2, 0.5, 0.9):

        def end(progress, place=place):
            if progress.fraction and progress.fraction >= place:
                raise KeyboardInterrupt

        with Checkpoints(tmp_path, None, None, pytest.fail) as checkpoints:
            Trainer(*clusters, run, end, checkpoints=checkpoints, state=state).run()
        state = latest_checkpoint(tmp_path, pytest.fail).state()
    result = Trainer(*clusters, run, state=state).run()
    assert losses(result) == losses(whole)
    assert len(losses(whole)) == 12
    assert bits(result) == bits(whole)


def test_a_run_stops_when_its_scores_get_no_better(clusters):
    scores = iter([0.1, 0.3, 0.2, 0.3, 0.25, 0.9])
    watch = Watch((), [f"w{i}" for i in range(len(clusters[1]))], lambda vectors: next(scores))
    result = Trainer(*clusters, config(epochs=6, early_stopping=3), watch=watch).run()
    assert result.stopped == "the score was 0.3, and no higher in the 3 evaluations since"
    assert not result.interrupted
    assert result.words == 5 * len(clusters[0].ids)
    assert [report["score"] for report in result.metrics if "score" in report] == [0.1, 0.3, 0.2, 0.3, 0.25]


def test_patience():
    def reports(name, *values):
        return [{name: value} for value in values]

    assert no_better(reports("validation_loss", 3, 2, 2.5), 2) is None
    assert no_better(reports("validation_loss", 3, 2, 1.9), 1) is None
    assert no_better(reports("validation_loss", 3, 2, 2), 1) == (
        "the validation loss was 2, and no lower in the 1 evaluations since"
    )
    assert no_better(reports("score", 1, 2), None) is None
    assert no_better(reports("score", 1), 1) is None
    assert "the score was 0.5" in no_better(reports("score", 0.5, math.nan), 1)
