"""``coterie info``: what is in a model, a file of vectors, a text, or the cache of encoded texts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from coterie.cli.console import Command, Speaker, common_options, print_table
from coterie.errors import spelt_out

__all__ = ["command"]

_HEAD = 1 << 16
# A line of text that ends in so many numbers is one of vectors without a line of sizes before it.
_NUMBERS = 8


@click.command(
    "info",
    cls=Command,
    examples=(
        "coterie info my-model",
        "coterie info vectors.bin --json",
        "coterie info 'news/*.jsonl.gz'",
        "coterie info my-model --command",
        "coterie info --cache",
    ),
)
@click.argument("targets", metavar="[MODEL|SOURCE...]", nargs=-1)
@click.option("--command", "repeat", is_flag=True, help="Print the command that trains the model again.")
@click.option("--cache", is_flag=True, help="List the encoded texts that are kept, with their sizes.")
@click.option("--clear-cache", is_flag=True, help="Remove those that no program is using.")
@click.option(
    "--cache-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where they are kept.  [default: $COTERIE_CACHE or ~/.cache/coterie]",
)
@common_options
def command(
    targets: tuple[str, ...],
    repeat: bool,
    cache: bool,
    clear_cache: bool,
    cache_dir: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Show what a model was trained on and how, or what a text consists of.

    MODEL is a model folder or a file of vectors; SOURCE is whatever `coterie train` reads.
    """
    if bool(targets) == (cache or clear_cache):
        raise click.UsageError("Name a model or a text, or give --cache.")
    speaker = Speaker(quiet=quiet, as_json=as_json)
    if not targets:
        _tell_cache(cache_dir, clear_cache, speaker)
        return
    if repeat:
        _tell_command(targets, speaker)
        return
    facts = _model_facts(Path(targets[0])) if len(targets) == 1 else None
    if facts is None:
        facts = _source_facts(targets, speaker)
    if as_json:
        speaker.json(facts)
    else:
        print_table(" ".join(targets), ("", ""), list(_flat(facts)))


def _tell_command(targets: Sequence[str], speaker: Speaker) -> None:
    """Print the command that makes a model again."""
    from coterie.cli.repeating import command_of
    from coterie.formats.folder import read_config

    if len(targets) != 1:
        raise click.UsageError("--command is about one model; name it.")
    path = Path(targets[0])
    line, remarks = command_of(path.name, read_config(path))
    for remark in remarks:
        speaker.message(remark)
    if speaker.as_json:
        speaker.json({"command": line})
    else:
        click.echo(spelt_out(line))  # settings are whatever the model's maker wrote


def _model_facts(path: Path) -> dict[str, Any] | None:
    """Return the facts of a model folder or a file of vectors, or None if it is neither."""
    from coterie import formats
    from coterie.formats.folder import is_model_folder
    from coterie.model import Model

    if path.is_dir() and is_model_folder(path):
        model = Model.load(path)
        size = {"words": len(model.vectors), "vector_size": model.vectors.vector_size}
        return {"kind": "model", **size, "bytes": _bytes_in(path), **model.config}
    if path.is_file() and _named_as_vectors(path):
        words, vector_size = formats.read(path).matrix.shape
        return {"kind": "vectors", "words": words, "vector_size": vector_size, "bytes": path.stat().st_size}
    return None


def _named_as_vectors(path: Path) -> bool:
    """Tell vectors from text: by the name, or where that may be either by what is inside."""
    from coterie.formats.files import COMPRESSIONS, reading
    from coterie.formats.number_text import is_number

    ending = Path(path.stem).suffix if path.suffix in COMPRESSIONS else path.suffix
    if ending in (".bin", ".vec", ".glove", ".npy", ".safetensors"):
        return True
    if ending == ".parquet":
        return _is_table_of_vectors(path)
    if ending not in ("", ".txt", ".tsv"):
        return False
    with reading(path) as file:
        fields = file.read(_HEAD).split(b"\n", 1)[0].split()
    if len(fields) == 2 and ending != ".tsv":
        return all(field.isdigit() for field in fields)
    return len(fields) > _NUMBERS and all(map(is_number, fields[-_NUMBERS:]))


def _is_table_of_vectors(path: Path) -> bool:
    from coterie.errors import FormatError
    from coterie.formats.words_parquet import read_words_parquet

    try:
        read_words_parquet(path, limit=1)
    except FormatError:
        return False
    return True


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _source_facts(sources: Sequence[str], speaker: Speaker) -> dict[str, Any]:
    from coterie.corpus.disk import estimated_bytes
    from coterie.corpus.sources import find_files

    files = find_files(sources, speaker.message)
    return {
        "kind": "text",
        "files": {
            file.name: {"format": ".".join(filter(None, (file.format, file.compression))), "bytes": file.size}
            for file in files
        },
        "bytes": sum(file.size or 0 for file in files),
        "estimated_encoded_bytes": estimated_bytes(files),
    }


def _tell_cache(directory: Path | None, clear: bool, speaker: Speaker) -> None:
    from coterie.config.places import default_cache_directory
    from coterie.corpus import clear_caches, list_caches

    place = directory or default_cache_directory()
    freed = clear_caches(place) if clear else 0
    kept = list_caches(place)
    if speaker.as_json:
        caches = [
            {
                "path": str(cache.path),
                "sources": list(cache.sources),
                "bytes": cache.size,
                "last_used": cache.last_used,
                "tokens": cache.n_tokens,
                "words": cache.n_words,
            }
            for cache in kept
        ]
        speaker.json({"directory": str(place), "freed": freed, "caches": caches})
        return
    if clear:
        speaker.message(f"{freed:,} bytes freed")
    speaker.message(f"{place}: {len(kept)} encoded texts, {sum(cache.size for cache in kept):,} bytes")
    rows = [
        (
            cache.path.name,
            f"{cache.size:,}",
            f"{cache.n_tokens:,}",
            f"{cache.n_words:,}",
            time.strftime("%Y-%m-%d %H:%M", time.localtime(cache.last_used)),
            " ".join(cache.sources),
        )
        for cache in kept
    ]
    if rows:
        print_table(None, ("folder", "bytes", "tokens", "words", "last used", "sources"), rows)


def _flat(facts: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Return nested facts as lines, ``training.epochs`` and the like."""
    rows = []
    for name, value in facts.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{before}{name}.")
        else:
            rows.append((before + name, _shown(value)))
    return rows


def _shown(value: Any) -> str:
    if value is None or value == []:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(map(str, value[:10])) + (f", … ({len(value):,})" if len(value) > 10 else "")
    return str(value)
