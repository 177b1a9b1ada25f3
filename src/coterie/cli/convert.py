"""``coterie convert``: vectors from one format to another, told by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from coterie.cli.console import Command, Speaker, common_options
from coterie.formats import FORMATS, Format

__all__ = ["command"]


@click.command(
    "convert",
    cls=Command,
    examples=(
        "coterie convert my-model vectors.bin",
        "coterie convert GoogleNews-vectors.bin.gz vectors.safetensors --limit 50000",
        "coterie convert glove.840B.300d.txt vectors.npy",
        "coterie convert my-model for-glove.txt --to glove",
    ),
)
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--limit", type=int, help="Take the first LIMIT words only.")
@click.option(
    "--from", "source_format", type=click.Choice(FORMATS), help="IN's format, where its contents don't tell."
)
@click.option(
    "--to",
    "target_format",
    type=click.Choice([name for name in FORMATS if name != "fasttext"]),
    help="OUT's format, whatever its name.",
)
@click.option("--no-header", is_flag=True, help="The same as --from glove.")
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
    source: Path,
    target: Path,
    source_format: Format | None,
    target_format: Format | None,
    replace_spaces: str | None,
    quiet: bool,
    as_json: bool,
    **reading: Any,
) -> None:
    """Write the vectors of IN as OUT, in the format that OUT's name says.

    IN is a model folder or a file of vectors, whose contents tell the format. OUT ends in

    \b
      .safetensors  words, vectors and counts, mapped on load
      .npy          NumPy's array, mapped on load; words in NAME.words.txt beside it
      .parquet      a table for DuckDB, Polars, pandas: word, count, vector
      .bin          word2vec's binary format
      .txt .vec     word2vec's text format, as fastText has it
      .glove        GloVe's text format (also .glove.txt)
      .tsv          the TensorFlow projector's; words in NAME.metadata.tsv beside it

    All of word2vec's and GloVe's also compressed (.gz, .bz2, .xz, .zst). fastText's models (.bin) are read:
    a vector for each of their words.
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from coterie import formats

    for written in formats.files_written(target, formats.check_writable(target, target_format)):
        if written.exists() and source.exists() and source.samefile(written):
            raise click.UsageError(f"IN would be replaced: {source} is written as a part of OUT, {target}.")
    table = formats.read(source, format=source_format, **reading)
    formats.write(
        target, table.words, table.matrix, table.counts, format=target_format, replace_spaces=replace_spaces
    )
    words, vector_size = table.matrix.shape
    speaker = Speaker(quiet=quiet, as_json=as_json)
    if as_json:
        speaker.json({"output": str(target), "words": words, "vector_size": vector_size})
    else:
        speaker.message(f"{words:,} words × {vector_size} written to {target}")
