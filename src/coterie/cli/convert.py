"""``coterie convert``: vectors from one format to another, told by their names."""

from __future__ import annotations

from pathlib import Path

import click

from coterie.cli.console import Command, Speaker, common_options
from coterie.cli.output import check_output_file

__all__ = ["command"]


@click.command(
    "convert",
    cls=Command,
    examples=(
        "coterie convert my-model vectors.bin",
        "coterie convert my-model vectors.txt",
        "coterie convert GoogleNews-vectors.bin.gz vectors.vec",
    ),
)
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@common_options
def command(source: Path, target: Path, quiet: bool, as_json: bool) -> None:
    """Write the vectors of IN as OUT, in the format that its name says.

    IN is a model folder or a file of vectors; names that end in .bin are word2vec's binary
    format, .txt and .vec its text format.
    """
    import coterie

    if target.exists() and source.exists() and source.samefile(target):
        raise click.UsageError(f"IN and OUT are the same: {source}")
    check_output_file(target)
    vectors = coterie.load(source)
    vectors.save_word2vec_format(target, binary=target.suffix == ".bin")
    speaker = Speaker(quiet=quiet, as_json=as_json)
    if as_json:
        speaker.json({"output": str(target), "words": len(vectors), "vector_size": vectors.vector_size})
    else:
        speaker.message(f"{len(vectors):,} words × {vectors.vector_size} written to {target}")
