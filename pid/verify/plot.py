"""The differences of two models as one SVG picture: what gained lies right of the line, what lost left of it."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from pid.verify.figures import Figure

NAME_PX, PLOT_PX, VALUE_PX = 230, 560, 150
ROW_PX, HEAD_PX = 24, 34
LOSS, GAIN, EVEN = "#d22828", "#148c3c", "#6b7580"
LEAST_RANGE = 0.02
"""The axis reaches at least so far: differences that mean nothing shall not look large."""
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
MOST_TICKS = 4
"""On either side of the middle."""


def plot_differences(parts: Sequence[Figure], labels: Sequence[Figure]) -> str:
    """An SVG with a row for each figure: the difference of F1 as a dot, its interval as a bar."""
    rows = [*parts, *labels]
    if not rows:
        return ""
    reach = max([LEAST_RANGE, *(abs(v) for f in rows for v in (f.low, f.high, f.difference))]) * 1.05
    step = next((s for s in STEPS if reach / s <= MOST_TICKS), STEPS[-1])
    height = HEAD_PX + ROW_PX * (len(rows) + bool(labels)) + 6
    width = NAME_PX + PLOT_PX + VALUE_PX
    out = [f'<svg viewBox="0 0 {width} {height}" width="100%" role="img" aria-label="Differences of F1, B less A">']
    for tick in np.arange(-int(reach / step), int(reach / step) + 1) * step:
        x = _x(float(tick), reach)
        color = "#8a939b" if abs(tick) < 1e-9 else "#e3e6e8"
        out.append(f'<line x1="{x:.1f}" y1="{HEAD_PX - 8}" x2="{x:.1f}" y2="{height}" stroke="{color}"/>')
        out.append(f'<text x="{x:.1f}" y="{HEAD_PX - 14}" text-anchor="middle">{tick:+.2f}</text>')
    out.append(f'<text x="0" y="{HEAD_PX - 14}">F1 of B less A</text>')
    for i, figure in enumerate(rows):
        gap = ROW_PX // 2 if i >= len(parts) else 0
        out += _row(figure, HEAD_PX + ROW_PX * i + gap + ROW_PX / 2, reach)
    return "".join([*out, "</svg>"])


def _row(figure: Figure, y: float, reach: float) -> list[str]:
    color = LOSS if figure.significant_loss else GAIN if figure.low > 0 else EVEN
    name = figure.label if figure.level == "part" else f"{figure.part if figure.level == 'group' else 'kind'} "
    name = name if figure.level == "part" else name + figure.label
    weight = ' font-weight="600"' if figure.level == "part" or figure.significant_loss else ""
    low, middle, high = (_x(v, reach) for v in (figure.low, figure.difference, figure.high))
    value = f"{figure.a.f1:.3f} &#8594; {figure.b.f1:.3f}"
    return [
        f'<text x="0" y="{y + 4:.1f}"{weight}>{html.escape(name.replace("_", " "))}</text>',
        f'<line x1="{low:.1f}" y1="{y:.1f}" x2="{high:.1f}" y2="{y:.1f}" stroke="{color}" stroke-width="3"/>',
        f'<circle cx="{middle:.1f}" cy="{y:.1f}" r="5" fill="{color}"/>',
        f'<text x="{NAME_PX + PLOT_PX + 14}" y="{y + 4:.1f}">{value}</text>',
    ]


def _x(value: float, reach: float) -> float:
    return NAME_PX + PLOT_PX * (value / reach + 1) / 2
