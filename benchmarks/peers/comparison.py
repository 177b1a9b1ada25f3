"""Two tables of one measure: what each peer reaches in each setting, and Coterie held against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from benchmarks.peers.series import LABELS, Setting, Turns, times
from benchmarks.tables import table

__all__ = ["Found", "comparison"]

Found = Mapping[tuple[str, Setting], Turns]  # by peer and setting


def comparison(
    peers: Sequence[str],
    settings: Sequence[Setting],
    found: Found,
    form: Callable[[float], str],
    *,
    more_is_better: bool,
) -> list[str]:
    """Return a table of medians, and one of Coterie's advantage: the ratios within the turns."""
    others = [peer for peer in peers if peer != "coterie"]

    def middle(values: Turns) -> str:
        return form(median(values.values())) if values else "–"

    def advantage(peer: str, setting: Setting) -> str:
        # Coterie's are missing if all its measurements failed; the others are those of measured peers.
        ours, theirs = found.get(("coterie", setting), {}), found[peer, setting]
        return times(ours, theirs) if more_is_better else times(theirs, ours)

    return [
        *table(
            ("threads", "setting", *(LABELS[peer] for peer in peers)),
            [(*_head(setting), *(middle(found[peer, setting]) for peer in peers)) for setting in settings],
            texts=2,
        ),
        "Coterie against each, how many times as fast: median (lowest–highest) of the turns' ratios.\n",
        *table(
            ("threads", "setting", *(LABELS[peer] for peer in others)),
            [(*_head(setting), *(advantage(peer, setting) for peer in others)) for setting in settings],
            texts=2,
        ),
    ]


def _head(setting: Setting) -> tuple[str, str]:
    return str(setting.threads), str(setting)
