"""Block references expanded into marks, however deeply nested."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pid.document.load_dxf_entities import read_entity, read_style, read_text
from pid.document.load_dxf_marks import Mark, Style, bound_marks, inherit, place_marks
from pid.errors import InputError
from pid.geometry import Array, transform_points

MAX_MARKS = 500_000
"""Entities of one page with all blocks expanded; large real drawings have some ten thousand to a hundred thousand."""

CONTAINER_SHARE = 0.5
"""A block reference that spans more than this share of the sheet and holds others is a sheet bound as one block: the
references inside are the outermost that mean something."""

_MAX_CONTAINERS = 4


@dataclass(frozen=True)
class Reference:
    """An outermost block reference in drawing units."""

    name: str
    matrix: Array
    insert: tuple[float, float]
    layer: str
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def mirrored(self) -> bool:
        """Whether it is flipped."""
        return bool(np.linalg.det(self.matrix[:2, :2]) < 0)

    @property
    def rotation(self) -> float:
        """Degrees counter-clockwise: a left-right flip leaves the block's upward axis alone, so that one tells."""
        return math.degrees(math.atan2(-self.matrix[0, 1], self.matrix[1, 1])) % 360


@dataclass(frozen=True)
class Group:
    """Marks that belong together: of one outermost block reference, or of none."""

    marks: list[Mark]
    reference: Reference | None = None


class BlockReader:
    """Reads the entities of a layout. Blocks are read once and placed by their matrix."""

    def __init__(self, document: Any, *, name: str) -> None:
        self._document = document
        self._name = name
        self._blocks: dict[str, list[Mark]] = {}
        self._counts: dict[str, int] = {}
        self._open: set[str] = set()
        self._frozen = {layer.dxf.name.lower() for layer in document.layers if layer.is_frozen()}

    def read_layout(self, layout: Iterable[Any]) -> list[Group]:
        """Groups of marks in drawing order.

        Raises:
            InputError: a block contains itself, or there are more than `MAX_MARKS` entities.
        """
        entities = list(layout)
        if self._count(entities) > MAX_MARKS:
            raise InputError(f"{self._name} draws more than {MAX_MARKS} things once its blocks are expanded.")
        return self._groups(entities, np.eye(3), Style(), depth=0, extent=None)

    def _count(self, entities: Iterable[Any]) -> int:
        """Number of entities with all blocks expanded, before any is: ten nested blocks can make billions."""
        return sum(
            self._count_block(entity.dxf.name) * max(entity.mcount, 1) if entity.dxftype() == "INSERT" else 1
            for entity in entities
        )

    def _count_block(self, name: str) -> int:
        key = name.lower()
        if key in self._open:
            raise InputError(f"{self._name}: the block '{name}' contains itself.")
        if key not in self._counts:
            self._open.add(key)
            self._counts[key] = self._count(self._document.blocks.get(name) or ())
            self._open.remove(key)
        return self._counts[key]

    def _groups(
        self, entities: list[Any], matrix: Array, parent: Style, *, depth: int, extent: float | None
    ) -> list[Group]:
        loose: list[Mark] = []
        placed: list[tuple[Any, list[Mark]]] = []
        order: list[Group | int] = []
        for entity in entities:
            if entity.dxftype() == "INSERT":
                marks = self._place(entity)
                order.append(len(placed))
                placed.append((entity, marks))
            else:
                marks = list(self._read(entity))
                loose += marks
                order.append(Group(place_marks(marks, matrix, parent) if depth else marks))
        if extent is None:
            extent = _extent([*loose, *(mark for _, marks in placed for mark in marks)])
        groups: list[Group] = []
        for item in order:
            if isinstance(item, Group):
                groups.append(item)
                continue
            entity, marks = placed[item]
            shown = place_marks(marks, matrix, parent) if depth else marks
            if depth < _MAX_CONTAINERS and self._holds_references(entity) and _extent(shown) > CONTAINER_SHARE * extent:
                inner = matrix @ _affine(entity.matrix44())
                block = self._document.blocks.get(entity.dxf.name)
                style = inherit(read_style(entity), parent)
                groups.append(Group(place_marks(_attribute_marks(entity), matrix, parent)))
                groups += self._groups(list(block), inner, style, depth=depth + 1, extent=extent)
            else:
                groups.append(Group(shown, self._reference(entity, matrix)))
        return groups

    def _read(self, entity: Any) -> Iterator[Mark]:
        if entity.dxf.get("invisible", 0):
            return
        yield from self._place(entity) if entity.dxftype() == "INSERT" else self._read_plain(entity)

    def _read_plain(self, entity: Any) -> Iterator[Mark]:
        for mark in read_entity(entity):
            if mark.points.size and np.isfinite(mark.points).all():
                yield mark

    def _place(self, insert: Any) -> list[Mark]:
        """All marks of a block reference, its repetitions and attributes included."""
        if insert.dxf.get("invisible", 0) or str(insert.dxf.get("layer", "0")).lower() in self._frozen:
            return []
        content = self._block(insert.dxf.name)
        copies = insert.mcount if insert.mcount > 1 else 1
        style = read_style(insert)
        marks: list[Mark] = []
        for copy in insert.multi_insert() if copies > 1 else (insert,):
            marks += place_marks(content, _affine(copy.matrix44()), style)
        return marks + _attribute_marks(insert)

    def _block(self, name: str) -> list[Mark]:
        """Marks of a block's content, read once."""
        key = name.lower()
        if key not in self._blocks:
            block = self._document.blocks.get(name)
            self._blocks[key] = [mark for entity in block or () for mark in self._read(entity)]
        return self._blocks[key]

    def _holds_references(self, insert: Any) -> bool:
        block = self._document.blocks.get(insert.dxf.name)
        return bool(insert.mcount <= 1) and sum(e.dxftype() == "INSERT" for e in block or ()) >= 2

    def _reference(self, insert: Any, matrix: Array) -> Reference:
        block = self._document.blocks.get(insert.dxf.name)
        base = block.block.dxf.base_point if block is not None else (0.0, 0.0)
        placed = matrix @ _affine(insert.matrix44())
        x, y = transform_points(placed, [[base[0], base[1]]])[0].tolist()
        return Reference(
            name=self._effective_name(insert.dxf.name),
            matrix=placed,
            insert=(x, y),
            layer=str(insert.dxf.get("layer", "0")),
            attributes={attrib.dxf.tag: attrib.plain_text() for attrib in insert.attribs},
        )

    def _effective_name(self, name: str) -> str:
        """The name of the dynamic block that an anonymous block (``*U12``) was made from, where the file says."""
        block = self._document.blocks.get(name)
        if block is None or not name.startswith("*") or not block.block_record.has_xdata("AcDbBlockRepBTag"):
            return name
        for tag in block.block_record.get_xdata("AcDbBlockRepBTag"):
            origin = self._document.entitydb.get(tag.value) if tag.code == 1005 else None
            if origin is not None and origin.dxf.hasattr("name"):
                return str(origin.dxf.name)
        return name


def _attribute_marks(insert: Any) -> list[Mark]:
    """The visible attributes; they stand in the coordinates of what the reference itself stands in."""
    style = read_style(insert)
    marks: list[Mark] = []
    for attrib in insert.attribs:
        if attrib.is_invisible or attrib.dxf.get("invisible", 0):
            continue
        marks += read_text(attrib, attribute=str(attrib.dxf.get("tag", "")))
    return place_marks(marks, np.eye(3), style)


def _affine(matrix: Any) -> Array:
    """Top view of an ezdxf matrix as 3x3."""
    x, y, shift = matrix.get_row(0), matrix.get_row(1), matrix.get_row(3)
    return np.array([[x[0], y[0], shift[0]], [x[1], y[1], shift[1]], [0.0, 0.0, 1.0]])


def _extent(marks: list[Mark]) -> float:
    """Longer side of what marks cover, drawing units."""
    if not marks:
        return 0.0
    boxes = bound_marks(marks)
    return float((boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)).max())
