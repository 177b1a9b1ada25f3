"""The settings of a model on its report, and the program that would train it again."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from coterie.config import CorpusConfig, PhraseConfig, TrainingConfig, VocabularyConfig
from coterie.errors import CoterieError
from coterie.evaluation.report.markup import escaped, missing, note, section, table
from coterie.evaluation.report.subject import Subject
from coterie.evaluation.tables import Table

__all__ = ["ALONE", "non_default_settings", "reproduce", "settings", "told"]

ALONE = "These are vectors alone: {}. A model folder that coterie train saved has it."
"""What stands where only a whole model has the data."""


def told(name: str, value: Any, unit: str = "") -> str:
    """Return a recorded value as people read it."""
    if value is None:
        return "not recorded"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return (str(value) if name == "seed" else f"{value:,}") + unit
    if isinstance(value, float):
        shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
        return (shown if math.isfinite(value) else "—") + unit
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {told(str(key), item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        more = f", … ({len(value):,})" if len(value) > 10 else ""
        return (", ".join(map(str, value[:10])) + more) if value else "none"
    return str(value)


def settings(subject: Subject) -> str:
    """Return the section of the settings, with a mark at those that someone chose."""
    parts = {
        "Training": subject.part("training"),
        "Vocabulary": subject.part("vocabulary"),
        "Text": subject.part("corpus"),
        "Phrases": subject.part("phrases"),
    }
    if not any(parts.values()):
        return section("settings", "Settings", missing(ALONE.format("their settings are not recorded")))
    changed = non_default_settings(subject)
    tables = [
        table(
            Table(
                title,
                ("option", "value", "chosen"),
                [(key, _setting(key, value), "✓" if key in changed else "") for key, value in part.items()],
            )
        )
        for title, part in parts.items()
        if part
    ]
    remark = "✓ marks what differs from Coterie's defaults for this objective and architecture."
    columns = f'<div class="columns settings"><div>{tables[0]}</div><div>{"".join(tables[1:])}</div></div>'
    return section("settings", "Settings", columns, note(remark))


def _setting(name: str, value: Any) -> str:
    return "not set" if value is None else told(name, value)


def non_default_settings(subject: Subject) -> dict[str, Any]:
    """Return the recorded settings that are not the defaults for this objective and architecture."""
    recorded = subject.part("training")
    chosen = {name: recorded[name] for name in ("objective", "architecture") if name in recorded}
    try:
        training_defaults = TrainingConfig(**chosen).to_dict()
    except (CoterieError, TypeError):  # a model of another Coterie, with choices that this one lacks
        training_defaults = {}
    plain = TrainingConfig().to_dict()
    found = {
        name: value
        for name, value in recorded.items()
        if value != (plain if name in chosen else training_defaults).get(name, dataclasses.MISSING)
    }
    for part, kind in (("vocabulary", VocabularyConfig), ("corpus", CorpusConfig), ("phrases", PhraseConfig)):
        defaults = kind().to_dict()
        found |= {
            name: value
            for name, value in subject.part(part).items()
            if _listed(value) != _listed(defaults.get(name, dataclasses.MISSING))
        }
    return {name: value for name, value in found.items() if value is not None}


def _listed(value: Any) -> Any:
    """JSON has lists for tuples."""
    return list(value) if isinstance(value, tuple) else value


def reproduce(subject: Subject) -> str:
    """Return the section with the call of ``coterie.train`` that has the same settings."""
    if not subject.part("training"):
        return section(
            "reproduce", "How to reproduce it", missing(ALONE.format("their settings are not recorded"))
        )
    # A stranger's settings may have any names; here they would be code that someone copies.
    chosen = {name: value for name, value in non_default_settings(subject).items() if name.isidentifier()}
    given = [f"{name}={_literal(value)}" for name, value in chosen.items()]
    lines = [
        "import coterie",
        "",
        "model = coterie.train(",
        '    "the text",',
        *(f"    {line}" for line in given),
    ]
    code = "\n".join((*lines, ")", f"model.save({subject.name!r})"))
    remarks = [
        "With workers=1, or deterministic=True, the same text, settings, seed and version give the same "
        "vectors, bit for bit; else several threads write to the matrices at the same time, and give vectors "
        "that are as good but not the same."
    ]
    fingerprint = subject.part("corpus_statistics").get("fingerprint")
    if fingerprint is not None:
        remarks.append(
            f"The encoded text has the fingerprint {fingerprint}, which coterie info MODEL shows too."
        )
    if subject.joined_phrases and not subject.part("phrases"):
        remarks.append(
            "Phrases were joined by a phrase model: give the folder's phrases.jsonl as phrase_model."
        )
    tokenizer = subject.part("corpus").get("tokenizer")
    if tokenizer not in (None, "words", "whitespace"):
        remarks.append(f"The tokenizer was a function of the user's, {tokenizer}; only its name is recorded.")
    return section(
        "reproduce", "How to reproduce it", f"<pre><code>{_code(code)}</code></pre>", *map(note, remarks)
    )


def _code(text: str) -> str:
    return "\n".join(map(escaped, text.split("\n")))


def _literal(value: Any) -> str:
    if isinstance(value, list | tuple) and len(value) > 20:
        return f"...,  # {len(value):,} entries, all in config.json"
    return f"{value!r},"
