"""``coterie report``: one HTML page about a model, to keep beside it or send to someone."""

from __future__ import annotations

from pathlib import Path

import click

from coterie.cli.console import Command, Speaker, common_options

__all__ = ["command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    "report",
    cls=Command,
    examples=(
        "coterie report my-model",
        "coterie report my-model -o report.html --against my-model-seed-2",
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
    "--against",
    type=click.Path(path_type=Path),
    help="A second model, of another seed: do the neighbours stay the same?",
)
@click.option(
    "--weat",
    "weat_files",
    type=_FILE,
    multiple=True,
    help="Word lists for an association test, JSON or TOML (repeatable).",
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of the samples.")
@common_options
def command(
    model: Path,
    output: Path | None,
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
    import os

    import coterie
    from coterie.evaluation.report import model_report
    from coterie.evaluation.word_lists import evaluate_weat, read_word_lists
    from coterie.formats.files import replacing_file

    speaker = Speaker(quiet=quiet, as_json=as_json)
    lists = [read_word_lists(path) for path in weat_files]
    subject = coterie.load_model(model) if model.is_dir() else coterie.load(model)
    vectors = subject if isinstance(subject, coterie.WordVectors) else subject.vectors
    name = Path(os.path.realpath(model)).name
    other = None if against is None else coterie.load(against)
    page = model_report(
        subject,
        name,
        weat=[evaluate_weat(vectors, words, seed=seed) for words in lists],
        against=other,
        against_name=str(against),
        seed=seed,
        version=coterie.__version__,
    )
    output = output or Path(f"{name}.html")
    with replacing_file(output) as file:
        file.write(page.encode("utf-8"))
    speaker.message(f"report written to {output}")
    if as_json:
        speaker.json({"report": str(output), "bytes": len(page.encode("utf-8"))})
