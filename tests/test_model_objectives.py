"""Models of every objective: the parts they have, that they come back from disk, and what damage is told."""

from __future__ import annotations

import json

import numpy as np
import pytest

from coterie.config import TrainingConfig
from coterie.errors import FormatError
from coterie.formats.card import model_card
from coterie.formats.contents import method_of
from coterie.model import Model, load_vectors
from coterie.vectors import WordVectors

WORDS, SIZE = ["the", "sea", "ship", "gold"], 3
TRAINED = {
    "negative_sampling": {},
    "nce": {"objective": "nce"},
    "nce, one": {"objective": "nce", "nce_partition": "one"},
    "softmax": {"objective": "softmax", "architecture": "cbow"},
    "tree": {"objective": "hierarchical_softmax"},
    "tree and negatives": {"objective": "hierarchical_softmax", "negative": 5, "architecture": "cbow"},
}


def described(name):
    config = TrainingConfig(vector_size=SIZE, **TRAINED[name])
    told = {"coterie_version": "0.1.0", "objective": config.objective, "training": config.to_dict()}
    return told | ({"log_normaliser": 1.25} if name == "nce" else {})


def make_model(name):
    generator = np.random.default_rng(1)
    inputs, outputs, nodes = (generator.normal(size=(n, 16)).astype(np.float32)[:, :SIZE] for n in (4, 4, 3))
    return Model(
        WordVectors(WORDS, inputs, np.array([9, 4, 3, 1])),
        None if name == "tree" else outputs,
        described(name),
        [{"loss": 1.0}],
        node_vectors=nodes if name.startswith("tree") else None,
    )


def same(one, other):
    return (one is None and other is None) or np.array_equal(one, other)


@pytest.mark.parametrize("name", TRAINED)
def test_every_objective_comes_back_from_disk(tmp_path, name):
    model = make_model(name)
    model.save(tmp_path / "m")
    again = Model.load(tmp_path / "m")
    for part in ("output_vectors", "node_vectors"):
        assert same(getattr(again, part), getattr(model, part))
    for matrix in (again.output_vectors, again.node_vectors):
        assert matrix is None or not matrix.flags.writeable
    assert again.log_normaliser == model.log_normaliser == (1.25 if name == "nce" else None)
    assert again.config == {"format_version": 2 if name.startswith("tree") else 1, **described(name)}
    assert again.predict_output(["sea", "gold"]) == model.predict_output(["sea", "gold"])
    again.save(tmp_path / "m")
    assert same(Model.load(tmp_path / "m").node_vectors, model.node_vectors)
    np.testing.assert_array_equal(load_vectors(tmp_path / "m").matrix, model.vectors.matrix)


def test_a_folder_from_before_there_was_a_choice(tmp_path):
    """Its settings have no architecture and none of the later options."""
    model = make_model("negative_sampling")
    earlier = ("vector_size", "window", "negative", "ns_exponent", "collisions", "sample", "alpha", "seed")
    training = {option: value for option, value in model.config["training"].items() if option in earlier}
    Model(model.vectors, model.output_vectors, {**model.config, "training": training}, []).save(
        tmp_path / "m"
    )
    again = Model.load(tmp_path / "m")
    assert again.predict_output("sea", topn=None) == model.predict_output("sea", topn=None)
    assert method_of(again.config) == "Skip-gram with negative sampling"


@pytest.mark.parametrize(
    ("name", "method", "matrices"),
    [
        ("negative_sampling", "Skip-gram with negative sampling", {"input_vectors", "output_vectors"}),
        ("nce", "Skip-gram with noise-contrastive estimation", {"input_vectors", "output_vectors"}),
        ("softmax", "CBOW with the full softmax", {"input_vectors", "output_vectors"}),
        ("tree", "Skip-gram with hierarchical softmax", {"input_vectors", "node_vectors"}),
        (
            "tree and negatives",
            "CBOW with hierarchical softmax and negative sampling",
            {"input_vectors", "output_vectors", "node_vectors"},
        ),
    ],
)
def test_the_card_names_architecture_objective_and_matrices(name, method, matrices):
    card = model_card("m", described(name), WORDS, SIZE)
    assert f"4 words, 3 dimensions, {method}, trained with Coterie." in card
    files = next(line for line in card.splitlines() if line.startswith("- `model.safetensors`"))
    assert {part for part in ("input_vectors", "output_vectors", "node_vectors") if part in files} == matrices
    assert ("| log normaliser | 1.25 |" in card) == (name == "nce")


@pytest.mark.parametrize(
    ("name", "output_vectors", "node_vectors", "told"),
    [
        ("nce", None, None, "output_vectors is None, but a model of objective 'nce' has them"),
        ("tree", None, None, "node_vectors is None, but .* 'hierarchical_softmax' has them"),
        ("tree", (4, 3), (3, 3), "output_vectors is given, but .* has none"),
        ("tree and negatives", None, (3, 3), "output_vectors is None"),
        ("softmax", (4, 3), (3, 3), "node_vectors is given, but .* 'softmax' has none"),
        ("tree", None, (4, 3), r"node_vectors has shape \(4, 3\), .* expected \(3, 3\)"),
        ("nce", (4, 2), None, r"output_vectors has shape \(4, 2\), .* expected \(4, 3\)"),
    ],
)
def test_parts_that_do_not_fit_the_objective_are_told(name, output_vectors, node_vectors, told):
    output, nodes = (
        None if shape is None else np.zeros(shape, np.float32) for shape in (output_vectors, node_vectors)
    )
    with pytest.raises(FormatError, match=told):
        Model(make_model(name).vectors, output, described(name), [], node_vectors=nodes)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "1.25", True, [1.25]])
def test_a_log_normaliser_that_is_none_is_told(tmp_path, value):
    model = make_model("nce")
    with pytest.raises(FormatError, match=r"config: log_normaliser is .* it is a finite number"):
        Model(model.vectors, model.output_vectors, {**model.config, "log_normaliser": value}, [])
    model.save(tmp_path / "m")
    file = tmp_path / "m" / "config.json"
    file.write_text(json.dumps({**model.config, "log_normaliser": value}))
    with pytest.raises(FormatError, match=r"m/config\.json is damaged: log_normaliser is "):
        Model.load(tmp_path / "m")


@pytest.mark.parametrize("name", ["nce, one", "softmax", "tree"])
def test_a_log_normaliser_that_was_not_learned_is_told(name):
    model = make_model(name)
    with pytest.raises(FormatError, match=r"log_normaliser is 1.5, but this objective learns none"):
        Model(
            model.vectors,
            model.output_vectors,
            {**model.config, "log_normaliser": 1.5},
            [],
            node_vectors=model.node_vectors,
        )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"node_vectors", b"mode_vectors", r"model\.safetensors is damaged: it has no node_vectors"),
        (b"[3,3]", b"[9,1]", r"node_vectors has 9 rows, vocabulary\.parquet 4 words \(expected 3 rows\)"),
        (b"[3,3]", b"[ 9 ]", "node_vectors is float32 of 1 dimensions"),
        (b"[4,3]", b"[2,6]", r"input_vectors has 2 rows, vocabulary\.parquet 4 words"),
    ],
)
def test_damage_to_the_nodes_is_told_with_the_file(tmp_path, old, new, told):
    make_model("tree").save(tmp_path / "m")
    file = tmp_path / "m" / "model.safetensors"
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new))
    for load in (Model.load, load_vectors):
        with pytest.raises(FormatError, match=told):
            load(tmp_path / "m")


def test_rows_of_different_length_are_told(tmp_path):
    model, other = make_model("tree"), make_model("tree")
    other.node_vectors = np.zeros((3, 2), np.float32)
    other.save(tmp_path / "m")
    with pytest.raises(FormatError, match="input_vectors and node_vectors have rows of different length"):
        Model.load(tmp_path / "m")
    model.save(tmp_path / "m")


def test_a_single_word_has_a_tree_without_nodes(tmp_path):
    config = described("tree")
    vectors = WordVectors(["a"], np.ones((1, SIZE), np.float32), np.array([3]))
    Model(vectors, None, config, [], node_vectors=np.empty((0, SIZE), np.float32)).save(tmp_path / "m")
    assert Model.load(tmp_path / "m").predict_output("a") == [("a", 1.0)]


def test_gensims_names_are_told():
    model = make_model("tree")
    for theirs, ours in (
        ("syn1", r"\.node_vectors"),
        ("syn1neg", r"\.output_vectors"),
        ("predict_output_word", r"\.predict_output"),
    ):
        with pytest.raises(AttributeError, match=f"'{theirs}'; here it is {ours}$"):
            getattr(model, theirs)
