"""``coterie evaluate``: test sets asked of one model, or of several that are then compared."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coterie.cli.checks import Checked, Wanted, check_options
from coterie.cli.console import Command, Option, Speaker, common_options, draw_table

if TYPE_CHECKING:
    from coterie.evaluation import (
        AnalogyComparison,
        AnalogySet,
        SimilarityComparison,
        SimilaritySet,
        Table,
    )
    from coterie.evaluation.summary import Analogies, Similarity

__all__ = ["command"]

_NOTHING_ASKED = (
    "Name a test set: --analogies FILE or --similarity FILE; or a check that needs none: --intrinsic. "
    "Where gensim is installed it brings some sets: "
    "--analogies gensim:questions-words.txt --similarity gensim:wordsim353.tsv"
)


@dataclass
class _Findings:
    """The results of every model, in the order of the sets; and the checks that need none."""

    analogies: list[dict[str, Analogies]] = field(default_factory=list)
    similarity: list[dict[str, Similarity]] = field(default_factory=list)
    comparisons: list[tuple[str, str, AnalogyComparison | SimilarityComparison]] = field(default_factory=list)
    checks: dict[str, Checked] = field(default_factory=dict)


@click.command(
    "evaluate",
    cls=Command,
    examples=(
        "coterie evaluate my-model --analogies questions-words.txt --similarity wordsim353.tsv",
        "coterie evaluate old-model new-model --analogies BATS_3.0 --method 3cosmul",
        "coterie evaluate my-model --intrinsic --against my-model-of-seed-2 --weat flowers.json --json",
        "coterie evaluate my-model --analogies gensim:questions-words.txt --markdown",
    ),
)
@click.argument("models", metavar="MODEL [OTHER...]", nargs=-1, required=True)
@click.option(
    "-a",
    "--analogies",
    metavar="FILE|FOLDER",
    multiple=True,
    cls=Option,
    section="Test sets, each as often as you like",
    help="Questions in Google's form (': section' lines), MSR's (four words a line) or BATS's (a folder).",
)
@click.option(
    "-s",
    "--similarity",
    metavar="FILE",
    multiple=True,
    cls=Option,
    section="Test sets, each as often as you like",
    help="Two words and a score a line: tabs, commas or blanks between, with a header or without.",
)
@check_options
@click.option(
    "--score-column",
    metavar="NAME|N",
    help="Column of the score in the similarity files.  [default: the first of numbers]",
)
@click.option(
    "--method",
    type=click.Choice(("3cosadd", "3cosmul")),
    default="3cosadd",
    show_default=True,
    help="How analogies are scored: by sums of cosines or by products.",
)
@click.option(
    "--restrict-vocab",
    metavar="N",
    type=click.IntRange(1),
    help="Know the first N words only.  [default: 300000 for analogies, all for similarity]",
)
@click.option("--case-sensitive", is_flag=True, help="Take words as they are written, US not for us.")
@click.option(
    "--dummy4unknown", is_flag=True, help="Count what has unknown words as wrong, instead of leaving it out."
)
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Level of the intervals and of the comparison.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of intervals and samples."
)
@click.option("--markdown", is_flag=True, help="Tables in Markdown on standard output.")
@common_options
def command(
    models: tuple[str, ...],
    analogies: tuple[str, ...],
    similarity: tuple[str, ...],
    score_column: str | None,
    markdown: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Judge word vectors by test sets: analogies and word similarity, with confidence intervals.

    And by checks that need no test set, also for languages that have none.

    With OTHERs each is compared with MODEL, and a sentence says whether it is better, worse, or not
    distinguishable, over the questions that both can answer.

    MODEL is a model folder, or a file of vectors. FILE may be gensim:NAME, a file of an installed gensim's
    test data. Elsewhere than on a terminal: a line for each score, with tabs between (model, set, what,
    value, low, high, questions, unknown, verdict), and of the checks for each number (model, check, what,
    value).
    """
    from coterie.evaluation import read_analogies, read_similarity

    if not any((analogies, similarity, options["intrinsic"], options["against"], options["weat"])):
        raise click.UsageError(_NOTHING_ASKED)
    if as_json and markdown:
        raise click.UsageError("--json and --markdown are two forms of the result; give one.")
    speaker = Speaker(quiet=quiet, as_json=as_json)
    column = int(score_column) if score_column and score_column.isdecimal() else score_column
    questions = [read_analogies(path) for path in analogies]
    judgements = [read_similarity(path, score_column=column) for path in similarity]
    found = _findings(_names(models), questions, judgements, speaker, options)
    if as_json:
        speaker.json(_result(found, options))
    elif markdown:
        click.echo("\n\n".join((*(table.markdown() for table in _tables(found)), *_sentences(found))))
    elif sys.stdout.isatty():
        _show(found)
    else:
        for line in _lines(found):
            click.echo("\t".join(line))
        for sentence in _sentences(found):
            speaker.message(sentence)


def _names(models: tuple[str, ...]) -> dict[str, Path]:
    """Return the models by their names: the last part of the path, where that tells them apart."""
    paths = [Path(model) for model in models]
    short = [path.name or str(path) for path in paths]
    names = short if len(set(short)) == len(short) else list(models)
    if len(set(names)) < len(names):
        raise click.UsageError("a model is named twice; it cannot differ from itself.")
    return dict(zip(names, paths, strict=True))


def _findings(
    models: dict[str, Path],
    questions: list[AnalogySet],
    judgements: list[SimilaritySet],
    speaker: Speaker,
    options: dict[str, Any],
) -> _Findings:
    """Ask every model everything, and compare the first with the others."""
    from coterie import evaluation

    bootstrap = {name: options[name] for name in ("confidence", "seed")}
    found = _Findings([{} for _ in questions], [{} for _ in judgements])
    for name, path in models.items():
        # In a function of its own, so that only one model is in memory.
        _ask(name, path, (questions, judgements), speaker, options, found)
    first, *others = models
    for other in others:
        for of in found.analogies:
            compared = evaluation.compare_analogies(of[first][0], of[other][0], **bootstrap)
            found.comparisons.append((first, other, compared))
        for pairs in found.similarity:
            agreed = evaluation.compare_similarity(pairs[first][0], pairs[other][0], **bootstrap)
            found.comparisons.append((first, other, agreed))
    return found


def _ask(
    name: str,
    path: Path,
    sets: tuple[list[AnalogySet], list[SimilaritySet]],
    speaker: Speaker,
    options: dict[str, Any],
    found: _Findings,
) -> None:
    """Add what one model answers."""
    import coterie
    from coterie import evaluation

    bootstrap = {name: options[name] for name in ("confidence", "seed")}
    limit = options["restrict_vocab"]
    shared = {
        "case_insensitive": not options["case_sensitive"],
        "dummy4unknown": options["dummy4unknown"],
    }
    vectors = coterie.load(path)
    speaker.message(f"{name}: {len(vectors):,} words, vectors of {vectors.vector_size}")
    questions, judgements = sets
    for of, asked in zip(found.analogies, questions, strict=True):
        told = evaluation.evaluate_analogies(
            vectors, asked, method=options["method"], restrict_vocab=limit or 300_000, **shared
        )
        of[name] = told, evaluation.bootstrap_accuracy(told, **bootstrap)
    for pairs, judged in zip(found.similarity, judgements, strict=True):
        agreement = evaluation.evaluate_similarity(vectors, judged, restrict_vocab=limit, **shared)
        pairs[name] = agreement, evaluation.bootstrap_spearman(agreement, **bootstrap)
    if wanted := Wanted.of(options):
        found.checks[name] = wanted.made_of(vectors)
        for message in found.checks[name].messages():
            speaker.message(f"{name}: {message}")


def _sentences(found: _Findings) -> list[str]:
    return [comparison.sentence(a, b) for a, b, comparison in found.comparisons]


def _tables(found: _Findings) -> Iterator[Table]:
    from coterie.evaluation.summary import analogy_table, similarity_table

    for of in found.analogies:
        yield analogy_table(of)
    if found.similarity:
        yield similarity_table(found.similarity)
    yield from _check_tables(found)


def _check_tables(found: _Findings) -> Iterator[Table]:
    for model, checked in found.checks.items():
        yield from checked.tables(model if len(found.checks) > 1 else None)


def _show(found: _Findings) -> None:
    words = list(_check_tables(found))
    for table in _tables(found):
        draw_table(table.title, table.header, table.rows, numbers=table not in words)
        click.echo(f"{table.note}\n" if table.note else "")
    for sentence in _sentences(found):
        click.echo(sentence)


def _lines(found: _Findings) -> Iterator[tuple[str, ...]]:
    """Yield model, set, what, value, low, high, questions, unknown; of comparisons the verdict too."""
    from coterie.evaluation.summary import named_scores

    for analogies in found.analogies:
        for model, (result, intervals) in analogies.items():
            for score, within in named_scores(result, intervals):
                numbers = (score.accuracy, within.low, within.high)
                counts = (score.asked, score.out_of_vocabulary)
                yield _line((model, result.name, score.name), numbers, counts)
    for similarity in found.similarity:
        for model, (agreement, interval) in similarity.items():
            numbers = (agreement.spearman, interval.low, interval.high)
            counts = (agreement.pairs, agreement.out_of_vocabulary)
            yield _line((model, agreement.name, "spearman"), numbers, counts)
    for a, b, told in found.comparisons:
        numbers = (told.difference, told.interval.low, told.interval.high)
        yield (*_line((b, told.name, f"minus {a}"), numbers, (told.common, told.left_out)), told.verdict)
    for model, checked in found.checks.items():
        yield from checked.lines(model)


def _line(
    names: tuple[str, str, str], numbers: tuple[float, float, float], counts: tuple[int, int]
) -> tuple[str, ...]:
    return (*names, *(f"{number:.4f}" for number in numbers), *map(str, counts))


def _result(found: _Findings, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "confidence": options["confidence"],
        "seed": options["seed"],
        "analogies": [
            {"model": model, **result.to_dict(), "intervals": intervals.to_dict()}
            for of in found.analogies
            for model, (result, intervals) in of.items()
        ],
        "similarity": [
            {"model": model, **result.to_dict(), "interval": interval.to_dict()}
            for of in found.similarity
            for model, (result, interval) in of.items()
        ],
        "checks": [{"model": model, **checked.to_dict()} for model, checked in found.checks.items()],
        "comparisons": [
            {"a": a, "b": b, **comparison.to_dict(), "sentence": comparison.sentence(a, b)}
            for a, b, comparison in found.comparisons
        ],
    }
