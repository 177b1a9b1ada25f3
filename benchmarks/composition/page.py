"""The page on sums of word vectors: examples, how often they occur, and the controls beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.composition.sums import Combined

__all__ = ["Example", "Findings", "page"]


@dataclass(frozen=True)
class Example:
    """A sum of two words and what is nearest to it.

    Parameters
    ----------
    added
        The two words.
    nearest
        The words nearest to the sum, nearest first.
    cosines
        Of the nearest one with the sum and with each of the two.
    places
        The nearest one's place among the words nearest to each of the two.
    """

    added: Sequence[str]
    nearest: Sequence[str]
    cosines: Sequence[float]
    places: Sequence[int]


@dataclass(frozen=True)
class Findings:
    """What the page tells.

    Parameters
    ----------
    sums
        Words added to words, then the controls; by what was added.
    unrelated
        The greatest cosine that the two words of a best example may have.
    best, ordinary
        Sums chosen by their figures, and the first ones of the random pairs.
    paper
        The sums of the paper, what is near there, what is nearest here (nothing where a word is missing).
    """

    sums: Mapping[str, Combined]
    unrelated: float
    best: Sequence[Example]
    ordinary: Sequence[Example]
    paper: Sequence[tuple[str, str, Sequence[str]]]


def page(findings: Findings, about: Sequence[str], near: int) -> Iterator[str]:
    """Yield the page's lines.

    Parameters
    ----------
    findings
        What was found.
    about
        Machine, text, model, words, command.
    near
        How many words are the neighbourhood of one.
    """
    words = next(iter(findings.sums.values()))
    finds, share = int(words.found.sum()), float(words.found.mean())
    yield from (
        "# Sums of word vectors",
        "",
        "Written by `make bench-composition`; not to be edited. Section 5 of arXiv 1310.4546 adds word",
        "vectors: *Russian* and *river* make something near *Volga River*. The scores that a vector gives",
        "are, but for what is the other word's own, logarithms of how probable that word is around it. A sum",
        "adds logarithms: it is high for what is probable around both. The program chose all examples here.",
        "",
        *(f"- {line}" for line in about),
        "",
        "## The best of many pairs",
        "",
        f"The unit vectors of {len(words.pairs):,} random pairs of words were added, and the word nearest to",
        "each sum was looked for; words made of the same parts as one of the two (*rivers*, *river_valley*",
        f"for *river*) are left out everywhere. It is a **find** where it is not among the {near} nearest of",
        f"either of the two alone: {finds:,} pairs, {share:.1%}. These are the best, by the",
        "lesser of the cosines with the two words; no word comes twice, and the two are not near each other",
        f"to begin with (their cosine is at most {findings.unrelated:.2f}, as that of three pairs in four).",
        "",
        *_examples(findings.best),
        "",
        f"## {len(findings.ordinary)} pairs at random",
        "",
        f"The ordinary case, the first of the random pairs: {1 - share:.0%} of all sums are",
        f"nearest to a word that is among the {near} nearest of one of the two.",
        "",
        *_examples(findings.ordinary),
        "",
        "## Random vectors in the place of the second word",
        "",
        *_controls(findings.sums),
        "",
        "## The paper's own sums",
        "",
        "The five sums of the paper's table 5: one of the four nearest there, in the best model of its",
        "authors, and the four nearest here.",
        "",
        "| sum | among the nearest in the paper | nearest here |",
        "| --- | --- | --- |",
        *(
            f"| {added} | {told} | {', '.join(nearest) or 'one of the words is not there'} |"
            for added, told, nearest in findings.paper
        ),
    )


def _examples(examples: Sequence[Example]) -> Iterator[str]:
    yield "| sum | nearest words | cosine of the first with sum, with each word | its place near each word |"
    yield "| --- | --- | --- | --- |"
    for example in examples:
        first, *others = example.nearest
        cosines = "{:.2f}, {:.2f} / {:.2f}".format(*example.cosines)
        places = " / ".join(f"{place:,}" for place in example.places)
        yield f"| {' + '.join(example.added)} | **{first}**, {', '.join(others)} | {cosines} | {places} |"


def _controls(sums: Mapping[str, Combined]) -> Iterator[str]:
    words, *controls = sums.values()
    bar = max((_high(control) for control in controls), default=0.0)
    yield from (
        "That a sum is nearest to something near neither part could be mere geometry. So the same first",
        "words were added to vectors that are no words: of any direction, and drawn with the mean and the",
        "covariance of the words' vectors; all have norm 1. A find is **clear** where its cosines with both",
        f"parts are above {bar:.2f}, as at most 1 in 100 of the finds with random vectors is.",
        "",
        "| added to a word | sums | nearest is near the word alone | near the other alone | near both "
        "| find | lesser cosine of finds, mean | clear find |",
        "| --- " * 8 + "|",
        *(f"| {name} | {' | '.join(_row(sums[name], bar))} |" for name in sums),
        "",
        _verdict(_clear(words, bar), max(_clear(control, bar) for control in controls)),
    )


def _verdict(words: float, chance: float) -> str:
    outcome = "It is not geometry alone." if words > 2 * chance else "It may be geometry alone."
    return f"Clear finds: {words:.2%} with words, at most {chance:.2%} with random vectors. {outcome}"


def _row(sums: Combined, bar: float) -> Iterator[str]:
    yield f"{len(sums.pairs):,}"
    for which in (
        sums.near_left & ~sums.near_right,
        sums.near_right & ~sums.near_left,
        sums.near_left & sums.near_right,
        sums.found,
    ):
        yield f"{which.mean():.1%}"
    yield f"{sums.lesser[sums.found].mean():.2f}" if sums.found.any() else "–"
    yield f"{_clear(sums, bar):.2%}"


def _high(sums: Combined) -> float:
    return float(np.quantile(sums.lesser[sums.found], 0.99)) if sums.found.any() else 0.0


def _clear(sums: Combined, bar: float) -> float:
    return float((sums.found & (sums.lesser > bar)).mean())
