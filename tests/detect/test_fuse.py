"""Blocks and paths of a vector page, alone and together with what the network saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pid.catalog import Catalog, Kind, load_catalog
from pid.detect.fuse import fuse_vectors
from pid.detect.outline import POSES, Piece, make_outline, pose_points
from pid.detect.templates import TemplateBook
from pid.drawing import Symbol
from pid.geometry import bounds, box_iou
from pid.sheet import VectorBlock, VectorPath, Vectors, VectorText

KINDS = (
    "gate_valve",
    "globe_valve",
    "ball_valve",
    "butterfly_valve",
    "check_valve",
    "swing_check_valve",
    "needle_valve",
    "centrifugal_pump",
    "concentric_reducer",
    "flow_arrow",
    "instrument_discrete_field",
)
WIDTH = 5000.0
MM = 8.0
"""Pixels per catalogue millimetre."""


@pytest.fixture(scope="module")
def book() -> TemplateBook:
    catalog = load_catalog()
    return TemplateBook(Catalog({name: catalog[name] for name in KINDS}))


def kind_of(name: str) -> Kind:
    return load_catalog()[name]


def draw(
    name: str, at: tuple[float, float], *, pose: tuple[int, bool] = (0, False), **look: object
) -> list[VectorPath]:
    """The paths of a kind's first variant about a place."""
    paths = []
    for shape in kind_of(name).variants[0].shapes:
        points = pose_points(shape.points + 0.5, pose) - 0.5  # turned about the symbol's own origin
        ink = shape.fill == "ink"
        paths.append(VectorPath(points * MM + at, closed=shape.closed, filled=ink, width_px=3.0, **look))  # type: ignore[arg-type]
    return paths


def box_of(paths: list[VectorPath]) -> tuple[float, float, float, float]:
    return bounds(np.concatenate([p.points for p in paths]))


def seen(kind: str, box: tuple[float, float, float, float], score: float = 0.6) -> Symbol:
    return Symbol(
        id="s1",
        kind=kind,
        group=kind_of(kind).group,
        box=box,
        score=score,
        found_by=("shape",),
        attributes={"kind_score": 0.5, "runners_up": []},
    )


def page(paths: list[VectorPath], blocks: tuple[VectorBlock, ...] = (), texts: tuple[VectorText, ...] = ()) -> Vectors:
    return Vectors(paths=tuple(paths), blocks=blocks, texts=texts)


class TestTemplates:
    @pytest.mark.parametrize("name", ["globe_valve", "check_valve", "butterfly_valve"])
    def test_a_drawn_variant_is_known_in_every_pose(self, book: TemplateBook, name: str) -> None:
        for pose in POSES[1::2]:
            ink = make_outline([Piece(p.points, p.closed, p.filled) for p in draw(name, (900, 400), pose=pose)])
            fit = book.fit(ink)[0]
            assert fit.kind == name, pose
            ports = np.array([(p.x, p.y) for p in fit.template.variant.ports])
            expected = (pose_points(ports + 0.5, pose) - 0.5) * MM + (900, 400)
            assert {tuple(p) for p in np.round(expected)} == {tuple(p) for p in np.round(fit.ports)}

    def test_one_stroke_more_is_another_symbol(self, book: TemplateBook) -> None:
        pieces = [Piece(p.points, p.closed, p.filled) for p in draw("gate_valve", (0, 0))]
        assert book.fit(make_outline(pieces))
        bar = Piece(np.array([[-3.0, -4.0], [3.0, -4.0]]) * MM)
        assert "gate_valve" not in {f.kind for f in book.fit(make_outline([*pieces, bar]))}

    def test_filled_is_not_open(self, book: TemplateBook) -> None:
        bow = np.array([[-3, -2], [3, 2], [3, -2], [-3, 2]], float)
        names = [
            {(f.kind, f.template.variant.name) for f in book.fit(make_outline([Piece(bow, True, filled)]))}
            for filled in (False, True)
        ]
        assert names[0]
        assert names[1]
        assert not names[0] & names[1]

    def test_a_scribble_is_nothing(self, book: TemplateBook) -> None:
        points = np.random.default_rng(3).uniform(0, 50, (12, 2))
        assert book.fit(make_outline([Piece(points)])) == []


class TestBlocks:
    def test_a_name_gives_kind_tag_and_size(self, book: TemplateBook) -> None:
        paths = draw("ball_valve", (500, 300), pose=(1, False), block=0)
        block = VectorBlock(
            name="Kugelhahn_3",
            box=box_of(paths),
            insert=(500, 300),
            rotation=90.0,
            attributes={"Tag": "HV-101", "DN": "50", "note": " "},
        )
        (symbol,) = fuse_vectors((), page(paths, (block,)), width=WIDTH, book=book)
        assert (symbol.kind, symbol.group, symbol.tag) == ("ball_valve", "valve", "HV-101")
        assert symbol.attributes["size"] == "50"
        assert symbol.attributes["block_attributes"] == {"Tag": "HV-101", "DN": "50"}
        assert symbol.found_by == ("block",)
        assert symbol.score > 0.95
        assert symbol.rotation % 180 == 90.0
        assert box_iou([symbol.box], [box_of(paths)])[0, 0] > 0.8

    def test_an_odd_name_leaves_it_to_geometry(self, book: TemplateBook) -> None:
        paths = draw("check_valve", (500, 300), pose=(2, False), block=0)
        block = VectorBlock(name="BLK0815", box=box_of(paths), insert=(500, 300))
        (symbol,) = fuse_vectors((), page(paths, (block,)), width=WIDTH, book=book)
        assert symbol.kind == "check_valve"
        assert symbol.rotation == 180.0

    def test_a_skewed_block_is_turned_back(self, book: TemplateBook) -> None:
        c, s = np.cos(np.radians(30)), np.sin(np.radians(30))
        turn = np.array([[c, -s], [s, c]])  # counter-clockwise as seen
        paths = [replace(p, points=(p.points - 400) @ turn + 400) for p in draw("globe_valve", (400, 400), block=0)]
        block = VectorBlock(name="BLK1", box=box_of(paths), insert=(400, 400), rotation=30.0)
        (symbol,) = fuse_vectors((), page(paths, (block,)), width=WIDTH, book=book)
        assert symbol.kind == "globe_valve"
        assert symbol.rotation % 180 == 30.0
        ends = np.array([[-3.0, 0.0], [3.0, 0.0]]) * MM @ turn + 400
        assert all(np.hypot(*(np.array(symbol.ports) - end).T).min() < 8 for end in ends)

    def test_frames_and_what_nobody_knows_are_no_symbols(self, book: TemplateBook) -> None:
        scribble = VectorPath(np.random.default_rng(1).uniform(700, 760, (9, 2)), block=1)
        paths = [*draw("gate_valve", (500, 300), block=0), scribble]
        blocks = (VectorBlock("Title_Block", (0, 0, 1, 1), (0, 0)), VectorBlock("Q7", (0, 0, 1, 1), (0, 0)))
        assert fuse_vectors((), page(paths, blocks), width=WIDTH, book=book) == ()


class TestLoosePaths:
    def test_a_valve_between_pipes_and_stubs_is_cut_free(self, book: TemplateBook) -> None:
        valve = draw("globe_valve", (1000, 500))
        x0, _, x1, _ = box_of(valve)
        pipes = [
            VectorPath(np.array([[100.0, 500.0], [x0 - 20, 500.0]]), width_px=3.0),
            VectorPath(np.array([[x0 - 20, 500.0], [x0, 500.0]]), width_px=3.0),  # a stub as short as a symbol's line
            VectorPath(np.array([[x1, 500.0], [4000.0, 500.0]]), width_px=3.0),
        ]
        (symbol,) = fuse_vectors((), page([*pipes[:1], *valve, *pipes[1:]]), width=WIDTH, book=book)
        assert (symbol.kind, symbol.found_by) == ("globe_valve", ("vector",))
        assert box_iou([symbol.box], [box_of(valve)])[0, 0] > 0.8

    def test_a_circle_is_a_bubble_only_with_letters(self, book: TemplateBook) -> None:
        circle = draw("instrument_discrete_field", (1000, 500))
        letters = VectorText("TIC", (980, 480, 1020, 495))
        assert fuse_vectors((), page(circle), width=WIDTH, book=book) == ()
        (symbol,) = fuse_vectors((), page(circle, texts=(letters,)), width=WIDTH, book=book)
        assert symbol.kind == "instrument_discrete_field"


class TestFusion:
    def test_one_place_is_one_symbol(self, book: TemplateBook) -> None:
        paths = draw("ball_valve", (500, 300), block=0)
        block = VectorBlock("ball_valve", box_of(paths), (500, 300))
        x0, y0, x1, y1 = box_of(paths)
        shape = seen("gate_valve", (x0 - 6, y0 - 4, x1 + 2, y1 + 5))
        (symbol,) = fuse_vectors((shape,), page(paths, (block,)), width=WIDTH, book=book)
        assert symbol.kind == "ball_valve"
        assert symbol.found_by == ("block", "shape")
        assert symbol.attributes["runners_up"] == [["gate_valve", 0.5]]
        assert symbol.score > 0.98

    def test_the_network_settles_plain_forms(self, book: TemplateBook) -> None:
        paths = draw("concentric_reducer", (500, 300))
        x0, y0, x1, y1 = box_of(paths)
        shape = seen("concentric_reducer", (x0 - 5, y0 - 3, x1 + 4, y1 + 4))
        assert fuse_vectors((), page(paths), width=WIDTH, book=book) == ()
        (symbol,) = fuse_vectors((shape,), page(paths), width=WIDTH, book=book)
        assert symbol.found_by == ("vector", "shape")
        assert symbol.box == pytest.approx((x0 - 1.5, y0 - 1.5, x1 + 1.5, y1 + 1.5))  # half the pen beyond

    def test_unknown_paths_give_the_box(self, book: TemplateBook) -> None:
        star = VectorPath(np.random.default_rng(5).uniform(1000, 1080, (9, 2)), closed=True, width_px=2.0)
        x0, y0, x1, y1 = box_of([star])
        shape = seen("gate_valve", (x0 + 6, y0 - 9, x1 + 10, y1 - 3))
        (symbol,) = fuse_vectors((shape,), page([star]), width=WIDTH, book=book)
        assert symbol.kind == "gate_valve"
        assert symbol.box == pytest.approx((x0 - 1, y0 - 1, x1 + 1, y1 + 1))

    def test_a_part_of_an_exact_symbol_is_dropped_and_others_stay(self, book: TemplateBook) -> None:
        paths = draw("centrifugal_pump", (1000, 800), block=0)
        block = VectorBlock("PUMP", box_of(paths), (1000, 800))
        x0, y0, x1, _ = box_of(paths)
        part = seen("gate_valve", (x0, y0, x0 + 0.3 * (x1 - x0), y0 + 0.3 * (x1 - x0)))
        far = seen("check_valve", (3000, 800, 3060, 840))
        found = fuse_vectors((part, far), page(paths, (block,)), width=WIDTH, book=book)
        assert sorted(s.kind for s in found) == ["centrifugal_pump", "check_valve"]
        assert len({s.id for s in found}) == 2
