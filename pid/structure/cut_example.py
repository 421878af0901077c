"""Clean a symbol that was cut from a picture: strays and stubs off, ports found, its box as tight as its ink.

Terms of art: a *body* is the ink that is certainly the symbol; a *stray* is what neighbours have left in the cut-out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box
from pid.structure.letter_pieces import INK_GREY, label_pieces, letter_pieces
from pid.structure.library import MARGIN_PX, Port
from pid.structure.stubs import Mask, Stub, take_stubs

BODY_SHARE, STRAY_SHARE = 0.3, 0.25
"""A piece whose longer side is the first share of the longest one's is body; below the second, outside the body's
hull, a stray."""
SPECK_SHARE = 0.04
"""A piece with both sides below this share of the symbol's longer side is dirt unless lettering is there."""
RIM_PX = 2
"""Grey pixels so near to removed ink go with it."""
WEAK = 0.5
"""On the other axis, a stub shorter than this share of the longest is a bump of an outline."""
MIRROR_IOU = 0.75
"""Overlap of a symbol with its mirror image from which it is symmetric: a stub on one side then means two ports."""


@dataclass(frozen=True, eq=False)
class Cutout:
    """A cleaned symbol; `box`, `ports` and `text_boxes` are pixels of `picture`."""

    picture: NDArray[np.uint8]
    box: Box
    place: Box
    """Its box in the picture that it was cut from."""
    ports: tuple[Port, ...]
    stubs: tuple[Stub, ...] = ()
    """What was taken off, in pixels of the cut-out's mask."""
    lettering: tuple[str, ...] = ()
    text_boxes: tuple[Box, ...] = ()


def drop_strays(mask: Mask) -> Mask:
    """The mask without small pieces outside the convex hull of its body, and without specks."""
    labels, boxes, _ = label_pieces(mask)
    if len(boxes) < 2:
        return mask
    longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    body = np.flatnonzero(longer >= BODY_SHARE * longer.max())
    points = np.argwhere(np.isin(labels, body + 1))[:, ::-1].astype(np.int32)
    hull = np.zeros_like(mask)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    inside = np.zeros(len(boxes), bool)
    inside[np.unique(labels[hull > 0])[1:] - 1 if hull.any() else []] = True
    kept = (longer >= STRAY_SHARE * longer.max()) | (inside & (longer >= SPECK_SHARE * longer.max()))
    return np.asarray(np.isin(labels, np.flatnonzero(kept) + 1), np.uint8)


def ports_of(stubs: Sequence[Stub], mask: Mask, *, lettered: bool) -> tuple[Port, ...]:
    """The ports that stubs stand for, in pixels of the mask (H, W) that they were taken off.

    Short bumps across the axis of the longest stub are none, nor are those there beside which other ink was left. A
    symmetric symbol without lettering that has a single stub is taken for one with a port at the other end, too: the
    other stub was cut off.
    """
    if not stubs:
        return ()
    strongest = max(stubs, key=lambda s: s.length)
    kept = [
        s for s in stubs
        if (s.direction - strongest.direction) % 180 == 0 or (s.alone and s.length >= WEAK * strongest.length)
    ]  # fmt: skip
    ports = [(s.x, s.y, float(s.direction)) for s in kept]
    if len(kept) == 1 and not lettered and _is_mirrored(mask, strongest.direction):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        ends = {0: columns[0], 180: columns[-1] + 1, 90: rows[-1] + 1, 270: rows[0]}  # the far end from the stub
        end = float(ends[strongest.direction])
        x, y = (end, strongest.y) if strongest.direction in (0, 180) else (strongest.x, end)
        ports.append((x, y, float((strongest.direction + 180) % 360)))
    return tuple(sorted(ports, key=lambda p: (p[0], p[1])))


def _is_mirrored(mask: Mask, direction: int) -> bool:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    tight = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    thick = cv2.dilate(tight, np.ones((3, 3), np.uint8)) > 0
    mirrored = thick[:, ::-1] if direction in (0, 180) else thick[::-1]
    return bool((thick & mirrored).sum() >= MIRROR_IOU * (thick | mirrored).sum())


def finish_cutout(
    gray: NDArray[np.uint8], mask: Mask, *, at: tuple[int, int], stubs: Sequence[Stub] = (),
    usual: tuple[float, float] | None = None,
) -> Cutout | None:  # fmt: skip
    """The cleaned picture of a symbol's ink, its lettering not yet read.

    Args:
        gray: Whitened picture (H, W) of the cut-out.
        mask: (H, W) its ink, without neighbours.
        at: Column and row of the cut-out in the picture it was cut from, whose pixels `place` is in.
        stubs: Those that were found and taken off before; they are looked for where there is none.
        usual: Length and breadth of the stubs of other symbols drawn by the same hand.

    Returns:
        None where no ink is left.
    """
    mask = drop_strays(mask)
    found = list(stubs) or take_stubs(mask, usual=usual)
    mask = drop_strays(mask)
    if not mask.any():
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x0, y0, x1, y1 = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    place = (float(at[0] + x0), float(at[1] + y0), float(at[0] + x1), float(at[1] + y1))
    ports = ports_of(found, mask, lettered=len(letter_pieces(mask)) > 1)
    rim = cv2.dilate(mask, np.ones((2 * RIM_PX + 1, 2 * RIM_PX + 1), np.uint8))
    clean = np.where((rim > 0) & ((gray < INK_GREY) <= (mask > 0)), gray, 255).astype(np.uint8)
    picture = cv2.copyMakeBorder(
        clean[y0:y1, x0:x1], MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX, cv2.BORDER_CONSTANT, value=255
    )
    dx, dy = MARGIN_PX - x0, MARGIN_PX - y0
    return Cutout(
        picture=np.asarray(picture, np.uint8),
        box=(float(MARGIN_PX), float(MARGIN_PX), float(MARGIN_PX + x1 - x0), float(MARGIN_PX + y1 - y0)),
        place=place,
        stubs=tuple(found),
        ports=tuple((x + dx, y + dy, d) for x, y, d in ports),
    )
