"""Plans against the twin, which goes through whole sentences and knows no chunks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.config import TrainingConfig
from coterie.sampling.plan import Sentences, make_plan, make_sampler, plan_chunk
from coterie.training.schedule import plan_work, reach_of
from reference import skip_gram

VOCABULARY = 7
SENTENCES = st.lists(
    st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=40), min_size=1, max_size=12
)


def encoded(sentences):
    ids = np.array([word for sentence in sentences for word in sentence], np.uint32)
    offsets = np.concatenate(([0], np.cumsum([len(sentence) for sentence in sentences]))).astype(np.int64)
    return Sentences(ids, offsets), np.bincount(ids, minlength=VOCABULARY).astype(np.int64)


def planned_blocks(sentences, counts, config, size, epoch=0):
    """All blocks that plans of `size` positions hold, as the twin tells them."""
    reach = reach_of(sentences.offsets, config.window)
    sampler, plan = make_sampler(counts, config, epoch), make_plan(size, reach, config)
    for unit in plan_work(sentences.offsets, size, range(1)):
        with np.errstate(over="ignore"):
            plan_chunk(sampler, sentences, unit.sentence, unit.start, unit.stop, reach, plan)
        for c in range(plan.extent[1], plan.extent[2]):
            draw = plan.draws[c]
            window = range(plan.low[c], plan.high[c])
            contexts = [int(plan.tokens[i]) for i in window if i != c]
            groups = [contexts] if config.negative_sharing == "window" else [[word] for word in contexts]
            for inputs in groups:
                if inputs:
                    outputs = [int(plan.tokens[c]), *plan.negatives[draw : draw + config.negative].tolist()]
                    yield int(plan.positions[c]), inputs, outputs
                    draw += config.negative


@settings(deadline=None, max_examples=60)
@given(
    sentences=SENTENCES,
    size=st.integers(1, 60),
    window=st.integers(1, 50),
    shrink=st.booleans(),
    sharing=st.sampled_from(["window", "pair"]),
    sample=st.sampled_from([0.0, 0.01, 0.2]),
    seed=st.integers(0, 5),
)
def test_plans_are_the_twins_however_the_corpus_is_cut(
    sentences, size, window, shrink, sharing, sample, seed
):
    config = TrainingConfig(
        window=window, shrink_windows=shrink, negative=3, negative_sharing=sharing, sample=sample, seed=seed
    )
    corpus, counts = encoded(sentences)
    sampler = make_sampler(counts, config, 0)
    table = [(entry & 0xFFFFFFFF, entry >> 32) for entry in sampler.alias.tolist()]
    expected = [
        (position, inputs, outputs)
        for position, inputs, outputs, _ in skip_gram.blocks(
            sentences,
            sampler.keep.tolist(),
            table,
            (int(sampler.window_key), int(sampler.negative_key)),
            window=window,
            shrink=shrink,
            negative=3,
            shared=sharing == "window",
            skip=False,
        )
    ]
    assert list(planned_blocks(corpus, counts, config, size)) == expected


def test_draws_differ_between_epochs_and_seeds():
    sentences = [list(range(VOCABULARY)) * 6]
    corpus, counts = encoded(sentences)
    plans = [
        list(planned_blocks(corpus, counts, TrainingConfig(seed=seed), 100, epoch))
        for seed, epoch in ((1, 0), (1, 1), (2, 0))
    ]
    assert plans[0] != plans[1] != plans[2] != plans[0]


def test_radii_are_uniform():
    corpus, counts = encoded([[i % VOCABULARY for i in range(6000)]])
    config = TrainingConfig(window=4, sample=0, negative=1)
    sizes = [len(inputs) for _, inputs, _ in planned_blocks(corpus, counts, config, 1000)]
    shares = np.bincount(sizes, minlength=9)[[2, 4, 6, 8]] / 6000
    assert shares == pytest.approx([0.25] * 4, abs=0.03)


def test_one_endless_sentence_is_trained_whole():
    """No window is cut where chunks meet: with fixed radii every inner centre has 2 × window contexts."""
    corpus, counts = encoded([[i % VOCABULARY for i in range(3000)]])
    config = TrainingConfig(window=5, sample=0, shrink_windows=False, negative=1)
    sizes = [len(inputs) for _, inputs, _ in planned_blocks(corpus, counts, config, 64)]
    assert len(sizes) == 3000
    assert set(sizes[5:-5]) == {10}
