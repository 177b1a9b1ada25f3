"""What the theory promises of every objective, asked of the float64 twins: derivatives, optima, sums.

The twins are what the kernels are compared with, so this is where their formulas are shown to be right.
Optima are those of the exact expected loss, with D ≥ V so that the scores may be any.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from reference import huffman
from reference import objectives as twin

WORDS, SIZE = 4, 6
JOINT = np.array([[4, 2, 1, 1], [2, 3, 1, 2], [1, 1, 2, 2], [1, 2, 2, 1]], dtype=np.float64)
JOINT /= JOINT.sum()
CONDITIONAL, MARGINAL = JOINT / JOINT.sum(axis=1, keepdims=True), JOINT.sum(axis=0)
NOISES = {
    "marginal": MARGINAL,
    "0.75": MARGINAL**0.75 / (MARGINAL**0.75).sum(),
    "uniform": np.full(4, 0.25),
}


def paths_for(counts):
    return twin.tree_paths(huffman.merges(counts)[-1])


# ── derivatives ──


def difference_quotients(function, values):
    """The derivative of `function`, of one array, by central differences."""
    gradient = np.zeros_like(values)
    for place in np.ndindex(values.shape):
        kept, losses = values[place], []
        for h in (1e-5, -1e-5):
            values[place] = kept + h
            losses.append(function(values))
        values[place] = kept
        gradient[place] = (losses[0] - losses[1]) / 2e-5
    return gradient


def assert_derivative(gradient, function, values):
    expected = difference_quotients(function, values)
    assert np.linalg.norm(gradient - expected) <= 1e-5 * np.linalg.norm(expected)


def drawn_example(name, seed, words, negative):
    """(rows of P, loss(h, P), gradients(h, P)) of one example of the objective `name`, drawn by `seed`."""
    generator = np.random.default_rng(seed)
    output, *noise = generator.integers(words, size=1 + negative).tolist()
    q = generator.dirichlet(np.ones(words) * 3)
    if name == "negative_sampling":
        skip = bool(seed % 2)
        return (
            words,
            lambda h, P: twin.ns_loss(h, P, output, noise, skip),
            lambda h, P: twin.ns_gradients(h, P, output, noise, skip),
        )
    if name == "nce":
        return (
            words,
            lambda h, P: twin.nce_loss(h, P, 0.4, output, noise, q),
            lambda h, P: twin.nce_gradients(h, P, 0.4, output, noise, q)[:2],
        )
    if name == "hierarchical_softmax":
        path = paths_for(generator.integers(1, 50, words).tolist())[output]
        return (
            words - 1,
            lambda h, P: twin.hs_loss(h, P, path),
            lambda h, P: twin.hs_gradients(h, P, path),
        )
    return (
        words,
        lambda h, P: twin.softmax_loss(h, P, output),
        lambda h, P: twin.softmax_gradients(h, P, output),
    )


NAMES = ["negative_sampling", "nce", "hierarchical_softmax", "softmax"]
SHAPES = {
    "seed": st.integers(0, 10_000),
    "words": st.integers(2, 9),
    "size": st.integers(1, 7),
    "negative": st.integers(1, 6),
}


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=25)
@given(**SHAPES)
def test_finite_differences(name, seed, words, size, negative):
    rows, loss, gradients = drawn_example(name, seed, words, negative)
    generator = np.random.default_rng(seed)
    h, P = generator.normal(size=size), generator.normal(size=(rows, size))
    dh, dP = gradients(h, P)
    assert_derivative(dh, lambda x: loss(x, P), h)
    assert_derivative(dP, lambda x: loss(h, x), P)


@settings(deadline=None, max_examples=25)
@given(**SHAPES)
def test_finite_differences_of_the_log_normaliser(seed, words, size, negative):
    generator = np.random.default_rng(seed)
    h, P, q = (
        generator.normal(size=size),
        generator.normal(size=(words, size)),
        generator.dirichlet(np.ones(words) * 3),
    )
    output, *noise = generator.integers(words, size=1 + negative).tolist()
    c = generator.normal(size=1)
    dc = twin.nce_gradients(h, P, c[0], output, noise, q)[2]
    # The errors of positive and negative rows may all but cancel: what is left is compared with their size.
    difference = difference_quotients(lambda x: twin.nce_loss(h, P, x[0], output, noise, q), c)[0]
    assert dc == pytest.approx(difference, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=25)
@given(contexts=st.lists(st.integers(0, 4), min_size=1, max_size=7), **SHAPES)
def test_finite_differences_of_cbow(name, contexts, seed, words, size, negative):
    """By the input vectors, through the mean; a word may stand in a window twice."""
    rows, loss, gradients = drawn_example(name, seed, words, negative)
    generator = np.random.default_rng(seed)
    V, P = generator.normal(size=(5, size)), generator.normal(size=(rows, size))
    dh, dP = gradients(twin.cbow_input(V, contexts), P)
    assert_derivative(twin.cbow_gradient(V, contexts, dh), lambda x: loss(twin.cbow_input(x, contexts), P), V)
    assert_derivative(dP, lambda x: loss(twin.cbow_input(V, contexts), x), P)
    undivided = twin.cbow_gradient(V, contexts, dh, divided=False)
    np.testing.assert_allclose(undivided, len(contexts) * twin.cbow_gradient(V, contexts, dh), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("contexts", [[2], [0, 2], [0, 1, 2, 1]])
@pytest.mark.parametrize("divided", [True, False])
def test_word2vecs_cbow_follows_no_gradient(name, contexts, divided):
    """A gradient's own derivative is symmetric (Schwarz): undivided, the step descends no function at all."""
    rows, _, gradients = drawn_example(name, 4, 5, 2)
    generator = np.random.default_rng(0)
    V, P = generator.normal(size=(3, 2)), generator.normal(size=(rows, 2))

    def field(parameters):
        V, P = parameters[:6].reshape(3, 2), parameters[6:].reshape(rows, 2)
        dh, dP = gradients(twin.cbow_input(V, contexts), P)
        return np.concatenate([twin.cbow_gradient(V, contexts, dh, divided).ravel(), dP.ravel()])

    at = np.concatenate([V.ravel(), P.ravel()])
    steps = 1e-5 * np.eye(len(at))
    jacobian = np.array([(field(at + step) - field(at - step)) / 2e-5 for step in steps])
    asymmetry = np.abs(jacobian - jacobian.T).max() / np.abs(jacobian).max()
    assert (asymmetry < 1e-6) if divided or len(contexts) == 1 else (asymmetry > 0.05)


# ── sums and equalities ──


@settings(deadline=None, max_examples=50)
@given(
    counts=st.lists(st.integers(0, 1000), min_size=2, max_size=12),
    seed=st.integers(0, 99),
    scale=st.floats(0, 5),
)
def test_leaf_probabilities_sum_to_one_for_any_vectors(counts, seed, scale):
    generator = np.random.default_rng(seed)
    h, nodes = scale * generator.normal(size=SIZE), generator.normal(size=(len(counts) - 1, SIZE))
    paths = paths_for(counts)
    probabilities = twin.hs_probabilities(h, nodes, paths)
    assert probabilities.sum() == pytest.approx(1, rel=1e-12)
    losses = [twin.hs_loss(h, nodes, path) for path in paths]
    np.testing.assert_allclose(losses, -np.log(probabilities), rtol=1e-9, atol=1e-12)


@given(**SHAPES)
def test_the_full_softmaxs_gradient_sums_to_zero_and_touches_every_row(seed, words, size, negative):
    generator = np.random.default_rng(seed)
    h, P = generator.normal(size=size), generator.normal(size=(words, size))
    _, dP = twin.softmax_gradients(h, P, seed % words)
    np.testing.assert_allclose(dP.sum(axis=0), 0, atol=1e-14)
    assert dP.any(axis=1).all()
    huge = 1e4 * P
    assert np.isfinite(twin.softmax_loss(h, huge, 0))
    assert np.isfinite(twin.softmax_gradients(h, huge, 0)[1]).all()


@given(words=st.integers(2, 60), seed=st.integers(0, 99))
def test_nce_with_kq_of_one_has_negative_samplings_gradient(words, seed):
    generator = np.random.default_rng(seed)
    h, P = generator.normal(size=SIZE), generator.normal(size=(words, SIZE))
    output, *noise = generator.integers(words, size=1 + words).tolist()
    uniform = np.full(words, 1 / words)
    ours, theirs = twin.nce_gradients(h, P, 0, output, noise, uniform), twin.ns_gradients(h, P, output, noise)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-13, atol=1e-14)
    loss = twin.ns_loss(h, P, output, noise)
    assert twin.nce_loss(h, P, 0, output, noise, uniform) == pytest.approx(loss, rel=1e-13)
    twice = twin.nce_gradients(h, P, 0, output, 2 * noise, uniform)
    assert not np.allclose(twice[1], twin.ns_gradients(h, P, output, 2 * noise)[1]), "the test can fail"


@pytest.mark.parametrize("name", ["keep", "skip", "nce"])
def test_sharing_negatives_in_a_window_keeps_the_expected_gradient(name):
    """Over every possible draw: k words for the window, or k for each of its pairs."""
    words, k, inputs, output = 3, 2, [0, 2], 1
    generator = np.random.default_rng(0)
    V, P, q = (
        generator.normal(size=(words, SIZE)),
        generator.normal(size=(words, SIZE)),
        np.array([0.5, 0.3, 0.2]),
    )

    def gradient(draws):
        dV, dP, dc = np.zeros_like(V), np.zeros_like(P), 0.0
        for word, negatives in zip(inputs, draws, strict=True):
            if name == "nce":
                dh, by_P, by_c = twin.nce_gradients(V[word], P, 0.3, output, negatives, q)
                dc += by_c
            else:
                dh, by_P = twin.ns_gradients(V[word], P, output, negatives, name == "skip")
            dV[word] += dh
            dP += by_P
        return np.concatenate([dV.ravel(), dP.ravel(), [dc]])

    def expectation(draws_of_window):
        return sum(np.prod(q[list(itertools.chain(*draws))]) * gradient(draws) for draws in draws_of_window)

    every = list(itertools.product(range(words), repeat=k))
    independent = expectation(itertools.product(every, repeat=len(inputs)))
    shared = sum(np.prod(q[list(draw)]) * gradient([draw] * len(inputs)) for draw in every)
    np.testing.assert_allclose(shared, independent, rtol=1e-12)


# ── optima ──


def optimum(expected, rows=WORDS, extra=0):
    """Minimise ``expected(V, P, extra) → (loss, dV, dP, dextra)``; return V, P and the extra parameters."""
    generator = np.random.default_rng(0)
    cut = WORDS * SIZE, (WORDS + rows) * SIZE

    def parts(x):
        V, P, rest = np.split(x, cut)
        return V.reshape(WORDS, SIZE), P.reshape(rows, SIZE), rest

    def function(x):
        loss, *gradients = expected(*parts(x))
        return loss, np.concatenate([np.ravel(gradient) for gradient in gradients])

    start = generator.normal(0, 0.5, cut[1] + extra)
    tight = {"maxiter": 5000, "maxfun": 10_000, "ftol": 0, "gtol": 1e-10, "maxcor": 30}
    found = minimize(function, start, jac=True, method="L-BFGS-B", options=tight)
    assert np.abs(found.jac).max() < 1e-6
    return parts(found.x)


def expected_logistic(q, k, skip=False, nce=False):
    """The expected loss of NS or NCE: over pairs, and exactly over the noise, by rows weighted with k·q."""
    rows, labels = [*range(WORDS), *range(WORDS)], [1] * WORDS + [0] * WORDS

    def expected(V, P, c):
        total, dV, dP, dc = 0.0, np.zeros_like(V), np.zeros_like(P), 0.0
        offsets = twin.nce_offsets(rows, k, q, c[0] if c.size else 0.0) if nce else 0.0
        for (word, output), p in np.ndenumerate(JOINT):
            negatives = k * q
            if skip:
                negatives[output] = 0
            weights = p * np.concatenate([np.eye(WORDS)[output], negatives])
            example = (V[word], P, rows, labels, offsets, weights)
            total += twin.logistic_loss(*example)
            dh, by_P, by_c = twin.logistic_gradients(*example)
            dV[word] += dh
            dP += by_P
            dc += by_c
        return total, dV, dP, np.full(c.size, dc)

    return expected


def expected_of(loss, gradients, outputs):
    """The expected loss of an objective without noise; `outputs[word]` is what it takes for a word."""

    def expected(V, P, _):
        total, dV, dP = 0.0, np.zeros_like(V), np.zeros_like(P)
        for (word, output), p in np.ndenumerate(JOINT):
            total += p * loss(V[word], P, outputs[output])
            dh, by_P = gradients(V[word], P, outputs[output])
            dV[word] += p * dh
            dP += p * by_P
        return total, dV, dP, []

    return expected


@pytest.mark.parametrize("k", [1, 2])
def test_expected_loss_is_the_mean_over_every_draw(k):
    """What the optima below are optima of, against the twin's loss of every possible example."""
    q = NOISES["0.75"]
    generator = np.random.default_rng(2)
    V, P = generator.normal(size=(WORDS, SIZE)), generator.normal(size=(WORDS, SIZE))
    totals = np.zeros(3)
    for (word, output), p in np.ndenumerate(JOINT):
        for draw in itertools.product(range(WORDS), repeat=k):
            losses = [twin.ns_loss(V[word], P, output, draw, skip) for skip in (False, True)]
            losses.append(twin.nce_loss(V[word], P, 0.3, output, draw, q))
            totals += p * np.prod(q[list(draw)]) * np.array(losses)
    none, c = np.zeros(0), np.array([0.3])
    exact = [expected_logistic(q, k, skip)(V, P, none)[0] for skip in (False, True)]
    exact.append(expected_logistic(q, k, nce=True)(V, P, c)[0])
    np.testing.assert_allclose(exact, totals, rtol=1e-12)


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("collisions", ["keep", "skip"])
def test_negative_samplings_optimum_is_shifted_pmi(k, collisions):
    """Noise from the outputs' marginal (Levy and Goldberg 2014); skips take away a share of the negatives."""
    V, P, _ = optimum(expected_logistic(MARGINAL, k, skip=collisions == "skip"))
    pmi = np.log(JOINT / np.outer(JOINT.sum(axis=1), MARGINAL))
    expected = pmi - np.log(k)
    if collisions == "skip":
        expected -= np.log(1 - CONDITIONAL)
    np.testing.assert_allclose(V @ P.T, expected, atol=1e-5)


@pytest.mark.parametrize("noise", NOISES)
def test_negative_samplings_odds_are_the_conditional_over_the_noise(noise):
    """exp(s_j) = p̃_j / (1 − p̃_j) = p(j | I) / (k q(j)), whatever q: normalised, q(j) exp(s_j) is p(j | I)."""
    k, q = 3, NOISES[noise]
    V, P, _ = optimum(expected_logistic(q, k))
    odds = np.exp(V @ P.T)
    np.testing.assert_allclose(odds, CONDITIONAL / (k * q), rtol=1e-5)
    p = twin.sigmoid(V @ P.T)
    np.testing.assert_allclose(p / (1 - p), odds, rtol=1e-9)
    weighted = q * odds
    np.testing.assert_allclose(weighted / weighted.sum(axis=1, keepdims=True), CONDITIONAL, rtol=1e-5)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("k", [1, 5])
def test_nce_normalises_itself(noise, k):
    """The partition fixed at one: exp(s_j) is p(j | I) itself, whatever the noise and k."""
    V, P, _ = optimum(expected_logistic(NOISES[noise], k, nce=True))
    np.testing.assert_allclose(np.exp(V @ P.T).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.exp(V @ P.T), CONDITIONAL, rtol=1e-5)


def test_nce_with_a_learned_log_normaliser_normalises_itself():
    V, P, c = optimum(expected_logistic(NOISES["0.75"], 5, nce=True), extra=1)
    np.testing.assert_allclose(np.exp(V @ P.T - c).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.exp(V @ P.T - c), CONDITIONAL, rtol=1e-5)


@pytest.mark.parametrize("counts", [[9, 5, 4, 3], [1, 1, 1, 1], [1, 2, 4, 100]])
def test_hierarchical_softmaxs_optimum_has_the_conditional_probabilities(counts):
    """Whatever the tree: it decides what a step costs, not what can be learned."""
    paths = paths_for(counts)
    V, nodes, _ = optimum(expected_of(twin.hs_loss, twin.hs_gradients, paths), rows=WORDS - 1)
    found = np.array([twin.hs_probabilities(h, nodes, paths) for h in V])
    np.testing.assert_allclose(found, CONDITIONAL, rtol=1e-5)


def test_the_full_softmaxs_optimum_has_the_conditional_probabilities():
    V, P, _ = optimum(expected_of(twin.softmax_loss, twin.softmax_gradients, range(WORDS)))
    found = np.array([twin.softmax(P @ h) for h in V])
    np.testing.assert_allclose(found, CONDITIONAL, rtol=1e-5)
