"""What every peer is told, all of it explicitly: the peers' own defaults differ (gensim's is CBOW)."""

from __future__ import annotations

__all__ = ["ALPHA", "MIN_ALPHA", "MIN_COUNT", "NS_EXPONENT", "SAMPLE", "WINDOW", "label", "padded_bytes"]

WINDOW = 5  # the radius is drawn from 1 to this by every peer
SAMPLE = 1e-3
MIN_COUNT = 5
ALPHA = 0.025
MIN_ALPHA = 1e-4  # gensim and Coterie; the others end where their sources say
NS_EXPONENT = 0.75  # fastText's is 0.5, in its source


def label(vector_size: int, negative: int) -> str:
    """Return a setting as the tables name it."""
    return f"D={vector_size}, k={negative}"


def padded_bytes(words: int, vector_size: int) -> int:
    """Return the size of Coterie's two matrices, their rows padded to 16 floats."""
    return 2 * words * (-(-vector_size // 16) * 16) * 4
