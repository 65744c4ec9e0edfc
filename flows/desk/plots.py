"""Plots as SVG, drawn here: no library, no script, nothing from elsewhere. Series differ by pattern and not by colour alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from markupsafe import Markup

from agent.words import Words

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 64, 12, 14, 28
_HEIGHT = 230


@dataclass(frozen=True)
class Bars:
    """Stacked bars: one value of each series for each name."""

    names: Sequence[str]
    series: Sequence[tuple[str, Words, Sequence[Decimal]]]
    """Class of the series, its name, its values."""


def bars(name: str, title: str, data: Bars) -> Markup:
    """Upright stacked bars with a scale; `name` makes the ids of its patterns unique on the page."""
    totals = [sum((values[n] for _, _, values in data.series), Decimal(0)) for n in range(len(data.names))]
    top, step = _scale(max([*totals, Decimal(0)]))
    inner = _WIDTH - _LEFT - _RIGHT
    high = _HEIGHT - _TOP - _BOTTOM
    slot = inner / max(1, len(data.names))
    thick = min(38.0, slot * 0.64)
    parts = _grid(top, step, high)
    for n, label in enumerate(data.names):
        x = _LEFT + slot * n + (slot - thick) / 2
        y = float(_TOP + high)
        for kind, words, values in data.series:
            tall = float(values[n] / top) * high if top else 0.0
            if tall <= 0:
                continue
            y -= tall
            parts.append(
                Markup(
                    '<g><title>{} · {}: {}</title><rect class="s {}" x="{:.1f}" y="{:.1f}" width="{:.1f}"'
                    ' height="{:.1f}"/><rect class="over" fill="url(#{}-{})" x="{:.1f}" y="{:.1f}" width="{:.1f}"'
                    ' height="{:.1f}"/></g>'
                ).format(label, str(words), short(values[n]), kind, x, y, thick, tall, name, kind, x, y, thick, tall)
            )
        if len(data.names) <= 14 or n % 2 == 0:
            parts.append(_label(x + thick / 2, _HEIGHT - 9, label, "middle"))
    return _svg(name, title, _HEIGHT, parts, [kind for kind, _, _ in data.series])


def across(name: str, title: str, lines: Sequence[tuple[str, Decimal, str]], top: Decimal | None = None) -> Markup:
    """Lying bars: name, value, and what is written behind it."""
    most = top if top is not None else max([value for _, value, _ in lines] or [Decimal(0)])
    row, left, right = 26, 210, 110
    height = row * len(lines) + 8
    parts: list[Markup] = []
    for n, (label, value, told) in enumerate(lines):
        y = n * row + 4
        long = float(value / most) * (_WIDTH - left - right) if most else 0.0
        parts.append(_label(left - 10, y + 16, label, "end"))
        parts.append(
            Markup(
                '<rect class="rail" x="{}" y="{}" width="{}" height="14" rx="3"/>'
                '<rect class="s won" x="{}" y="{}" width="{:.1f}" height="14" rx="3"/>'
            ).format(left, y + 4, _WIDTH - left - right, left, y + 4, max(long, 0.0))
        )
        parts.append(_label(_WIDTH - right + 8, y + 16, told, "start"))
    return _svg(name, title, height, parts, [])


def stacks(
    name: str, title: str, lines: Sequence[tuple[str, Sequence[Decimal]]], series: Sequence[tuple[str, Words]]
) -> Markup:
    """Lying stacked bars: a name, a value of each series, and their sum behind it."""
    most = max([sum(values, Decimal(0)) for _, values in lines] or [Decimal(0)])
    row, left, right = 26, 170, 70
    height = row * len(lines) + 8
    parts: list[Markup] = []
    for n, (label, values) in enumerate(lines):
        x, y = float(left), n * row + 8
        parts.append(_label(left - 10, y + 12, label, "end"))
        for (kind, words), value in zip(series, values, strict=True):
            long = float(value / most) * (_WIDTH - left - right) if most else 0.0
            if long <= 0:
                continue
            parts.append(
                Markup(
                    '<g><title>{} · {}: {}</title><rect class="s {}" x="{:.1f}" y="{}" width="{:.1f}" height="14"/>'
                    '<rect class="over" fill="url(#{}-{})" x="{:.1f}" y="{}" width="{:.1f}" height="14"/></g>'
                ).format(label, str(words), short(value), kind, x, y, long, name, kind, x, y, long)
            )
            x += long
        parts.append(_label(x + 8, y + 12, short(sum(values, Decimal(0))), "start"))
    return _svg(name, title, height, parts, [kind for kind, _ in series])


def line(
    name: str,
    title: str,
    points: Sequence[tuple[datetime, Decimal]],
    bounds: Sequence[tuple[Decimal, str]],
    *,
    first: str,
    last: str,
) -> Markup:
    """A figure over time with its limits as dashed lines, each written at its end."""
    values = [float(value) for _, value in points] + [float(value) for value, _ in bounds]
    low, high = min(values), max(values)
    room = (high - low) * 0.15 or max(abs(high) * 0.1, 1.0)
    low, high = (max(0.0, low - room) if low >= 0 else low - room), high + room
    tall = 170
    inner = tall - _TOP - _BOTTOM

    def y_of(value: float) -> float:
        return _TOP + inner * (1 - (value - low) / (high - low))

    begin, end = points[0][0], points[-1][0]
    span = (end - begin).total_seconds() or 1.0
    spots = [
        (_LEFT + (_WIDTH - _LEFT - _RIGHT - 40) * (at - begin).total_seconds() / span, y_of(float(value)))
        for at, value in points
    ]
    parts: list[Markup] = []
    for value in (low + (high - low) * part for part in (0.0, 0.5, 1.0)):
        y = y_of(value)
        parts.append(
            Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(_LEFT, _WIDTH - _RIGHT, y, y)
        )
        parts.append(_label(_LEFT - 8, y + 4, f"{value:.1f}", "end"))
    for bound, words in bounds:
        y = y_of(float(bound))
        parts.append(
            Markup('<line class="bound" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(_LEFT, _WIDTH - _RIGHT, y, y)
        )
        parts.append(_label(_LEFT + 6, y - 5, words, "start"))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    parts.append(Markup('<polyline class="trend" points="{}"/>').format(path))
    x, y = spots[-1]
    parts.append(Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(x, y))
    parts.append(_label(x + 8, y + 4, f"{points[-1][1]:f}", "start"))
    parts.append(_label(_LEFT, tall - 9, first, "start"))
    parts.append(_label(_WIDTH - _RIGHT - 40, tall - 9, last, "end"))
    return _svg(name, title, tall, parts, [])


def legend(name: str, series: Sequence[tuple[str, Words]]) -> Markup:
    """What the colours and patterns mean."""
    entries = [
        Markup(
            '<span class="key"><svg width="16" height="12" aria-hidden="true"><rect class="s {}" width="16" height="12"/>'
            '<rect class="over" fill="url(#{}-{})" width="16" height="12"/></svg> {}</span>'
        ).format(kind, name, kind, str(words))
        for kind, words in series
    ]
    return Markup('<p class="legend">{}</p>').format(Markup("").join(entries))


def short(value: Decimal) -> str:
    """A number short enough for a scale: `1.2M`."""
    for limit, unit in ((Decimal(10) ** 9, "G"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k")):
        if abs(value) >= limit:
            shown = value / limit
            return f"{shown:.1f}".removesuffix(".0") + unit
    return f"{value:.1f}".removesuffix(".0")


def _scale(most: Decimal) -> tuple[Decimal, Decimal]:
    """A round top not below `most`, and the step of its grid."""
    if most <= 0:
        return Decimal(1), Decimal(1)
    power = Decimal(10) ** math.floor(math.log10(float(most)))
    for factor in (Decimal(1), Decimal(2), Decimal(4), Decimal(5), Decimal(10)):
        if power * factor >= most:
            top = power * factor
            parts = 5 if factor in (1, 5, 10) else 4
            step = top / parts
            if top <= parts:
                step = Decimal(1)
            return top, step
    return power * 10, power * 2


def _grid(top: Decimal, step: Decimal, high: int) -> list[Markup]:
    parts: list[Markup] = []
    count = int(top / step) if step else 0
    for n in range(count + 1):
        y = _TOP + high - high * n / max(1, count)
        parts.append(
            Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(_LEFT, _WIDTH - _RIGHT, y, y)
        )
        parts.append(_label(_LEFT - 8, y + 4, short(step * n), "end"))
    return parts


def _label(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, text)


def _svg(name: str, title: str, height: int, parts: list[Markup], kinds: Sequence[str]) -> Markup:
    patterns = Markup("").join(_PATTERNS[kind].format(name) for kind in kinds if kind in _PATTERNS)
    return Markup(
        '<svg class="plot" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title"><title id="{}-title">{}</title>'
        "<defs>{}</defs>{}</svg>"
    ).format(_WIDTH, height, name, name, title, patterns, Markup("").join(parts))


_PATTERNS = {
    "open": Markup(
        '<pattern id="{}-open" width="6" height="6" patternUnits="userSpaceOnUse"><circle class="ink" cx="2" cy="2" r="1"/>'
        "</pattern>"
    ),
    "won": Markup('<pattern id="{}-won" width="6" height="6" patternUnits="userSpaceOnUse"></pattern>'),
    "lost": Markup(
        '<pattern id="{}-lost" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<line class="ink" x1="0" y1="0" x2="0" y2="6"/></pattern>'
    ),
    "recovered": Markup(
        '<pattern id="{}-recovered" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<line class="ink" x1="0" y1="3" x2="6" y2="3"/></pattern>'
    ),
}
