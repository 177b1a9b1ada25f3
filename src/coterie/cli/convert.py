"""``coterie convert``: vectors from one format to another, told by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from coterie.cli.console import Command, Speaker, common_options

__all__ = ["command"]


@click.command(
    "convert",
    cls=Command,
    examples=(
        "coterie convert my-model vectors.bin",
        "coterie convert my-model vectors.txt.gz --limit 50000",
        "coterie convert GoogleNews-vectors.bin.gz vectors.safetensors",
        "coterie convert glove.6B.100d.txt vectors.bin --no-header",
    ),
)
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--limit", type=int, help="Take the first LIMIT words only.")
@click.option("--no-header", is_flag=True, help="IN is text without the line of sizes, as GloVe writes it.")
@click.option(
    "--encoding-errors",
    type=click.Choice(["strict", "replace", "ignore"]),
    default="strict",
    show_default=True,
    help="What to do with words that are not UTF-8.",
)
@click.option(
    "--replace-spaces", metavar="TEXT", help="Write TEXT for a blank inside a word.  [default: an error]"
)
@common_options
def command(
    source: Path, target: Path, replace_spaces: str | None, quiet: bool, as_json: bool, **reading: Any
) -> None:
    """Write the vectors of IN as OUT, in the format that OUT's name says.

    IN is a model folder or a file of vectors, whose contents tell the format. OUT ends in .bin
    (word2vec's binary format), .txt or .vec (its text format), each also compressed
    (.gz, .bz2, .xz, .zst), or in .safetensors.
    """
    from coterie import formats

    if target.exists() and source.exists() and source.samefile(target):
        raise click.UsageError(f"IN and OUT are the same: {source}")
    formats.check_writable(target)
    table = formats.read(source, **reading)
    formats.write(target, table.words, table.matrix, table.counts, replace_spaces=replace_spaces)
    words, vector_size = table.matrix.shape
    speaker = Speaker(quiet=quiet, as_json=as_json)
    if as_json:
        speaker.json({"output": str(target), "words": words, "vector_size": vector_size})
    else:
        speaker.message(f"{words:,} words × {vector_size} written to {target}")
