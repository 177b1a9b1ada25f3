"""The sections of a report; each says so where it has no data."""

from __future__ import annotations

import numpy as np

from coterie.evaluation.intrinsic import Hubness, Isotropy
from coterie.evaluation.intrinsic.bands import ranks_of
from coterie.evaluation.report import figures
from coterie.evaluation.report.markup import (
    escaped,
    facts,
    figures_row,
    missing,
    neighbour_table,
    note,
    section,
    table,
)
from coterie.evaluation.report.settings import ALONE, reproduce, settings, told
from coterie.evaluation.report.subject import Subject

__all__ = ["SECTIONS", "key_figures"]

_ASKED = 6
_SHOWN = 8


def key_figures(subject: Subject) -> str:
    """Return the figures that one looks for first."""
    trained, corpus = subject.part("figures"), subject.part("corpus_statistics")
    figures_ = [
        ("words", f"{len(subject.vectors):,}"),
        ("dimensions", f"{subject.vectors.vector_size:,}"),
        ("tokens", told("tokens", corpus.get("tokens"))),
        ("final loss", told("loss", trained.get("final_loss"))),
        ("training", told("seconds", trained.get("training_seconds"), " s")),
        ("words/s", told("speed", trained.get("words_per_second"))),
    ]
    cells = "".join(
        f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>"
        for name, value in figures_
        if value != "not recorded"
    )
    return f'<dl class="key">{cells}</dl>'


def corpus(subject: Subject) -> str:
    statistics = subject.part("corpus_statistics")
    if not statistics:
        rows = missing(ALONE.format("nothing is recorded about their text"))
    else:
        rows = facts(
            "The text", [(key.replace("_", " "), told(key, value)) for key, value in statistics.items()]
        )
    counts = subject.vectors.counts
    if counts is None:
        return section("corpus", "Corpus", rows, missing("There are no counts of the words."))
    return section(
        "corpus",
        "Corpus",
        f'<div class="columns"><div>{rows}</div>{figures.zipf_plot(subject.vectors)}</div>',
    )


def training(subject: Subject) -> str:
    recorded = subject.part("figures")
    drawn = figures.training_plots(subject.metrics)
    if not recorded and not drawn:
        return section(
            "training", "Training", missing(ALONE.format("the course of their training is not known"))
        )
    rows = facts("Figures", [(key.replace("_", " "), told(key, value)) for key, value in recorded.items()])
    curves = figures_row(*drawn) if drawn else missing("The course of the training was not recorded.")
    return section("training", "Training", curves, rows if recorded else "")


def scores(subject: Subject) -> str:
    if not subject.scores:
        return section(
            "scores",
            "Scores",
            missing("No test sets were given: coterie report MODEL --analogies FILE --similarity FILE."),
        )
    return section("scores", "Scores", *map(table, subject.scores))


def associations(subject: Subject) -> str:
    if not subject.weat:
        return section(
            "weat",
            "Associations (WEAT)",
            missing("No word lists were given: coterie report MODEL --weat FILE."),
        )
    explained = note(
        "The effect size d is the difference between the mean associations of the two sets of target words, "
        "in standard deviations; between sets of equal size it lies between −2 and 2. p is the share of the "
        "partings of the targets (all of them, or a random choice) with a difference as large."
    )
    return section(
        "weat",
        "Associations (WEAT)",
        *(table(content) for result in subject.weat for content in result.tables()),
        explained,
    )


def neighbours(subject: Subject) -> str:
    vectors = subject.vectors
    order = np.argsort(ranks_of(vectors))
    n = len(order)
    ends = (100, 1_000, 10_000, n) if n > 15_000 else (0, n // 20 + 1, n // 4 + 1, n)
    draw = np.random.default_rng(subject.seed)
    tables = []
    for title, low, high in zip(
        ("Frequent words", "Middling words", "Rare words"), ends[:-1], ends[1:], strict=True
    ):
        rows = [row for row in order[low:high].tolist() if vectors.matrix[row].any()]
        plain = [row for row in rows if vectors.words[row].isalpha() and len(vectors.words[row]) > 2]
        rows = plain or rows
        chosen = sorted(draw.choice(len(rows), min(_ASKED, len(rows)), replace=False)) if rows else []
        asked = [vectors.words[rows[i]] for i in chosen]
        answers = vectors.most_similar_batch(asked, topn=_SHOWN) if asked else []
        near = [[word for word, _ in answer] for answer in answers]
        if asked:
            ranks = f"ranks {low + 1:,}–{high:,}"
            tables.append(neighbour_table(f"{title} ({ranks})", list(zip(asked, near, strict=True))))
    if not tables:
        return section("neighbours", "Neighbours", missing("There are no words with a vector."))
    return section(
        "neighbours", "Neighbours", note(f"A random choice, with the {_SHOWN} nearest by cosine."), *tables
    )


def checks(subject: Subject) -> str:
    found = subject.checks.found
    drawn = [figures.norm_plot(subject.vectors, subject.seed)] if "norms" in found else []
    if isinstance(hubs := found.get("hubness"), Hubness):
        drawn.append(figures.hub_plot(hubs))
    if isinstance(shape := found.get("isotropy"), Isotropy):
        drawn.append(figures.spectrum_plot(shape))
    narrow, wide = [], []
    for name, check in found.items():
        if name == "odd_words":
            continue
        contents = check.tables()
        drawn_tables = "".join(map(table, contents))
        if max(len(content.header) for content in contents) > 3:
            wide.append(drawn_tables)
        else:
            narrow.append(f"<div>{drawn_tables}</div>")
    absent = [missing(f"{name.replace('_', ' ')}: {why}") for name, why in subject.checks.impossible.items()]
    if subject.against is None:
        absent.append(
            missing("Stability needs a second model of another seed: coterie report MODEL --against OTHER.")
        )
    else:
        absent.append(note(f"The other model is {subject.against}."))
    grid = f'<div class="columns">{"".join(narrow)}</div>'
    drawn_words = figures.word_map(subject.vectors)
    return section("checks", "Intrinsic checks", figures_row(*drawn), grid, *wide, *absent, drawn_words)


def odd(subject: Subject) -> str:
    found = subject.checks.found.get("odd_words")
    if found is None:
        return section("odd", "Odd words", missing("The vocabulary is too small."))
    explained = note(
        "Words to look at: they may show a fault of the text, of its tokenisation or of the training, or be "
        "quite right."
    )
    tables = "".join(f"<div>{table(content)}</div>" for content in found.tables())
    return section("odd", "Odd words", explained, f'<div class="columns">{tables}</div>')


def versions(subject: Subject) -> str:
    import platform

    rows: list[tuple[str, object]] = [
        (f"{name.replace('_', ' ')} of the model", value)
        for name, value in (
            ("coterie_version", subject.config.get("coterie_version")),
            ("format_version", subject.config.get("format_version")),
            *subject.part("versions").items(),
        )
        if value is not None
    ]
    rows += [
        ("Coterie, of this report", subject.version),
        ("Python", platform.python_version()),
        ("NumPy", np.__version__),
    ]
    return section("versions", "Versions", facts("Versions", rows))


SECTIONS = (
    (corpus, "corpus", "Corpus"),
    (settings, "settings", "Settings"),
    (training, "training", "Training"),
    (scores, "scores", "Scores"),
    (neighbours, "neighbours", "Neighbours"),
    (checks, "checks", "Checks"),
    (odd, "odd", "Odd words"),
    (associations, "weat", "WEAT"),
    (versions, "versions", "Versions"),
    (reproduce, "reproduce", "Reproduce"),
)
"""The sections in their order, with their anchors and what the contents call them."""
