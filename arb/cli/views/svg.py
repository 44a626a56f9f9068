"""Plots as inline SVG, from numbers alone."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Final

HEIGHT, LEFT, BOTTOM = 220, 70, 24
WIDE, NARROW = 1000, 470  # as wide as they are shown, so that all texts have one size
TICKS: Final = 4
BAR_MAX: Final = 60


def line_plot(points: Sequence[tuple[float, float]], name: str, ends: tuple[str, str]) -> str:
    """Return a line over time; `ends` are the words below its first and last point."""
    if len(points) < 2:
        return _empty(name)
    xs, ys = [x for x, _ in points], [y for _, y in points] + [0.0]
    scale = _Scale(min(ys), max(ys))
    span = max(xs) - min(xs) or 1
    steps = " ".join(f"{LEFT + (x - min(xs)) / span * (WIDE - LEFT):.1f},{scale.y(y):.1f}" for x, y in points)
    body = f'<polyline class="line" points="{steps}"/>'
    labels = (
        f'<text x="{LEFT}" y="{HEIGHT - 6}">{escape(ends[0])}</text>'
        f'<text x="{WIDE}" y="{HEIGHT - 6}" text-anchor="end">{escape(ends[1])}</text>'
    )
    return _svg(name, WIDE, scale.grid(WIDE) + body + labels)


def bar_plot(bars: Mapping[str, float], name: str) -> str:
    """Return a bar for each name, above or below zero."""
    if not bars:
        return _empty(name)
    scale = _Scale(min(0.0, *bars.values()), max(0.0, *bars.values()))
    slot = (NARROW - LEFT) / len(bars)
    width = min(BAR_MAX, slot * 0.7)
    parts = [scale.grid(NARROW)]
    for position, (label, value) in enumerate(bars.items()):
        middle = LEFT + slot * (position + 0.5)
        top, foot = sorted((scale.y(value), scale.y(0)))
        parts.append(
            f'<rect class="{"up" if value >= 0 else "down"}" x="{middle - width / 2:.1f}" y="{top:.1f}" '
            f'width="{width:.1f}" height="{foot - top:.1f}">'
            f"<title>{escape(label)} {value:,.0f}</title></rect>"
            f'<text x="{middle:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(label)}</text>'
        )
    return _svg(name, NARROW, "".join(parts))


class _Scale:
    """From values to heights; zero is always in sight."""

    def __init__(self, low: float, high: float) -> None:
        pad = (high - low or 1.0) * 0.06
        self.low, self.high = low - pad, high + pad

    def y(self, value: float) -> float:
        return (HEIGHT - BOTTOM) * (1 - (value - self.low) / (self.high - self.low))

    def grid(self, width: int) -> str:
        lines = "".join(
            f'<line x1="{LEFT}" x2="{width}" y1="{self.y(level):.1f}" y2="{self.y(level):.1f}"/>'
            f'<text x="{LEFT - 8}" y="{self.y(level) + 4:.1f}" text-anchor="end">{level:,.0f}</text>'
            for level in self._levels()
        )
        zero = self.y(0)
        return lines + f'<line class="zero" x1="{LEFT}" x2="{width}" y1="{zero:.1f}" y2="{zero:.1f}"/>'

    def _levels(self) -> list[float]:
        """Return round values, about `TICKS` of them."""
        rough = (self.high - self.low) / TICKS
        power = 10 ** floor(log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        return [number * step for number in range(ceil(self.low / step), floor(self.high / step) + 1)]


def _svg(name: str, width: int, body: str) -> str:
    return f'<svg viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="{escape(name)}">{body}</svg>'


def _empty(name: str) -> str:
    return f'<p class="quiet">{escape(name)}: nothing to plot yet.</p>'
