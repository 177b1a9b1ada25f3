"""Phrases learned and joined on ids, against the slow twin on words."""

from collections import Counter
from itertools import pairwise

import corpus_twin
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.config import CorpusConfig, PhraseConfig, VocabularyConfig
from coterie.corpus import CacheConfig, EncodedCorpus, encode, list_caches, read_phrase_file, write_text
from coterie.corpus.joining import PhraseTree, leftmost
from coterie.corpus.pair_counting import PairCounter, pairs_of
from coterie.corpus.phrase_learning import scores
from coterie.errors import ConfigError, CorpusError, FormatError
from coterie.phrases import PhraseModel
from reference import phrases as twin

EVERY_WORD = VocabularyConfig(min_count=1)


def sentences_of(encoded):
    words, offsets = encoded.vocabulary.words, encoded.offsets.tolist()
    return [[words[i] for i in encoded.ids[a:b]] for a, b in pairwise(offsets)]


def passes_of(model):
    return [{phrase.words: (phrase.count, phrase.score) for phrase in phrases} for phrases in model.passes]


def ignore(message):
    pass


_SENTENCES = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "d", "rare", "a_b", "b_c_d"]), min_size=1, max_size=9),
    min_size=1,
    max_size=12,
)
_KNOWN = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "zz"]), min_size=2, max_size=4).map(tuple),
    max_size=3,
    unique=True,
)


def learned(sentences, config, vocabulary=EVERY_WORD, **options):
    return encode(sentences, CorpusConfig(), vocabulary, phrases=config, on_event=ignore, **options)


def test_words_that_are_independent_of_each_other_score_exactly_zero():
    config = PhraseConfig(phrases=1, phrase_scoring="npmi", phrase_threshold=0)
    counts = [np.array([number]) for number in (9, 45, 13)]  # 9/65 = 45/65 · 13/65
    assert scores(config, *counts, tokens=65).tolist() == [0.0]
    large = [np.array([number * 10**9]) for number in (9, 45, 13)]
    assert scores(config, *large, tokens=65 * 10**9).tolist() == [0.0]


@pytest.fixture
def tiny_chunks(monkeypatch):
    monkeypatch.setattr("coterie.corpus.rewriting.CHUNK", 3)
    monkeypatch.setattr("coterie.corpus.joining.CHUNK", 3)
    monkeypatch.setattr("coterie.corpus.phrase_learning.CHUNK", 3)
    monkeypatch.setattr("coterie.corpus.phrase_learning._LONGEST_STRETCH", 4)


@settings(max_examples=300, deadline=None)
@given(
    sentences=_SENTENCES,
    passes=st.integers(0, 3),
    pair_count=st.integers(1, 3),
    scoring=st.sampled_from(["paper", "npmi"]),
    level=st.sampled_from([0, 0.1237, 0.7331]),
    discount=st.sampled_from([None, 0, 0.5]),
    known=_KNOWN,
    min_count=st.integers(1, 3),
    most=st.none() | st.integers(1, 4),
    keep=st.sampled_from([(), ("a_b",), ("c", "c_d")]),
    chunk=st.integers(1, 20),
)
def test_joining_agrees_with_the_slow_twin(
    sentences, passes, pair_count, scoring, level, discount, known, min_count, most, keep, chunk
):
    discount = None if scoring == "npmi" or not passes else discount
    options = {"phrase_min_count": pair_count, "phrase_scoring": scoring, "phrase_threshold": level}
    config = PhraseConfig(
        phrases=passes, known_phrases=known, phrase_discount=discount, **(options if passes else {})
    )
    vocabulary = VocabularyConfig(min_count=min_count, max_vocab_size=most, keep_words=keep)
    found, joined = twin.learn(sentences, pair_count, [level] * passes, known, scoring, discount)
    expected = corpus_twin.encode(joined, min_count, most, None, keep)
    with pytest.MonkeyPatch.context() as patch:
        for module in ("rewriting", "joining", "phrase_learning"):
            patch.setattr(f"coterie.corpus.{module}.CHUNK", chunk)
        patch.setattr("coterie.corpus.phrase_learning._LONGEST_STRETCH", chunk)
        if not expected[0]:
            with pytest.raises(CorpusError):
                learned(sentences, config, vocabulary)
            return
        with learned(sentences, config, vocabulary) as encoded:
            words = expected[0]
            assert encoded.vocabulary.words == words
            assert encoded.vocabulary.counts.tolist() == expected[1]
            assert sentences_of(encoded) == [[words[i] for i in sentence] for sentence in expected[2]]
            assert encoded.raw_tokens == sum(map(len, joined))
            assert encoded.raw_words == len({word for sentence in joined for word in sentence})
            if not config:
                assert encoded.phrases is None
                return
            got = passes_of(encoded.phrases)
            assert [set(phrases) for phrases in got] == [set(phrases) for phrases in found]
            for mine, theirs in zip(got, found, strict=True):
                for pair, (times, score) in theirs.items():
                    assert mine[pair][0] == times
                    assert mine[pair][1] == (None if score is None else pytest.approx(score))


@settings(max_examples=100, deadline=None)
@given(sentences=_SENTENCES, known=_KNOWN, fresh=_SENTENCES, delimiter=st.sampled_from(["_", "+", "a"]))
def test_saved_and_loaded_phrases_join_new_text_as_in_training(
    tmp_path_factory, sentences, known, fresh, delimiter
):
    config = PhraseConfig(
        phrases=2,
        phrase_min_count=1,
        phrase_discount=0,
        phrase_threshold=0.9,
        phrase_delimiter=delimiter,
        known_phrases=known,
    )
    path = tmp_path_factory.mktemp("phrases") / "some.phrases"
    with learned(sentences, config) as encoded:
        encoded.phrases.save(path)
        model = PhraseModel.load(path)
        assert model == encoded.phrases
        assert [model.join(sentence) for sentence in sentences] == sentences_of(encoded)
    expected = [model.join(sentence) for sentence in fresh]
    for vocabulary in (EVERY_WORD, VocabularyConfig(words=["a", "b", "c", "d", "a_b", f"a{delimiter}b"])):
        known_words = vocabulary.words or {word for sentence in expected for word in sentence}
        kept = [[word for word in sentence if word in known_words] for sentence in expected]
        if not any(kept):
            continue
        with encode(fresh, CorpusConfig(), vocabulary, phrase_model=model, on_event=ignore) as encoded:
            assert sentences_of(encoded) == [sentence for sentence in kept if sentence]
            assert encoded.phrases == model


def test_a_rare_word_and_a_sentence_end_keep_neighbours_apart():
    apart = [["new", f"rare{i}", "york"] for i in range(20)] + [["new"], ["york"]] * 20
    config = PhraseConfig(phrases=1, phrase_threshold=0)
    with learned(apart, config, VocabularyConfig(min_count=5)) as encoded:
        assert len(encoded.phrases) == 0
        assert encoded.vocabulary.words == ["new", "york"]
        assert sentences_of(encoded)[0] == ["new", "york"]  # dropped only after phrases were sought
    with learned([*apart, *[["new", "york"]] * 9], config, VocabularyConfig(min_count=5)) as encoded:
        assert encoded.vocabulary.words == ["new", "york", "new_york"]
        assert encoded.vocabulary.counts.tolist() == [40, 40, 9]


def test_a_joined_word_that_the_text_has_is_the_same_word():
    sentences = [["in", "rare", "new", "york"]] * 9 + [["the", "new_york", "times"]] * 2
    sentences = [[word.replace("rare", f"rare{i}") for word in s] for i, s in enumerate(sentences)]
    # Seen twice, the word as written is below both minima; the joined ones lift it above.
    for config in (
        PhraseConfig(known_phrases=["new york"]),
        PhraseConfig(phrases=1, phrase_threshold=1, phrase_discount=0),
    ):
        with learned(sentences, config, VocabularyConfig(min_count=5)) as encoded:
            counts = dict(zip(encoded.vocabulary.words, encoded.vocabulary.counts.tolist(), strict=True))
        assert counts == {"new_york": 11, "in": 9}


def test_the_longest_known_phrase_wins_and_learning_goes_on_from_it(tiny_chunks):
    sentences = [["new", "york", "city", "hall", "x"], ["new", "york", "times", "y"]] * 6
    known = ["new york", "new york city", "york times", "never seen"]
    messages = []
    config = PhraseConfig(phrases=1, phrase_threshold=1, phrase_discount=0, known_phrases=known)
    with encode(sentences, vocabulary=EVERY_WORD, phrases=config, on_event=messages.append) as encoded:
        assert sentences_of(encoded)[:2] == [["new_york_city_hall", "x"], ["new_york_times", "y"]]
        assert len(encoded.phrases.passes[0]) == 4
        assert [phrase.count for phrase in encoded.phrases.passes[0]] == [6, 6, 0, 0]
    assert "known_phrases holds 2 that are nowhere joined in the text: 'york times', 'never seen'" in messages


def test_a_long_sentence_is_joined_across_chunks(tiny_chunks):
    sentence = ["a", "b", "c"] * 40
    config = PhraseConfig(known_phrases=["b c a b c"])
    with learned([sentence, ["b", "c"]], config) as encoded:
        assert sentences_of(encoded) == [twin.join(sentence, [("b", "c", "a", "b", "c")])[0], ["b", "c"]]


@settings(max_examples=300, deadline=None)
@given(
    stretches=st.lists(st.lists(st.integers(0, 60), max_size=40), max_size=12),
    limit=st.integers(1, 12),
)
def test_pair_counts_are_bounded_in_number_and_in_error(stretches, limit):
    counter, exact = PairCounter(limit), Counter()
    for stretch in stretches:
        counter.add(np.array(stretch, np.uint64))
        exact.update(stretch)
        assert len(counter.pairs) <= limit
        assert (np.diff(counter.pairs.astype(np.int64)) > 0).all()
    counted = dict(zip(counter.pairs.tolist(), counter.counts.tolist(), strict=True))
    for pair, times in exact.items():
        assert times - counter.undercount <= counted.get(pair, 0) <= times
    if len(exact) <= limit:
        assert counter.undercount == 0
        assert counted == exact


def test_many_distinct_pairs_stay_within_the_memory_limit(monkeypatch):
    sizes = []
    add = PairCounter.add

    def watched(self, pairs):
        add(self, pairs)
        sizes.append((len(self.pairs), self.limit))

    monkeypatch.setattr(PairCounter, "add", watched)
    random = np.random.default_rng(3)
    sentences = [[f"w{i}" for i in random.integers(0, 300, 50)] for _ in range(1000)]
    sentences += [["los", "angeles"]] * 100
    config = PhraseConfig(phrases=1, phrase_threshold=10, phrase_min_count=2)
    messages = []
    limit = 64 * 1000
    with encode(
        sentences, vocabulary=EVERY_WORD, phrases=config, memory_limit=limit, on_event=messages.append
    ) as encoded:
        model = encoded.phrases
    assert len(sizes) > 10
    assert all(size <= limit == 1000 for size, limit in sizes)
    assert model.undercount > 0
    exact = twin.find(sentences, 2, 10)
    for phrase in model:
        assert exact[phrase.words][0] - model.undercount <= phrase.count <= exact[phrase.words][0]
    assert all(phrase in passes_of(model)[1] for phrase, (n, _) in exact.items() if n > 2 * model.undercount)
    assert any("Raise memory_limit" in message for message in messages)


def test_pairs_never_cross_the_start_of_a_sentence():
    ids = np.array([1, 2, 3, 1], np.uint32)
    packed = pairs_of(ids, np.array([2]), np.ones(4, np.bool_))
    assert [(int(pair) >> 32, int(pair) & 0xFFFFFFFF) for pair in packed] == [(1, 2), (3, 1)]


def test_the_tree_finds_the_longest_within_a_sentence():
    tree = PhraseTree([[1, 2], [1, 2, 3], [2, 2]], 5)
    ids = np.array([1, 2, 3, 1, 2, 2, 1, 2], np.uint32)
    positions, lengths, which = tree.find(ids, np.array([5]), len(ids))
    assert positions.tolist() == [0, 3, 6]
    assert lengths.tolist() == [3, 2, 2]
    assert which.tolist() == [1, 0, 0]
    assert leftmost(positions, lengths).tolist() == [0, 1, 2]
    assert len(tree.find(np.zeros(0, np.uint32), np.zeros(0, np.int64), 0)[0]) == 0


@pytest.mark.parametrize("scoring", ["default", "npmi"])
def test_gensim_finds_the_same_phrases(scoring):
    models = pytest.importorskip("gensim.models.phrases")
    random = np.random.default_rng(8)
    theme = [["the", "new", "york", "times"], ["ice", "cream"], ["of", "the"], ["los", "angeles"]]
    sentences = [
        [word for k in random.integers(0, 40, 12) for word in (theme[k] if k < 4 else [f"w{k}"])]
        for _ in range(400)
    ]
    tokens = sum(map(len, sentences))
    threshold = 0.4 if scoring == "npmi" else 3.0
    gensim = models.Phrases(sentences, min_count=5, threshold=threshold, scoring=scoring)
    # gensim scales by the words and pairs it has seen, the authors' program by the tokens.
    ours = threshold if scoring == "npmi" else threshold * tokens / len(gensim.vocab)
    config = PhraseConfig(
        phrases=1, phrase_threshold=ours, phrase_scoring="npmi" if scoring == "npmi" else "paper"
    )
    with learned(sentences, config) as encoded:
        assert {encoded.phrases.joined(phrase) for phrase in encoded.phrases} == set(gensim.export_phrases())
        assert sentences_of(encoded) == [gensim[sentence] for sentence in sentences]


def test_the_cache_knows_the_phrase_settings(tmp_path):
    path, cache = tmp_path / "text.txt", CacheConfig(tmp_path / "cache")
    path.write_text("".join(f"in a{i} new york\nold b{i} york\n" for i in range(20)))

    def run(phrases=PhraseConfig(), **options):  # noqa: B008 - frozen
        with encode(path, phrases=phrases, cache=cache, on_event=ignore, **options) as encoded:
            return encoded.from_cache, encoded.vocabulary.words, encoded.phrases

    plain = run()
    first = run(PhraseConfig(phrases=1, phrase_threshold=1))
    assert "new_york" in first[1]
    assert plain[2] is None
    other = run(PhraseConfig(phrases=1, phrase_threshold=5000))
    assert (other[0], len(other[2])) == (False, 0)
    again = run(PhraseConfig(phrases=1, phrase_threshold=1))
    assert again == (True, *first[1:])
    assert run()[0] is True
    assert run(PhraseConfig(phrases=1, phrase_threshold=1), memory_limit=1 << 20)[0] is False
    assert run(PhraseConfig(known_phrases=["new york"]))[0] is False
    assert run(PhraseConfig(known_phrases=["new york"]), memory_limit=1 << 20)[0] is True
    assert run(phrase_model=first[2])[:2] == (False, first[1])
    assert run(phrase_model=first[2])[0] is True
    assert run(phrase_model=other[2])[0] is False
    assert len(list_caches(cache.directory)) == 7


def test_damaged_phrases_of_a_cache_are_noticed(tmp_path):
    path, cache = tmp_path / "text.txt", CacheConfig(tmp_path / "cache")
    path.write_text("in new york\n" * 9)
    options = {"phrases": PhraseConfig(phrases=1, phrase_threshold=0), "cache": cache, "on_event": ignore}
    with encode(path, **options) as encoded:
        folder, size = encoded.path, encoded.size
    assert size == sum(file.stat().st_size for file in folder.iterdir())
    damaged = folder / "phrases.jsonl"
    damaged.write_bytes(damaged.read_bytes().replace(b"york", b"ymrk"))
    with pytest.raises(FormatError, match=r"phrases\.jsonl"):
        EncodedCorpus(folder)
    with encode(path, **options) as encoded:
        assert not encoded.from_cache


def test_a_model_and_learning_exclude_each_other():
    model = PhraseModel([])
    for config, option in (
        (PhraseConfig(phrases=2), "phrases is 2"),
        (PhraseConfig(known_phrases=["a b"]), "known_phrases is"),
    ):
        with pytest.raises(ConfigError, match=f"{option}.*phrase_model"):
            encode([["a"]], phrases=config, phrase_model=model)


def test_text_is_written_a_sentence_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr("coterie.corpus.written._SENTENCES", 2)
    monkeypatch.setattr("coterie.corpus.written._TOKENS", 3)
    sentences = [list("abcdefg"), ["a"], list("abc"), ["é", "b"], list("abcd")]
    with encode(sentences, vocabulary=EVERY_WORD) as encoded:
        write_text(encoded, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text("utf-8") == "".join(" ".join(s) + "\n" for s in sentences)


def test_a_phrase_file(tmp_path):
    path = tmp_path / "known.txt"
    path.write_bytes("\ufeffnew  york\r\n\nice\tcream\nnew york\n".encode())
    assert read_phrase_file(path) == [("new", "york"), ("ice", "cream")]
    for content, where in (
        (b"new york\nparis\n", "line 2: 'paris'"),
        (b"a b\n\xff c\n", "line 2"),
        (b"\n", "no"),
    ):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=where):
            read_phrase_file(path)
    with pytest.raises(FormatError, match="no such file"):
        read_phrase_file(tmp_path / "nothing")
