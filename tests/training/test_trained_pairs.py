"""Trained on pairs, and with weights: the same kernels, other examples."""

from __future__ import annotations

import numpy as np
import pytest

import coterie
from coterie.config import TrainingConfig
from coterie.errors import ConfigError, TrainingInterrupted
from coterie.sampling.pairs import Pairs, output_counts
from coterie.sampling.plan import Sentences
from coterie.training import trainer
from coterie.training.trainer import Trainer
from marks import mostly_slow

GROUPS, MEMBERS = 5, 8
OBJECTIVES = [
    {},
    {"objective": "nce"},
    {"objective": "hierarchical_softmax"},
    {"objective": "softmax"},
    {"output_dtype": "bfloat16"},
]
QUICK = {"vector_size": 16, "workers": 1, "cache": False}


def planted(count=4000, seed=0):
    """Pairs within groups: what is alike has the same partners."""
    generator = np.random.default_rng(seed)
    group = generator.integers(0, GROUPS, count)
    sides = generator.integers(0, MEMBERS, (2, count))
    return [(f"in{g}-{i}", f"out{g}-{o}") for g, i, o in zip(group, *sides, strict=True)]


def together(model):
    """The part of inputs whose nearest input is of their own group."""
    inputs = [word for word in model.vectors.words if word.startswith("in")]
    rows = np.array([model.vectors[word] for word in inputs])
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    nearest = (rows @ rows.T - 2 * np.eye(len(rows))).argmax(axis=1)
    return np.mean([word[:3] == inputs[near][:3] for word, near in zip(inputs, nearest, strict=True)])


@pytest.mark.parametrize("changes", mostly_slow([*OBJECTIVES[:4], {"workers": 3}]), ids=str)
def test_inputs_with_the_same_outputs_become_alike(changes):
    model = coterie.train(planted(), pairs=True, epochs=30, alpha=0.05, **{**QUICK, **changes})
    assert together(model) > 0.95
    assert set(model.vectors.words) == {word for pair in planted() for word in pair}
    assert model.config["training"]["window"] == 1
    assert model.config["corpus"]["pairs"]


def test_only_inputs_are_inputs_and_outputs_outputs():
    model = coterie.train(planted(), pairs=True, epochs=2, **QUICK)
    moved = abs(model.output_vectors).max(axis=1) > 0
    assert all(moved[i] == word.startswith("out") for i, word in enumerate(model.vectors.words))


@pytest.mark.parametrize("changes", [{}, {"objective": "nce"}], ids=str)
def test_pairs_give_the_same_bits_with_any_number_of_workers(changes):
    options = {**QUICK, "deterministic": True, "epochs": 3, **changes}
    models = [coterie.train(planted(), pairs=True, **{**options, "workers": workers}) for workers in (1, 2)]
    np.testing.assert_array_equal(models[0].vectors.matrix, models[1].vectors.matrix)


def test_a_training_on_pairs_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "_TICK", 0.001)
    rows = [(*pair, 1.0 + i % 7) for i, pair in enumerate(planted())]
    options = {"pairs": True, "weight_field": "weight", "epochs": 6, "validation": 0.1, **QUICK}
    whole = coterie.train(rows, **options)

    class Ending(coterie.Callback):
        def on_epoch_end(self, training):
            if training.progress.epoch == 2:
                raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted):
        coterie.train(rows, checkpoints=tmp_path, callbacks=Ending(), **options)
    model = coterie.resume(tmp_path, rows)
    np.testing.assert_array_equal(model.vectors.matrix, whole.vectors.matrix)
    assert sum("validation_loss" in report for report in model.metrics) == 6


def test_a_weight_is_how_often_a_pair_is_there():
    """Scores learned with weights are those learned with pairs repeated."""
    generator = np.random.default_rng(1)
    ids = np.stack([generator.integers(0, 6, 600), 6 + generator.integers(0, 6, 600)], axis=1).astype(
        np.uint32
    )
    weights = generator.integers(1, 5, 600)
    config = TrainingConfig(
        vector_size=12, window=1, shrink_windows=False, sample=0, epochs=200, alpha=0.05, workers=1
    )
    few = TrainingConfig(
        vector_size=12, window=1, shrink_windows=False, sample=0, epochs=80, alpha=0.05, workers=1
    )
    sets = [
        (Pairs(ids.reshape(-1), weights.astype(np.float32)), config),
        (Pairs(np.repeat(ids, weights, axis=0).reshape(-1), np.zeros(0, np.float32)), few),
    ]
    scores = []
    for pairs, settings in sets:
        found = Trainer(pairs, output_counts(pairs, 12), settings).run().weights
        scores.append((found.input_vectors[6:, :12] @ found.output_vectors[:6, :12].T).reshape(-1))
    unweighted = Trainer(
        Pairs(ids.reshape(-1), np.zeros(0, np.float32)), output_counts(sets[0][0], 12), config
    )
    found = unweighted.run().weights
    control = (found.input_vectors[6:, :12] @ found.output_vectors[:6, :12].T).reshape(-1)
    same, other = (np.corrcoef(scores[0], those)[0, 1] for those in (scores[1], control))
    assert same > 0.97
    assert same > other


def test_weights_of_sentences_reach_their_windows():
    """Of two halves of a text, the one of weight 0 leaves no trace, and weights of 1 change no bit."""
    generator = np.random.default_rng(0)
    ids = np.concatenate([generator.integers(0, 10, 1000), 10 + generator.integers(0, 10, 1000)]).astype(
        np.uint32
    )
    offsets = np.arange(0, 2001, 10)
    config = TrainingConfig(vector_size=8, workers=1, sample=0, epochs=1)

    def trained(weights):
        text = Sentences(ids, offsets, np.asarray(weights, np.float32))
        return Trainer(text, np.bincount(ids), config).run().weights

    plain, ones = trained([]), trained(np.ones(200))
    np.testing.assert_array_equal(plain.input_vectors, ones.input_vectors)
    half = trained(np.repeat([1.0, 0.0], 100)).input_vectors
    begun = Trainer(Sentences(ids, offsets), np.bincount(ids), config).weights.input_vectors
    assert (half[10:] == begun[10:]).all()
    assert (half[:10] != begun[:10]).any(axis=1).all()


@pytest.mark.filterwarnings("ignore:the loss is")
def test_weights_from_python_and_what_is_too_heavy(tmp_path):
    texts = [f"a{i % 7} b{i % 5} c{i % 3} " * 2 for i in range(300)]
    model = coterie.train(texts, weights=[0.5] * 300, min_count=1, epochs=2, **QUICK)
    other = coterie.train(texts, min_count=1, epochs=2, **QUICK)
    assert (model.vectors.matrix != other.vectors.matrix).any()
    with pytest.raises(ConfigError, match=r"the greatest weight is 100: times alpha \(0.025\) its steps"):
        coterie.train(texts, weights=[100] * 300, min_count=1, **QUICK)


@pytest.mark.parametrize(
    ("option", "value"),
    [("window", 3), ("sample", 0.01), ("architecture", "cbow"), ("phrases", 1), ("text_field", "t")],
)
def test_options_of_running_text_are_refused(option, value):
    with pytest.raises(ConfigError, match=f"^{option} is .*, but pairs are the examples themselves"):
        coterie.train(planted(50), pairs=True, **{option: value})


def test_a_tokenizer_has_nothing_to_do_with_pairs():
    with pytest.raises(ConfigError, match="pairs hold their words as they are"):
        coterie.train(planted(50), pairs=True, tokenizer=str.split)


@pytest.mark.parametrize(
    "changes",
    [
        {"collisions": "keep", "ns_exponent": 1.0},
        {"objective": "nce"},
        {"objective": "hierarchical_softmax"},
        {"objective": "softmax"},
    ],
    ids=str,
)
def test_a_model_of_pairs_predicts_by_its_outputs(changes, tmp_path):
    """What pairs lead to is predicted as often as they do, in the saved model too, and no mere input is."""
    rows = [
        (f"i{i}", f"o{o}", 40.0 if o == 0 else 1.0 + o + 3 * (i == o)) for i in range(3) for o in range(4)
    ]
    options = {"pairs": True, "weight_field": "w", "epochs": 2500, "alpha": 0.05, **QUICK}
    trained = coterie.train(rows, **options, **changes)
    trained.save(tmp_path / "model")
    for model in (trained, coterie.load_model(tmp_path / "model")):
        for i in range(3):
            weights = np.array([row[2] for row in rows if row[0] == f"i{i}"])
            told = dict(model.predict_output(f"i{i}", topn=None))
            shares = np.array([told[f"o{o}"] for o in range(4)])
            np.testing.assert_allclose(shares, weights / weights.sum(), atol=0.05)
    counts = dict(zip(trained.vectors.words, trained.vectors.counts.tolist(), strict=True))
    assert [counts[f"i{i}"] for i in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("objective", ["negative_sampling", "hierarchical_softmax"])
def test_a_model_of_pairs_goes_on_with_the_counts_of_its_outputs(objective):
    """More of the same pairs: the counts are doubled, and inputs are no negatives there either."""
    options = {"pairs": True, "epochs": 4, "objective": objective, **QUICK}
    first = coterie.train(planted(), **options)
    more = coterie.train(planted(), start_from=first, pairs=True, epochs=4, workers=1, cache=False)
    counts = dict(zip(first.vectors.words, first.vectors.counts.tolist(), strict=True))
    assert sum(counts.values()) == len(planted())
    told = dict(zip(more.vectors.words, more.vectors.counts.tolist(), strict=True))
    assert told == {word: 2 * count for word, count in counts.items()}
    if objective == "negative_sampling":
        moved = abs(more.output_vectors).max(axis=1) > 0
        assert all(moved[i] == word.startswith("out") for i, word in enumerate(more.vectors.words))


@pytest.mark.parametrize("changes", [{"deterministic": True}, {}], ids=str)
def test_heavy_sentences_are_learned_in_step_as_by_free_threads(changes):
    """Batches are as long as the heaviest steps allow."""
    generator = np.random.default_rng(0)
    texts = [[f"g{g}w{w}" for w in generator.integers(0, 6, 40)] for g in range(5) for _ in range(40)]
    model = coterie.train(texts, weights=[8.0] * len(texts), min_count=1, epochs=8, **{**QUICK, **changes})
    assert model.config["figures"]["final_loss"] < 3


@pytest.mark.filterwarnings("ignore:the loss is", "ignore:negative is", "ignore:window is")
def test_pairs_follow_a_text_and_a_text_follows_pairs():
    text = ["she likes new york", "new york likes ships", "he likes ships"] * 30
    options = {"vector_size": 8, "min_count": 1, "epochs": 1, "workers": 1, "cache": False}
    old = coterie.train(text, phrases=1, phrase_threshold=3, phrase_min_count=1, **options)
    assert len(old.phrases)
    pairs = [("york", "new"), ("new", "york"), ("ships", "she")] * 20
    model = coterie.train(pairs, pairs=True, start_from=old, workers=1, cache=False)
    assert model.config["corpus_statistics"]["tokens"] == 120, "no phrases in pairs"
    assert model.config["training"]["window"] == 1
    again = coterie.train(text, start_from=model, workers=1, cache=False)
    assert again.config["training"]["window"] == 5
    assert again.config["training"]["sample"] == 1e-3
    with pytest.raises(ConfigError, match="phrases is 1, but pairs are"):
        coterie.train(pairs, pairs=True, phrases=1)


@pytest.mark.filterwarnings("ignore:the loss is")
def test_a_preset_leaves_pairs_without_subsampling():
    model = coterie.train(planted(500), pairs=True, preset="fast", workers=1, cache=False)
    assert model.config["training"]["sample"] == 0
    assert model.config["training"]["alpha"] == 0.05
