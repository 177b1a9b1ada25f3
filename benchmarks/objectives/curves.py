"""The objectives that are compared: their settings, and how tables and figures name and draw them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["CURVES", "Curve"]


@dataclass(frozen=True)
class Curve:
    """An objective with its negatives; ``hot``: the control in which only that many words are ever used."""

    label: str
    objective: str
    negative: int
    colour: str
    marker: str
    hot: int = 0

    @property
    def settings(self) -> dict[str, Any]:
        """Its settings as ``TrainingConfig`` takes them."""
        negatives = {"negative": self.negative} if self.negative else {}
        return {"objective": self.objective, **negatives}


# Colours that differ in lightness too, so that colour-blind people tell them apart.
CURVES = {
    "softmax": Curve("full softmax", "softmax", 0, "#c44601", "o"),
    "hs": Curve("hierarchical softmax", "hierarchical_softmax", 0, "#00795b", "s"),
    "ns20": Curve("NS, k = 20", "negative_sampling", 20, "#2a2a72", "^"),
    "nce5": Curve("NCE, k = 5", "nce", 5, "#a3348f", "D"),
    "ns5": Curve("NS, k = 5", "negative_sampling", 5, "#0b6fb8", "v"),
    "nce5_hot": Curve("NCE, k = 5, hot rows", "nce", 5, "#a3348f", "D", hot=1000),
    "ns5_hot": Curve("NS, k = 5, hot rows", "negative_sampling", 5, "#0b6fb8", "v", hot=1000),
}
