"""A line chart as SVG, written by hand: no package is worth its weight for two pictures. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 720, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 64, 56
_COLOURS = ("#0b6e99", "#b5460f", "#5b7f1d", "#7a4a99")


@dataclass(frozen=True, slots=True)
class Line:
    """One curve, with its name. `low` and `high` are how far apart the runs lay, where there were several."""

    name: str
    points: Sequence[tuple[float, float]]
    band: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """What stands along it; `logarithmic` if each step multiplies."""

    title: str
    logarithmic: bool = False


def chart(title: str, subtitle: str, lines: Sequence[Line], x: Axis, y: Axis) -> str:
    """The picture, as text."""
    xs = [point[0] for line in lines for point in line.points]
    ys = [value for line in lines for value in _values(line)]
    across = _Scale(min(xs), max(xs), _LEFT, _WIDTH - _RIGHT, x.logarithmic)
    up = _Scale(min(ys) if y.logarithmic else 0.0, max(ys), _HEIGHT - _BOTTOM, _TOP, y.logarithmic)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="22" font-size="16" font-weight="bold">{escape(title)}</text>',
        f'<text x="{_LEFT}" y="40" fill="#555">{escape(subtitle)}</text>',
    ]
    for tick in up.ticks():
        at = up(tick)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{_number(tick)}</text>')
    for tick in across.ticks():
        at = across(tick)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" stroke="#eee"/>')
        parts.append(f'<text x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{_number(tick)}</text>')
    centre, middle = (_LEFT + _WIDTH - _RIGHT) / 2, (_TOP + _HEIGHT - _BOTTOM) / 2
    parts.append(f'<text x="{centre}" y="{_HEIGHT - 14}" text-anchor="middle">{escape(x.title)}</text>')
    parts.append(
        f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">{escape(y.title)}</text>'
    )
    for number, line in enumerate(lines):
        parts += _curve(line, _COLOURS[number % len(_COLOURS)], across, up, number)
    return "\n".join([*parts, "</svg>", ""])


def _values(line: Line) -> list[float]:
    return [point[1] for point in line.points] + [value for pair in line.band for value in pair]


def _curve(line: Line, colour: str, across: "_Scale", up: "_Scale", number: int) -> list[str]:
    places = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line.points)
    parts = []
    if line.band:
        there = [f"{across(p[0]):.1f},{up(high):.1f}" for p, (_, high) in zip(line.points, line.band, strict=True)]
        back = [f"{across(p[0]):.1f},{up(low):.1f}" for p, (low, _) in zip(line.points, line.band, strict=True)]
        parts.append(f'<polygon points="{" ".join([*there, *reversed(back)])}" fill="{colour}" opacity="0.15"/>')
    parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>')
    if len(line.points) <= 20:
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colour}"/>' for x, y in line.points]
    left, below = _LEFT + 12, _TOP + 16 + 18 * number
    parts.append(f'<path d="M{left} {below - 4} h20" stroke="{colour}" stroke-width="3"/>')
    parts.append(f'<text x="{left + 26}" y="{below}">{escape(line.name)}</text>')
    return parts


class _Scale:
    """From a value to a place."""

    def __init__(self, low: float, high: float, start: float, end: float, logarithmic: bool) -> None:
        if high <= low:
            high = low + 1
        self._low, self._high, self._start, self._end, self._log = low, high, start, end, logarithmic
        if logarithmic and low <= 0:
            raise ValueError("a logarithmic axis has no zero")

    def __call__(self, value: float) -> float:
        if self._log:
            share = math.log(value / self._low) / math.log(self._high / self._low)
        else:
            share = (value - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def ticks(self) -> list[float]:
        """Round values between both ends."""
        if self._log:
            decades = range(math.floor(math.log10(self._low)), math.ceil(math.log10(self._high)) + 1)
            steps = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
            return [step for step in steps if self._low <= step <= self._high]
        rough = (self._high - self._low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        first = math.ceil(self._low / step)
        return [n * step for n in range(first, math.floor(self._high / step) + 1)]


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e4 else f"{value / 1000:g}k"
