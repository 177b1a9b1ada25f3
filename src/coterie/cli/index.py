"""``coterie index``: neighbours among millions of words without looking at all of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from coterie import __version__
from coterie.cli.console import Command, Speaker, common_options
from coterie.config import IndexConfig, IndexDtype

__all__ = ["command"]

_SECONDS_BETWEEN_LINES = 10.0


@click.command(
    "index",
    cls=Command,
    examples=(
        "coterie index my-model",
        "coterie index vectors.bin --expansion-search 400",
        "coterie index my-model --threads 1 --json",
    ),
)
@click.argument("model", metavar="MODEL", type=click.Path(path_type=Path))
@click.option(
    "--connectivity",
    type=int,
    default=IndexConfig.connectivity,
    show_default=True,
    help="Links of a word: more find more, and take more room.",
)
@click.option(
    "--expansion-add",
    type=int,
    default=IndexConfig.expansion_add,
    show_default=True,
    help="Words looked at when one is added: more find more, the index takes longer to build.",
)
@click.option(
    "--expansion-search",
    type=int,
    default=IndexConfig.expansion_search,
    show_default=True,
    help="Words looked at by a search: more find more, and take longer.",
)
@click.option(
    "--dtype",
    type=click.Choice(get_args(IndexDtype)),
    default=IndexConfig.dtype,
    show_default=True,
    help="What the index holds the vectors in; scores do not depend on it.",
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    help="With 1 the same vectors give the same index.  [default: every core]",
)
@common_options
def command(model: Path, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Build an index of the neighbours in MODEL, for `coterie neighbours MODEL WORD --approximate`.

    MODEL is a model folder, in which the index is saved, or a file of vectors, beside which it is saved.
    How many of the true neighbours it finds is measured and told. Worth it from some hundred thousand
    words on; it is of these vectors, and another model needs another index.
    """
    import coterie
    from coterie.formats.neighbour_index import index_path
    from coterie.formats.replacing import try_folder
    from coterie.index import NeighbourIndex

    speaker = Speaker(quiet=quiet, as_json=as_json)
    vectors = coterie.load(model)
    path = index_path(model)
    try_folder(path)  # that nothing can be written there is told now
    index = NeighbourIndex.build(vectors, progress=_lines(speaker), **settings)
    index.description["coterie_version"] = __version__
    recall = index.recall()
    index.save(path)
    size, seconds = path.stat().st_size, index.description["build_seconds"]
    if as_json:
        speaker.json({"output": str(path), "bytes": size, **index.description})
        return
    speaker.message(
        f"index of {len(vectors):,} words built in {seconds:,.1f} s, saved in {path} ({size / 1e6:,.1f} MB); "
        f"it finds {recall:.1%} of the 10 nearest words"
    )


def _lines(speaker: Speaker) -> Callable[[int, int], None]:
    """Return a callback that says a line every ten seconds."""
    last = time.monotonic()

    def say(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            speaker.message(f"indexing {done / total:.0%}: {done:,} of {total:,} words")

    return say
