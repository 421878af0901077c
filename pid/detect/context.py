"""Weigh candidates by what is round them: parts of a whole, ink that stands alone, halves of spectacle blinds.

Terms of art: a candidate is *alone* when none of its ink goes on outside of its box; a symbol in a line never is, as
its pipe leads away, while letters, dashes and zone marks are. A *piece* is the two discs of a spectacle blind found
without the flanges that they hang on.

Measured on ten held-out sheets and five real ones, candidates of a raw score over 0.2: of those alone in `IN_LINE`
groups 3 of 45 and 0 of 65 were symbols, of the others 83 and 73 in 100. All 17 pieces that were joined to the next
fitting met a true spectacle blind. Together with the doubt about parts, F1 rose from 0.822 to 0.831 on the held-out and
from 0.768 to 0.791 on the real sheets.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.detect.names import Name
from pid.detect.snap import snap_boxes
from pid.detect.tiles import suppress
from pid.detect.yolo import Found
from pid.drawing import GROUPS, Group
from pid.geometry import Array, as_boxes, box_area, box_intersection

SNAPPED: tuple[Group, ...] = ("valve", "connector", "reducer", "pump", "heat_exchanger", "compressor")
"""Groups whose boxes are moved onto their ink: with these the mean IoU of found symbols rose from 0.859 to 0.875 on
held-out and from 0.783 to 0.806 on real sheets. Fittings, actuators, nozzles, arrows and bubbles gained nothing on one
of the two: drawn in several pieces, or with lettering and neighbours at their very sides."""
INK_GREY = 144
"""Darker pixels of a whitened sheet are ink."""
RIM_PX = 3
"""Ink is followed this far out of a box: boxes are off by about as much."""
IN_LINE: tuple[Group, ...] = ("valve", "actuator", "fitting", "reducer")
"""Groups that are always joined to something. Bubbles, connectors, nozzle boxes and arrows may stand alone."""
ALONE_SHARE, ALONE_WEIGHT = 0.9, 0.15
"""A candidate with this share of its ink in parts that end inside it is alone, and keeps this of its score."""
ENCLOSING: tuple[Group, ...] = ("vessel", "separator", "heat_exchanger", "compressor", "pump", "other")
"""Groups that hold other symbols: nozzles, bubbles, internals. In 3109 true symbols one other held one."""
INSIDE_SHARE, PART_AREA, PART_WEIGHT = 0.8, 0.6, 0.7
"""A part has this share of its box in a whole of which it is less than this; the weaker of the two loses score."""
PIECE_KIND = "spectacle_blind"
PIECE_ASPECT = (1.4, 2.6)
"""Two discs side by side; the whole, with its flanges, has other proportions."""
PIECE_LEAST = 0.08
"""Raw score of flanges that a piece may hang on: the piece is evidence for them."""
PIECE_GAP, PIECE_ASIDE = 0.6, 0.35
"""From the piece to the flanges, in lengths of the piece, and between their middles, in its widths."""


def weigh_context(sheet: NDArray[np.uint8], found: Found, names: Sequence[Name]) -> tuple[Found, list[Name]]:
    """Named candidates on the whitened (H, W) sheet, joined, weighed and with their sides on the ink."""
    boxes, scores, left = join_pieces(found.boxes, found.scores, found.groups, names)
    index = np.flatnonzero(left)
    # A joined box may be what another candidate has whole.
    index = index[np.sort(suppress(boxes[index], scores[index]))]
    boxes, scores, groups = boxes[index], scores[index], found.groups[index]
    scores = weigh_parts(boxes, weigh_alone(sheet, boxes, scores, groups), groups)
    snapped = np.isin(groups, [GROUPS.index(g) for g in SNAPPED])
    boxes[snapped] = snap_boxes(sheet, boxes[snapped])
    return Found(boxes, scores, groups), [names[int(i)] for i in index]


def weigh_parts(boxes: Array, scores: Array, groups: NDArray[np.int64]) -> Array:
    """Scores (N,) in which, of a part and its whole, the weaker is doubted as much as the other is sure."""
    boxes, weighed = as_boxes(boxes), scores.copy()
    area = np.maximum(box_area(boxes), 1e-9)
    inside = (box_intersection(boxes, boxes) > INSIDE_SHARE * area[:, None]) & (
        area[:, None] < PART_AREA * area[None, :]
    )
    inside[:, np.isin(groups, [GROUPS.index(g) for g in ENCLOSING])] = False
    rivals = inside | inside.T
    order = np.argsort(-scores, kind="stable")
    for place, i in enumerate(order):
        weaker = order[place + 1 :]
        weighed[weaker] *= np.where(rivals[i, weaker], 1.0 - PART_WEIGHT * weighed[i], 1.0)
    return np.asarray(weighed, float)


def weigh_alone(sheet: NDArray[np.uint8], boxes: Array, scores: Array, groups: NDArray[np.int64]) -> Array:
    """Scores (N,) in which candidates of `IN_LINE` groups that stand alone on the whitened (H, W) sheet are doubted."""
    weighed = scores.copy()
    for i in np.flatnonzero(np.isin(groups, [GROUPS.index(g) for g in IN_LINE])):
        if share_alone(sheet, boxes[i]) > ALONE_SHARE:
            weighed[i] *= ALONE_WEIGHT
    return np.asarray(weighed, float)


def share_alone(sheet: NDArray[np.uint8], box: Array) -> float:
    """Share 0..1 of the ink in `box` that is connected to nothing outside of it; 0 for a box without ink."""
    height, width = sheet.shape
    x0, y0, x1, y1 = (round(float(v)) for v in box)
    left, top = max(x0 - RIM_PX, 0), max(y0 - RIM_PX, 0)
    ink = (sheet[top : min(y1 + RIM_PX, height), left : min(x1 + RIM_PX, width)] < INK_GREY).astype(np.uint8)
    if min(ink.shape) <= 2 * RIM_PX:
        return 0.0
    _, label = cv2.connectedComponents(ink, connectivity=8)
    rim = np.concatenate([label[0], label[-1], label[:, 0], label[:, -1]])
    own = label[y0 - top : y1 - top, x0 - left : x1 - left]
    own = own[own > 0]
    return 1.0 - float(np.isin(own, rim[rim > 0]).mean()) if own.size else 0.0


def join_pieces(
    boxes: Array, scores: Array, groups: NDArray[np.int64], names: Sequence[Name]
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Join each piece of a spectacle blind to the fitting it hangs on.

    Returns boxes (N, 4) and scores (N,) in which the piece has become the whole, and a mask (N,) of the candidates
    that are left.
    """
    boxes, scores = as_boxes(boxes).copy(), scores.copy()
    left = np.ones(len(boxes), bool)
    flanges = np.isin(groups, [GROUPS.index("fitting"), GROUPS.index("valve")]) & (scores >= PIECE_LEAST)
    pieces = [i for i, name in enumerate(names) if name.kind == PIECE_KIND and _is_piece(boxes[i])]
    for i in sorted(pieces, key=lambda k: -float(scores[k])):
        if not left[i]:
            continue
        open_ = flanges & left
        open_[pieces] = False
        near = [int(j) for j in np.flatnonzero(open_) if _hangs_on(boxes[i], boxes[j])]
        if near:
            j = max(near, key=lambda k: float(scores[k]))
            boxes[i] = np.r_[np.minimum(boxes[i][:2], boxes[j][:2]), np.maximum(boxes[i][2:], boxes[j][2:])]
            scores[i] = max(scores[i], scores[j])
            left[j] = False
    return boxes, scores, left


def _is_piece(box: Array) -> bool:
    wide, high = box[2] - box[0], box[3] - box[1]
    return bool(PIECE_ASPECT[0] < max(wide, high) / max(min(wide, high), 1.0) < PIECE_ASPECT[1])


def _hangs_on(piece: Array, flanges: Array) -> bool:
    """Whether the flanges lie at one end of the piece, on its axis."""
    along = 0 if piece[2] - piece[0] > piece[3] - piece[1] else 1
    across = 1 - along
    length, width = piece[along + 2] - piece[along], max(piece[across + 2] - piece[across], 1.0)
    aside = abs(piece[across] + piece[across + 2] - flanges[across] - flanges[across + 2]) / 2
    gap = max(flanges[along] - piece[along + 2], piece[along] - flanges[along + 2])
    return bool(aside < PIECE_ASIDE * width and -length / 3 < gap < PIECE_GAP * length)
