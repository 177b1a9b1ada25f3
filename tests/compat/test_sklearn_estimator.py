"""DocumentVectorizer: in pipelines and searches, against a slow twin of SIF, and with wrong input."""

from __future__ import annotations

import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline

import coterie
from coterie.compat.document_vectors import first_component
from coterie.compat.sklearn import DocumentVectorizer
from coterie.errors import ConfigError

TOPICS = {
    "sea": ["ship", "sail", "wave", "harbour", "anchor", "fish", "tide", "crew"],
    "field": ["plough", "corn", "barley", "ox", "harvest", "seed", "hay", "barn"],
    "court": ["king", "queen", "throne", "crown", "palace", "prince", "guard", "oath"],
}
FILLERS = ["the", "of", "and", "to", "in", "that", "it", "was"]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [text for text, _ in labelled()]


@pytest.fixture(scope="module")
def labels() -> list[str]:
    return [label for _, label in labelled()]


@pytest.fixture(scope="module")
def fitted(texts: list[str]) -> DocumentVectorizer:
    return DocumentVectorizer(vector_size=16, random_state=3, weighting="sif").fit(texts)


@pytest.fixture(scope="module")
def words() -> coterie.WordVectors:
    matrix = np.random.default_rng(5).normal(size=(6, 4)).astype(np.float32)
    return coterie.WordVectors(["sea", "ship", "king", "the", "of", "gold"], matrix)


def labelled() -> list[tuple[str, str]]:
    """Short texts about one topic each, mostly words of no topic."""
    draw = random.Random(11)
    made = []
    for _ in range(600):
        topic = draw.choice(list(TOPICS))
        chosen = draw.choices(FILLERS, k=6) + draw.choices(TOPICS[topic], k=4)
        draw.shuffle(chosen)
        made.append((" ".join(chosen), topic))
    return made


def naive_sif(
    documents: list[list[str]], fitted_to: list[list[str]], vectors: coterie.WordVectors, a: float
) -> np.ndarray:
    """The paper's algorithm 1, word by word in float64."""
    known = [word for document in fitted_to for word in document if word in vectors]
    share = {word: known.count(word) / len(known) for word in vectors.words}

    def means(texts: list[list[str]]) -> np.ndarray:
        rows = []
        for text in texts:
            row = np.zeros(vectors.vector_size)
            inside = [word for word in text if word in vectors]
            for word in inside:
                row += a / (a + share[word]) * vectors[word].astype(np.float64) / len(inside)
            rows.append(row)
        return np.array(rows)

    u = np.linalg.svd(means(fitted_to), full_matrices=False)[2][0]
    rows = means(documents)
    return np.array([row - u * (u @ row) for row in rows])


def test_a_pipeline_tells_topics(texts: list[str], labels: list[str]) -> None:
    train, test, train_labels, test_labels = train_test_split(texts, labels, random_state=0)
    for weighting in ("mean", "sif"):
        vectorizer = DocumentVectorizer(
            vector_size=16, epochs=30, sample=0, random_state=1, weighting=weighting
        )
        pipeline = make_pipeline(vectorizer, LogisticRegression(max_iter=1000))
        assert pipeline.fit(train, train_labels).score(test, test_labels) > 0.9  # chance: 0.33


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_grid_search(texts: list[str], labels: list[str], n_jobs: int) -> None:
    vectorizer = DocumentVectorizer(epochs=30, sample=0, random_state=1)
    pipeline = make_pipeline(vectorizer, LogisticRegression(max_iter=1000))
    grid = {"documentvectorizer__vector_size": [1, 16], "documentvectorizer__norm": ["l2"]}
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=n_jobs, error_score="raise").fit(texts, labels)
    assert search.best_params_["documentvectorizer__vector_size"] == 16
    assert search.best_score_ > 0.8
    assert search.predict(["ship and wave", "the king and the queen"]).tolist() == ["sea", "court"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["sea", "ship", "king", "the", "of", "unknown"])), min_size=1))
def test_sif_is_the_papers(words: coterie.WordVectors, documents: list[list[str]]) -> None:
    fitted_to = [["the", "sea", "of", "the", "ship"], ["the", "king"], ["gold", "of", "the"]]
    vectorizer = DocumentVectorizer(vectors=words, weighting="sif", sif_a=0.01).fit(fitted_to)
    expected = naive_sif(documents, fitted_to, words, 0.01)
    np.testing.assert_allclose(vectorizer.transform(documents), expected, atol=1e-5)


def test_component(words: coterie.WordVectors) -> None:
    rows = words.matrix
    np.testing.assert_allclose(
        np.abs(first_component(rows)), np.abs(np.linalg.svd(rows)[2][0]), rtol=1e-4, atol=1e-5
    )
    kept = DocumentVectorizer(vectors=words, weighting="sif", remove_component=False).fit([["sea", "of"]])
    assert kept.component_ is None


def test_mean_unknown_words_and_empty_documents(words: coterie.WordVectors) -> None:
    vectorizer = DocumentVectorizer(vectors=words).fit([["sea"]])
    rows = vectorizer.transform(["Sea king, unheard", "unheard", ""])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows[0], (words["sea"] + words["king"]) / 2, rtol=1e-6)
    assert not rows[1:].any()
    unit = vectorizer.set_params(norm="l2").transform(["sea king", ""])
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), [1, 0], rtol=1e-6)
    assert vectorizer.transform([]).shape == (0, 4)


def test_vectors_from_a_path(words: coterie.WordVectors, tmp_path: Path) -> None:
    words.save_word2vec_format(tmp_path / "v.bin", binary=True)
    row = DocumentVectorizer(vectors=tmp_path / "v.bin").fit_transform(["gold"])
    np.testing.assert_array_equal(row[0], words["gold"])


def test_the_same_seed_gives_the_same_rows(texts: list[str], fitted: DocumentVectorizer) -> None:
    again = clone(fitted)
    np.testing.assert_array_equal(again.fit_transform(texts), fitted.transform(texts))
    other = clone(fitted).set_params(random_state=4).fit(texts)
    assert not np.array_equal(other.vectors_.matrix, fitted.vectors_.matrix)


def test_token_lists_and_iterators_are_as_good(texts: list[str], fitted: DocumentVectorizer) -> None:
    lists = clone(fitted).fit_transform(text.split() for text in texts)
    np.testing.assert_array_equal(lists, fitted.transform(texts))
    arrays = fitted.transform(np.array(texts, dtype=object))
    np.testing.assert_array_equal(arrays, lists)


def test_pickled_and_fitted_attributes(texts: list[str], fitted: DocumentVectorizer) -> None:
    copied = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copied.transform(texts), fitted.transform(texts))
    assert fitted.vectors_.vector_size == 16
    assert fitted.vocabulary_ == fitted.vectors_.index
    assert fitted.component_.shape == (16,)
    assert fitted.word_weights_.shape == (len(fitted.vocabulary_),)
    assert len(fitted.get_feature_names_out()) == 16


def test_text_is_split_as_by_tfidf(texts: list[str], words: coterie.WordVectors) -> None:
    assert not DocumentVectorizer(vectors=words, lowercase=False).fit_transform(["SEA"]).any()
    for settings_ in ({"tokenizer": str.split, "token_pattern": None}, {"analyzer": str.split}):
        assert DocumentVectorizer(vectors=words, **settings_).fit_transform(["sea, king"])[0].any()
        assert not DocumentVectorizer(vectors=words, **settings_).fit_transform(["sea,"])[0].any()
    stopped = DocumentVectorizer(vectors=words, stop_words="english").fit_transform(["the of"])
    assert not stopped.any()


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ("one string", "Iterable over raw text documents expected, string object received."),
        (b"bytes", "string object received"),
        (np.array([["a", "b"]]), r"X has 2 dimensions \(1, 2\)"),
        ({"a": 1}, "X is dict"),
        (None, "X is NoneType"),
        (3, "X is int"),
        ([], "no documents"),
        (["a b", float("nan")], r"document 1 of X is float \(nan\)"),
        (["a b", None], "document 1 of X is NoneType"),
        ([["a", 3]], "document 0 of X holds 3"),
        (["a", {"text": "b"}], "document 1 of X is dict"),
        (["", "!"], "no words"),
    ],
)
def test_what_is_no_document(documents: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        DocumentVectorizer(min_count=1).fit(documents)


def test_a_table_is_no_list_of_documents(words: coterie.WordVectors) -> None:
    fitted = DocumentVectorizer(vectors=words).fit(["sea"])
    for documents in ("sea", np.array([["sea"]])):
        with pytest.raises(ValueError, match=r"documents expected|one document a row"):
            fitted.transform(documents)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"weighting": "max"}, "weighting is 'max'"),
        ({"sif_a": 0}, "sif_a is 0"),
        ({"norm": "l1"}, "norm is 'l1'"),
        ({"analyzer": "char"}, "analyzer is 'char'"),
        ({"vectors": 3}, "vectors is int"),
        ({"vector_size": 0}, "vector_size is 0"),
        ({"objective": "softmax", "negative": 5}, "negative"),
    ],
)
def test_wrong_parameters_are_told_by_fit(parameters: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        DocumentVectorizer(**parameters).fit(["a b c"] * 20)


def test_unfitted_and_nothing_known(words: coterie.WordVectors) -> None:
    with pytest.raises(NotFittedError):
        DocumentVectorizer().transform(["a"])
    with pytest.raises(ValueError, match="no word of X is among the vectors"):
        DocumentVectorizer(vectors=words, weighting="sif").fit(["unheard"])
    with pytest.raises(ConfigError, match="takes no 'sample_weight'"):
        DocumentVectorizer(vectors=words).fit_transform(["sea"], sample_weight=[1])
