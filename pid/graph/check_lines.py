"""Checks of pipes: ends that hang in the air, line numbers that lack a part, sizes that change without a reducer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pid.geometry import as_boxes, polyline_length
from pid.graph.check_control import RELIEF
from pid.graph.check_rules import CheckRules, Problem, name_of
from pid.graph.piping import End
from pid.graph.plant_reading import PlantReading

Array = NDArray[np.float64]

MARGIN = 0.03
"""A line that ends this near to the sheet's edge goes on beyond it, in shares of the sheet's width."""
END_TEXT = 60.0
"""Lettering at an open end (VENT, TO DRAIN) says where it goes within this distance, at a sheet width of 5000 px."""
AT_ARROW = 25.0
"""An open end with an arrow head this near to it ends there on purpose."""
SHORTEST = 25.0
"""Lines shorter than this are no pipes but remains of lettering and marks."""
HOUSE_SHARE = 0.5
"""A part that fewer of the sheet's line numbers state than this share is not the house's manner to state."""


def check_dangling_ends(reading: PlantReading, rules: CheckRules) -> Iterator[Problem]:
    """Ends of pipes and signals that reach nothing and say nothing of where they go."""
    piping, drawing = reading.piping, reading.drawing
    width, height = drawing.sheet.width, drawing.sheet.height
    margin, scale = MARGIN * width, piping.scale
    words = as_boxes([w.box for w in drawing.words])
    targets = as_boxes([s.box for s in drawing.symbols if s.group == "flow_arrow"])
    for i, line in enumerate(drawing.lines):
        if polyline_length(line.points) < SHORTEST * scale:
            continue
        for which in (0, 1):
            end = (i, which)
            if not piping.is_free(end) or piping.stops(end):
                continue
            x, y = piping.point(end)
            if min(x, y, width - x, height - y) < margin or _is_told(piping.point(end), words, targets, scale):
                continue
            if _near_symbol(reading, end):
                continue
            yield Problem(
                "dangling-end", (line.id,),
                f"The {'signal' if line.kind == 'signal' else 'pipe'} {line.line_number or line.id} ends in the air "
                f"at ({x:.0f}, {y:.0f}).",
            )  # fmt: skip


def _is_told(point: Array, words: Array, arrows: Array, scale: float) -> bool:
    """Whether lettering or an arrow head stands at an open end."""
    return _gap(point, words) <= END_TEXT * scale or _gap(point, arrows) <= AT_ARROW * scale


def _gap(point: Array, boxes: Array) -> float:
    if not len(boxes):
        return float("inf")
    gap = np.maximum(np.maximum(boxes[:, :2] - point, point - boxes[:, 2:]), 0)
    return float(np.hypot(gap[:, 0], gap[:, 1]).min())


def _near_symbol(reading: PlantReading, end: End) -> bool:
    """Whether an end touches the box of some symbol, be it one that lines pass (a package, a mark)."""
    boxes = as_boxes([s.box for s in reading.drawing.symbols])
    return _gap(reading.piping.point(end), boxes) <= 6 * reading.piping.scale


def check_line_numbers(reading: PlantReading, rules: CheckRules) -> Iterator[Problem]:
    """Line numbers that lack the size or the piping class that the sheet's other numbers state."""
    numbers = {run.number: run for run in reading.runs}
    known = {n: reading.grammar.line_parts(n) for n in numbers}
    for part, title in (("size", "size"), ("spec", "piping class")):
        for number, parts in known.items():
            if part in parts or not any(c.isdigit() for c in number):
                continue
            others = [p for n, p in known.items() if n != number]
            share = sum(part in p for p in others) / len(others) if others else 1.0
            if share >= HOUSE_SHARE:
                yield Problem(
                    "line-number-incomplete", numbers[number].lines, f"The line number {number} states no {title}."
                )


def check_size_changes(reading: PlantReading, rules: CheckRules) -> Iterator[Problem]:
    """Pipes of two sizes that run on into each other with no reducer between; relief valves have a wider outlet."""
    piping = reading.piping
    seen: set[frozenset[str]] = set()
    for i, line in enumerate(piping.lines):
        if line.line_number is None or not piping.is_process[i]:
            continue
        own = reading.grammar.line_parts(line.line_number).get("size")
        for which in (0, 1):
            for step in piping.steps((i, which)):
                other = piping.lines[step.end[0]]
                if step.kind == "branch" or not other.line_number or other.line_number == line.line_number:
                    continue
                size = reading.grammar.line_parts(other.line_number).get("size")
                pair = frozenset((line.line_number, other.line_number))
                passed = [piping.symbols[s] for s in step.via]
                may_change = any(s.group == "reducer" or s.kind in RELIEF for s in passed)
                if own and size and own != size and not may_change and pair not in seen:
                    seen.add(pair)
                    yield Problem(
                        "size-change-without-reducer",
                        (line.id, other.id, *(piping.symbols[s].id for s in step.via)),
                        f"{line.line_number} ({own}) runs on into {other.line_number} ({size}) without a reducer.",
                    )


def check_flow_conflicts(reading: PlantReading, rules: CheckRules) -> Iterator[Problem]:
    """Two signs of the flow on one pipe that contradict each other, and arrows against each other on one line."""
    symbols = {s.id: s for s in reading.drawing.symbols}
    seen: set[str] = set()
    for conflict in reading.conflicts:
        signs = (conflict.first, conflict.second)
        shown = {sign.by for sign in signs if sign.by in symbols}
        if shown and shown <= seen:
            continue  # a check valve against the flow contradicts the arrows on both of its sides
        seen |= shown
        line = reading.piping.lines[conflict.line]
        told = [
            f"the {name_of(symbols[sign.by])}" if sign.by in symbols else f"the arrow on {sign.by}" for sign in signs
        ]
        yield Problem(
            "flow-conflict", (line.id, *dict.fromkeys(sign.by for sign in signs if sign.by != line.id)),
            f"On the pipe {line.line_number or line.id}, {told[0]} and {told[1]} show opposite flows.",
        )  # fmt: skip
    for line in reading.drawing.lines:
        if line.direction == "both" and line.kind != "signal":
            yield Problem(
                "flow-conflict", (line.id,), f"Flow arrows on the pipe {line.line_number or line.id} point both ways."
            )
