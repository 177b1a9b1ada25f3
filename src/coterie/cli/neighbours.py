"""``coterie neighbours``: the words that keep the same company."""

from __future__ import annotations

from pathlib import Path

import click

from coterie.cli.console import Command, Speaker, common_options, print_table, report_missing
from coterie.errors import WordNotFoundError

__all__ = ["command"]


@click.command(
    "neighbours",
    cls=Command,
    examples=(
        "coterie neighbours my-model paris",
        "coterie neighbours my-model paris london berlin -n 5",
        "coterie neighbours vectors.bin paris --json",
        "coterie neighbours my-model paris | cut -f 2",
    ),
)
@click.argument("model", metavar="MODEL", type=click.Path(path_type=Path))
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@click.option(
    "-n", "--topn", default=10, show_default=True, type=click.IntRange(1), help="Neighbours of each word."
)
@common_options
def command(model: Path, words: tuple[str, ...], topn: int, quiet: bool, as_json: bool) -> None:
    """List the nearest neighbours of each WORD by cosine similarity.

    MODEL is a model folder, or a file of vectors in word2vec's text or binary format.
    Elsewhere than on a terminal: one line for each neighbour, word, neighbour and similarity
    with tabs between.
    """
    import coterie

    vectors = coterie.load(model)
    found, missing = {}, []
    for word in words:
        try:
            found[word] = vectors.most_similar(word, topn=topn)
        except WordNotFoundError as error:
            missing.append(error)
    if missing and not found:
        raise missing[0]
    if as_json:
        Speaker(quiet=quiet, as_json=as_json).json(
            {
                word: [{"word": neighbour, "similarity": float(value)} for neighbour, value in neighbours]
                for word, neighbours in found.items()
            }
        )
        report_missing(missing)
        return
    rows = [
        (word, neighbour, f"{value:.4f}")
        for word, neighbours in found.items()
        for neighbour, value in neighbours
    ]
    print_table(None, ("word", "neighbour", "similarity"), rows)
    report_missing(missing)
