"""KeyedVectors by gensim's interface: holding, changing, asking, judging, saving; without gensim."""

from __future__ import annotations

import itertools
import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coterie
from coterie.compat.gensim import KeyedVectors
from coterie.compat.gensim.transport import transport_cost
from coterie.errors import ConfigError, FormatError, WordNotFoundError

WORDS = ["king", "queen", "man", "woman", "ship", "boat"]
MATRIX = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1], [-1, 0.1, 0], [-1, 0, 0.2]], dtype=np.float32)


@pytest.fixture
def kv():
    made = KeyedVectors(3)
    made.add_vectors(WORDS, MATRIX)
    made.allocate_vecattrs(["count"], [int])
    made.expandos["count"][:] = [9, 8, 7, 6, 5, 4]
    return made


def test_it_holds_keys_and_vectors(kv):
    assert (len(kv), kv.index_to_key, kv.key_to_index["ship"]) == (6, WORDS, 4)
    assert str(kv) == "KeyedVectors<vector_size=3, 6 keys>"
    assert list(kv) == WORDS
    assert "king" in kv
    assert 5 in kv
    assert 6 not in kv
    assert [] not in kv
    assert (kv["king"] == kv[0]).all()
    assert (kv[["boat", 4]] == MATRIX[[5, 4]]).all()
    assert kv.get_index("none", default=-1) == -1
    with pytest.raises(KeyError, match="did you mean 'queen'"):
        kv["quen"]
    with pytest.raises(WordNotFoundError):
        kv.most_similar(["king", "none"])
    with pytest.raises(ValueError, match="read-only"):
        kv["king"][0] = 1
    for gone in ("vocab", "index2word", "vectors_norm", "syn0"):
        with pytest.raises(AttributeError, match="since gensim 4"):
            getattr(kv, gone)


def test_it_grows_and_changes(kv):
    kv.add_vectors(["tug", "king"], [[1, 2, 3], [4, 5, 6]])
    assert kv["tug"].tolist() == [1, 2, 3]
    assert kv["king"].tolist() == [1, 1, 0]
    assert kv.get_vecattr("tug", "count") == 0
    kv.add_vectors(
        ["raft", "king"], np.array([[1, 2, 3], [4, 5, 6]]), {"age": np.array([3, 7])}, replace=True
    )
    assert kv["king"].tolist() == [4, 5, 6]
    assert [kv.get_vecattr(word, "age") for word in ("raft", "king", "man")] == [3, 7, 0]
    before = kv.most_similar("ship", topn=1)[0][0]
    assert before == "boat"
    kv["man"] = MATRIX[4]
    assert kv.most_similar("ship", topn=1)[0] == ("man", pytest.approx(1))
    kv[["oar", "man"]] = [MATRIX[0], MATRIX[1]]
    assert len(kv) == 9
    assert kv.vectors.dtype == np.float32
    for wrong in (np.ones(2), np.ones((2, 3))):
        with pytest.raises(ConfigError, match="a row of 3 numbers"):
            kv.add_vectors(["x"], wrong)
    with pytest.raises(ConfigError, match="distinct"):
        kv.add_vectors(["x", "x"], np.ones((2, 3)))


def test_rows_may_be_reserved():
    kv = KeyedVectors(2, count=2)
    assert (kv.add_vector("a", [1, 0]), kv.add_vector("b", [0, 1])) == (0, 1)
    with pytest.warns(UserWarning, match="copies the whole matrix"):
        assert kv.add_vector("c", [2, 2]) == 2
    assert kv.index_to_key == ["a", "b", "c"]
    kv.index_to_key.append("d")
    kv.key_to_index["d"] = 3
    kv.resize_vectors(seed=1)
    assert kv.vectors.shape == (4, 2)
    assert kv.vectors[:3].tolist() == [[1, 0], [0, 1], [2, 2]]
    assert 0 < np.abs(kv.vectors[3]).max() <= 0.5


def test_attributes(kv):
    kv.set_vecattr("ship", "tons", 12.5)
    kv.set_vecattr("boat", "kind", "open")
    assert kv.get_vecattr("ship", "tons") == 12.5
    assert kv.get_vecattr("boat", "kind") == "open"
    with pytest.raises(TypeError, match="tons"):
        kv.set_vecattr("ship", "tons", "heavy")
    kv.expandos["count"][:] = [1, 2, 3, 3, 5, 6]
    kv.sort_by_descending_frequency()
    assert kv.index_to_key == ["boat", "ship", "man", "woman", "queen", "king"]
    assert (kv["king"] == MATRIX[0]).all()
    assert kv.get_vecattr("ship", "tons") == 12.5
    KeyedVectors(2).sort_by_descending_frequency()


def test_most_similar_in_all_its_forms(kv):
    names = lambda found: [word for word, _ in found]  # noqa: E731
    assert names(kv.most_similar(["king", "woman"], ["man"], topn=1)) == ["queen"]
    assert kv.most_similar("king", "man") == kv.most_similar(["king"], ["man"])
    assert kv.most_similar([("king", 1.0), ("man", -1.0)]) == kv.most_similar("king", "man")
    assert kv.most_similar(negative=[("man", 2)], topn=1)[0][0] == kv.most_similar("man", topn=1)[0][0]
    assert kv.most_similar(0) == kv.similar_by_word("king") == kv.similar_by_key("king", topn=10)
    assert names(kv.similar_by_vector(MATRIX[4], topn=2)) == ["ship", "boat"]
    everything = kv.most_similar("king", topn=None)
    assert everything.shape == (6,)
    assert everything[0] == pytest.approx(1)
    assert kv.most_similar("king", topn=0) == kv.most_similar_cosmul("king", topn=0) == []
    assert set(names(kv.most_similar("king", restrict_vocab=3))) == {"queen", "man"}
    assert set(names(kv.most_similar("king", clip_start=2, clip_end=4))) == {"man", "woman"}
    assert kv.most_similar("king", topn=None, clip_start=2, clip_end=4) == pytest.approx(everything[2:4])
    assert names(kv.most_similar_cosmul(["king", "woman"], ["man"], topn=1)) == ["queen"]
    assert kv.most_similar_cosmul("king", topn=None).shape == (6,)
    assert set(names(kv.most_similar_cosmul("king", restrict_vocab=3))) == {"queen", "man"}
    for query in ({}, {"negative": "man"}):
        with pytest.raises(ConfigError, match="empty"):
            kv.most_similar_cosmul(**query)
    with pytest.raises(ConfigError, match="empty"):
        kv.most_similar()
    with pytest.raises(ConfigError, match="indexer"):
        kv.most_similar("king", indexer=object())


def test_changes_in_place_are_seen_when_told(kv):
    kv.most_similar("king")
    kv.vectors[1] = 10 * MATRIX[0]
    kv.fill_norms(force=True)
    assert kv.most_similar("king", topn=1)[0] == ("queen", pytest.approx(1))
    assert kv.get_normed_vectors()[1] == pytest.approx(kv.get_vector("king", norm=True))
    kv.init_sims(replace=True)
    assert np.linalg.norm(kv.vectors, axis=1) == pytest.approx(1)


def test_a_zero_vector_is_like_nothing(kv):
    kv["zero"] = np.zeros(3)
    assert kv.similarity("zero", "king") == 0
    assert dict(kv.most_similar("king", topn=10))["zero"] == 0
    assert kv.get_vector("zero", norm=True).tolist() == [0, 0, 0]
    assert not np.isnan(kv.get_normed_vectors()).any()


def test_distances_and_ranks(kv):
    assert kv.distance("king", "king") == 0
    assert kv.similarity("king", "queen") == pytest.approx(0.5)
    assert kv.distances("king") == pytest.approx([kv.distance("king", word) for word in WORDS])
    assert kv.distances(MATRIX[0], ["queen", "man"]) == pytest.approx(kv.distances("king")[[1, 2]])
    assert kv.closer_than("king", "queen") == kv.words_closer_than("king", "queen") == ["man"]
    assert [kv.rank("king", word) for word in ("king", "man", "queen")] == [1, 1, 2]
    assert kv.most_similar_to_given("king", ["ship", "queen"]) == "queen"
    assert kv.n_similarity(["king"], ["queen"]) == kv.similarity("king", "queen")
    assert kv.n_similarity(["king", "none"], ["queen"]) == kv.similarity("king", "queen")
    for lists in (([], ["king"]), (["king"], [])):
        with pytest.raises(ZeroDivisionError):
            kv.n_similarity(*lists)
    with pytest.raises(ConfigError, match="string"):
        kv.n_similarity("king", ["queen"])
    assert kv.relative_cosine_similarity("king", "queen", 2) == pytest.approx(
        kv.similarity("king", "queen") / sum(s for _, s in kv.most_similar("king", topn=2))
    )


def test_the_odd_one_out(kv, caplog):
    assert kv.doesnt_match(["king", "queen", "man", "ship"]) == "ship"
    ranked = kv.rank_by_centrality(["king", "queen", "ship"])
    assert [word for _, word in ranked][-1] == "ship"
    with caplog.at_level(logging.WARNING):
        assert kv.doesnt_match(["king", "queen", "none", "ship"]) == "ship"
    assert "none" in caplog.text
    for words in ("king queen", [], ["none"]):
        with pytest.raises(ConfigError):
            kv.doesnt_match(words)


def test_means(kv):
    assert kv.get_mean_vector(["king", MATRIX[4], "none"], [1, 3, 5], pre_normalize=False) == pytest.approx(
        (MATRIX[0] + 3 * MATRIX[4]) / 4
    )
    assert np.linalg.norm(kv.get_mean_vector(["king", "man"], post_normalize=True)) == pytest.approx(1)
    with pytest.raises(KeyError):
        kv.get_mean_vector(["none"], ignore_missing=False)
    for keys, weights in (([], None), (["king"], [1, 2])):
        with pytest.raises(ConfigError):
            kv.get_mean_vector(keys, weights)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 4), st.integers(0, 1000))
def test_the_transport_of_equal_piles_is_the_best_pairing(size, seed):
    costs = np.random.default_rng(seed).random((size, size))
    piles = np.full(size, 1 / size)
    best = min(sum(costs[i, j] for i, j in enumerate(order)) for order in itertools.permutations(range(size)))
    assert transport_cost(costs, piles, piles) == pytest.approx(best / size)


def test_word_movers_distance(kv):
    one, other = ["king", "ship", "none", "ship"], ["queen", "boat"]
    distance = kv.wmdistance(one, other)
    assert distance == pytest.approx(kv.wmdistance(other, one))
    units = kv.get_normed_vectors()
    gap = lambda a, b: np.linalg.norm(units[WORDS.index(a)] - units[WORDS.index(b)])  # noqa: E731
    by_hand = gap("king", "queen") / 3 + gap("ship", "boat") / 2 + gap("ship", "queen") / 6
    assert distance == pytest.approx(by_hand, rel=1e-5)
    assert kv.wmdistance(one, one) == pytest.approx(0, abs=1e-9)
    assert kv.wmdistance(one, ["none"]) == float("inf")
    assert kv.wmdistance(["king"], ["queen"], norm=False) == pytest.approx(np.sqrt(2))


def test_evaluation(kv, tmp_path):
    (tmp_path / "q.txt").write_text(
        ": family\nMan King Woman Queen\nman king woman ship\nman king ox oxen\n: two\n"
    )
    score, sections = kv.evaluate_word_analogies(tmp_path / "q.txt")
    assert score == 0.5
    assert sections[0] == {
        "section": "family",
        "correct": [("MAN", "KING", "WOMAN", "QUEEN")],
        "incorrect": [("MAN", "KING", "WOMAN", "SHIP")],
    }
    assert sections[-1]["section"] == "Total accuracy"
    assert len(sections) == 3
    score, sections = kv.evaluate_word_analogies(
        tmp_path / "q.txt", case_insensitive=False, dummy4unknown=True
    )
    assert score == 0
    assert len(sections[0]["incorrect"]) == 3
    assert kv.evaluate_word_analogies(tmp_path / "q.txt", similarity_function="most_similar_cosmul")[0] == 0.5
    with pytest.raises(ConfigError, match="similarity_function"):
        kv.evaluate_word_analogies(tmp_path / "q.txt", similarity_function="other")
    (tmp_path / "p.tsv").write_text("king\tqueen\t5\nking\tman\t6\nking\tship\t1\nking\tox\t1\n")
    pearson, spearman, unknown = kv.evaluate_word_pairs(tmp_path / "p.tsv")
    assert spearman.statistic == spearman.correlation == spearman[0] == pytest.approx(1)
    assert 0.9 < pearson[0] <= 1
    assert unknown == 25
    assert kv.evaluate_word_pairs(tmp_path / "p.tsv", restrict_vocab=4)[2] == 50
    (tmp_path / "none.tsv").write_text("x\ty\t5\n")
    with pytest.raises(ValueError, match="no pair"):
        kv.evaluate_word_pairs(tmp_path / "none.tsv")
    with pytest.raises(ConfigError, match="delimiter"):
        kv.evaluate_word_pairs(tmp_path / "p.tsv", delimiter="|")


@pytest.mark.parametrize("mmap", [None, "r"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.float64])
def test_saved_and_loaded(kv, tmp_path, mmap, dtype):
    kv.vectors = kv.vectors.astype(dtype)
    kv.set_vecattr("ship", "tons", 12.5)
    kv.save(tmp_path / "v.kv")
    loaded = KeyedVectors.load(str(tmp_path / "v.kv"), mmap=mmap)
    assert loaded.vectors.dtype == dtype
    assert (loaded.vectors == kv.vectors).all()
    assert loaded.vectors.flags.writeable == (mmap is None)
    assert loaded.index_to_key == WORDS
    assert loaded.expandos["count"].tolist() == [9, 8, 7, 6, 5, 4]
    assert loaded.get_vecattr("ship", "tons") == 12.5
    assert coterie.load(tmp_path / "v.kv").words == WORDS
    assert kv.as_word_vectors().counts.tolist() == [9, 8, 7, 6, 5, 4]


def test_what_cannot_be_saved(kv, tmp_path):
    kv.set_vecattr("ship", "owner", "me")
    with pytest.raises(FormatError, match="owner"):
        kv.save(tmp_path / "v")
    with pytest.raises(FormatError, match=r"v\.kv\.gz: .*can't be compressed"):
        kv.save(tmp_path / "v.kv.gz")
    with pytest.raises(ConfigError, match="ignore"):
        kv.save(tmp_path / "v", ignore=["vectors"])
    numbered = KeyedVectors(2)
    numbered.add_vectors([7], [[1, 2]])
    with pytest.raises(FormatError, match="key 7"):
        numbered.save(tmp_path / "v")
    with pytest.raises(ConfigError, match="no strings"):
        numbered.as_word_vectors()
    with pytest.raises(ConfigError, match="mmap"):
        KeyedVectors.load(tmp_path / "v", mmap="r+")


@pytest.mark.parametrize("name", ["v.npy", "v.safetensors", "v.bin", "v.parquet"])
def test_loaded_vectors_can_be_changed_whatever_the_format(kv, tmp_path, name):
    kv.as_word_vectors().save(tmp_path / name)
    loaded = KeyedVectors.load(tmp_path / name)
    loaded.vectors[0] = 7
    assert KeyedVectors.load(tmp_path / name, mmap="r").vectors[0].tolist() == MATRIX[0].tolist()


def test_vectors_take_the_place_of_a_model_but_not_of_other_things(kv, tmp_path):
    model = coterie.Model(kv.as_word_vectors(), MATRIX, {"objective": "softmax"}, [])
    model.save(tmp_path / "m")
    kv.save(tmp_path / "m")
    assert KeyedVectors.load(tmp_path / "m").index_to_key == WORDS
    model.save(tmp_path / "n")
    (tmp_path / "n" / "notes.txt").write_text("mine")
    with pytest.raises(FormatError, match="not a regular file"):
        kv.save(tmp_path / "n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "n"]


@pytest.mark.parametrize("binary", [True, False])
def test_word2vec_files(kv, tmp_path, binary):
    kv.expandos["count"][:] = [1, 2, 3, 3, 5, 6]
    kv.save_word2vec_format(tmp_path / "v", tmp_path / "counts", binary=binary, prefix="*")
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v", tmp_path / "counts", binary=binary)
    assert loaded.index_to_key == ["*boat", "*ship", "*man", "*woman", "*queen", "*king"]
    assert loaded.expandos["count"].tolist() == [6, 5, 3, 3, 2, 1]
    assert (loaded["*king"] == MATRIX[0]).all()
    few = KeyedVectors.load_word2vec_format(
        tmp_path / "v", limit=2, datatype=np.float16
    )  # seen from the file
    assert (len(few), few.vectors.dtype) == (2, np.float16)
    kv.intersect_word2vec_format(tmp_path / "v", lockf=1.0)
    assert (kv["king"] == MATRIX[0]).all()
    other = KeyedVectors(3)
    other.add_vectors(["king", "oar"], np.ones((2, 3)))
    other.save_word2vec_format(tmp_path / "o", binary=binary)
    kv.intersect_word2vec_format(tmp_path / "o", lockf=1.0, binary=binary)
    assert kv["king"].tolist() == [1, 1, 1]
    assert "oar" not in kv
    with pytest.raises(ConfigError, match="lockf"):
        kv.intersect_word2vec_format(tmp_path / "o")


def test_word2vec_files_without_header_and_what_is_refused(kv, tmp_path):
    kv.save_word2vec_format(tmp_path / "v", write_header=False)
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v", no_header=True)
    assert loaded.index_to_key == WORDS
    assert (loaded.vectors == MATRIX).all()
    for options in ({"append": True}, {"total_vec": 9}, {"binary": True, "write_header": False}):
        with pytest.raises(ConfigError):
            kv.save_word2vec_format(tmp_path / "w", **options)
    with pytest.raises(ConfigError, match="fvocab"):
        kv.save_word2vec_format(tmp_path / "w", tmp_path / "c", sort_attr="none")
    kv["two words"] = np.ones(3)
    with pytest.raises(FormatError, match="two words"):
        kv.save_word2vec_format(tmp_path / "w", write_header=False)
    with pytest.raises(ConfigError, match="encoding"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", encoding="latin-1")
    assert not (tmp_path / "w").exists()


def test_some_of_the_vectors(kv):
    some = kv.vectors_for_all(["ship", "none", "king", "ship", 2], copy_vecattrs=True)
    assert some.index_to_key == ["ship", "king", 2]
    assert some.get_vecattr("king", "count") == 9
    assert len(kv.vectors_for_all(["ship", 2], allow_inference=False)) == 1
    assert kv.vectors_for_all([]).vectors.shape == (0, 3)
