"""Word pairs with scores: every form of file, the numbers of gensim and SciPy."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pytest

from coterie.errors import ConfigError, FormatError
from coterie.evaluation import SimilaritySet, evaluate_similarity, read_similarity
from coterie.vectors import WordVectors

PAIRS = (("old", "new"), ("smart", "intelligent"), ("hard", "difficult"))
SCORES = (1.58, 9.2, -8.77)
FORMS = {
    "tabs": "old\tnew\t1.58\nsmart\tintelligent\t9.2\nhard\tdifficult\t-8.77\n",
    "a header and comments": "# from a paper\nword1\tword2\tmean\nold\tnew\t1.58\n\n#more\n"
    "smart\tintelligent\t9.2\nhard\tdifficult\t-8.77\n",
    "commas and quotes": '"Word 1","Word 2","Human (mean)"\n"old","new",1.58\n'
    '"smart", "intelligent", "9.2"\nhard,difficult,-8.77\n',
    "semicolons": "old;new;1.58\nsmart;intelligent;9.2\nhard;difficult;-8.77",
    "blanks": "old new 1.58\nsmart   intelligent 9.2\r\nhard difficult -877e-2\n",
    "other columns": "word1\tword2\tPOS\tSimLex\tconc\nold\tnew\tA\t1.58\t2.7\n"
    "smart\tintelligent\tA\t9.2\t1.7\nhard\tdifficult\tA\t-8.77\t3\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_forms_of_files(tmp_path, text):
    path = tmp_path / "pairs"
    path.write_text(text, encoding="utf-8-sig")
    assert read_similarity(path) == SimilaritySet("pairs", PAIRS, SCORES)


def test_words_of_several_parts_and_lone_quotation_marks(tmp_path):
    path = tmp_path / "pairs"
    path.write_text('"New York, NY","a ""b""",3\nx,y,4\n')
    assert read_similarity(path).pairs == (("New York, NY", 'a "b"'), ("x", "y"))
    path.write_text('"\tnew york\t3\n"x"\ty\t4\n')
    assert read_similarity(path).pairs == (('"', "new york"), ("x", "y"))


def test_one_line_and_no_header(tmp_path):
    path = tmp_path / "pairs"
    path.write_text("a b 3\n")
    assert read_similarity(path).scores == (3.0,)


def test_the_column_of_the_score(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("one,other,mean,rater 1\na,b,3,1\nc,d,5,2\n")
    assert read_similarity(path).scores == (3.0, 5.0)
    assert read_similarity(path, score_column=4).scores == (1.0, 2.0)
    assert read_similarity(path, score_column="rater 1").scores == (1.0, 2.0)
    with pytest.raises(ConfigError, match=r"score_column is 'median'; .*\['mean', 'rater 1'\]"):
        read_similarity(path, score_column="median")
    for wrong in (2, 5):
        with pytest.raises(ConfigError, match=f"score_column is {wrong}; .*columns 3 to 4"):
            read_similarity(path, score_column=wrong)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no pairs"),
        ("# nothing\n", "holds no pairs"),
        ("word1\tword2\tmean\n", "line 1: expected two words and a score, found no number in \\['mean'\\]"),
        ("a b\n", "line 1: expected two words and a score"),
        ("a\tb\t3\nc\td\n", "line 2: expected two words and a score, found 'c"),
        ("a\tb\t3\nc\td\t4\ne\tf\tmany\n", "line 3: expected two words and, in column 3, a finite number"),
        ("a\tb\t3\nc\td\t4\ne\tf\tnan\n", "line 3: .*finite"),
        ("a\tb\t3\nc\td\t4\n\te\t4\t5\n", "line 3"),
        ("a,b,3\nc,d,x\n", "line 2: .*no number in \\['x'\\]"),
        ('a,b,3\n"c,d,4\n', "line 2: broken quotes"),
    ],
)
def test_a_damaged_file_is_an_error_with_its_place(tmp_path, text, message):
    path = tmp_path / "pairs.tsv"
    path.write_text(text)
    with pytest.raises(FormatError, match=message) as caught:
        read_similarity(path)
    assert "pairs.tsv" in str(caught.value)


def test_a_folder_or_nothing(tmp_path):
    with pytest.raises(FormatError, match="is a folder; name a file in it"):
        read_similarity(tmp_path)
    with pytest.raises(FormatError, match="does not exist"):
        read_similarity(tmp_path / "none.tsv")


def test_a_set_may_be_compressed(tmp_path):
    path = tmp_path / "pairs.tsv.zst"
    path.write_bytes(pa.compress(FORMS["tabs"].encode(), codec="zstd", asbytes=True))
    assert read_similarity(path).pairs == PAIRS


@pytest.fixture(scope="module")
def words():
    return [f"w{i}" for i in range(40)] + [f"W{i}" for i in range(5, 15)]


@pytest.fixture(scope="module")
def vectors(words):
    return WordVectors(words, np.random.default_rng(5).normal(size=(len(words), 6)).astype(np.float32))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Pairs with equal scores, in several letter cases, twice, and with unknown words."""
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    pairs = [(f"w{i}", f"W{(7 * i + 3) % 40}", i % 6) for i in range(40)]
    lines = [f"{a}\t{b}\t{score}" for a, b, score in [*pairs, *pairs[:4], ("w1", "no", 3), ("no", "such", 2)]]
    path.write_text("# one\tother\tscore\n" + "\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"case_insensitive": False},
        {"restrict_vocab": 25},
        {"dummy4unknown": True},
        {"dummy4unknown": True, "restrict_vocab": 45, "case_insensitive": False},
    ],
)
def test_correlations_are_gensims(words, vectors, file, options):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    theirs = keyedvectors.KeyedVectors(vectors.vector_size)
    theirs.add_vectors(words, vectors.matrix)
    pearson, spearman, unknown = theirs.evaluate_word_pairs(str(file), **options)
    result = evaluate_similarity(vectors, read_similarity(file), **options)
    found = (result.pearson, result.pearson_p, result.spearman, result.spearman_p)
    assert found == pytest.approx((*pearson, *spearman), abs=1e-6)
    assert 100 * (1 - result.coverage) == pytest.approx(unknown)
    assert result.pairs == 46 - (0 if options.get("dummy4unknown") else result.out_of_vocabulary)


def test_cosines_stand_beside_their_pairs(vectors, file):
    judged = read_similarity(file)
    result = evaluate_similarity(vectors, judged)
    for (a, b), cosine in zip(judged.pairs, result.cosines, strict=True):
        if b in ("no", "such"):
            assert math.isnan(cosine)
        else:
            assert cosine == pytest.approx(vectors.similarity(a, b.lower()), abs=1e-6)
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert (told["name"], told["pairs"], told["out_of_vocabulary"]) == ("pairs.tsv", 44, 2)


@pytest.mark.parametrize(
    "pairs", [[("w1", "w2")] * 2, [("no", "such")] * 5, [("w1", "w2"), ("w2", "w3"), ("w3", "w4")]]
)
def test_too_few_or_all_the_same_has_no_correlation(vectors, pairs):
    judged = SimilaritySet("few", tuple(pairs), (1.0,) * len(pairs))
    result = evaluate_similarity(vectors, judged)
    assert math.isnan(result.spearman)
    assert result.to_dict()["pearson_p"] is None


def test_nearly_constant_cosines_are_no_warning():
    of = WordVectors(["a", "b", "c", "d"], np.array([[1, 0], [1, 1e-7], [1, 2e-7], [1, 4e-4]], np.float32))
    judged = SimilaritySet("close", (("a", "b"), ("a", "c"), ("a", "d")), (3.0, 2.0, 1.0))
    assert -1 <= evaluate_similarity(of, judged).spearman <= 1


def test_a_path_is_to_be_read_first(vectors):
    with pytest.raises(ConfigError, match=r"read_similarity\('pairs.tsv'\)"):
        evaluate_similarity(vectors, "pairs.tsv")


def test_the_sets_of_an_installed_gensim():
    pytest.importorskip("gensim")
    assert len(read_similarity("gensim:wordsim353.tsv")) == 353
    assert len(read_similarity("gensim:simlex999.txt")) == 999


def test_an_empty_set_has_no_coverage(vectors):
    told = evaluate_similarity(vectors, SimilaritySet("empty", (), ()))
    assert math.isnan(told.coverage)
    assert json.loads(json.dumps(told.to_dict(), allow_nan=False))["coverage"] is None
