"""``coterie info``: what is in a model, a file of vectors, or the cache of encoded text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from coterie.cli.console import Command, Speaker, common_options, print_table

__all__ = ["command"]


@click.command(
    "info",
    cls=Command,
    examples=("coterie info my-model", "coterie info vectors.bin", "coterie info --cache"),
)
@click.argument("target", metavar="[MODEL]", required=False, type=click.Path(path_type=Path))
@click.option("--cache", is_flag=True, help="List the encoded texts that are kept.")
@common_options
def command(target: Path | None, cache: bool, quiet: bool, as_json: bool) -> None:
    """Show what a model was trained on, with which settings, and its figures.

    MODEL is a model folder, or a file of vectors in word2vec's text or binary format.
    """
    if (target is None) == (not cache):
        raise click.UsageError("Name a model, or give --cache.")
    facts = _model_facts(target) if target else {}
    if as_json:
        Speaker(quiet=quiet, as_json=as_json).json(facts)
    else:
        print_table(str(target), ("", ""), list(_flat(facts)))


def _model_facts(path: Path) -> dict[str, Any]:
    import coterie

    if not (path / "config.json").is_file():
        vectors = coterie.load(path)
        return {"words": len(vectors), "vector_size": vectors.vector_size}
    model = coterie.load_model(path)
    return {"words": len(model.vectors), "vector_size": model.vectors.vector_size, **model.config}


def _flat(facts: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    rows = []
    for name, value in facts.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{before}{name}.")
        else:
            rows.append((before + name, f"{value:,}" if isinstance(value, int) else str(value)))
    return rows
