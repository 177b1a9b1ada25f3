"""``coterie report``: one HTML page about a model, to keep beside it or send to someone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coterie.cli.console import Command, Speaker, common_options

if TYPE_CHECKING:
    from coterie.evaluation import AnalogySet, SimilaritySet, Table
    from coterie.vectors import WordVectors

__all__ = ["command"]


@click.command(
    "report",
    cls=Command,
    examples=(
        "coterie report my-model",
        "coterie report my-model -o report.html --analogies questions-words.txt --similarity wordsim353.tsv",
        "coterie report my-model --against my-model-of-seed-2",
        "coterie report vectors.bin --weat flowers-insects.json",
    ),
)
@click.argument("model", metavar="MODEL", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page to write; an earlier one is replaced.  [default: NAME.html, of the model's name]",
)
@click.option(
    "-a",
    "--analogies",
    metavar="FILE|FOLDER",
    multiple=True,
    help="Analogy questions, as coterie evaluate takes them (repeatable).",
)
@click.option(
    "-s",
    "--similarity",
    metavar="FILE",
    multiple=True,
    help="Pairs of words with a score, as coterie evaluate takes them (repeatable).",
)
@click.option(
    "--against",
    metavar="OTHER",
    type=click.Path(path_type=Path),
    help="A second model, of another seed: do the neighbours stay the same?",
)
@click.option(
    "--weat",
    "weat_files",
    metavar="FILE",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Word lists for an association test, JSON or TOML (repeatable).",
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of the samples.")
@common_options
def command(
    model: Path,
    output: Path | None,
    analogies: tuple[str, ...],
    similarity: tuple[str, ...],
    against: Path | None,
    weat_files: tuple[Path, ...],
    seed: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write one self-contained HTML page about MODEL.

    It has the settings, the text's figures, the course of the training, scores, samples of neighbours,
    checks that need no test set, and how to make the model again. It loads nothing from elsewhere.
    MODEL is a model folder, or a file of vectors, of which there is less to tell.
    """
    import coterie
    from coterie.evaluation import evaluate_weat, read_analogies, read_similarity, read_word_lists
    from coterie.evaluation.report import model_report
    from coterie.formats.replacing import replacing_file

    speaker = Speaker(quiet=quiet, as_json=as_json)
    name = Path(os.path.realpath(model)).name
    output = output or Path(f"{name}.html")
    if output.suffix.lower() not in (".html", ".htm"):  # such as a model, which it would replace
        raise click.UsageError(f"{output} does not end in .html; a report is an HTML page.")
    questions = [read_analogies(path) for path in analogies]
    judgements = [read_similarity(path) for path in similarity]
    lists = [read_word_lists(path) for path in weat_files]
    subject = coterie.load_model(model) if model.is_dir() else coterie.load(model)
    vectors = subject if isinstance(subject, coterie.WordVectors) else subject.vectors
    other = None if against is None else coterie.load(against)
    page = model_report(
        subject,
        name,
        scores=_scores(name, vectors, questions, judgements),
        weat=[evaluate_weat(vectors, words, seed=seed) for words in lists],
        against=other,
        against_name=str(against),
        seed=seed,
        version=coterie.__version__,
    ).encode("utf-8")
    with replacing_file(output) as file:
        file.write(page)
    speaker.message(f"report written to {output}")
    if as_json:
        speaker.json({"report": str(output), "bytes": len(page)})


def _scores(
    name: str, vectors: WordVectors, questions: list[AnalogySet], judgements: list[SimilaritySet]
) -> list[Table]:
    """Return what the test sets found, with confidence intervals."""
    from coterie.evaluation import (
        bootstrap_accuracy,
        bootstrap_spearman,
        evaluate_analogies,
        evaluate_similarity,
    )
    from coterie.evaluation.summary import analogy_table, similarity_table

    answered = [evaluate_analogies(vectors, asked) for asked in questions]
    tables = [analogy_table({name: (result, bootstrap_accuracy(result))}) for result in answered]
    agreed = [evaluate_similarity(vectors, judged) for judged in judgements]
    if agreed:
        tables.append(similarity_table([{name: (result, bootstrap_spearman(result))} for result in agreed]))
    return tables
