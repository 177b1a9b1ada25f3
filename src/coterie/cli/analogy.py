"""``coterie analogy``: answers *a is to b as c is to …*."""

from __future__ import annotations

from pathlib import Path

import click

from coterie.cli.console import Command, Speaker, common_options, print_table

__all__ = ["command"]


@click.command(
    "analogy",
    cls=Command,
    examples=(
        "coterie analogy my-model man king woman",
        "coterie analogy my-model france paris italy -n 3",
        "coterie analogy my-model walk walked go --cosmul --json",
    ),
)
@click.argument("model", metavar="MODEL", type=click.Path(path_type=Path))
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.argument("c", metavar="C")
@click.option("-n", "--topn", default=5, show_default=True, type=click.IntRange(1), help="Answers to list.")
@click.option("--cosmul", is_flag=True, help="Multiply similarities (3CosMul) instead of adding vectors.")
@common_options
def command(model: Path, a: str, b: str, c: str, topn: int, cosmul: bool, quiet: bool, as_json: bool) -> None:
    """Answer an analogy: A is to B as C is to what.

    MODEL is a model folder, or a file of vectors in word2vec's text or binary format.
    """
    import coterie

    vectors = coterie.load(model)
    ask = vectors.most_similar_cosmul if cosmul else vectors.most_similar
    answers = ask(positive=[b, c], negative=[a], topn=topn)
    if as_json:
        Speaker(quiet=quiet, as_json=as_json).json(
            {
                "question": [a, b, c],
                "answers": [{"word": word, "similarity": float(value)} for word, value in answers],
            }
        )
        return
    rows = [(word, f"{value:.4f}") for word, value in answers]
    print_table(f"{a} is to {b} as {c} is to …", ("answer", "similarity"), rows)
