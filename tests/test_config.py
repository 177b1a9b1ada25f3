"""Settings of training that depend on each other: their defaults, and errors that name both."""

from __future__ import annotations

import pytest

from coterie.config import PRESETS, TrainingConfig
from coterie.config.presets import with_preset
from coterie.errors import ConfigError

KINDS = [
    {},
    {"objective": "nce"},
    {"objective": "hierarchical_softmax"},
    {"objective": "hierarchical_softmax", "negative": 5},
    {"objective": "softmax"},
    {"output_dtype": "bfloat16"},
    {"architecture": "cbow"},
    {"architecture": "cbow", "cbow_gradient": "word2vec"},
]


@pytest.mark.parametrize("given", KINDS)
def test_what_settings_tell_of_themselves_makes_them_again(given):
    config = TrainingConfig(**given)
    assert TrainingConfig(**config.to_dict()) == config


@pytest.mark.parametrize(
    ("given", "option", "other"),
    [
        ({"objective": "softmax", "negative": 5}, "negative is 5", "objective 'softmax'"),
        ({"objective": "softmax", "collisions": "keep"}, "collisions is 'keep'", "objective 'softmax'"),
        ({"objective": "softmax", "kernel": "simd"}, "kernel is 'simd'", "objective 'softmax'"),
        (
            {"objective": "hierarchical_softmax", "ns_exponent": 1.0},
            "ns_exponent is 1.0",
            "objective 'hierarchical_softmax' with negative 0",
        ),
        (
            {"objective": "hierarchical_softmax", "negative_sharing": "pair"},
            "negative_sharing is 'pair'",
            "objective 'hierarchical_softmax' with negative 0",
        ),
        ({"objective": "nce", "collisions": "skip"}, "collisions is 'skip'", "objective 'nce'"),
        ({"nce_partition": "one"}, "nce_partition is 'one'", "objective 'negative_sampling'"),
        (
            {"architecture": "cbow", "negative_sharing": "pair"},
            "negative_sharing is 'pair'",
            "architecture 'cbow'",
        ),
        ({"cbow_gradient": "mean"}, "cbow_gradient is 'mean'", "architecture 'skip_gram'"),
        ({"objective": "softmax", "output_dtype": "bfloat16"}, "output_dtype is 'bfloat16'", "'softmax'"),
    ],
)
def test_a_wrong_combination_names_both(given, option, other):
    with pytest.raises(ConfigError) as refused:
        TrainingConfig(**given)
    message = str(refused.value)
    assert message.startswith(option)
    assert other in message
    assert message.endswith("out.")


@pytest.mark.parametrize(
    ("given", "negative", "alpha", "matrices"),
    [
        ({}, 5, 0.025, ("input_vectors", "output_vectors")),
        ({"objective": "softmax"}, 0, 0.025, ("input_vectors", "output_vectors")),
        ({"objective": "hierarchical_softmax"}, 0, 0.025, ("input_vectors", "node_vectors")),
        (
            {"objective": "hierarchical_softmax", "negative": 2},
            2,
            0.025,
            ("input_vectors", "output_vectors", "node_vectors"),
        ),
        ({"architecture": "cbow"}, 5, 0.075, ("input_vectors", "output_vectors")),
        (
            {"architecture": "cbow", "cbow_gradient": "word2vec"},
            5,
            0.025,
            ("input_vectors", "output_vectors"),
        ),
    ],
)
def test_defaults_follow_the_objective(given, negative, alpha, matrices):
    config = TrainingConfig(**given)
    assert (config.negative, config.alpha, config.matrices) == (negative, alpha, matrices)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_settings_that_may_be_changed(name):
    given = {"vector_size": 50, "epochs": 2}
    config = TrainingConfig(**with_preset(name, given))
    assert config == TrainingConfig(**{**PRESETS[name], **given})
    assert with_preset(None, given) == given
    assert config != TrainingConfig(**given), "it says something"


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("quick", {}, "preset is 'quick'"),
        ("best", {"architecture": "cbow"}, "for architecture 'skip_gram', but architecture is 'cbow'"),
    ],
)
def test_a_wrong_preset_is_told(name, settings, told):
    with pytest.raises(ConfigError, match=told):
        with_preset(name, settings)
