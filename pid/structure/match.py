"""Find taught symbols on a sheet: structure first, then every stroke, then what the others say.

Hypotheses from pairs of anchors (and from boxes that others have found) -> screened -> moved into place -> measured ->
turned into a probability -> of those that overlap, the one that explains most ink stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Symbol, Word
from pid.engine import usable_threads
from pid.geometry import Array, as_boxes, box_iou
from pid.paper import reduce_sheet
from pid.structure.field import InkField
from pid.structure.finds import FEWEST_LETTERS, Find, by_habit, keep_best, without_lettering
from pid.structure.hypothesize import Hypotheses, Scales, anchor_hypotheses, box_hypotheses, join_hypotheses
from pid.structure.lettering import agreement, find_rows, rows_inside
from pid.structure.place_strokes import Placed, loosen, refine, screen, slack
from pid.structure.primitives import Index
from pid.structure.rating import features_of, rate
from pid.structure.regions import find_regions
from pid.structure.template import Template
from pid.structure.trace_primitives import ink_mask, pen_width, primitives_of_mask
from pid.structure.verify import Measures, count_strange, measure

FEWEST_BOXES = 10
"""Boxes of symbols from which their usual size is told."""
LEAST_SCORE = 0.3
"""Probability from which a find is told."""
LEAST_QUALITY = 0.05
"""Raw quality below which a hypothesis is not kept at all."""
LARGEST = 3.0
"""Regions up to so many times the largest template's size are looked at: symbols are stretched."""
MOST_OFF_IN_BOX = 2.2
"""Mean distance in slacks at which a template in the box of a region is still moved into place."""
SAME_TEMPLATE_IOU = 0.8
"""Hypotheses of one template that overlap so much are one."""
LEAST_ROUGH, MOST_LOOSENED, MOST_COUNTED = 1e-5, 160, 120
"""Raw quality and number of a template's hypotheses whose strokes are fitted one by one, and number of those whose
strange ink is counted."""
SAME_PLACE_IOU = 0.5
"""Other finds that overlap a symbol so much are its runners-up."""
STRANGE_COST = 1.5
"""Of unexplained ink against explained ink where finds compete."""


def find_all(
    gray: NDArray[np.uint8],
    templates: Sequence[Template],
    *,
    words: Sequence[Word] = (),
    proposals: Array | None = None,
    hidden: Array | None = None,
) -> tuple[list[Find], int]:
    """All finds on a grey sheet (H, W) uint8, doubles included, and the factor to the sheet's pixels.

    Args:
        gray: The sheet.
        templates: What to look for.
        words: Lettering that was read.
        proposals: Boxes (N, 4) where something else saw a symbol; these are tried beside what structure finds.
        hidden: Boxes (M, 4) whose ink is left out: tables and title block.
    """
    reduced, factor = reduce_sheet(gray)
    ink = ink_mask(reduced)
    if hidden is not None:
        for x0, y0, x1, y1 in np.round(as_boxes(hidden) / factor).astype(int).clip(0).tolist():
            ink[y0 : y1 + 1, x0 : x1 + 1] = 0
    pen = pen_width(ink)
    near = tuple(w.model_copy(update={"box": tuple(v / factor for v in w.box)}) for w in words)
    told = as_boxes([w.box for w in near if len(w.text) >= FEWEST_LETTERS])
    lettering = np.vstack([told, find_rows(ink, pen)])
    field = InkField.of(primitives_of_mask(ink, pen=pen), ink, pen, lettering)
    boxes = None if proposals is None else as_boxes(proposals) / factor
    scales = estimate_scale(templates, pen, boxes)
    finds = find_templates(field, templates, words=near, proposals=boxes, scales=scales)
    return by_habit(without_lettering(finds, lettering)), factor


def find_taught(
    gray: NDArray[np.uint8], templates: Sequence[Template], *, least_score: float = LEAST_SCORE, **evidence: Any
) -> tuple[Symbol, ...]:
    """Taught symbols of a grey sheet (H, W) uint8, best first, ids ``t1`` on, in the sheet's pixels.

    Told are those of at least `least_score`; `evidence` is as of `find_all`.
    """
    finds, factor = find_all(gray, templates, **evidence)
    best = [find for find in keep_best(finds) if find.quality >= least_score]
    best.sort(key=lambda find: -find.quality)
    return tuple(_symbol(f"t{n}", find, finds, factor) for n, find in enumerate(best, 1))


def estimate_scale(templates: Sequence[Template], pen: float, boxes: Array | None = None) -> Scales:
    """How large the examples are drawn on a sheet: they may come from another drawing, enlarged or reduced.

    By the smaller sides of `boxes` (N, 4) where something saw symbols, if these are many, against those of the
    examples; else by the sheet's `pen` against theirs, which is rougher.
    """
    if boxes is not None and len(boxes) >= FEWEST_BOXES:
        seen = np.median((boxes[:, 2:] - boxes[:, :2]).min(axis=1))
        taught = np.median([min(t.size) / t.factor for t in templates])
        return Scales(middle=float(seen / taught), least=0.45, most=1.9)
    return Scales(middle=pen / float(np.median([t.pen / t.factor for t in templates])), least=0.45, most=2.0)


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
    measures = measure(template, hypotheses, field)
    rough = rate(template, measures)
    likely = _places(measures.box, rough)[:MOST_LOOSENED]
    hypotheses = hypotheses.only(likely[rough[likely] >= LEAST_ROUGH])
    if not len(hypotheses):
        return []
    placed = loosen(template, hypotheses, field)
    measures = measure(template, hypotheses, field, placed)
    likely = np.argsort(-rate(template, measures), kind="stable")[:MOST_COUNTED]
    hypotheses, measures, placed = hypotheses.only(likely), measures.only(likely), placed.only(likely)
    measures = count_strange(template, hypotheses, field, measures, placed)
    measures = _read_lettering(template, measures, words)
    return _make_finds(template, hypotheses, measures, placed, field)


def _places(boxes: Array, rough: Array) -> Index:
    """Which boxes (K, 4) are the most probable of their places and poses, best first."""
    order = np.argsort(-rough, kind="stable")
    overlap = box_iou(boxes[order], boxes[order]) >= SAME_TEMPLATE_IOU
    left = np.ones(len(order), bool)
    kept = []
    for k in range(len(order)):
        if left[k]:
            kept.append(k)
            left &= ~overlap[k]
    return np.asarray(order[kept], np.int64)


def _read_lettering(template: Template, measures: Measures, words: Sequence[Word]) -> Measures:
    """The measures with how unlike the lettering in each place is."""
    misread = np.zeros(len(measures.off))
    if template.lettering and words:
        for k, box in enumerate(measures.box.tolist()):
            rows = rows_inside(words, (box[0], box[1], box[2], box[3]))
            if rows:
                misread[k] = 1.0 - agreement(rows, template.lettering)
    return replace(measures, misread=misread)


def _make_finds(
    template: Template, hypotheses: Hypotheses, measures: Measures, placed: Placed, field: InkField
) -> list[Find]:
    """Those of the hypotheses in place that are probable at all."""
    quality, features = rate(template, measures), features_of(template, measures)
    # No more than the template itself has: letters that touch it are not its own.
    explained = np.minimum(measures.covered, measures.length) - STRANGE_COST * measures.strange * measures.length
    explained += template.fill_length / template.length * measures.length * measures.filled
    slack_px = slack(template, hypotheses, field)
    on_ink = field.distance(placed.points, placed.headings) <= slack_px[:, None]
    solid = field.is_ink(hypotheses.map(template.fill))
    return [
        Find(
            template=template,
            matrix=hypotheses.matrix[k],
            shift=hypotheses.shift[k],
            pose=int(hypotheses.pose[k]),
            quality=float(quality[k]),
            worth=float(quality[k] * explained[k]),
            box=(*measures.box[k].tolist(),),
            measures=measures.only(np.array([k])),
            strokes=placed.points[k],
            on_ink=on_ink[k],
            solid=solid[k],
            slack_px=float(slack_px[k]),
            features=features[k],
        )
        for k in np.flatnonzero(quality >= LEAST_QUALITY).tolist()
    ]


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
