"""The annotated picture shows each symbol where it is, in its group's colour."""

from pathlib import Path

import cv2
import numpy as np

from pid.annotate import LARGEST_SIDE_PX, draw_annotations, group_color, write_annotated
from pid.drawing import GROUPS, Drawing, Line, SheetInfo, Source, Symbol
from pid.sheet import Sheet


def build(width: int, height: int) -> tuple[Sheet, Drawing]:
    source, info = Source(name="a.png", sha256=""), SheetInfo(width=width, height=height)
    box = (0.5 * width, 0.5 * height, 0.6 * width, 0.6 * height)
    drawing = Drawing(
        source=source,
        sheet=info,
        symbols=(Symbol(id="s1", kind="gate_valve", group="valve", box=box, score=0.9),),
        lines=(Line(id="l1", points=((0.6 * width, 0.55 * height), (0.9 * width, 0.55 * height))),),
    )
    return Sheet(np.full((height, width), 255, np.uint8), source, info), drawing


def test_every_group_has_its_own_colour() -> None:
    assert len({group_color(g) for g in GROUPS}) == len(GROUPS)


def test_box_and_line_are_drawn_at_their_place(tmp_path: Path) -> None:
    sheet, drawing = build(1200, 800)
    write_annotated(sheet, drawing, tmp_path / "a.png")
    picture = cv2.imread(str(tmp_path / "a.png"))
    assert picture.shape == (800, 1200, 3)
    assert tuple(int(v) for v in picture[440, 600]) == group_color("valve")
    assert picture[440, 900].min() < 255
    assert (picture[700, 1000] == 255).all()


def test_large_sheets_are_drawn_smaller() -> None:
    sheet, drawing = build(LARGEST_SIDE_PX * 2, 500)
    picture = draw_annotations(sheet, drawing)
    assert picture.shape == (250, LARGEST_SIDE_PX, 3)
    assert tuple(int(v) for v in picture[138, LARGEST_SIDE_PX // 2]) == group_color("valve")
