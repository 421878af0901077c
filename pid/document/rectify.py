"""Bring a scanned or photographed page to how it was drawn: upright, straight, flat, clean, evenly lit.

Each step looks whether it is needed, says what it did in a finding, and leaves alone what is in order: a straight clean
sheet comes back as it is. The *page* is the sheet turned and pulled straight by one 3x3 matrix, which `to_source`
keeps; a drawing's coordinates are pixels of it. The *reading* is what networks and tracers look at. Where the page was
bent, what is found on the reading is led back to the page by a mesh, so that `to_source` stays the whole truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.document.clean import Mark, clean_sheet
from pid.document.light import even_light
from pid.document.long_lines import follow_long_lines
from pid.document.rectify_mesh import Mesh, fit_mesh, flatten
from pid.document.rectify_plane import PlaneFit, fit_plane
from pid.document.rectify_turn import UpsideDown, find_turn
from pid.drawing import Finding, Matrix
from pid.geometry import transform_points
from pid.sheet import Sheet

Array = NDArray[np.float64]

STEPS = ("turn", "plane", "color", "watermark", "mesh", "light")
"""In their order."""
_LAY = {1: "turned clockwise by a quarter", 2: "upside down", 3: "turned counter-clockwise by a quarter"}


@dataclass(frozen=True, eq=False)
class Rectified:
    """A page put right and what was done to it; `page` and `reading` are the sheet itself where nothing was."""

    page: Sheet
    reading: Sheet
    mesh: Mesh | None = None
    """Leads from the reading to the page; they share a frame where there is none."""
    findings: tuple[Finding, ...] = ()
    marks: tuple[Mark, ...] = ()
    """What lay on top of the drawing and is not in the reading; boxes in pixels of the page."""


def rectify_sheet(sheet: Sheet, *, upside_down: UpsideDown, steps: Sequence[str] = STEPS) -> Rectified:
    """Put a page right.

    Args:
        sheet: a page whose picture is all that counts: native vectors would not follow, and are dropped where it moves.
        upside_down: tells words that stand on their head.
        steps: which of `STEPS` may be taken.
    """
    page, findings = sheet, []
    mesh: Mesh | None = None
    if "turn" in steps:
        quarters = find_turn(page.gray, upside_down)
        if quarters:
            page = _turned(page, quarters)
            findings.append(_finding("page-turned", f"The page lay {_LAY[quarters]} and was set upright."))
    lines = follow_long_lines(page.gray) if {"plane", "mesh"} & set(steps) else None
    if lines is not None and "plane" in steps:
        fit = fit_plane(lines)
        if fit is not None:
            page, motion = _straightened(page, fit)
            lines = lines.moved(transform_points(motion, lines.points), page.image.shape[:2])
            findings.append(_plane_finding(fit))
    cleaned = clean_sheet(page.image, page.gray, steps=steps)
    reading = replace(page, image=cleaned.gray) if cleaned.marks else page
    if cleaned.marks:
        findings.append(_marks_finding(cleaned.marks))
    if lines is not None and "mesh" in steps:
        mesh = fit_mesh(lines)
        if mesh is not None:
            reading = replace(page, image=flatten(reading.image, mesh))
            message = f"The page was bent (places up to {mesh.largest_px:.0f} px off) and was read flattened."
            findings.append(_finding("page-bent", message))
    if "light" in steps:
        gray, done = even_light(reading.gray)
        if done:
            reading = replace(reading, image=gray)
            findings.append(_finding("page-light", f"Light and contrast were evened out: {done}."))
    return Rectified(page, reading, mesh, tuple(findings), cleaned.marks)


def _turned(sheet: Sheet, quarters: int) -> Sheet:
    """The sheet turned counter-clockwise by quarters, without loss."""
    width, height = float(sheet.info.width), float(sheet.info.height)
    back = {
        1: [[0, -1, width], [1, 0, 0], [0, 0, 1]],
        2: [[-1, 0, width], [0, -1, height], [0, 0, 1]],
        3: [[0, 1, 0], [-1, 0, height], [0, 0, 1]],
    }[quarters]
    return _moved(sheet, np.ascontiguousarray(np.rot90(sheet.image, quarters)), np.array(back, float))


def _straightened(sheet: Sheet, fit: PlaneFit) -> tuple[Sheet, Array]:
    """The sheet warped by the fit, the paper going on beside it, and the motion (3x3): no corner is lost."""
    width, height = sheet.info.width, sheet.info.height
    corners = transform_points(fit.matrix, [[0, 0], [width, 0], [width, height], [0, height]])
    low = np.floor(corners.min(axis=0) + 1e-6)
    columns, rows = (int(v) for v in np.ceil(corners.max(axis=0) - low - 1e-6))
    whole = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1.0]]) @ fit.matrix
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])  # OpenCV's pixel (0, 0) has its middle at 0, 0
    image = cv2.warpPerspective(
        sheet.image,
        np.linalg.inv(half) @ whole @ half,
        (columns, rows),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_paper_value(sheet.image),
    )
    return _moved(sheet, np.asarray(image, np.uint8), np.asarray(np.linalg.inv(whole), np.float64)), whole


def _moved(sheet: Sheet, image: NDArray[np.uint8], back: Array) -> Sheet:
    """The sheet with another picture, whose pixels `back` (3x3) leads to those of the old one."""
    to_source = np.asarray(sheet.info.to_source) @ back
    info = sheet.info.model_copy(
        update={"width": image.shape[1], "height": image.shape[0], "to_source": _as_matrix(to_source)}
    )
    return Sheet(image=image, source=sheet.source, info=info)


def _as_matrix(values: Array) -> Matrix:
    rows = [(float(a), float(b), float(c)) for a, b, c in values / values[2, 2]]
    return rows[0], rows[1], rows[2]


def _paper_value(image: NDArray[np.uint8]) -> tuple[int, ...]:
    """The middle brightness, channel by channel, of a sparse sample: ink covers little of a drawing."""
    sample = image[::37, ::41]
    return tuple(int(v) for v in np.median(sample.reshape(-1, *image.shape[2:]), axis=0).reshape(-1))


def _plane_finding(fit: PlaneFit) -> Finding:
    if fit.is_tilted:
        return _finding(
            "page-tilted",
            f"The page was seen from aside (corners up to {fit.tilt_px:.0f} px off) and lay askew by "
            f"{abs(fit.angle_deg):.2f} degrees; it was pulled straight.",
        )
    return _finding("page-skewed", f"The page lay askew by {abs(fit.angle_deg):.2f} degrees and was turned straight.")


def _marks_finding(marks: Sequence[Mark]) -> Finding:
    counts = Counter(mark.kind for mark in marks)
    listed = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(counts.items()))
    return _finding("page-marks", f"On top of the drawing, lifted off where something is printed below: {listed}.")


def _finding(code: str, message: str) -> Finding:
    return Finding(code=code, severity="info", message=message)
