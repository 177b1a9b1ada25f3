"""The exact search: against a naive twin, whatever the blocks, the threads and the ties."""

from __future__ import annotations

import os
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from threadpoolctl import threadpool_info, threadpool_limits

from coterie import blas, neighbours, shortlist, vectors
from coterie.neighbours import nearest_rows, row_norms, unit_rows
from coterie.shortlist import Shortlist
from coterie.vectors import WordVectors


def naive(matrix, units, topn, excluded):
    """Score every row in float64, round as the answers are rounded, and sort."""
    wide = matrix.astype(np.float64)
    norms = np.sqrt((wide**2).sum(axis=1))
    norms[norms == 0] = 1
    answers = []
    for query, left_out in zip(units, excluded, strict=True):
        scores = ((wide * query).sum(axis=1) / norms).astype(np.float32)
        order = sorted((i for i in range(len(matrix)) if i not in left_out), key=lambda i: (-scores[i], i))
        answers.append([(i, float(scores[i])) for i in order[:topn]])
    return answers


def searched(matrix, units, topn, excluded):
    divisors = row_norms(matrix)
    divisors[divisors == 0] = 1
    return nearest_rows(matrix, divisors, units, topn, excluded).pairs()


@st.composite
def searches(draw):
    """Small whole numbers: many equal and opposite rows, and some of zeros."""
    size = draw(st.integers(1, 4))
    matrix = draw(hnp.arrays(np.float32, (draw(st.integers(1, 60)), size), elements=st.integers(-2, 2)))
    units = unit_rows(
        draw(hnp.arrays(np.float32, (draw(st.integers(1, 40)), size), elements=st.integers(-2, 2)))
    )
    excluded = [draw(st.sets(st.integers(0, len(matrix) - 1), max_size=3)) for _ in units]
    return matrix, units, draw(st.integers(1, 70)), excluded


@given(searches(), st.sampled_from([1, 3, 16]), st.sampled_from([4, 1 << 20]), st.sampled_from([2, 32]))
@settings(deadline=None)
def test_the_search_is_the_naive_one(search, together, held, many):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shortlist, "_TOGETHER", together)
        patch.setattr(shortlist, "_HELD", held)
        patch.setattr(neighbours, "_MANY", many)
        patch.setattr(neighbours, "_LEAST", 5)
        patch.setattr(neighbours, "_SCORES", 1)
        patch.setattr(neighbours, "_CACHED_SCORES", 1)
        found, expected = searched(*search), naive(*search)
    for mine, twins in zip(found, expected, strict=True):
        assert [row for row, _ in mine] == [row for row, _ in twins]
        np.testing.assert_allclose([s for _, s in mine], [s for _, s in twins], atol=1e-7)


@pytest.mark.parametrize("queries", [1, 20, 80])
@pytest.mark.parametrize("topn", [1, 10, 300])
def test_many_blocks_of_random_rows(queries, topn):
    draw = np.random.default_rng(queries)
    matrix = draw.standard_normal((9_000, 30)).astype(np.float32)
    matrix[4_000:4_050] = matrix[100]  # as near to the first query, and in another block
    units = unit_rows(np.concatenate((matrix[100:101], draw.standard_normal((queries - 1, 30)))))
    search = matrix, units, topn, [{100}, *[set() for _ in range(queries - 1)]]
    assert [[row for row, _ in answer] for answer in searched(*search)] == [
        [row for row, _ in answer] for answer in naive(*search)
    ]


def test_rows_of_any_length_keep_their_order():
    """Their norms leave the range in which float32 has its full precision."""
    draw = np.random.default_rng(3)
    matrix = draw.standard_normal((2_000, 8)).astype(np.float32)
    scales = 10.0 ** draw.integers(-44, 38, 2_000)
    scaled = (matrix * scales[:, np.newaxis]).astype(np.float32)
    for queries in (1, 40):
        units = unit_rows(draw.standard_normal((queries, 8)))
        nothing = [set()] * queries
        found = searched(scaled, units, 10, nothing)
        assert [[row for row, _ in a] for a in found] == [
            [row for row, _ in a] for a in naive(scaled, units, 10, nothing)
        ]


def test_an_answer_is_the_same_alone_and_among_others():
    matrix = np.random.default_rng(1).standard_normal((3_000, 40)).astype(np.float32)
    matrix[1_500:] = matrix[:1_500]  # every word has its twin, exactly as near to any query
    model = WordVectors([f"w{i}" for i in range(3_000)], matrix)
    queries = [*model.words[:700], ["w1", ("w2", -1)], matrix[5], ("w7", 2.0)]
    together = model.most_similar_batch(queries)
    assert together[:9] == [model.most_similar(query) for query in queries[:9]]
    assert together[-3:] == [model.most_similar(query) for query in queries[-3:]]
    assert together[0][0] == ("w1500", 1.0)


def test_arrays_and_lists_tell_the_same():
    model = WordVectors(list("abcd"), np.eye(4, 3, dtype=np.float32))
    nearest = model.nearest(["a", "d", model.matrix[1]], topn=9)
    assert nearest.rows.shape == (3, 4)
    assert nearest.rows[:2].tolist() == [[1, 2, 3, -1], [0, 1, 2, -1]]
    assert nearest.scores[0].tolist() == [0, 0, 0, -np.inf]
    assert nearest.named(model.words) == model.most_similar_batch(["a", "d", model.matrix[1]], topn=9)
    assert model.nearest([], topn=2).rows.shape == (0, 2)


def test_a_matrix_of_queries_is_checked_whole():
    model = WordVectors(list("abcd"), np.eye(4, 3, dtype=np.float32))
    assert model.most_similar_batch(model.matrix.astype(np.float64)) == model.most_similar_batch(model.matrix)
    with pytest.raises(ValueError, match=r"queries is a matrix of float32 and shape \(2, 4\)"):
        model.most_similar_batch(np.ones((2, 4), dtype=np.float32))
    with pytest.raises(ValueError, match="queries holds a vector with NaN or infinity"):
        model.most_similar_batch(np.array([[0, 1, np.nan]]))
    with pytest.raises(ValueError, match="the vector of a query holds NaN or infinity"):
        model.most_similar([("a", 1e308), ("a", 1e308)])


def test_a_whole_vocabularys_neighbours_take_bounded_memory():
    matrix = np.random.default_rng(1).standard_normal((20_000, 10)).astype(np.float32)
    model = WordVectors([f"w{i}" for i in range(20_000)], matrix)
    model.most_similar("w1")  # what is kept is kept by now
    tracemalloc.start()
    rows = model.nearest(matrix, topn=3).rows
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (rows[:, 0] == np.arange(20_000)).all()
    assert peak < 60 << 20  # the scores of all pairs would be 1.6 GB


def test_very_many_equal_rows_take_bounded_memory(monkeypatch):
    monkeypatch.setattr(shortlist, "_HELD", 1_000)
    short, largest = Shortlist(2, [set()] * 3), 0
    for start in range(0, 50_000, 500):
        short.offer(start, np.ones((500, 3), dtype=np.float32))
        largest = max(largest, short._count)
    assert short.ranked().rows.tolist() == [[0, 1]] * 3
    assert largest <= 3_000


def blas_limits():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_the_blas_gets_its_threads_back():
    with threadpool_limits(limits=2, user_api="blas"):
        before, seen = blas_limits(), []
        assert blas.in_threads(lambda i: seen.append(blas_limits()) or i, [1, 2, 3]) == [1, 2, 3]
        assert {n for limits in seen for n in limits} == {1}
        with pytest.raises(ZeroDivisionError):
            blas.in_threads(lambda i: 1 // i, [1, 0, 2])
        assert blas_limits() == before


def test_the_blas_gets_its_threads_back_after_searches_that_overlap():
    with threadpool_limits(limits=2, user_api="blas"):
        before, gate = blas_limits(), threading.Barrier(2)
        first = threading.Thread(target=blas.in_threads, args=(lambda _: gate.wait(10), [1, 2]))
        with blas._single():
            first.start()
            first.join(10)
        assert blas_limits() == before
        assert blas.blas_threads() == min(2, len(os.sched_getaffinity(0)))


def test_large_batches_are_spread_over_threads(monkeypatch):
    names = set()
    search = vectors.nearest_rows

    def noted(*arguments):
        names.add(threading.current_thread().name)
        return search(*arguments)

    monkeypatch.setattr(vectors, "nearest_rows", noted)
    monkeypatch.setattr(blas, "_allowed", lambda: 2)
    model = WordVectors([f"w{i}" for i in range(300)], np.random.default_rng(1).random((300, 5), np.float32))
    assert len(model.most_similar_batch(model.words)) == 300
    assert names
    assert all(name.startswith("coterie") for name in names)
    names.clear()
    model.most_similar_batch(model.words[:10])
    assert names == {threading.main_thread().name}


def test_no_words_have_no_neighbours():
    nothing = WordVectors([], np.empty((0, 3), dtype=np.float32))
    assert nothing.most_similar(np.ones(3, dtype=np.float32)) == []
    assert nothing.most_similar_batch(np.ones((2, 3), dtype=np.float32)) == [[], []]
