"""One list of symbols from what shape and structure saw: agreement raises, disagreement lowers and asks for review.

Both witnesses look at the same ink in different ways: the shape network knows the usual looks and loses the stretched
ones, structure knows what joins what and loses what ink has blurred. Where they mean one place and one group, both
being wrong is as improbable as the product says. Where structure has a whole symbol, what shape saw inside are its
pieces.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from pid.drawing import Box, Symbol
from pid.geometry import Array, box_area, box_intersection, box_iou

SAME_IOU = 0.5
"""Boxes that overlap so much mean one symbol."""
PIECE_SHARE = 0.7
"""What lies in a symbol of structure with this share of its box is a piece of it ..."""
PIECE_SCORE = 0.5
"""... where structure is at least so sure, ..."""
HOLDING = ("vessel", "separator")
"""... but these hold other symbols, ..."""
HELD = ("instrument", "nozzle", "connector")
"""... and these stand in others."""
COVERED = 0.4
"""Several symbols of one group that cover this share of a box are what is there."""
EXACT_IOU = 0.8
"""Boxes that overlap so much differ by chance, and their mean is nearer to the truth than either; where they differ
more the surer witness' box is (on 1,527 generated symbols that both saw)."""
ALONE = 0.6
"""Least probability of what one witness alone saw. On ten generated sheets never trained on F1 is the same within 0.002
from 0.5 to 0.8, and the other witness' silence counts most where a sheet is least like generated ones."""
CONTRADICTED = 0.45
"""... and of what the other witness saw too, but took for something else: its score is lowered already."""
MOST_SHARED = 0.2
"""Parts that structure saw as one share no more of their length."""
DOUBT = 0.5
"""Share of the loser's score by which a contradicted winner's score is lowered."""
SURE = 0.999
THIN_PX = 8.0
"""Thinner boxes are grown to this before they are compared: bars have no area."""


def fuse_structure(shapes: Sequence[Symbol], structures: Sequence[Symbol]) -> tuple[Symbol, ...]:
    """Both as one list, best first; ids are those of the shapes, and of structures that no shape means.

    A contradicted symbol has ``review`` among its attributes: what the other witness took it for.
    """
    if not structures or not shapes:
        return tuple(sorted((*shapes, *structures), key=lambda s: -s.score))
    a, b = _padded(shapes), _padded(structures)
    iou = box_iou(a, b)
    inside = box_intersection(a, b) / np.maximum(box_area(a)[:, None], 1e-9)
    held = box_intersection(a, b) / np.maximum(box_area(b)[None], 1e-9)
    left = set(range(len(shapes)))
    out: list[Symbol] = []
    for j in sorted(range(len(structures)), key=lambda j: -structures[j].score):
        structure = structures[j]
        near = [i for i in left if iou[i, j] >= SAME_IOU]
        if near:
            same = max(near, key=lambda i: (shapes[i].group == structure.group, iou[i, j]))
            left.remove(same)
            for i in _joined_to(same, left, inside[:, j], shapes, structures[j]):
                left.remove(i)
                out.append(_confirm(shapes[i], structure))
            structure = _join(shapes[same], structure, float(iou[same, j]))
        elif _is_piece(structure, held[:, j], shapes) or _is_several(structure, inside[:, j], held[:, j], shapes):
            continue
        out.append(structure)
        if structure.score >= PIECE_SCORE and structure.group not in HOLDING and "structure" in structure.found_by:
            left -= {
                i
                for i in left
                if inside[i, j] >= PIECE_SHARE and iou[i, j] < SAME_IOU and shapes[i].score < structure.score
            }
    return tuple(sorted((*out, *(shapes[i] for i in left)), key=lambda s: -s.score))


def _is_piece(structure: Symbol, held: Array, shapes: Sequence[Symbol]) -> bool:
    """Whether it lies in a symbol that shape is surer of; `held` (N,) are the shares of its box in theirs."""
    return any(
        held[i] >= PIECE_SHARE and s.group not in HOLDING and s.score > structure.score and structure.group not in HELD
        for i, s in enumerate(shapes)
    )


def _is_several(structure: Symbol, inside: Array, held: Array, shapes: Sequence[Symbol]) -> bool:
    """Whether it is what shape saw as several symbols of one group side by side."""
    sure = min(structure.score, ALONE)
    parts = [i for i, s in enumerate(shapes) if inside[i] >= PIECE_SHARE and s.score >= sure]
    return (
        len(parts) > 1
        and structure.group not in HOLDING
        and len({shapes[i].group for i in parts}) == 1
        and float(held[parts].sum()) >= COVERED
    )


def _joined_to(
    same: int, left: Collection[int], inside: Array, shapes: Sequence[Symbol], structure: Symbol
) -> list[int]:
    """What structure saw together with the symbol `same` as one: a flange at its valve, apart from it and as broad.

    All of them make up the box of structure, which none does alone.
    """
    beside = [i for i in left if inside[i] >= PIECE_SHARE and _is_apart(shapes[i], shapes[same])]
    if not beside or structure.group in HOLDING:
        return []
    boxes = np.array([shapes[i].box for i in (same, *beside)])
    whole = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    alone, together = box_iou(np.stack([boxes[0], whole]), [structure.box])[:, 0]
    return beside if together >= EXACT_IOU > alone else []


def _is_apart(part: Symbol, main: Symbol) -> bool:
    """Whether a part lies beside the main symbol, in its axis and about as broad."""
    a, b = np.array(part.box), np.array(main.box)
    gap = np.maximum(a[:2], b[:2]) - np.minimum(a[2:], b[2:])
    breadth = np.maximum(np.minimum(a[2:] - a[:2], b[2:] - b[:2]), 1e-9)
    overlap, axis = -gap / breadth, int(np.argmax(gap))
    return bool(overlap[axis] <= MOST_SHARED and overlap[1 - axis] >= PIECE_SHARE)


def _confirm(shape: Symbol, structure: Symbol) -> Symbol:
    """A symbol of shape whose ink structure saw as part of a neighbour: both take it for a symbol's."""
    score = min(1.0 - (1.0 - shape.score) * (1.0 - structure.score), SURE)
    return shape.model_copy(
        update={"score": score, "found_by": tuple(dict.fromkeys((*shape.found_by, *structure.found_by)))}
    )


def drop_lone(symbols: Sequence[Symbol]) -> tuple[Symbol, ...]:
    """The symbols without those that one witness alone saw and was not sure of.

    Where the two disagree on what it is, both saw something: it stays, for review, if they are sure of that.
    """
    lone = (("shape",), ("structure",))
    return tuple(
        s for s in symbols if s.found_by not in lone or s.score >= (CONTRADICTED if "review" in s.attributes else ALONE)
    )


def _join(shape: Symbol, structure: Symbol, iou: float) -> Symbol:
    """One symbol of two that mean one place."""
    witnesses = tuple(dict.fromkeys((*shape.found_by, *structure.found_by)))
    if shape.group == structure.group or "unknown" in (shape.kind, structure.kind):
        told = max(structure, shape, key=_kind_score)
        score = min(1.0 - (1.0 - shape.score) * (1.0 - structure.score), SURE)
        return told.model_copy(
            update={"id": shape.id, "box": _box_of(shape, structure, iou), "score": score, "found_by": witnesses}
        )  # fmt: skip
    winner, loser = (shape, structure) if shape.score >= structure.score else (structure, shape)
    return winner.model_copy(
        update={
            "id": shape.id,
            "score": winner.score * (1.0 - DOUBT * loser.score),
            "attributes": {**winner.attributes, "review": f"also taken for {loser.kind}"},
        }
    )


def _box_of(shape: Symbol, structure: Symbol, iou: float) -> Box:
    if iou < EXACT_IOU:
        return max(structure, shape, key=lambda s: s.score).box
    x0, y0, x1, y1 = np.mean([shape.box, structure.box], axis=0).tolist()
    return x0, y0, x1, y1


def _kind_score(symbol: Symbol) -> float:
    """How sure a witness is of the kind; the surer one is right more often than either (0.968 of 1,514 generated
    symbols that both saw, against 0.940 and 0.943)."""
    score = symbol.attributes.get("kind_score", 1.0)
    return 0.0 if symbol.kind == "unknown" or not isinstance(score, int | float) else float(score)


def _padded(symbols: Sequence[Symbol]) -> Array:
    boxes = np.array([s.box for s in symbols], np.float64)
    grow = np.clip(THIN_PX - (boxes[:, 2:] - boxes[:, :2]), 0, None) / 2
    return np.asarray(np.hstack([boxes[:, :2] - grow, boxes[:, 2:] + grow]), np.float64)
