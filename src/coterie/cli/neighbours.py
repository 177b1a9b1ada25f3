"""``coterie neighbours``: the words that keep the same company."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coterie.cli.console import Command, Speaker, common_options, print_table, report_missing
from coterie.errors import FormatError, WordNotFoundError

if TYPE_CHECKING:
    from coterie.index import NeighbourIndex
    from coterie.vectors import WordVectors

__all__ = ["command"]


@click.command(
    "neighbours",
    cls=Command,
    examples=(
        "coterie neighbours my-model paris",
        "coterie neighbours my-model paris london berlin -n 5",
        "coterie neighbours my-model paris --approximate --json",
        "coterie neighbours my-model paris | cut -f 2",
    ),
)
@click.argument("model", metavar="MODEL", type=click.Path(path_type=Path))
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@click.option(
    "-n", "--topn", default=10, show_default=True, type=click.IntRange(1), help="Neighbours of each word."
)
@click.option(
    "--approximate",
    is_flag=True,
    help="Ask the index that `coterie index MODEL` built: quick among millions, a neighbour may be missed.",
)
@common_options
def command(
    model: Path, words: tuple[str, ...], topn: int, approximate: bool, quiet: bool, as_json: bool
) -> None:
    """List the nearest neighbours of each WORD by cosine similarity.

    MODEL is a model folder, or a file of vectors in word2vec's text or binary format.
    Elsewhere than on a terminal: one line for each neighbour, word, neighbour and similarity
    with tabs between.
    """
    import coterie

    vectors = coterie.load(model)
    most_similar = _index(model, vectors).most_similar if approximate else vectors.most_similar
    found, missing = {}, []
    for word in words:
        try:
            found[word] = most_similar(word, topn=topn)
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


def _index(model: Path, vectors: WordVectors) -> NeighbourIndex:
    from coterie.formats.neighbour_index import index_path, sidecar
    from coterie.index import NeighbourIndex

    path = index_path(model)
    if not path.exists() and not sidecar(path).exists():
        raise FormatError(f"{model} has no index of neighbours. Build it: coterie index {model}.")
    return NeighbourIndex.load(path, vectors)
