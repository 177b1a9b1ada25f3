import tempfile
from pathlib import Path

import corpus_twin
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.config import CorpusConfig, VocabularyConfig
from coterie.corpus import Paths, encode, pieces, selection, streams
from coterie.errors import ConfigError, CorpusError, ResourceError

EVERY_WORD = VocabularyConfig(min_count=1)
DEFAULT = CorpusConfig()


def sentences_of(encoded):
    return [encoded.ids[a:b].tolist() for a, b in zip(encoded.offsets[:-1], encoded.offsets[1:], strict=True)]


def result(source, corpus=DEFAULT, vocabulary=EVERY_WORD, **options):
    with encode(source, corpus, vocabulary, **{"on_event": lambda message: None, **options}) as encoded:
        assert encoded.ids.dtype == np.uint32
        assert encoded.offsets.dtype == np.int64
        counts = np.bincount(encoded.ids, minlength=len(encoded.vocabulary))
        assert counts.tolist() == encoded.vocabulary.counts.tolist()
        return encoded.vocabulary.words, encoded.vocabulary.counts.tolist(), sentences_of(encoded)


@pytest.fixture
def tiny_blocks(monkeypatch):
    monkeypatch.setattr(streams, "BLOCK_BYTES", 7)
    monkeypatch.setattr(pieces, "BLOCK_BYTES", 7)


def test_ranks_are_by_count_then_by_first_appearance():
    words, counts, sentences = result(["b a c", "c d", "a b c"], CorpusConfig(tokenizer="whitespace"))
    assert words == ["c", "b", "a", "d"]
    assert counts == [3, 2, 2, 1]
    assert sentences == [[1, 2, 0], [0, 3], [2, 1, 0]]


def test_dropped_words_leave_their_sentences_and_emptied_sentences_go():
    with encode(["a x a", "y", "a b", "b"], vocabulary=VocabularyConfig(min_count=2)) as encoded:
        assert encoded.vocabulary.words == ["a", "b"]
        assert sentences_of(encoded) == [[0, 0], [0, 1], [1]]
        assert (encoded.n_tokens, encoded.n_sentences) == (5, 3)
        assert (encoded.raw_tokens, encoded.raw_words) == (7, 4)
        assert encoded.size >= 4 * 5 + 8 * 4


def test_a_long_sentence_is_one_sentence():
    _, _, sentences = result(["word " * 50_000])
    assert [len(sentence) for sentence in sentences] == [50_000]


def test_a_line_longer_than_a_block_is_one_sentence(tmp_path, tiny_blocks):
    path = tmp_path / "a.txt"
    path.write_text("one two three four five six seven\n\neight nine ten\r\neleven")
    for tokenizer in (None, str.split):
        words, _, sentences = result(path, CorpusConfig(tokenizer="whitespace"), tokenizer=tokenizer)
        assert [[words[i] for i in sentence] for sentence in sentences] == [
            ["one", "two", "three", "four", "five", "six", "seven"],
            ["eight", "nine", "ten"],
            ["eleven"],
        ]


def test_a_text_ending_amid_a_cut_line_is_complete(tmp_path, tiny_blocks):
    (tmp_path / "a.txt").write_text("aa bb cc ")
    (tmp_path / "b.txt").write_text("dd")
    words, _, sentences = result(tmp_path)
    assert (words, sentences) == (["aa", "bb", "cc", "dd"], [[0, 1, 2], [3]])


_TOKENS = st.text("abAB.'éΣ \t\u00a0", max_size=12)
_TEXTS = st.lists(_TOKENS, max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    texts=_TEXTS,
    tokenizer=st.sampled_from(["words", "whitespace"]),
    min_count=st.integers(1, 3),
    most=st.none() | st.integers(1, 4),
    keep=st.lists(st.sampled_from(["a", "b", "ab", "zz"]), max_size=2),
    explicit=st.none() | st.lists(st.sampled_from(["a", "b", "é", "aa", "zz"]), min_size=1, max_size=4),
    end=st.sampled_from(["", "\n", "\r\n"]),
    block=st.integers(1, 30),
    memory=st.sampled_from([1, 600, 1 << 20]),
    workers=st.integers(1, 3),
)
def test_encoding_agrees_with_the_slow_twin(
    texts, tokenizer, min_count, most, keep, explicit, end, block, memory, workers
):
    split = corpus_twin.words if tokenizer == "words" else corpus_twin.whitespace
    vocabulary = VocabularyConfig(
        min_count=min_count, max_vocab_size=most, keep_words=tuple(keep), words=explicit
    )
    expected = corpus_twin.encode([split(text) for text in texts], min_count, most, explicit, keep)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "BLOCK_BYTES", block)
        patch.setattr("coterie.corpus.encoding._GROUP_TOKENS", 3)
        patch.setattr("coterie.corpus.counting._LEAST_MERGED", 2)
        patch.setattr("coterie.corpus.counting._PARTS", 5)
        path = Path(folder, "text.txt")
        path.write_bytes(("\n".join(texts) + end).encode())
        options = {"memory_limit": memory, "workers": workers}
        if not path.stat().st_size or not expected[0]:
            with pytest.raises(CorpusError):
                result(path, CorpusConfig(tokenizer=tokenizer), vocabulary, **options)
            return
        assert result(path, CorpusConfig(tokenizer=tokenizer), vocabulary, **options) == expected


@pytest.mark.parametrize("most", [None, 300])
def test_spilling_and_workers_change_nothing(tmp_path, monkeypatch, most):
    random = np.random.default_rng(5)
    path = tmp_path / "many.txt"
    ids = random.zipf(1.3, 60_000) % 5_000
    path.write_text("\n".join(" ".join(f"w{i}" for i in line) for line in ids.reshape(-1, 30)))
    monkeypatch.setattr(streams, "BLOCK_BYTES", 20_000)
    monkeypatch.setattr("coterie.corpus.encoding._GROUP_TOKENS", 5_000)
    monkeypatch.setattr("coterie.corpus.selection._LEAST_PRUNED", 100)
    vocabulary = VocabularyConfig(min_count=2, max_vocab_size=most, keep_words=("w4999",))
    plain = result(path, vocabulary=vocabulary)
    spilled = result(path, vocabulary=vocabulary, memory_limit=50_000)
    assert spilled == plain
    assert result(path, vocabulary=vocabulary, memory_limit=50_000, workers=3) == plain
    assert most is None or len(plain[0]) in (most, most + 1)


def test_token_lists_are_taken_as_they_are():
    words, _, sentences = result([["New York", "is"], [], ("Big", "", "is")])
    assert words == ["is", "New York", "Big"]
    assert sentences == [[1, 0], [2, 0]]


def test_token_lists_are_lowercased_only_when_asked():
    assert result([["A", "a"]], CorpusConfig(lowercase="unicode"))[0] == ["a"]
    assert result([["A", "a"]], CorpusConfig(tokenizer="whitespace", lowercase="unicode"))[0] == ["a"]


def test_lowercase_is_an_option_of_every_tokenizer():
    assert result(["Aa aA"], CorpusConfig(tokenizer="whitespace"))[0] == ["Aa", "aA"]
    assert result(["Aa aA I"], CorpusConfig(tokenizer="whitespace", lowercase="turkish"))[0] == ["aa", "ı"]
    assert result(["Aa aA"], CorpusConfig(lowercase="none"))[0] == ["Aa", "aA"]
    assert result(["Aa aA"], CorpusConfig(lowercase="unicode"), tokenizer=str.split)[0] == ["aa"]


def test_a_generator_is_gone_through_once():
    calls = []

    def texts():
        for text in ("a b", "b\nc"):
            calls.append(text)
            yield text

    assert result(texts()) == (["b", "a", "c"], [2, 1, 1], [[1, 0], [0], [2]])
    assert calls == ["a b", "b\nc"]


def test_an_open_file_is_an_iterable_of_strings(tmp_path):
    (tmp_path / "a").write_text("a b\nb\n")
    with (tmp_path / "a").open() as file:
        assert result(file)[2] == [[1, 0], [0]]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (["a b", ["a"]], r"item 2 \(counting from 1\) is a token list, but the items before it are strings"),
        ([["a"], "a b"], r"item 2 \(counting from 1\) is a string, but the items before it are token lists"),
        ([["a"], ["b", 3]], r"item 2 .* holds a token that is int \(3\)"),
        ([["a"], [b"b"]], "item 2 .* holds a token that is bytes"),
        ([b"bytes"], "item 1 .* is bytes; decode it"),
        ([{"text": "a"}], r"item 1 .* is dict; take the text out of it"),
        ([None], "item 1 .* is NoneType"),
        (["fine", "\ud800"], "item 2: half of a surrogate pair"),
        ([["fine"], ["\ud800"]], "item 2: half of a surrogate pair"),
        ([], "the iterable: there are no words in it"),
        (["", " -- "], "the iterable: there are no words in it"),
        ([[], []], "the iterable: there are no words in it"),
        (b"text", "the source is bytes"),
        (3, "the source is int"),
        ([Path("a"), "b"], "mixes paths with str"),
    ],
)
def test_what_an_iterable_must_not_hold(source, message):
    with pytest.raises(CorpusError, match=message):
        result(source)


def test_an_exhausted_generator_is_named_in_the_error():
    texts = iter(["a b"])
    result(texts)
    with pytest.raises(CorpusError, match="gone through before"):
        result(texts)


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        (lambda text: text, "item 1 or later: the tokenizer returned a string"),
        (lambda text: None, "the tokenizer returned NoneType"),
        (lambda text: [1], r"the tokenizer returned a token that is int \(1\)"),
        (lambda text: b"a", "the tokenizer returned bytes"),
    ],
)
def test_what_a_tokenizer_must_not_return(tokenizer, message):
    with pytest.raises(CorpusError, match=message):
        result(["some text"], tokenizer=tokenizer)


def test_a_tokenizer_sees_each_sentence_once(tmp_path):
    seen = []
    (tmp_path / "a.txt").write_bytes(b"Eins zwei\r\n\n \ndrei")

    def tokenizer(text):
        seen.append(text)
        return iter([*text.split(), ""])

    assert result(tmp_path / "a.txt", tokenizer=tokenizer, workers=2)[0] == ["Eins", "zwei", "drei"]
    assert seen == ["Eins zwei", "drei"]


def test_an_error_in_a_tokenizer_says_where(tmp_path):
    (tmp_path / "a.txt").write_text("fine\nbad")
    with pytest.raises(ZeroDivisionError) as caught:
        result(tmp_path / "a.txt", tokenizer=lambda text: [text] * (1 // (text != "bad")))
    assert "a.txt, line 2" in caught.value.__notes__[0]


def test_unknown_names_and_wrong_numbers_are_config_errors():
    with pytest.raises(ConfigError, match="tokenizer is 'word'; choose one of words, whitespace"):
        encode(["a"], CorpusConfig(tokenizer="word"))
    with pytest.raises(ConfigError, match="workers is 0"):
        encode(["a"], workers=0)
    with pytest.raises(ConfigError, match="pass a callable"):
        encode(["a"], tokenizer="words")


def test_all_words_below_min_count_name_the_most_frequent():
    with pytest.raises(
        CorpusError, match=r"no word occurs 5 times \(min_count\); the most frequent, 'b', occurs 3 times"
    ):
        encode(["a b b", "b a"])


def test_words_that_the_text_lacks_are_reported():
    messages = []
    vocabulary = VocabularyConfig(words=("b", "Paris"), keep_words=("zz",))
    words, counts, _ = result(["a b b", "b a"], vocabulary=vocabulary, on_event=messages.append)
    assert (words, counts) == (["b"], [3])
    assert messages == [
        "words holds 1 that do not occur in the text and are left out: 'Paris'",
        "keep_words holds 1 that do not occur in the text and are left out: 'zz'",
    ]
    with pytest.warns(UserWarning, match="'Paris'"):
        encode(["b"], vocabulary=VocabularyConfig(words=("b", "Paris"))).close()
    with pytest.raises(CorpusError, match=r"none of the 1 words of the vocabulary \('Paris'\) occurs"):
        encode(["b"], vocabulary=VocabularyConfig(words=("Paris",)))


def test_keep_words_come_beside_what_the_limits_keep():
    texts = ["a a a b b c"]
    assert result(texts, vocabulary=VocabularyConfig(min_count=2, keep_words=("c",)))[0] == ["a", "b", "c"]
    assert result(texts, vocabulary=VocabularyConfig(min_count=1, max_vocab_size=1, keep_words=("c",)))[
        0
    ] == ["a", "c"]
    assert result(texts, vocabulary=VocabularyConfig(max_vocab_size=1, words=("b", "c")))[0] == ["b"]


def test_progress_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK_BYTES", 100)
    path = tmp_path / "a.txt"
    path.write_text("some words\n" * 100)
    steps = []
    result(Paths([path]), progress=steps.append)
    assert steps[-1].tokens == 200
    assert steps[-1].distinct_words == 2
    assert steps[-1].bytes_total == 1100
    assert [step.bytes_done for step in steps] == sorted(step.bytes_done for step in steps)
    assert steps[-1].bytes_done == 1100
    result(["a"], progress=steps.append)
    assert steps[-1].bytes_total is None


def test_a_closed_temporary_corpus_leaves_nothing():
    with encode(["a b"], vocabulary=EVERY_WORD) as encoded:
        folder = encoded.path
        assert folder.is_dir()
    assert not folder.exists()
    forgotten = encode(["a b"], vocabulary=EVERY_WORD)
    folder = forgotten.path
    del forgotten
    assert not folder.exists()


def test_equal_contents_have_equal_fingerprints():
    with (
        encode(["a b"], vocabulary=EVERY_WORD) as one,
        encode([["a", "b"]], vocabulary=EVERY_WORD) as same,
        encode(["a c"], vocabulary=EVERY_WORD) as other,
    ):
        assert one.fingerprint == same.fingerprint != other.fingerprint
        assert "2 tokens, 1 sentences, 2 words" in repr(one)


@pytest.mark.parametrize("memory_limit", [512 << 20, 50_000])
def test_more_words_than_can_be_trained_are_refused(memory_limit, monkeypatch):
    """Those that spilled as well, before all of them are gathered."""
    monkeypatch.setattr(selection, "_LEAST_REFUSED", 0)
    texts = [[f"w{i}" for i in range(start, start + 1000)] for start in range(0, 20_000, 1000)]
    options = {"vocabulary": VocabularyConfig(min_count=1), "memory_limit": memory_limit}
    with pytest.raises(
        ResourceError, match=r"and more are kept, and at most 19,999 can be trained\. Set max_"
    ):
        encode(texts, most_words=19_999, **options)
    encode(texts, most_words=20_000, **options).close()
    few = VocabularyConfig(min_count=1, max_vocab_size=100)
    encode(texts, most_words=100, **{**options, "vocabulary": few}).close()
