"""The model card: a README for people who find the folder later; it tells only what the settings hold."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from coterie.formats.contents import matrix_rows, method_of

__all__ = ["model_card"]

_UNITS = {"seconds": "s", "bytes": "bytes", "words_per_second": "words/s"}
# An example should be a plain word that readers know: neither among the stop words nor rare.
_EXAMPLE_RANKS = slice(50, 5_000)


def model_card(name: str, config: Mapping[str, Any], words: Sequence[str], vector_size: int) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    name
        The model's name, that of its folder.
    config
        What config.json will hold.
    words
        The vocabulary; one of its words stands in the examples.
    vector_size
        The length of a vector.

    Examples
    --------
    >>> print(model_card("tiny", {"figures": {"final_loss": 2.5}}, ["ship"], 8).splitlines()[0])
    # tiny
    """
    sections = [
        f"# {_inline(name)}",
        f"Static word embeddings: {len(words):,} words, {vector_size} dimensions, "
        f"{_inline(method_of(config))}, trained with Coterie.",
        _table("Corpus", _mapping(config, "corpus_statistics")),
        _table("Figures of the training", _figures(config)),
        _table(
            "Settings",
            {
                **_mapping(config, "training"),
                **{f"vocabulary.{k}": v for k, v in _mapping(config, "vocabulary").items()},
                **{f"corpus.{k}": v for k, v in _mapping(config, "corpus").items()},
                **_mapping(config, "phrases"),
            },
            names=True,
        ),
        _loading(name, words),
        _files(config, len(words)),
        _table("Versions", _versions(config)),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


_MATRICES = {
    "input_vectors": "`input_vectors` (the word vectors), a row for each word",
    "output_vectors": "`output_vectors`, a row for each word",
    "node_vectors": "`node_vectors`, a row for each inner node of the Huffman tree of the counts",
}


def _files(config: Mapping[str, Any], words: int) -> str:
    matrices = "; ".join(_MATRICES[name] for name in matrix_rows(config, words))
    return f"""## Files

- `model.safetensors`: float32: {matrices}
- `vocabulary.parquet`: `word` and `count`, in the order of the rows
- `config.json`: settings and figures; `metrics.jsonl`: the course of the training
- `phrases.jsonl`, if there is one: the phrases that were joined in the text (`coterie.PhraseModel`)"""


def _figures(config: Mapping[str, Any]) -> Mapping[str, Any]:
    learned = config.get("log_normaliser")
    return _mapping(config, "figures") | ({} if learned is None else {"log_normaliser": learned})


def _mapping(config: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = config.get(key)
    return dict(value) if isinstance(value, Mapping) else {}


def _versions(config: Mapping[str, Any]) -> dict[str, Any]:
    known = {"format": config.get("format_version"), "Coterie": config.get("coterie_version")}
    return {**{k: v for k, v in known.items() if v is not None}, **_mapping(config, "versions")}


def _table(title: str, entries: Mapping[str, Any], *, names: bool = False) -> str:
    """Return a section with a table, or nothing where there is nothing to tell; ``names`` are options."""
    if not entries:
        return ""
    rows = [
        f"| {f'`{key}`' if names else _label(key)} | {_shown(key, value)} |" for key, value in entries.items()
    ]
    return "\n".join([f"## {title}", "", "| | |", "|---|---|", *rows])


def _label(key: str) -> str:
    return key.replace("_", " ")


def _shown(key: str, value: Any) -> str:
    unit = f" {_UNITS[key]}" if key in _UNITS else ""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        # A seed is a name, not a quantity.
        return (str(value) if key == "seed" else f"{value:,}") + unit
    if isinstance(value, float):
        return (
            (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}") if math.isfinite(value) else "—"
        ) + unit
    if isinstance(value, Mapping):
        return ", ".join(f"{_label(str(k))} {_shown(str(k), v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        # An explicit vocabulary may have a million words; config.json has them all.
        shown = ", ".join(_inline(str(item)) for item in value[:10])
        return shown + (f", … ({len(value):,})" if len(value) > 10 else "") if value else "none"
    return _inline(str(value))


def _inline(text: str) -> str:
    """Make any text harmless in a line of Markdown and in a table's cell."""
    text = " ".join(text.split())
    return "".join(f"\\{c}" if c in r"\`*_[]<>|#" else c for c in text)


def _loading(name: str, words: Sequence[str]) -> str:
    plain = next((w for w in words[_EXAMPLE_RANKS] if w.isalpha() and len(w) > 3), None) or next(
        (w for w in words if w.isalnum()), None
    )
    python = ["import coterie", "", f"vectors = coterie.load({name!r})"]
    shell = [f"coterie info {shlex.quote(name)}"]
    if plain is not None:
        python.append(f"vectors.most_similar({plain!r}, topn=5)")
        shell = [f"coterie neighbours {shlex.quote(name)} {shlex.quote(plain)}"]
    return "\n".join(["## Loading it", "", "```python", *python, "```", "", "```sh", *shell, "```"])
