"""``coterie phrases``: text in, the words that belong together out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coterie.cli.console import Command, Option, Speaker, common_options, print_table
from coterie.cli.options import phrase_options, size, text_options
from coterie.cli.progress import shown_progress
from coterie.cli.train import source_of

if TYPE_CHECKING:
    from coterie.phrases import PhraseModel

__all__ = ["command"]


@click.command(
    "phrases",
    cls=Command,
    examples=(
        "coterie phrases corpus.txt.gz -o corpus.phrases",
        "coterie phrases corpus.txt.gz --phrases 2 --phrase-threshold 200,100 -o corpus.phrases",
        "coterie phrases articles.jsonl.zst -o articles.phrases --text joined.txt.gz",
        "coterie phrases corpus.txt --phrase-scoring npmi -o corpus.phrases --topn 1000 | cut -f 1",
    ),
)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="PHRASES",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the phrases: JSON lines, compressed as its name says.",
)
@click.option(
    "--text",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the text with its phrases joined to this file, one sentence a line.",
)
@click.option(
    "-n", "--topn", default=20, show_default=True, type=click.IntRange(0), help="Phrases to show, the best."
)
@click.option(
    "--phrases",
    cls=Option,
    section="Phrases",
    default=1,
    show_default=True,
    type=int,
    help="Passes: each joins pairs of what the one before left, so that n find up to 2**n words.",
)
@phrase_options
@text_options
@click.option("--workers", type=int, help="Threads that cut the text.  [default: one per core]")
@click.option("--memory-limit", type=size, help="Most that counting may take.  [default: 512MiB]")
@common_options
def command(
    sources: tuple[str, ...], output: Path, topn: int, quiet: bool, as_json: bool, **settings: Any
) -> None:
    """Find the words of a text that belong together, such as new_york, and save them.

    SOURCE is whatever `coterie train` reads, which takes the saved phrases with --phrase-model.
    Elsewhere than on a terminal: one line for each of the best phrases, with its score and its count
    (tabs between).
    """
    import coterie
    from coterie.corpus import read_phrase_file
    from coterie.formats.replacing import check_file_place, try_folder

    if settings["text"] == output:
        raise click.UsageError("--text and --output name the same file.")
    for path in filter(None, (output, settings["text"])):
        check_file_place(path)  # so that hours of counting don't end in a refusal
        try_folder(path)
    if known := settings.pop("known_phrases"):
        settings["known_phrases"] = read_phrase_file(known)
    given = {name: value for name, value in settings.items() if value is not None}
    speaker = Speaker(quiet=quiet, as_json=as_json)
    with shown_progress(speaker) as callback:
        model = coterie.learn_phrases(
            source_of(sources), callback=callback, on_event=speaker.message, **given
        )
    model.save(output)
    if as_json:
        speaker.json(_result(model, output, topn))
    else:
        _show(model, topn)
    speaker.message(f"{len(model):,} phrases saved in {output}")
    if text := given.get("text"):
        speaker.message(f"text with its phrases joined in {text}")


def _result(model: PhraseModel, output: Path, topn: int) -> dict[str, Any]:
    best = [
        {"phrase": model.joined(phrase), "score": phrase.score, "count": phrase.count}
        for phrase in model.best(topn)
    ]
    passes = [len(phrases) for phrases in model.passes]
    return {
        "phrases": str(output),
        "known": passes[0],
        "learned": passes[1:],
        "undercount": model.undercount,
        "best": best,
    }


def _show(model: PhraseModel, topn: int) -> None:
    rows = [
        (
            model.joined(phrase),
            "known" if phrase.score is None else f"{phrase.score:.4g}",
            f"{phrase.count}",
        )
        for phrase in model.best(topn)
    ]
    print_table(None, ("phrase", "score", "count"), rows)
