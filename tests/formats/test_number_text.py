"""Written numbers become the nearest float32, by both parsers, and come back from what we write."""

from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from coterie.formats.number_text import NumberText, write_numbers

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


def nearest(text):
    """The float32 nearest to the number written, ties to the even one, by exact arithmetic."""
    exact = Fraction(Decimal(text))
    guess = np.float32(float(text))
    candidates = [guess, np.nextafter(guess, np.float32(np.inf)), np.nextafter(guess, np.float32(-np.inf))]
    return min(
        (c for c in candidates if np.isfinite(c)),
        key=lambda c: (abs(Fraction(float(c)) - exact), int(c.view(np.uint32)) & 1),
    )


def parsed(texts, slowly=False):
    line = " ".join(["w", *texts]).encode() + (b"\r\n" if slowly else b"\n")
    ((words, rows),) = NumberText(Path("v"), len(texts)).read(BytesIO(line), b"")
    assert words == [b"w"]
    return rows[0]


@pytest.mark.parametrize("slowly", [False, True])
@given(
    texts=st.lists(
        st.one_of(
            st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False).map(str),
            finite.map(lambda x: f"{x:.9g}"),
            finite.map(repr),
            # Midway between two float32, and a little beside it: where rounding twice goes wrong.
            st.tuples(st.floats(2.0**-100, 2.0**100, width=32), st.sampled_from(["", "1", "00001"])).map(
                lambda pair: (
                    format(
                        (
                            Decimal(pair[0])
                            + Decimal(float(np.nextafter(np.float32(pair[0]), np.float32(np.inf))))
                        )
                        / 2,
                        "f",
                    )
                    + ("." if "." not in format(Decimal(pair[0]), "f") else "") * bool(pair[1])
                    + pair[1]
                )
            ),
        ).filter(lambda text: text.count(".") < 2 and abs(float(text)) < 3e38),
        min_size=1,
        max_size=8,
    )
)
def test_numbers_are_rounded_once(slowly, texts):
    found = parsed(texts, slowly)
    np.testing.assert_array_equal(found, np.array([nearest(text) for text in texts], dtype=np.float32))


def test_an_example_that_rounding_twice_gets_wrong():
    text = "1.00000005960464477539062500000001"  # a little above midway between 1 and the next float32
    assert np.float32(float(text)) == 1
    for slowly in (False, True):
        assert parsed([text], slowly)[0] == np.nextafter(np.float32(1), np.float32(2))


@pytest.mark.parametrize("text", ["+1.5", "1.", ".5", "1e2", "1E2", "-0", "1e-60"])
def test_spellings(text):
    assert parsed([text, "1"], slowly=True)[0] == parsed([text, "1"])[0] == np.float32(float(text))


@given(
    block=hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=finite),
    delimiter=st.sampled_from([b" ", b"\t"]),
    named=st.booleans(),
)
def test_what_is_written_is_read_back(block, delimiter, named):
    file = BytesIO()
    words = [f"w{i}".encode() for i in range(len(block))] if named else []
    write_numbers(file, block, delimiter, words)
    file.seek(0)
    text = NumberText(Path("v"), block.shape[1], delimiter=delimiter, words=named)
    ((found, rows),) = text.read(file, b"")
    assert found == (words or [b""] * len(block))
    np.testing.assert_array_equal(rows, block)
