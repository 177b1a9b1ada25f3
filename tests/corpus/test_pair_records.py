"""Pairs and weights: the same from every kind of source, and what a text must not hold instead."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.config import CorpusConfig, VocabularyConfig
from coterie.corpus import encode
from coterie.errors import ConfigError, CorpusError

ROWS = [("New York", "sea", 2.0), ("ship", "sea", 0.5), ("ship", "12", 0.0), ("12", "New York", 3.25)] * 3
EVERY_WORD = VocabularyConfig(min_count=1)


def written(path, rows=ROWS):
    """Write rows of input, output and weight, in the form that the file's name tells."""
    name, lines = path.name, [[str(part) for part in row] for row in rows]
    header = ["input", "output", "weight"]
    match name.split(".")[1]:
        case "txt":
            text = "# comment\n" + "\n".join("  ".join(row).replace("New York", "New_York") for row in lines)
        case "tsv":
            text = "\n".join("\t".join(row) for row in [header, *lines]) + "\n\n"
        case "csv":
            text = "\r\n".join(",".join(f'"{part}"' for part in row) for row in [header, *lines])
        case "jsonl":
            found = [{**dict(zip(header, row, strict=True)), "more": None} for row in rows]
            text = "\n".join(json.dumps(row) for row in found)
        case _:
            columns = zip(*rows, strict=True)
            table = pa.table({"other": [1] * len(rows), **dict(zip(header, map(list, columns), strict=True))})
            if name.endswith("parquet"):
                pq.write_table(table, path, row_group_size=5)
            else:
                with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                    writer.write_table(table, max_chunksize=5)
            return path
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def held(source, weight="weight", vocabulary=EVERY_WORD, **changes):
    config = CorpusConfig(**{"pairs": True, "weight_field": weight, **changes})
    with encode(source, config, vocabulary) as corpus:
        words, ids = corpus.vocabulary.words, np.array(corpus.ids)
        assert np.diff(corpus.offsets).tolist() == [2] * (len(ids) // 2)
        pairs = [(words[i], words[o]) for o, i in ids.reshape(-1, 2).tolist()]
        return pairs, np.array(corpus.weights).tolist(), words


@pytest.mark.parametrize(
    "name", ["p.tsv", "p.csv", "p.jsonl", "p.parquet", "p.arrow", "p.tsv.gz", "p.jsonl.gz"]
)
def test_every_format_gives_the_same(tmp_path, name):
    expected = [row[:2] for row in ROWS], [row[2] for row in ROWS]
    pairs, weights, words = held(written(tmp_path / name))
    assert (pairs, weights) == expected
    assert words == held(iter(ROWS))[2]
    assert held(written(tmp_path / name), None)[:2] == (expected[0], [])


def test_python_pairs_may_be_numbers():
    rows = [(1, 2), (np.int64(3), "x"), [2, 1]]
    assert held(rows, None)[0] == [("1", "2"), ("3", "x"), ("2", "1")]


def test_numbers_name_columns_where_there_is_no_header(tmp_path):
    path = tmp_path / "edges.tsv"
    path.write_text("7\ta\tb\n8\tc\td\n")
    assert held(path, "1", input_field="3", output_field="2")[:2] == ([("b", "a"), ("d", "c")], [7.0, 8.0])
    plain = written(tmp_path / "edges.txt")
    pairs, weights, _ = held(plain)
    assert pairs[:2] == [("New_York", "sea"), ("ship", "sea")]
    assert weights[:2] == [2.0, 0.5]
    assert held(plain, "3", input_field="2", output_field="1")[0][0] == ("sea", "New_York")


@pytest.mark.parametrize("name", ["p.tsv", "p.jsonl", "p.parquet"])
def test_pairs_that_lack_a_word_are_left_out_and_told(tmp_path, name):
    rows = [("a", "b", 1.0), ("", "b", 2.0), ("a", "", 3.0), ("b", "a", 4.0)]
    if name != "p.tsv":
        rows.append((None, "b", 5.0))
    path, told = written(tmp_path / name, rows), []
    config = CorpusConfig(pairs=True, weight_field="weight")
    with encode(path, config, EVERY_WORD, on_event=told.append) as corpus:
        assert corpus.n_sentences == 2
        assert np.array(corpus.weights).tolist() == [1.0, 4.0]
    assert any(f"{len(rows) - 2} record(s) without text" in message for message in told)


@settings(deadline=None, max_examples=50)
@given(
    rows=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.floats(0, 100, width=32)), min_size=1),
    least=st.integers(1, 4),
    limit=st.sampled_from([2000, 1 << 29]),
)
def test_a_pair_with_a_rare_word_goes_whole(rows, least, limit):
    words = [word for row in rows for word in row[:2]]
    counts = {word: words.count(word) for word in words}
    kept = [row for row in rows if min(counts[row[0]], counts[row[1]]) >= least]
    config = CorpusConfig(pairs=True, weight_field="weight")
    if not kept:
        with pytest.raises(CorpusError, match=r"no (pair|word)"):
            encode(rows, config, VocabularyConfig(min_count=least), memory_limit=limit)
        return
    with encode(rows, config, VocabularyConfig(min_count=least), memory_limit=limit) as corpus:
        named = [corpus.vocabulary.words[i] for i in corpus.ids]
        assert named == [str(word) for row in kept for word in (row[1], row[0])]
        assert np.array(corpus.weights).tolist() == [row[2] for row in kept]
        assert len(corpus.offsets) == len(kept) + 1


@pytest.mark.parametrize(
    ("rows", "weight", "says"),
    [
        (
            [("a", "b"), ("a",)],
            None,
            r"item 2 \(counting from 1\) is of 1 parts; every item must be \(input, output\)",
        ),
        ([("a", "b", 1)], None, "for weights name what they are with weight_field"),
        (["ab"], None, "item 1 .* is str"),
        ([("a", 1.5)], None, "item 1: a pair holds float"),
        ([("a", True)], None, "item 1: a pair holds bool"),
        ([("a", "b", 1), ("a", "b", -1)], "w", "item 2: the weight is -1; it must be a number, 0 or more"),
        ([("a", "b", "heavy")], "w", "the weight is 'heavy'"),
        ([("a", "b", None)], "w", "the weight is None"),
        ([("a", "b", float("inf"))], "w", "the weight is inf"),
        ([("a", "\udc00")], None, "half of a surrogate pair"),
    ],
)
def test_what_python_pairs_must_not_be(rows, weight, says):
    with pytest.raises(CorpusError, match=says):
        held(rows, weight)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("p.tsv", "a\tb\nc\td\n", 'line 1: no field "input" .* by number: --input-field 1'),
        ("p.csv", "input,output,weight\na,b,1\na,b\n", "line 2 or later: not 3 columns as in the first line"),
        ("p.csv", "input,output,weight\na,b,x\n", "line 2: the weight is 'x'"),
        ("p.txt", "a b 1\na b\n", r"line 2: 2 column\(s\) where 3 are needed"),
        ("p.jsonl", '{"input": "a", "output": "b"}', 'line 1: no field "weight" .*--weight-field'),
        ("p.jsonl", '{"input": ["a"], "output": "b", "weight": 1}', "line 1: a pair holds list"),
    ],
)
def test_what_files_of_pairs_must_not_hold(tmp_path, name, text, says):
    (tmp_path / name).write_text(text)
    with pytest.raises(CorpusError, match=says):
        held(tmp_path / name)


def test_columns_of_other_types_are_refused(tmp_path):
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"input": [1.5], "output": ["b"], "weight": ["1"]}), path)
    with pytest.raises(
        CorpusError, match='column "input" holds double; it must hold strings or whole numbers'
    ):
        held(path)
    with pytest.raises(CorpusError, match='column "weight" holds string; weights must be numbers'):
        held(path, input_field="output", output_field="weight")
    pq.write_table(pa.table({"input": [1], "output": pa.array(["b"]).dictionary_encode(), "w": [-1]}), path)
    with pytest.raises(CorpusError, match="row 1: the weight is -1"):
        held(path, "w")
    assert held(path, None)[0] == [("1", "b")]


TEXTS = [("one two\nthree two", 2.0), ("", 5.0), ("two one", 0.25), ("rare", 7.0), ("one three", 1.0)]
EXPECTED = [2.0, 2.0, 0.25, 1.0]


def text_weights(source, config, **options):
    with encode(source, config, VocabularyConfig(min_count=2), **options) as corpus:
        assert corpus.n_sentences == len(EXPECTED)
        return np.array(corpus.weights).tolist()


@pytest.mark.parametrize("tokenizer", ["words", "whitespace", str.split])
def test_weights_stay_with_their_sentences(tmp_path, tokenizer):
    """Lines of a text share its weight; those of sentences that come to nothing go with them."""
    function = None if isinstance(tokenizer, str) else tokenizer
    named = {} if function else {"tokenizer": tokenizer}
    config = CorpusConfig(weight_field="w", text_field="t", **named)
    records = [{"t": text, "w": weight} for text, weight in [*TEXTS, (None, 9.0)]]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, records)))
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "a.parquet")
    lines = "\n".join(f'"{text}",{weight}' for text, weight in TEXTS)
    (tmp_path / "a.csv").write_text(f"t,w\n{lines}\n")
    for name in ("a.jsonl", "a.parquet", "a.csv"):
        found = text_weights(tmp_path / name, config, tokenizer=function, on_event=[].append)
        assert found == EXPECTED, name
    texts, weights = zip(*TEXTS, strict=True)
    plain = CorpusConfig(**named)
    assert text_weights(texts, plain, tokenizer=function, weights=iter(weights)) == EXPECTED


def test_weights_of_token_lists(tmp_path):
    lists = [(line.split(), weight) for text, weight in TEXTS for line in text.split("\n")]
    records = [{"text": tokens, "w": weight} for tokens, weight in lists]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, records)))
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "a.parquet")
    config = CorpusConfig(weight_field="w")
    assert text_weights(tmp_path / "a.jsonl", config) == EXPECTED
    assert text_weights(tmp_path / "a.parquet", config) == EXPECTED
    tokens, weights = zip(*lists, strict=True)
    assert text_weights(tokens, CorpusConfig(), weights=np.array(weights)) == EXPECTED


def test_weights_are_kept_in_a_cache_and_are_a_part_of_the_fingerprint(tmp_path):
    from coterie.corpus import CacheConfig

    path = tmp_path / "a.jsonl"
    config, cache = CorpusConfig(weight_field="w"), CacheConfig(tmp_path / "cache")
    prints = []
    for weight in (1.0, 2.0):
        path.write_text("\n".join(json.dumps({"text": "a b", "w": weight}) for _ in range(5)))
        for _ in range(2):
            with encode(path, config, EVERY_WORD, cache=cache) as corpus:
                assert np.array(corpus.weights).tolist() == [weight] * 5
                prints.append(corpus.fingerprint)
    assert corpus.from_cache
    assert prints[0] == prints[1] != prints[2] == prints[3]


@pytest.mark.parametrize(
    ("source", "options", "says"),
    [
        (["a b", "a"], {"weights": [1]}, "there are 1 weights, and more items"),
        (["a b"], {"weights": [1, 2]}, "more weights than the 1 items"),
        (["a b"], {"weights": [-1]}, "item 1: the weight is -1"),
        (["a b"], {"weight_field": "w"}, "which has no fields; give weights"),
        ("text.txt", {"weight_field": "w"}, "plain text has no fields"),
        ("text.txt", {"weights": [1]}, "files have theirs in a field"),
        ([("a", "b")], {"pairs": True, "weights": [1]}, "pairs have theirs beside them"),
    ],
)
def test_what_weights_must_not_be(tmp_path, monkeypatch, source, options, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("a b\n")
    weights = options.pop("weights", None)
    with pytest.raises((ConfigError, CorpusError), match=says):
        encode(source, CorpusConfig(**options), EVERY_WORD, weights=weights)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"input_field": "a"}, "input_field is 'a', but pairs are not asked for"),
        ({"pairs": True, "input_field": "a", "output_field": "a"}, "name two fields"),
        ({"weight_field": ""}, "weight_field is empty"),
    ],
)
def test_fields_that_contradict(options, says):
    with pytest.raises(ConfigError, match=says):
        CorpusConfig(**options)
