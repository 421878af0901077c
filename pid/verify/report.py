"""A comparison for people and programs: one HTML file with pictures, and JSON."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.recognize_files import write_result
from pid.truth.folder import TruthSheet
from pid.verify.compare import Comparison
from pid.verify.elements import Element, Reading
from pid.verify.figures import Figure
from pid.verify.plot import plot_differences

MOST_PICTURES = 60
"""Regressions shown; all are in the JSON."""
MOST_LABELS = 24
"""Groups and kinds in the plot and the table, those that differ most."""
STATE_NAMES = {
    "only_a.right": "only A, right", "only_a.wrong": "only A, wrong", "only_b.right": "only B, right",
    "only_b.wrong": "only B, wrong", "both_same.right": "both, right", "both_same.wrong": "both, wrong alike",
    "both_different.a": "they differ, A right", "both_different.b": "they differ, B right",
    "both_different.both": "they differ, both right", "both_different.none": "they differ, both wrong",
    "neither": "missed by both",
}  # fmt: skip
VIEW_PX = 240
"""Size of a picture in the report."""
LEAST_VIEW_PX = 96
"""A picture shows at least so many sheet pixels, at a sheet width of 5000 px."""
AROUND = 0.6
"""Of the element's longer side, seen on each side of it."""
TRUTH_BGR, A_BGR, B_BGR = (60, 140, 20), (200, 90, 20), (40, 40, 210)


def verdict(comparison: Comparison) -> str:
    """The outcome in one sentence."""
    if not comparison.losses:
        return f"No significant loss: {comparison.b} may take the place of {comparison.a}."
    named = ", ".join(tell_figure(f) for f in comparison.losses[:6])
    more = len(comparison.losses) - 6
    return f"Significant loss in {named}{f' and {more} more' if more > 0 else ''}."


def tell_figure(figure: Figure) -> str:
    """A figure in words: what it is of, before and after."""
    name = figure.part if figure.level == "part" else f"{figure.level} {figure.label}"
    if figure.level == "group" and figure.part != "symbols":
        name = f"{figure.part} {figure.label}"
    return f"{name} (F1 {figure.a.f1:.3f} to {figure.b.f1:.3f})"


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Everything, for programs."""
    return {
        "schema": "pid-verify/1",
        "a": comparison.a,
        "b": comparison.b,
        "sheets": [sheet.name for sheet in comparison.sheets],
        "left_out": list(comparison.left_out),
        "verdict": verdict(comparison),
        "significant_loss": bool(comparison.losses),
        "figures": [_figure_json(f) for f in comparison.figures],
        "states": comparison.states,
        "regressions": [_element_json(e) for e in comparison.regressions],
        "gains": [_element_json(e) for e in comparison.elements if e.b_right and not e.a_right],
    }


def _figure_json(figure: Figure) -> dict[str, Any]:
    numbers = {"f1_a": figure.a.f1, "f1_b": figure.b.f1, "difference": figure.difference}
    return asdict(figure) | {name: round(value, 5) for name, value in numbers.items()}


def _element_json(element: Element) -> dict[str, Any]:
    def told(reading: Reading | None) -> dict[str, Any] | None:
        return None if reading is None else {k: v for k, v in asdict(reading).items() if v != ""}

    return {
        "sheet": element.sheet, "part": element.part, "state": element.state, "truth": told(element.truth),
        "a": told(element.a), "b": told(element.b), "a_right": element.a_right, "b_right": element.b_right,
    }  # fmt: skip


def write_reports(comparison: Comparison, out: Path) -> tuple[Path, Path]:
    """Write ``verify.html`` and ``verify.json`` into `out`."""
    text = json.dumps(as_json(comparison), indent=1, ensure_ascii=False)
    page = html_report(comparison, picture_source(comparison.sheets))
    return (
        write_result(out / "verify.html", lambda p: p.write_text(page, encoding="utf-8")),
        write_result(out / "verify.json", lambda p: p.write_text(text, encoding="utf-8")),
    )


Pictures = Callable[[Element], NDArray[np.uint8] | None]


def picture_source(sheets: Sequence[TruthSheet]) -> Pictures:
    """Cuts the pictures of elements out of their sheets, which are opened when first asked for."""
    from pid.document.load import load_page
    from pid.errors import InputError
    from pid.evaluate import read_truth
    from pid.sheet import Sheet

    by_name = {sheet.name: sheet for sheet in sheets}

    @lru_cache(maxsize=4)
    def opened(name: str) -> tuple[Sheet, NDArray[np.float64]] | None:
        sheet = by_name[name]
        if sheet.drawing is None:
            return None
        try:
            page = load_page(sheet.drawing, sheet.page)
        except InputError:
            return None
        to_truth = np.asarray(read_truth(sheet.truth).source_to_sheet) @ np.asarray(page.info.to_source)
        return page, np.linalg.inv(to_truth)

    def cut(element: Element) -> NDArray[np.uint8] | None:
        page = opened(element.sheet)
        return None if page is None else draw_element(page[0].gray, element, page[1])

    return cut


def draw_element(
    gray: NDArray[np.uint8], element: Element, to_sheet: NDArray[np.float64]
) -> NDArray[np.uint8]:  # fmt: skip
    """The element's surroundings (S, S, 3) BGR with the truth's box green, A's blue and B's red.

    `gray` is the sheet (H, W); `to_sheet` (3, 3) leads from the truth's pixels to its own.
    """
    from pid.geometry import transform_box

    boxes = [
        (transform_box(to_sheet, reading.box), color)
        for reading, color in ((element.a, A_BGR), (element.b, B_BGR), (element.truth, TRUTH_BGR))
        if reading is not None
    ]
    x0, y0, x1, y1 = transform_box(to_sheet, element.any_reading.box)
    longer = max(x1 - x0, y1 - y0)
    half = max(longer * (0.5 + AROUND), LEAST_VIEW_PX * gray.shape[1] / 5000 / 2, 8.0)
    scale = VIEW_PX / (2 * half)
    left, top = (x0 + x1) / 2 - half, (y0 + y1) / 2 - half
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    part = _window(gray, left, top, 2 * half)
    picture = cv2.cvtColor(cv2.resize(part, (VIEW_PX, VIEW_PX), interpolation=method), cv2.COLOR_GRAY2BGR)
    for inset, (box, color) in enumerate(boxes):
        grow = 2 * (len(boxes) - inset)
        low = (round((box[0] - left) * scale) - grow, round((box[1] - top) * scale) - grow)
        high = (round((box[2] - left) * scale) + grow, round((box[3] - top) * scale) + grow)
        cv2.rectangle(picture, low, high, color, 2, cv2.LINE_AA)
    return np.asarray(picture, np.uint8)


def _window(gray: NDArray[np.uint8], left: float, top: float, side: float) -> NDArray[np.uint8]:
    """The square of a sheet from (left, top) on; paper beyond its edge."""
    x, y, n = int(np.floor(left)), int(np.floor(top)), max(int(np.ceil(side)), 2)
    full = np.full((n, n), 255, np.uint8)
    part = gray[max(y, 0) : max(y + n, 0), max(x, 0) : max(x + n, 0)]
    full[max(-y, 0) : max(-y, 0) + part.shape[0], max(-x, 0) : max(-x, 0) + part.shape[1]] = part
    return full


def html_report(comparison: Comparison, pictures: Pictures) -> str:
    """The report as one HTML page that needs nothing else."""
    parts = [f for f in comparison.figures if f.level == "part"]
    labels = [f for f in comparison.figures if f.level != "part" and (f.losses or f.gains)]
    labels = sorted(labels, key=lambda f: (not f.significant_loss, -abs(f.losses - f.gains), f.label))[:MOST_LABELS]
    passed = "loss" if comparison.losses else "pass"
    e = html.escape
    sections = [
        f"<h1>{e(comparison.b)} against {e(comparison.a)}</h1>",
        f'<p class="verdict {passed}">{e(verdict(comparison))}</p>',
        f"<p>A is <b>{e(comparison.a)}</b>, B is <b>{e(comparison.b)}</b>; {len(comparison.sheets)} sheet(s) of truth, "
        f"{len(comparison.elements)} elements. Intervals: paired bootstrap over sheets. A loss counts where a "
        "sign test says so, and of a whole part its interval, too.</p>",
        *(f"<p>{e(sentence)}</p>" for sentence in comparison.left_out),
        f"<h2>What changed</h2>{plot_differences(parts, labels)}",
        f"<h2>Figures</h2>{_figure_table([*parts, *labels])}",
        f"<h2>Who read what</h2>{_state_table(comparison)}",
        f"<h2>Sheets</h2>{_sheet_table(comparison)}",
        f"<h2>Regressions, worst first</h2>{_gallery(comparison.regressions, pictures)}",
    ]
    return _PAGE.replace("TITLE", e(f"{comparison.b} against {comparison.a}")).replace("BODY", "\n".join(sections))


def _figure_table(figures: Sequence[Figure]) -> str:
    rows = []
    for f in figures:
        name = f.label if f.level == "part" else f"{f.part if f.part != 'symbols' else f.level} {f.label}"
        rows.append(
            f'<tr class="{"loss" if f.significant_loss else ""}"><td>{html.escape(name.replace("_", " "))}</td>'
            f"<td>{f.a.truth}</td><td>{f.a.f1:.3f}</td><td>{f.b.f1:.3f}</td><td>{f.difference:+.3f}</td>"
            f"<td>{f.low:+.3f} to {f.high:+.3f}</td><td>{f.losses}</td><td>{f.gains}</td>"
            f"<td>{'loss' if f.significant_loss else ''}</td></tr>"
        )
    head = "<tr><th></th><th>true</th><th>F1 of A</th><th>F1 of B</th><th>difference</th><th>interval</th>"
    return f"<table>{head}<th>lost</th><th>gained</th><th></th></tr>{''.join(rows)}</table>"


def _state_table(comparison: Comparison) -> str:
    states = comparison.states
    seen = [key for key in STATE_NAMES if any(key in row for row in states.values())]
    head = "".join(f"<th>{STATE_NAMES[key]}</th>" for key in seen)
    rows = "".join(
        f"<tr><td>{part}</td>{''.join(f'<td>{row.get(key, 0)}</td>' for key in seen)}</tr>"
        for part, row in states.items()
    )
    return f"<table><tr><th></th>{head}</tr>{rows}</table>"


def _sheet_table(comparison: Comparison) -> str:
    rows = []
    for sheet in comparison.sheets:
        mine = [e for e in comparison.elements if e.sheet == sheet.name]
        lost = sum(e.a_right and not e.b_right for e in mine)
        gained = sum(e.b_right and not e.a_right for e in mine)
        rows.append((lost - gained, sheet.name, len(mine), lost, gained))
    body = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{n}</td><td>{lost}</td><td>{gained}</td></tr>"
        for _, name, n, lost, gained in sorted(rows, reverse=True)
    )
    return f"<table><tr><th></th><th>elements</th><th>lost</th><th>gained</th></tr>{body}</table>"


def _gallery(regressions: Sequence[Element], pictures: Pictures) -> str:
    if not regressions:
        return "<p>None.</p>"
    cards = "".join(_card(element, pictures(element)) for element in regressions[:MOST_PICTURES])
    more = len(regressions) - MOST_PICTURES
    key = '<p><span class="t">truth</span> <span class="a">A</span> <span class="b">B</span></p>'
    rest = f"<p>{more} more in verify.json.</p>" if more > 0 else ""
    return f'{key}<div class="cards">{cards}</div>{rest}'


def _card(element: Element, picture: NDArray[np.uint8] | None) -> str:
    def told(name: str, style: str, reading: Reading | None, right: bool) -> str:
        value = "nothing" if reading is None else reading.value.replace("_", " ")
        score = "" if reading is None or style == "t" else f" {reading.score:.2f}"
        mark = "" if style == "t" else " &#10003;" if right else " &#10007;"
        return f'<div><span class="{style}">{name}</span> {html.escape(value)}{score}{mark}</div>'

    image = ""
    if picture is not None:
        done, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        if done:
            image = f'<img alt="" src="data:image/png;base64,{base64.b64encode(data.tobytes()).decode()}">'
    lines = (
        told("truth", "t", element.truth, True)
        + told("A", "a", element.a, element.a_right)
        + told("B", "b", element.b, element.b_right)
    )
    where = html.escape(f"{element.part} on {element.sheet}")
    return f'<div class="card">{image}<div class="where">{where}</div>{lines}</div>'


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>TITLE</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1f23; max-width: 1120px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.verdict { font-weight: 600; padding: .6rem .9rem; border-radius: 6px; }
.verdict.pass { background: #e6f4ea; } .verdict.loss { background: #fce8e6; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto; }
td, th { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #e3e6e8; vertical-align: bottom; }
td:first-child, th:first-child { text-align: left; } tr.loss { background: #fce8e6; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 1rem; }
.card { border: 1px solid #e3e6e8; border-radius: 6px; padding: .5rem; overflow-wrap: anywhere; }
.card img { width: 100%; display: block; } .where { color: #5c656d; font-size: .85em; margin: .3rem 0; }
.t, .a, .b { color: #fff; border-radius: 3px; padding: 0 .35em; font-size: .85em; }
.t { background: #148c3c; } .a { background: #145ac8; } .b { background: #d22828; }
svg text { font: 13px system-ui, sans-serif; fill: #1b1f23; }
</style></head><body>
BODY
</body></html>
"""
