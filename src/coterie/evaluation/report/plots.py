"""Small plots as inline SVG: lines, points and bars, with a title and a description for all readers.

Colours are the page's (classes), so that they follow its light and dark forms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from coterie.evaluation.intrinsic.tokens import shown
from coterie.evaluation.report.markup import escaped

__all__ = ["Axis", "Plot", "bars", "label_plot", "line", "number", "points"]

_WIDTH, _HEIGHT = 370, 245
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 14, 12, 44
# Room that a letter and a line of a label take.
_LETTER, _LINE = 7.2, 12
_LONGEST = 24

Points = Sequence[tuple[float, float]]


def number(value: float) -> str:
    """Return a number as short as an axis wants it.

    Examples
    --------
    >>> number(12_500_000), number(1000), number(0.025), number(0)
    ('12.5M', '1k', '0.025', '0')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


@dataclass(frozen=True)
class Axis:
    """A linear or logarithmic axis from ``low`` to ``high``."""

    label: str
    low: float
    high: float
    log: bool = False

    @classmethod
    def over(cls, label: str, values: Sequence[float], *, log: bool = False, zero: bool = False) -> Axis:
        """Return an axis over the values, of which there are some; ``zero`` includes 0.

        With ``log`` they are above 0.
        """
        low, high = min(values), max(values)
        if zero:
            low, high = min(low, 0.0), max(high, 0.0)
        if low == high:
            low, high = (low / 2, high * 2) if log else (low - 0.5, high + 0.5)
        return cls(label, low, high, log)

    def share(self, value: float) -> float:
        """Return where a value lies, from 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return some round numbers on it.

        Examples
        --------
        >>> Axis("", 0, 10).ticks(), Axis("", 3, 20_000, log=True).ticks()
        ([0.0, 2.0, 4.0, 6.0, 8.0, 10.0], [10.0, 100.0, 1000.0, 10000.0])
        """
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            every = max(1, math.ceil((last - first) / 6))
            if last > first:
                return [10.0**power for power in range(first, last + 1, every)]
        rough = (self.high - self.low) / 5
        base = 10.0 ** math.floor(math.log10(rough))
        step = next(base * factor for factor in (1, 2, 5, 10) if base * factor >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        # A multiple may be rounded to beyond the ends, which are worth a tick all the same.
        ticks = [round(min(max(i * step, self.low), self.high), 12) for i in range(first, last + 1)]
        return [tick for tick in ticks if tick > 0] if self.log else ticks


@dataclass(frozen=True)
class Plot:
    """A plot's frame: its name (an id on the page), a title, a sentence that tells it all, and its axes."""

    name: str
    title: str
    description: str
    x: Axis
    y: Axis

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the coordinates of a point."""
        return (
            _LEFT + self.x.share(x) * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - self.y.share(y) * (_HEIGHT - _TOP - _BOTTOM),
        )

    def draw(self, *marks: str) -> str:
        """Return the figure with these marks in it."""
        x_ticks = [(self.place(tick, self.y.low)[0], number(tick)) for tick in self.x.ticks()]
        y_ticks = [(self.place(self.x.low, tick)[1], number(tick)) for tick in self.y.ticks()]
        return self._figure(_grid(y_ticks), *marks, _x_labels(x_ticks))

    def _figure(self, *marks: str) -> str:
        middle_x, middle_y = (_LEFT + _WIDTH - _RIGHT) / 2, (_TOP + _HEIGHT - _BOTTOM) / 2
        labels = (
            f'<text x="{middle_x:g}" y="{_HEIGHT - 6}" text-anchor="middle">{escaped(self.x.label)}</text>'
            f'<text transform="translate(13 {middle_y:g}) rotate(-90)" text-anchor="middle">'
            f"{escaped(self.y.label)}</text>"
        )
        base = f'<path class="axis" d="M{_LEFT} {_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}"/>'
        return figure(
            self.name, self.title, self.description, (_WIDTH, _HEIGHT), "".join((*marks, base, labels))
        )


def figure(name: str, title: str, description: str, size: tuple[int, int], content: str) -> str:
    """Return a figure with a caption, and the same in the drawing for those who don't see it."""
    heading, told = escaped(title), escaped(description)
    return (
        f'<figure><svg viewBox="0 0 {size[0]} {size[1]}" role="img" '
        f'aria-labelledby="{name}-title {name}-text">'
        f'<title id="{name}-title">{heading}</title><desc id="{name}-text">{told}</desc>{content}</svg>'
        f"<figcaption><strong>{heading}.</strong> {told}</figcaption></figure>"
    )


def _grid(ticks: Sequence[tuple[float, str]]) -> str:
    return "".join(
        f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
        for y, label in ticks
    )


def _x_labels(ticks: Sequence[tuple[float, str]]) -> str:
    return "".join(
        f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{label}</text>'
        for x, label in ticks
    )


def line(plot: Plot, values: Points, style: str = "line") -> str:
    """Return the marks of a line through the points."""
    placed = [plot.place(x, y) for x, y in values]
    return f'<path class="{style}" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in placed)}"/>' if placed else ""


def points(plot: Plot, values: Points) -> str:
    """Return the marks of points: one path of dots, which is small however many they are."""
    placed = [plot.place(x, y) for x, y in values]
    return f'<path class="dots" d="{"".join(f"M{x:.1f} {y:.1f}h0" for x, y in placed)}"/>'


def bars(
    name: str, title: str, description: str, axes: tuple[str, str], values: Sequence[tuple[str, float]]
) -> str:
    """Return a figure of bars with a label below each."""
    plot = Plot(
        name,
        title,
        description,
        Axis(axes[0], 0, len(values)),
        Axis.over(axes[1], [value for _, value in values], zero=True),
    )
    marks, labels = [], []
    for i, (label, value) in enumerate(values):
        (left, top), (right, bottom) = plot.place(i + 0.1, value), plot.place(i + 0.9, 0)
        marks.append(f'<path class="bar" d="M{left:.1f} {bottom:.1f}V{top:.1f}H{right:.1f}V{bottom:.1f}z"/>')
        labels.append(((left + right) / 2, escaped(label)))
    y_ticks = [(plot.place(0, tick)[1], number(tick)) for tick in plot.y.ticks()]
    return plot._figure(_grid(y_ticks), *marks, _x_labels(labels))


def label_plot(name: str, title: str, description: str, labelled: Sequence[tuple[str, float, float]]) -> str:
    """Return a map of words: a dot for each, and its label where no earlier label is in the way."""
    width, height, margin = 900, 560, 16
    across = Axis.over("", [x for _, x, _ in labelled])
    up = Axis.over("", [y for _, _, y in labelled])
    taken: list[tuple[float, float, float]] = []
    dots, texts = [], []
    for word, x, y in labelled:
        left = margin + across.share(x) * (width - 2 * margin)
        base = height - margin - up.share(y) * (height - 2 * margin)
        dots.append(f"M{left:.1f} {base:.1f}h0")
        label = word if len(word) <= _LONGEST else f"{word[:_LONGEST]}…"
        length = len(shown(label)) * _LETTER
        at_left = left + 5 + length > width
        start = left - 5 - length if at_left else left + 5
        if all(abs(base - y0) > _LINE or start > end or start + length < from_ for from_, end, y0 in taken):
            taken.append((start, start + length + 4, base))
            anchor = ' text-anchor="end"' if at_left else ""
            at = left - 5 if at_left else left + 5
            texts.append(f'<text x="{at:.1f}" y="{base + 4:.1f}"{anchor}>{escaped(label)}</text>')
    content = f'<path class="dots" d="{"".join(dots)}"/><g class="labels">{"".join(texts)}</g>'
    return f'<div class="wide">{figure(name, title, description, (width, height), content)}</div>'
