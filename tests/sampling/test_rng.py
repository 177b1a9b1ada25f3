from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coterie.kernels.compile import kernel
from coterie.sampling.rng import NEGATIVES, RECORDED, WINDOWS, bits_at, random_bits, stream_key
from reference import skip_gram

WORDS = st.integers(0, 2**64 - 1)


@kernel
def draw(key, counter):
    return random_bits(key, counter)


def bits(key, counter):
    with np.errstate(over="ignore"):
        return int(draw(np.uint64(key), np.uint64(counter)))


def test_known_outputs():
    # The first outputs of SplitMix64 from state 0, as published with the generator.
    assert [bits(0, i) for i in (1, 2, 3)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


@given(key=WORDS, counter=WORDS)
def test_bits_are_the_twins(key, counter):
    assert bits(key, counter) == bits_at(key, counter) == skip_gram.splitmix64(key, counter)


def test_keys_of_streams_epochs_and_seeds_differ():
    keys = {
        int(stream_key(seed, epoch, stream))
        for seed in range(20)
        for epoch in range(20)
        for stream in (WINDOWS, NEGATIVES, RECORDED)
    }
    assert len(keys) == 20 * 20 * 3


def test_bits_are_balanced():
    drawn = np.array([bits(7, i) for i in range(4000)], dtype=np.uint64)
    ones = np.unpackbits(drawn.view(np.uint8)).reshape(4000, 64).mean(axis=0)
    assert np.abs(ones - 0.5).max() < 0.04  # five standard deviations of 4,000 fair bits
