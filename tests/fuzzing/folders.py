"""Readers of model folders, of checkpoints, and of the index of neighbours."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from coterie.cli.info import _flat
from coterie.cli.repeating import command_of
from coterie.config import TrainingConfig
from coterie.errors import CoterieError
from coterie.formats.card import model_card
from coterie.formats.neighbour_index import INDEX, read_index_description
from coterie.kernels.bfloat16 import narrow_view
from coterie.model import Model, load_vectors
from coterie.objectives.weights import Weights, make_weights
from coterie.phrases import Phrase, PhraseModel
from coterie.training.checkpoint import Checkpoints, TrainingState, latest_checkpoint
from coterie.vectors import WordVectors
from fuzzing.mutations import Files
from fuzzing.reader import Reader

__all__ = ["FOLDERS"]

_WORDS = ["the", "naïve", "日本語", "a", "don't"]
_MATRIX = np.random.default_rng(1).standard_normal((5, 4)).astype(np.float32)
_NAME = "checkpoint-00000000000000000007-000000000000009"
_OBJECTIVES: list[dict[str, Any]] = [
    {},
    {"objective": "nce"},
    {"objective": "hierarchical_softmax", "negative": 0},
    {"objective": "softmax", "architecture": "cbow"},
    {"output_dtype": "bfloat16"},
]


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def _models() -> Sequence[Files]:
    cases = []
    for options in _OBJECTIVES[:4]:
        config = TrainingConfig(**options)
        outputs = _MATRIX if "output_vectors" in config.matrices else None
        nodes = _MATRIX[1:] if "node_vectors" in config.matrices else None
        told = {"objective": config.objective, "training": config.to_dict(), "coterie_version": "0"}
        if config.objective == "nce":
            told["log_normaliser"] = 1.5
        phrases = PhraseModel([[Phrase(("a", "b"), 2)]]) if not options else None
        vectors = WordVectors(_WORDS, _MATRIX, np.array([5, 4, 3, 2, 1]))
        model = Model(vectors, outputs, told, [{"words": 9, "loss": 0.5}], phrases, node_vectors=nodes)
        with tempfile.TemporaryDirectory() as folder:
            model.save(Path(folder, "m"))
            cases.append(_contents(Path(folder, "m")))
    return cases


def _model(folder: Path) -> Model:
    vectors = load_vectors(folder)
    model = Model.load(folder)
    assert model.vectors.words == vectors.words
    assert len(set(vectors.words)) == len(vectors.words)
    assert repr(model)
    vectors.matrix.tobytes()
    if len(vectors) > 1:
        with contextlib.suppress(CoterieError):  # vectors may be NaN, and settings unknown
            vectors.most_similar(vectors.words[0], topn=1)
            model.predict_output(vectors.words[:1], topn=1)
    with contextlib.suppress(CoterieError):
        command_of("m", model.config)
    assert _flat(model.config)
    assert model_card("m", model.config, vectors.words, vectors.vector_size)
    return model


def _checkpoints() -> Sequence[Files]:
    cases = []
    for options in _OBJECTIVES:
        weights = make_weights(5, TrainingConfig(vector_size=4, **options))
        if options.get("output_dtype"):
            narrow: Any = narrow_view(weights.output_vectors)  # type: ignore[arg-type]
            weights = Weights(weights.input_vectors, output_vectors=narrow)
        state = TrainingState(weights, 9, 90, 10, 1.5, {"pairs": [1.0]}, [{"words": 9}])
        with tempfile.TemporaryDirectory() as folder:
            with Checkpoints(folder, None, None, print) as checkpoints:
                checkpoints.about = {"training": {"epochs": 5}, "fingerprint": "0"}
                checkpoints.save(state, wait=True)
            (place,) = Path(folder).glob("checkpoint-*")
            case = _contents(place)
        told = json.loads(json.loads(case["state.json"])["state"])
        cases.append(
            {"weights.safetensors": case["weights.safetensors"], "state.json": json.dumps(told).encode()}
        )
    return cases


def _stamped(files: Files) -> Files:
    """Wrap a checkpoint's state as it is on the disk, sizes and checksums being right."""
    text, weights = files.get("state.json", b""), files.get("weights.safetensors", b"")
    try:
        told = json.loads(text)
        if isinstance(told, dict) and isinstance(told.get("weights"), dict):
            told["weights"] = {"bytes": len(weights), "crc32": crc32(weights)}
        state = json.dumps(told)
        kept = json.dumps({"crc32": crc32(state.encode()), "state": state}).encode()
    except (ValueError, RecursionError):
        kept = json.dumps({"crc32": crc32(text), "state": text.decode("latin-1")}).encode()
    return {**files, "state.json": kept}


def _checkpoint(folder: Path) -> TrainingState:
    place = folder / _NAME
    place.mkdir()
    for path in [path for path in folder.iterdir() if path.is_file()]:
        path.rename(place / path.name)
    found = latest_checkpoint(folder, len)
    assert isinstance(found.about, dict)
    state = found.state()
    for _, matrix in state.weights.matrices():
        assert matrix.dtype == np.float32
        assert matrix.ndim == 2
        matrix.tobytes()
    return state


def _kept(state: TrainingState) -> Any:
    """Return what a checkpoint's checksums answer for."""
    weights = [(name, matrix.tobytes()) for name, matrix in state.weights.matrices()]
    return weights, state.units, state.words, state.chunk, state.seconds, state.losses, state.metrics


def _indexes() -> Sequence[Files]:
    from coterie.index import NeighbourIndex

    vectors = WordVectors(_WORDS, _MATRIX)
    with tempfile.TemporaryDirectory() as folder:
        NeighbourIndex.build(vectors, threads=1).save(Path(folder, INDEX))
        return [_contents(Path(folder))]


def _index(folder: Path) -> Any:
    from coterie.index import NeighbourIndex

    read_index_description(folder / INDEX)
    index = NeighbourIndex.load(folder / INDEX, WordVectors(_WORDS, _MATRIX))
    assert index.most_similar("the", topn=2)
    return index


FOLDERS = [
    Reader("model folder", _models, _model),
    Reader("checkpoint", _checkpoints, _checkpoint, _stamped, checked=_kept),
]
if importlib.util.find_spec("usearch") is not None:
    FOLDERS.append(Reader("neighbour index", _indexes, _index))
