"""Find taught symbols on a sheet: structure first, then every stroke, then what the others say.

Hypotheses from pairs of anchors (and from boxes that others have found) -> screened -> moved into place -> measured ->
turned into a probability -> of those that overlap, the one that explains most ink stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Symbol, Word
from pid.engine import usable_threads
from pid.geometry import Array, as_boxes, box_area, box_intersection, box_iou
from pid.paper import reduce_sheet
from pid.structure.field import InkField
from pid.structure.hypothesize import Hypotheses, Scales, anchor_hypotheses, box_hypotheses, join_hypotheses
from pid.structure.lettering import agreement, rows_inside
from pid.structure.regions import find_regions
from pid.structure.template import Template
from pid.structure.trace_primitives import ink_mask, pen_width, primitives_of_mask
from pid.structure.verify import Measures, count_strange, loosen, measure, refine, screen

ANY_SCALE = Scales(middle=1.0, least=0.22, most=2.4)
"""Where nothing is known of an example's size."""
TELLING, SURE_QUALITY, FEWEST_SURE, ONE_SCALE = 8, 0.75, 5, 1.35
"""Templates that the scale is told by, finds of that quality that tell it and how many at least, and the factor within
which they agree."""
FEWEST_BOXES = 10
"""Boxes of symbols from which their usual size is told."""
LEAST_SCORE = 0.3
"""Probability from which a find is told."""
LEAST_QUALITY = 0.05
"""Raw quality below which a hypothesis is not kept at all."""
LETTERED = 0.03, 0.75
"""Lettering covers a share in this range of the area where an example has it."""
LARGEST = 3.0
"""Regions up to so many times the largest template's size are looked at: symbols are stretched."""
MOST_OFF_IN_BOX = 2.2
"""Mean distance in slacks at which a template in the box of a region is still moved into place."""
LEAST_ROUGH, MOST_LOOSENED, MOST_COUNTED = 1e-4, 120, 80
"""Raw quality and number of a template's hypotheses whose strokes are fitted one by one, and number of those whose
strange ink is counted."""
LEAST_LETTERING = 0.3
"""What is left of a find's quality whatever its lettering: it may be misread."""
SAME_PLACE_IOU = 0.5
"""Other finds that overlap a symbol so much are its runners-up."""
SAME_SHARE = 0.4
"""Boxes that share so much of the smaller one compete for the same ink."""
STRANGE_COST = 1.5
"""Of unexplained ink against explained ink where finds compete."""


@dataclass(frozen=True, eq=False)
class Find:
    """A template in place."""

    template: Template
    matrix: Array
    shift: Array
    pose: int
    quality: float
    worth: float
    """Length of ink explained, less what is not."""
    box: tuple[float, float, float, float]
    measures: Measures


def find_taught(
    gray: NDArray[np.uint8],
    templates: Sequence[Template],
    *,
    words: Sequence[Word] = (),
    proposals: Array | None = None,
    hidden: Array | None = None,
    least_score: float = LEAST_SCORE,
) -> tuple[Symbol, ...]:
    """Taught symbols of a grey sheet (H, W) uint8, best first, ids ``t1`` on, in the sheet's pixels.

    Args:
        gray: The sheet.
        templates: What to look for.
        words: Lettering that was read.
        proposals: Boxes (N, 4) where something else saw a symbol; these are tried beside what structure finds.
        hidden: Boxes (M, 4) whose ink is left out: tables and title block.
        least_score: Least probability that is told.
    """
    reduced, factor = reduce_sheet(gray)
    ink = ink_mask(reduced)
    if hidden is not None:
        for x0, y0, x1, y1 in np.round(as_boxes(hidden) / factor).astype(int).clip(0).tolist():
            ink[y0 : y1 + 1, x0 : x1 + 1] = 0
    pen = pen_width(ink)
    field = InkField.of(primitives_of_mask(ink, pen=pen), ink, pen)
    near = tuple(w.model_copy(update={"box": tuple(v / factor for v in w.box)}) for w in words)
    boxes = None if proposals is None else as_boxes(proposals) / factor
    scales = estimate_scale(field, templates, boxes)
    finds = find_templates(field, templates, words=near, proposals=boxes, scales=scales)
    best = [find for find in keep_best(finds) if find.quality >= least_score]
    best.sort(key=lambda find: -find.quality)
    return tuple(_symbol(f"t{n}", find, finds, factor) for n, find in enumerate(best, 1))


def estimate_scale(field: InkField, templates: Sequence[Template], boxes: Array | None = None) -> Scales:
    """How large the examples are drawn on a sheet: they may come from another drawing, enlarged or reduced.

    By the smaller sides of `boxes` (N, 4) where something saw symbols, if these are many, against those of the
    examples; else by the places where the most telling examples lie best; wide limits where too few of them agree.
    """
    if boxes is not None and len(boxes) >= FEWEST_BOXES:
        seen = np.median((boxes[:, 2:] - boxes[:, :2]).min(axis=1))
        taught = np.median([min(t.size) / t.factor for t in templates])
        return Scales(middle=float(seen / taught), least=0.45, most=1.9)
    telling = sorted(templates, key=lambda t: -len(t.anchors.xy) if len(t.pairs) else 0)[:TELLING]
    finds = find_templates(field, telling, scales=ANY_SCALE)
    sure = [f for f in keep_best(finds) if f.quality >= SURE_QUALITY]
    if len(sure) < FEWEST_SURE:
        return ANY_SCALE
    logs = np.log([min(np.linalg.norm(f.matrix, axis=1)) * f.template.factor for f in sure])
    weight = np.array([f.worth for f in sure])
    votes = [float(weight[np.abs(logs - at) < np.log(ONE_SCALE)].sum()) for at in logs]
    near = np.abs(logs - logs[int(np.argmax(votes))]) < np.log(ONE_SCALE)
    return Scales(middle=float(np.exp(np.average(logs[near], weights=weight[near]))))


def find_templates(
    field: InkField,
    templates: Sequence[Template],
    *,
    words: Sequence[Word] = (),
    proposals: Array | None = None,
    scales: Scales | None = None,
) -> list[Find]:
    """All places where a template lies on ink, those that overlap included.

    Args:
        field: The sheet's ink.
        templates: What to look for.
        words: What was read: it tells kinds apart that differ in their lettering only.
        proposals: Boxes (N, 4), ink included, where something was seen.
        scales: Range of sizes; that of `Scales` where it is not given.
    """
    scales = scales or Scales()
    largest = max((max(t.size) / t.factor for t in templates), default=0.0) * scales.middle * LARGEST
    boxes = find_regions(field.parts, field.ink, field.pen, largest=largest)
    boxes = boxes if proposals is None else np.vstack([boxes, as_boxes(proposals)])

    def find_one(template: Template) -> list[Find]:
        return _find_template(template, field, boxes, words, scales)

    # Templates are independent, and numpy lets go of the interpreter while it counts.
    with ThreadPoolExecutor(usable_threads()) as pool:
        return [find for found in pool.map(find_one, templates) for find in found]


def _find_template(
    template: Template, field: InkField, boxes: Array, words: Sequence[Word], scales: Scales
) -> list[Find]:
    """The places of one template."""
    anchored = screen(template, anchor_hypotheses(template, field, scales), field)
    boxed = screen(template, box_hypotheses(template, boxes, field.pen, scales), field, most=MOST_OFF_IN_BOX)
    hypotheses = join_hypotheses([anchored, boxed])
    if not len(hypotheses):
        return []
    hypotheses = refine(template, hypotheses, field)
    rough = rate(measure(template, hypotheses, field))
    likely = np.argsort(-rough, kind="stable")[:MOST_LOOSENED]
    hypotheses = hypotheses.only(likely[rough[likely] >= LEAST_ROUGH])
    if not len(hypotheses):
        return []
    placed = loosen(template, hypotheses, field)
    measures = measure(template, hypotheses, field, placed)
    likely = np.argsort(-rate(measures), kind="stable")[:MOST_COUNTED]
    hypotheses, measures, placed = hypotheses.only(likely), measures.only(likely), placed.only(likely)
    measures = count_strange(template, hypotheses, field, measures, placed)
    quality = rate(measures) * _lettering_agrees(template, measures, words)
    keep = np.flatnonzero(quality >= LEAST_QUALITY)
    return [_find(template, hypotheses, measures, quality, k) for k in keep.tolist()]


def _lettering_agrees(template: Template, measures: Measures, words: Sequence[Word]) -> Array:
    """(K,) factor 0..1 for the lettering that stands in each place; 1 where the template has none, or none was read."""
    factor = np.ones(len(measures.off))
    if template.lettering and words:
        for k, box in enumerate(measures.box.tolist()):
            rows = rows_inside(words, (box[0], box[1], box[2], box[3]))
            if rows:
                factor[k] = max(agreement(rows, template.lettering) ** 2, LEAST_LETTERING)
    return factor


def rate(m: Measures) -> Array:
    """Raw quality (K,) in 0..1 of measured hypotheses."""
    z = (
        14.0 * (m.support - 0.80)
        - 2.0 * (m.off - 0.5)
        - 9.0 * m.missing
        - 2.0 * m.strain
        - 5.0 * m.strange
        - 5.0 * m.probed
    )
    z -= 6.0 * (1.0 - m.filled) + 10.0 * m.blotted + 5.0 * (1.0 - m.inked)
    z -= 4.0 * ((m.lettered >= 0) & ((m.lettered < LETTERED[0]) | (m.lettered > LETTERED[1])))
    return np.asarray(1.0 / (1.0 + np.exp(-z)), np.float64)


def _find(template: Template, hypotheses: Hypotheses, measures: Measures, quality: Array, k: int) -> Find:
    one = measures.only(np.array([k]))
    length = float(one.length[0])
    fill = template.fill_length / template.length * length * float(one.filled[0])
    # No more than the template itself has: letters that touch it are not its own.
    explained = min(float(one.covered[0]), length) + fill - STRANGE_COST * float(one.strange[0]) * length
    box = tuple(float(v) for v in one.box[0])
    return Find(
        template, hypotheses.matrix[k], hypotheses.shift[k], int(hypotheses.pose[k]), float(quality[k]),
        float(quality[k]) * explained, box, one,  # type: ignore[arg-type]
    )  # fmt: skip


def keep_best(finds: Sequence[Find]) -> list[Find]:
    """Of finds that overlap the one that explains most ink, best first."""
    if not finds:
        return []
    order = sorted(finds, key=lambda f: -f.worth)
    boxes = as_boxes([f.box for f in order])
    area = box_area(boxes)
    kept: list[int] = []
    for k in range(len(order)):
        if kept:
            shared = box_intersection(boxes[k : k + 1], boxes[kept])[0]
            if (shared > SAME_SHARE * np.minimum(area[k], area[kept])).any():
                continue
        kept.append(k)
    return [order[k] for k in kept]


def _symbol(ident: str, find: Find, finds: Sequence[Find], factor: int) -> Symbol:
    """A find as a symbol, with what else lies at its place as runners-up."""
    template = find.template
    pose = template.poses[find.pose]
    ports = tuple(
        tuple(((find.matrix @ np.array([x, y]) + find.shift) * factor).tolist()) for x, y, _ in template.ports
    )
    other: dict[str, float] = {}
    for f in finds:
        if f.template.kind != template.kind and box_iou([f.box], [find.box])[0, 0] >= SAME_PLACE_IOU:
            other[f.template.kind] = max(other.get(f.template.kind, 0.0), round(f.quality, 3))
    runners_up = sorted(other.items(), key=lambda item: -item[1])[:3]
    return Symbol(
        id=ident,
        kind=template.kind,
        group=template.group,
        box=(find.box[0] * factor, find.box[1] * factor, find.box[2] * factor, find.box[3] * factor),
        rotation=90.0 * pose.quarter,
        mirrored=pose.mirrored,
        score=find.quality,
        found_by=("structure",),
        ports=ports,
        attributes={"kind_score": round(find.quality, 3), "runners_up": [[kind, score] for kind, score in runners_up]},
    )
