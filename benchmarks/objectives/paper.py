"""What arXiv 1310.4546 reports (tables and statements), for standing beside what is measured."""

from __future__ import annotations

__all__ = ["STATEMENTS", "TABLE_1"]

TABLE_1: dict[tuple[str, float], tuple[int, int, int, int]] = {
    ("NEG-5", 0.0): (38, 63, 54, 59),
    ("NEG-15", 0.0): (97, 63, 58, 61),
    ("HS-Huffman", 0.0): (41, 53, 40, 47),
    ("NCE-5", 0.0): (38, 60, 45, 53),
    ("NEG-5", 1e-5): (14, 61, 58, 60),
    ("NEG-15", 1e-5): (36, 61, 61, 61),
    ("HS-Huffman", 1e-5): (21, 52, 59, 55),
}
"""By method and subsampling: time in minutes; syntactic, semantic and total accuracy in percent."""

STATEMENTS = {
    "negatives": (
        'The paper: "values of k in the range 5–20 are useful for small training datasets, while for large '
        'datasets the k can be as small as 2–5" (section 2.2).'
    ),
    "exponent": (
        'The paper: "the unigram distribution U(w) raised to the 3/4rd power outperformed significantly the '
        'unigram and the uniform distributions" (section 2.2), which are the exponents 1 and 0.'
    ),
    "subsampling": (
        'The paper: subsampling of frequent words gives a speed-up of "around 2x–10x" and better vectors of '
        'less frequent words (section 1), with a threshold "typically around 1e-5" (section 2.3).'
    ),
}
