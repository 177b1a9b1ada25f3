"""``coterie predict``: the words that the model expects among others."""

from __future__ import annotations

from pathlib import Path

import click

from coterie.cli.console import Command, Speaker, common_options, print_table, report_missing
from coterie.errors import WordNotFoundError

__all__ = ["command"]


@click.command(
    "predict",
    cls=Command,
    examples=(
        "coterie predict my-model silver gold",
        "coterie predict my-model river bank water -n 5",
        "coterie predict my-model silver gold --json",
        "coterie predict my-model silver gold | cut -f 1",
    ),
)
@click.argument("model", metavar="MODEL", type=click.Path(path_type=Path))
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@click.option("-n", "--topn", default=10, show_default=True, type=click.IntRange(1), help="Words to list.")
@common_options
def command(model: Path, words: tuple[str, ...], topn: int, quiet: bool, as_json: bool) -> None:
    """List the words most probable among the WORDs, by the formula of the model's objective.

    MODEL is a model folder; a file of vectors has no output vectors to predict with.
    Words that the model lacks are left out, and the exit status is then 1.
    Elsewhere than on a terminal: one line for each word, with its probability (a tab between).
    """
    import coterie

    whole = coterie.load_model(model)
    context, missing = [], []
    for word in words:
        try:
            whole.vectors.get_vector(word)
        except WordNotFoundError as error:
            missing.append(error)
        else:
            context.append(word)
    if not context:
        report_missing(missing)
    answers = whole.predict_output(context, topn=topn)
    if as_json:
        Speaker(quiet=quiet, as_json=as_json).json(
            {
                "context": context,
                "answers": [{"word": word, "probability": probability} for word, probability in answers],
            }
        )
    else:
        rows = [(word, f"{probability:.4g}") for word, probability in answers]
        print_table(f"among {', '.join(context)}", ("word", "probability"), rows)
    report_missing(missing)
