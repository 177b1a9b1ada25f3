import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from coterie import neighbours
from coterie.errors import ConfigError, FormatError, WordNotFoundError
from coterie.neighbours import row_norms
from coterie.vectors import WordVectors

WORDS = ["the", "king", "queen", "man", "woman", "zero", "café"]
MATRIX = np.array(
    [[1, 1, 1], [3, 3, 0], [2, 0, 2], [0, 1, 0], [0, 0, 5], [0, 0, 0], [-1, 0, 0]], dtype=np.float32
)


@pytest.fixture
def vectors():
    return WordVectors(WORDS, MATRIX.copy(), np.arange(7, 0, -1))


def random_vectors(rows=300, size=12, seed=1):
    matrix = np.random.default_rng(seed).standard_normal((rows, size)).astype(np.float32)
    return WordVectors([f"w{i}" for i in range(rows)], matrix)


def test_it_is_a_mapping_of_words(vectors):
    assert len(vectors) == 7
    assert list(vectors) == vectors.words == WORDS
    assert "king" in vectors
    assert "King" not in vectors
    assert 3 not in vectors
    assert vectors.vector_size == 3
    assert vectors.counts.tolist() == [7, 6, 5, 4, 3, 2, 1]
    np.testing.assert_array_equal(vectors["king"], [3, 3, 0])
    np.testing.assert_array_equal(vectors[["king", "man"]], [[3, 3, 0], [0, 1, 0]])
    assert vectors[[]].shape == (0, 3)
    assert repr(vectors) == "WordVectors(7 words, vector_size=3)"


def test_vectors_given_out_cannot_change_the_matrix(vectors):
    for norm in (False, True):
        with pytest.raises(ValueError, match="read-only"):
            vectors.get_vector("king", norm=norm)[0] = 9
    vectors[["king"]][0, 0] = 9
    np.testing.assert_array_equal(vectors.matrix, MATRIX)
    vectors.matrix[1, 0] = 4  # the owner may


def test_the_matrix_is_not_copied():
    padded = np.zeros((7, 16), dtype=np.float32)
    padded[:, :3] = MATRIX
    vectors = WordVectors(WORDS, padded[:, :3])
    assert np.shares_memory(vectors.matrix, padded)
    assert vectors.most_similar("king") == WordVectors(WORDS, MATRIX).most_similar("king")


def test_unit_vectors(vectors):
    np.testing.assert_allclose(vectors.get_vector("king", norm=True), [2**-0.5, 2**-0.5, 0], rtol=1e-6)
    np.testing.assert_array_equal(vectors.get_vector("zero", norm=True), [0, 0, 0])


def test_similarities(vectors):
    assert vectors.similarity("king", "queen") == pytest.approx(0.5)
    assert vectors.distance("king", "queen") == pytest.approx(0.5)
    assert vectors.similarity("king", "king") == pytest.approx(1, abs=1e-15)
    assert vectors.n_similarity(["man", "woman"], ["the"]) == pytest.approx(6 / np.sqrt(26 * 3))
    assert vectors.doesnt_match(["king", "queen", "the", "café"]) == "café"


def test_a_zero_vector_is_like_nothing(vectors):
    assert vectors.similarity("zero", "king") == 0
    assert vectors.distance("zero", "zero") == 1
    assert dict(vectors.most_similar("king"))["zero"] == 0
    assert dict(vectors.most_similar_cosmul("king"))["zero"] == pytest.approx(0.5, rel=1e-5)
    assert [similarity for _, similarity in vectors.most_similar("zero")] == [0] * 6
    assert vectors.n_similarity(["zero"], ["king"]) == 0
    assert vectors.doesnt_match(["king", "the", "zero"]) == "zero"


def test_analogy(vectors):
    assert vectors.most_similar(["king", "woman"], ["man"], topn=1)[0][0] == "queen"
    assert vectors.most_similar_cosmul(["king", "woman"], ["man"], topn=1)[0][0] == "queen"


def test_the_querys_words_are_left_out(vectors):
    found = [word for word, _ in vectors.most_similar(["king", "woman"], "man", topn=99)]
    assert sorted(found) == sorted(set(WORDS) - {"king", "woman", "man"})
    assert "king" in [word for word, _ in vectors.similar_by_vector(vectors["king"], topn=99)]


def test_ways_to_say_the_same_query(vectors):
    expected = vectors.most_similar([("king", 1.0), ("man", -1.0)])
    assert vectors.most_similar("king", "man") == expected
    assert vectors.most_similar(("king", "woman")) == vectors.most_similar(["king", "woman"])
    assert vectors.most_similar(["king"], [("man", -1)]) == expected
    assert vectors.most_similar(("king", 1), ("man", -1.0)) == expected
    assert vectors.most_similar_batch([[("king", 1), ("man", -1)]]) == [expected]
    assert vectors.most_similar(MATRIX[1:3]) == vectors.most_similar([MATRIX[1], MATRIX[2]])
    assert vectors.similar_by_vector([3, 3, 0]) == vectors.most_similar(MATRIX[1])


def test_restrict_vocab_looks_at_the_most_frequent_only(vectors):
    assert {word for word, _ in vectors.most_similar("woman", restrict_vocab=3)} == {"the", "king", "queen"}
    assert len(vectors.most_similar_cosmul("woman", restrict_vocab=2)) == 2
    assert len(vectors.most_similar("woman", topn=50, restrict_vocab=10**9)) == 6


@pytest.mark.parametrize("rows", [1, 2, 300])
def test_neighbours_are_those_of_a_plain_sort(rows, monkeypatch):
    monkeypatch.setattr(neighbours, "_ROWS", 7)
    vectors = random_vectors(rows)
    units = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
    cosine = units @ units.T
    for topn in (1, 10, 1000):
        for query, answer in enumerate(vectors.most_similar_batch(vectors.words, topn=topn)):
            order = [i for i in np.argsort(-cosine[query], kind="stable") if i != query][:topn]
            assert [word for word, _ in answer] == [f"w{i}" for i in order]
            np.testing.assert_allclose([s for _, s in answer], cosine[query][order], atol=1e-6)


def test_many_queries_are_answered_like_each():
    vectors = random_vectors(2_000)
    queries = [["w3", "w5", ("w7", -1)], "w9", vectors.matrix[4], ("w1", 2.0), *vectors.words[:600]]
    together = vectors.most_similar_batch(queries, topn=5)
    for query, answer in list(zip(queries, together, strict=True))[::50]:
        alone = vectors.most_similar(query, topn=5)
        assert [word for word, _ in answer] == [word for word, _ in alone]
        np.testing.assert_allclose([s for _, s in answer], [s for _, s in alone], atol=1e-6)
    assert vectors.most_similar_batch([]) == []
    assert len(vectors.most_similar_batch(vectors.matrix[:3])) == 3


def test_of_equal_scores_the_more_frequent_word_comes_first(monkeypatch):
    vectors = WordVectors([f"w{i}" for i in range(40)], np.ones((40, 2), dtype=np.float32))
    assert [word for word, _ in vectors.most_similar("w2", topn=4)] == ["w0", "w1", "w3", "w4"]


def test_products_of_cosines_of_tiny_vectors():
    """Dot products of numbers near float32's smallest have few digits; the cosines must have all."""
    vectors = WordVectors(["a", "b"], np.full((2, 2), 1.22e-43, dtype=np.float32))
    assert vectors.most_similar_cosmul(["a"]) == [("b", pytest.approx(1, abs=1e-5))]


numbers = st.floats(-(2.0**60), 2.0**60, width=32)


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 8), st.integers(1, 5)), elements=numbers), st.data())
def test_no_finite_matrix_gives_nan_or_warnings(matrix, data):
    words = [f"w{i}" for i in range(len(matrix))]
    vectors = WordVectors(words, matrix)
    chosen = data.draw(st.lists(st.sampled_from(words), min_size=1))
    for answer in (vectors.most_similar(chosen), vectors.most_similar([words[0]], chosen)):
        assert all(-1.001 <= similarity <= 1.001 for _, similarity in answer)
    assert all(0 <= score <= 1.001 for _, score in vectors.most_similar_cosmul(chosen))
    assert -1 <= vectors.similarity(words[0], words[-1]) <= 1
    assert -1 <= vectors.n_similarity(chosen, words) <= 1


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(0, 9), st.integers(1, 5)),
        elements=st.floats(-(2.0**100), 2.0**100, width=32),
    )
)
def test_norms_keep_the_whole_range_of_float32(matrix):
    exact = np.linalg.norm(matrix.astype(np.float64), axis=1)
    np.testing.assert_allclose(row_norms(matrix), exact.astype(np.float32), rtol=1e-6)


def test_a_missing_word_is_told_with_its_nearest(vectors):
    calls = [
        lambda: vectors["cafe"],
        lambda: vectors[["king", "cafe"]],
        lambda: vectors.get_vector("cafe"),
        lambda: vectors.similarity("king", "cafe"),
        lambda: vectors.most_similar("cafe"),
        lambda: vectors.most_similar(["king"], ["cafe"]),
        lambda: vectors.most_similar_cosmul("cafe"),
        lambda: vectors.most_similar_batch(["king", "cafe"]),
        lambda: vectors.doesnt_match(["king", "man", "cafe"]),
        lambda: vectors.n_similarity(["king"], ["cafe"]),
    ]
    for call in calls:
        with pytest.raises(
            WordNotFoundError, match="'cafe' is not in the vocabulary of 7 words; did you mean 'café'"
        ):
            call()
    with pytest.raises(WordNotFoundError, match="the word 3 is not"):
        vectors[3]


def refused(call, told, kind=ConfigError):
    with pytest.raises(kind, match=told):
        call()


def test_a_string_for_a_list_is_told(vectors):
    told = r"is the string 'king queen'; give a list of words, such as \['king', 'queen'\]"
    refused(lambda: vectors.doesnt_match("king queen"), told)
    refused(lambda: vectors.n_similarity("king queen", ["man"]), told)
    refused(lambda: vectors.n_similarity(["man"], "king queen"), told)
    refused(lambda: vectors.most_similar_batch("king"), "queries is the string 'king'")
    refused(lambda: WordVectors("king", MATRIX), "words is the string", FormatError)


def test_empty_queries_are_told(vectors):
    refused(vectors.most_similar, "query is empty")
    refused(lambda: vectors.most_similar([]), "query is empty")
    refused(lambda: vectors.most_similar_batch(["king", []]), "query is empty")
    refused(lambda: vectors.most_similar_cosmul(negative="man"), "positive is empty")
    refused(lambda: vectors.n_similarity([], ["man"]), r"ws1 is \[\]; it needs at least one word")
    refused(lambda: vectors.doesnt_match(["king", "man"]), "at least 3 words")


@pytest.mark.parametrize("value", [0, -1, 2.5, None, "10", True])
def test_numbers_out_of_range_are_told(vectors, value):
    refused(lambda: vectors.most_similar("king", topn=value), "topn is .*a whole number, at least 1")
    if value is not None:
        refused(lambda: vectors.most_similar("king", restrict_vocab=value), "restrict_vocab is")
        refused(lambda: vectors.most_similar_cosmul("king", restrict_vocab=value), "restrict_vocab is")


def test_vectors_that_do_not_fit_are_told(vectors):
    refused(lambda: vectors.similar_by_vector(np.ones(4)), r"shape \(4,\); these vectors have length 3")
    refused(lambda: vectors.similar_by_vector(np.array([1, np.nan, 0])), "NaN or infinity")
    refused(lambda: vectors.similar_by_vector(np.array([1, 1e300, 0])), "NaN or infinity")
    refused(lambda: vectors.most_similar([1, 2, 3]), r"positive holds 1; give words \(str\) or vectors")
    refused(lambda: vectors.most_similar(7), "the query is 7")
    refused(lambda: vectors.most_similar(np.array(["king"])), "give words")


def test_weights_that_cannot_be_meant_are_told(vectors):
    refused(lambda: vectors.most_similar("king", [("man", 0.5)]), "'man' with weight 0.5.* Write -0.5")
    refused(lambda: vectors.most_similar(("king", float("nan"))), "must be a finite number")
    refused(lambda: vectors.most_similar_cosmul(("king", 2)), "3CosMul has no weights")


def test_nan_in_the_matrix_is_told():
    matrix = MATRIX.copy()
    matrix[2, 1] = np.nan
    vectors = WordVectors(WORDS, matrix)
    told = "the vector of 'queen' holds NaN or infinity"
    refused(lambda: vectors.most_similar("king"), told, FormatError)
    refused(lambda: vectors.similarity("king", "queen"), told, FormatError)
    refused(lambda: vectors.n_similarity(["king"], ["queen"]), "ws2 holds NaN", FormatError)


def test_parts_that_do_not_fit_are_told():
    refused(lambda: WordVectors(["a"], MATRIX), r"1 words, but a matrix of shape \(7, 3\)", FormatError)
    refused(lambda: WordVectors(WORDS, MATRIX[0]), "a matrix of shape", FormatError)
    refused(lambda: WordVectors(WORDS, MATRIX, np.ones(2)), "counts of shape", FormatError)
    refused(lambda: WordVectors([*WORDS[:-1], "the"], MATRIX), "'the' is listed twice", FormatError)


def test_word2vec_files(vectors, tmp_path):
    for binary in (True, False):
        vectors.save_word2vec_format(tmp_path / "v", tmp_path / "counts", binary=binary)
        again = WordVectors.load_word2vec_format(tmp_path / "v", tmp_path / "counts")
        assert again.words == WORDS
        assert again.counts.tolist() == vectors.counts.tolist()
        np.testing.assert_array_equal(again.matrix, MATRIX)
        assert WordVectors.load_word2vec_format(tmp_path / "v", limit=2).words == WORDS[:2]
