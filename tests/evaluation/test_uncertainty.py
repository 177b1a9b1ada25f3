"""Intervals hold what they promise as often as they promise, and verdicts are wrong as seldom."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math

import numpy as np
import pytest
from scipy import stats

from coterie.errors import ConfigError
from coterie.evaluation import (
    AnalogyQuestion,
    AnalogyResult,
    AnalogyScore,
    AnalogySection,
    AnalogySet,
    SimilarityResult,
    SimilaritySet,
    bootstrap_accuracy,
    bootstrap_spearman,
    compare_analogies,
    compare_similarity,
)
from coterie.evaluation.resampling import section_sums, weighted_spearman

TRIALS, RESAMPLES = 150, 200
SECTIONS, PAIRS = 3, 14
PLACES = np.array(list(itertools.permutations(range(PAIRS), 2)))


def asked(sections=SECTIONS, pairs=PAIRS):
    """Return sets in which every two word pairs of a section are asked, as most files do."""
    return AnalogySet(
        "simulated",
        tuple(
            AnalogySection(
                f"s{k}",
                tuple(
                    AnalogyQuestion(f"a{k}.{i}", f"b{k}.{i}", f"a{k}.{j}", (f"b{k}.{j}",))
                    for i, j in itertools.permutations(range(pairs), 2)
                ),
                "syntactic" if k == 0 else "semantic",
            )
            for k in range(sections)
        ),
    )


QUESTIONS = asked()


def result(outcomes, questions=QUESTIONS):
    outcomes = np.asarray(outcomes, dtype=np.int8)
    borders = np.cumsum([len(section.questions) for section in questions.sections])[:-1]
    scores = tuple(
        AnalogyScore(s.name, s.kind, int((o == 1).sum()), int((o >= 0).sum()), int((o < 0).sum()))
        for s, o in zip(questions.sections, np.split(outcomes, borders), strict=True)
    )
    return AnalogyResult("3cosadd", None, True, False, scores, questions, outcomes)


def simulated(generator, own):
    """Return outcomes of two models: by word pairs, by chance, and with ``own`` by the model."""
    found = []
    for _ in range(SECTIONS):
        given, wanted = 0.5 * generator.normal(size=PAIRS), generator.normal(size=PAIRS)
        shared = given[PLACES[:, 0]] + wanted[PLACES[:, 1]]
        found.append(
            [
                shared + own * generator.normal(size=PAIRS)[PLACES[:, 1]] + generator.normal(size=len(PLACES))
                for _ in range(2)
            ]
        )
    return [np.concatenate(model) > 0.3 for model in zip(*found, strict=True)]


def test_intervals_of_accuracies_hold_the_true_one_as_often_as_they_say():
    generator = np.random.default_rng(1)
    true = stats.norm.sf(0.3 / math.sqrt(0.25 + 1 + 1))
    held = {"pairs": 0, "questions": 0}
    for trial in range(TRIALS):
        outcomes = result(simulated(generator, 0)[0])
        for unit in held:
            interval = bootstrap_accuracy(outcomes, resamples=RESAMPLES, seed=trial, unit=unit).total
            held[unit] += true in interval
    assert 0.91 <= held["pairs"] / TRIALS <= 0.995
    assert held["questions"] / TRIALS < 0.75, "questions that share words are not independent"


def test_equal_models_are_seldom_told_apart():
    generator = np.random.default_rng(2)
    verdicts = {"pairs": 0, "questions": 0}
    for trial in range(TRIALS):
        a, b = (result(outcomes) for outcomes in simulated(generator, 0.7))
        for unit in verdicts:
            told = compare_analogies(a, b, resamples=RESAMPLES, seed=trial, unit=unit)
            verdicts[unit] += told.verdict != "not distinguishable"
    assert verdicts["pairs"] / TRIALS <= 0.08
    assert verdicts["questions"] / TRIALS > 0.15, "questions that share words are not independent"


def test_a_better_model_is_found():
    generator = np.random.default_rng(3)
    a, b = simulated(generator, 0.3)
    b = b | (generator.random(len(b)) < 0.3)
    told = compare_analogies(result(a), result(b), resamples=RESAMPLES)
    assert told.verdict == "better"
    assert compare_analogies(result(b), result(a), resamples=RESAMPLES).verdict == "worse"
    assert told.difference == pytest.approx(b.mean() - a.mean())
    assert told.difference in told.interval
    assert (told.only_a, told.only_b) == ((a & ~b).sum(), (b & ~a).sum())
    assert told.mcnemar_p == stats.binomtest(told.only_a, told.only_a + told.only_b).pvalue
    assert told.sentence("old", "new").startswith("simulated: new is better than old: ")


def test_only_questions_that_both_were_asked_count():
    a = np.zeros(len(QUESTIONS), dtype=np.int8)
    b = np.ones_like(a)
    a[:100], b[-50:] = -1, -1
    told = compare_analogies(result(a), result(b), resamples=RESAMPLES)
    assert (told.common, told.left_out) == (len(a) - 150, 150)
    assert (told.a_accuracy, told.b_accuracy, told.verdict) == (0, 1, "better")
    none = compare_analogies(result(-np.ones_like(a)), result(b), resamples=RESAMPLES)
    assert (none.common, none.verdict) == (0, "not distinguishable")
    assert "no question in common" in none.sentence()
    assert json.loads(json.dumps(none.to_dict(), allow_nan=False))["difference"] is None


def test_five_questions_prove_nothing():
    few = AnalogySet("few", (AnalogySection("all", QUESTIONS.sections[0].questions[:5]),))
    told = compare_analogies(result([0] * 5, few), result([1] * 5, few), resamples=RESAMPLES)
    assert 0 not in told.interval
    assert told.mcnemar_p == 0.0625
    assert told.verdict == "not distinguishable"
    assert "A and B are not distinguishable at the 95% level: 100.0% against 0.0%" in told.sentence()


def test_nothing_right_still_has_an_interval():
    of = bootstrap_accuracy(result(np.zeros(len(QUESTIONS))), resamples=RESAMPLES)
    expected = stats.binomtest(0, len(QUESTIONS)).proportion_ci(method="wilson")
    assert (of.total.low, of.total.high) == (0, pytest.approx(expected.high))
    everything = bootstrap_accuracy(result(np.ones(len(QUESTIONS))), resamples=RESAMPLES)
    assert everything.total.high == 1
    assert everything.semantic.low < 1


def test_sections_and_kinds_have_intervals_of_their_own():
    outcomes = np.array(simulated(np.random.default_rng(4), 0)[0], dtype=np.int8)
    outcomes[: len(PLACES)] = -1
    of = result(outcomes)
    intervals = bootstrap_accuracy(of, resamples=RESAMPLES)
    assert math.isnan(intervals.sections[0].low)
    assert math.isnan(intervals.syntactic.high)
    for score, interval in zip(of.sections[1:], intervals.sections[1:], strict=True):
        assert score.accuracy in interval
    assert intervals.total == intervals.semantic
    assert json.loads(json.dumps(intervals.to_dict(), allow_nan=False))["syntactic"]["low"] is None


def test_sums_are_the_ones_written_out():
    generator = np.random.default_rng(5)
    pairs = [generator.integers(0, 6, (20, 2)), generator.integers(0, 6, (9, 2)), np.empty((0, 2), np.int64)]
    values = [generator.normal(size=(len(of), 2)) for of in pairs]
    units = max(int(of.max()) for of in pairs if len(of)) + 1
    drawn = np.random.default_rng(6).standard_exponential((4, units))
    found = section_sums(np.random.default_rng(6), 4, pairs, values, "pairs")
    for section, (of, value) in enumerate(zip(pairs, values, strict=True)):
        for replicate in range(4):
            weight = drawn[replicate][of].prod(axis=1)
            np.testing.assert_allclose(found[section, replicate], (weight[:, None] * value).sum(axis=0))


def judged(x, y):
    pairs = tuple((f"a{i}", f"b{i}") for i in range(len(x)))
    rho = float(stats.spearmanr(x, y)[0])
    judgements = SimilaritySet("simulated", pairs, tuple(x))
    return SimilarityResult(rho, 0, 0, 0, len(x), 0, None, True, False, judgements, np.array(y, dtype=float))


def test_weighted_ranks_are_scipys_for_whole_weights():
    generator = np.random.default_rng(7)
    x, y = generator.integers(0, 6, 30), generator.normal(size=30).round(1)
    counts = generator.integers(0, 4, (5, 30))
    for weight, found in zip(counts, weighted_spearman(x, y, counts.astype(float)), strict=True):
        assert found == pytest.approx(stats.spearmanr(np.repeat(x, weight), np.repeat(y, weight))[0])


@pytest.mark.parametrize("size", [30, 80])
def test_intervals_of_spearman_hold_the_true_one_as_often_as_they_say(size):
    generator = np.random.default_rng(8)
    r, held, told_apart = 0.6, 0, 0
    true = 6 / math.pi * math.asin(r / 2)  # of the normal distribution
    for trial in range(TRIALS):
        x = generator.normal(size=size)
        a, b = (judged(x, r * x + math.sqrt(1 - r * r) * generator.normal(size=size)) for _ in range(2))
        b = dataclasses.replace(b, judgements=a.judgements)
        held += true in bootstrap_spearman(a, resamples=RESAMPLES, seed=trial)
        told = compare_similarity(a, b, resamples=RESAMPLES, seed=trial)
        told_apart += told.verdict != "not distinguishable"
    assert 0.90 <= held / TRIALS <= 0.99
    assert told_apart / TRIALS <= 0.08


def test_better_agreement_is_found():
    generator = np.random.default_rng(9)
    x = generator.normal(size=300)
    a, b = judged(x, x + 2 * generator.normal(size=300)), judged(x, x + generator.normal(size=300))
    told = compare_similarity(a, b, resamples=RESAMPLES)
    assert told.verdict == "better"
    assert compare_similarity(b, a, resamples=RESAMPLES).verdict == "worse"
    assert told.difference == pytest.approx(b.spearman - a.spearman)
    assert told.sentence("old", "new").startswith("simulated: new is better than old: ρ 0.")


def test_pairs_that_one_does_not_know_are_left_out():
    x = np.arange(50.0)
    y, z = x.copy(), np.random.default_rng(1).normal(size=50)
    y[:5], z[-10:] = np.nan, np.nan
    a, b = (dataclasses.replace(judged(x, x), cosines=cosines) for cosines in (y, z))
    told = compare_similarity(a, b, resamples=RESAMPLES)
    assert (told.common, told.left_out) == (35, 15)
    assert (told.a_spearman, told.b_spearman) == pytest.approx((1, stats.spearmanr(x[5:40], z[5:40])[0]))
    assert told.verdict == "worse"


def test_the_same_model_twice_and_too_few_pairs():
    x = np.random.default_rng(1).normal(size=(2, 30))
    same = compare_similarity(judged(*x), judged(*x), resamples=RESAMPLES)
    assert (same.difference, same.williams_p, same.verdict) == (0, 1, "not distinguishable")
    few = compare_similarity(judged(*x[:, :3]), judged(*x[:, :3]), resamples=RESAMPLES)
    assert few.verdict == "not distinguishable"
    assert "too few pairs" in few.sentence()
    assert json.loads(json.dumps(few.to_dict(), allow_nan=False))["williams_p"] is None
    outcomes = result(np.arange(len(QUESTIONS)) % 2)
    assert compare_analogies(outcomes, outcomes, resamples=RESAMPLES).mcnemar_p == 1


def test_a_seed_gives_the_same_interval_again():
    outcomes = result(simulated(np.random.default_rng(1), 0)[0])
    first, again, other = (bootstrap_accuracy(outcomes, resamples=RESAMPLES, seed=s) for s in (1, 1, 2))
    assert first == again != other


def test_different_sets_cannot_be_compared():
    other = asked(1, 3)
    with pytest.raises(ConfigError, match="ask both the same"):
        compare_analogies(result(np.zeros(len(QUESTIONS))), result(np.zeros(len(other)), other))
    x = np.arange(5.0)
    with pytest.raises(ConfigError, match="give both the same"):
        compare_similarity(judged(x, x), judged(x + 1, x))


def test_unknown_words_that_are_wrong_for_one_model_only_cannot_be_compared():
    told = result(np.zeros(len(QUESTIONS)))
    x = np.arange(5.0)
    with pytest.raises(ConfigError, match="dummy4unknown is True for a and False for b"):
        compare_analogies(dataclasses.replace(told, dummy4unknown=True), told)
    with pytest.raises(ConfigError, match="dummy4unknown is False for a and True for b"):
        compare_similarity(judged(x, x), dataclasses.replace(judged(x, x), dummy4unknown=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence": 95}, "confidence is 95; it must be between 0 and 1"),
        ({"confidence": 1.0}, "confidence is 1.0"),
        ({"resamples": 0}, "resamples is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"unit": "words"}, "unit is 'words'; it must be one of pairs, questions"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ConfigError, match=message):
        bootstrap_accuracy(result(np.zeros(len(QUESTIONS))), **options)
